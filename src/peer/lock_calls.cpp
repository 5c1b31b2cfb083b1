#include "peer/lock_calls.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "peer/noexcept_error.hpp"

namespace holdfast::runtime {
namespace {

/// How long no thread may read a stream whose claim is parked: less than any caller waits for.
constexpr base::duration parking_time = std::chrono::microseconds{500};

}  // namespace

void lock_calls::enter(const call* inside, wake_list& wakeups) noexcept {
    caller_inside_ = inside;
    wakeups_ = &wakeups;
}

void lock_calls::leave() noexcept {
    caller_inside_ = nullptr;
    wakeups_ = nullptr;
}

// ---- calls

void lock_calls::add(call& c) {
    HOLDFAST_ASSERT(!c.is_over);
    // The count first: if memory runs out here, no call is in one table and not in the other.
    auto* waiting = c.owner.is_nil() ? nullptr : &waiting_for_[c.owner];
    const bool is_new = by_number_.emplace(c.number, &c).second;
    HOLDFAST_ASSERT(is_new);
    if (waiting != nullptr) {
        ++*waiting;
    }
}

call* lock_calls::find(request_number number) const {
    const auto at = by_number_.find(number);
    return at == by_number_.end() ? nullptr : at->second;
}

void lock_calls::grant(call& c, std::shared_ptr<hold_state> granted, net::transport& streams,
                       base::time_point now) noexcept {
    c.granted = std::move(granted);
    answer(c, streams, now);
}

void lock_calls::fail(call& c, const error& why, net::transport& streams,
                      base::time_point now) noexcept {
    if (c.is_over) {
        return;
    }
    ++failed_;
    c.failure = copy_noexcept(why);
    if (find(c.number) == &c) {
        answer(c, streams, now);
        return;
    }
    c.is_over = true;  // to be restarted: waits in no table
    tell_answer(c);
}

void lock_calls::fail_all(const error& why, net::transport& streams,
                          base::time_point now) noexcept {
    fail_to_restart(why, streams, now);
    while (!by_number_.empty()) {
        fail(*by_number_.begin()->second, why, streams, now);
    }
    give_back_all(streams);
}

void lock_calls::answer(call& c, net::transport& streams, base::time_point now) noexcept {
    c.is_over = true;
    remove(c, streams, now);
    tell_answer(c);
}

void lock_calls::tell_answer(call& c) noexcept {
    if (auto later = std::move(c.later)) {
        // What the application gave us is destroyed there too, never under the mutex: it may have
        // the hold in it.
        callbacks_.post([later = std::move(later)] {
            later->on_stop.reset();  // waits for one that runs
            auto& told = later->what;
            const auto then = std::move(later->then);
            then(told.granted ? result<std::shared_ptr<hold_state>>{std::move(told.granted)}
                              : tl::unexpected<error>{std::move(told.failure)});
        });
    } else if (&c == caller_inside_ || wakeups_ == nullptr) {
        c.state.store(call::answered, std::memory_order_release);
    } else {
        wakeups_->add_answered(c);
    }
}

void lock_calls::remove(call& c, net::transport& streams, base::time_point now) noexcept {
    by_number_.erase(c.number);
    if (c.owner.is_nil()) {
        return;
    }
    const auto others = waiting_for_.find(c.owner);
    const bool is_last = --others->second == 0;
    if (is_last) {
        waiting_for_.erase(others);
    }
    if (const auto mine = find_claim(c); mine != claims_.end()) {
        if (is_last) {
            mine->reader = nullptr;
            mine->parked_at = now;
        } else {
            streams.give_back(mine->owner);
            claims_.erase(mine);
        }
    }
}

// ---- to be asked again

void lock_calls::postpone(call& c, net::transport& streams, base::time_point now) {
    calls_to_restart_.push_back(&c);  // first: where memory runs out, it still waits in a table
    remove(c, streams, now);
    if (c.read_fd.load(std::memory_order_relaxed) >= 0 && &c != caller_inside_) {
        // it waits on a stream that goes, and must wait for us instead
        wakeups_->add_reader(c);
    }
    stop_reading(c, streams);
}

void lock_calls::fail_to_restart(const error& why, net::transport& streams,
                                 base::time_point now) noexcept {
    for (auto* c : calls_to_restart_) {
        fail(*c, why, streams, now);
    }
    calls_to_restart_.clear();
}

// ---- the reader among them

void lock_calls::let_read(call& c, net::transport& streams) {
    if (c.owner.is_nil() || waiting_for_[c.owner] > 1) {
        return;
    }
    try {
        c.waker = waker::of_this_thread();
    } catch (const std::system_error&) {
        return;  // no descriptor is left for it: the loop reads
    } catch (const std::bad_alloc&) {
        return;  // no memory
    }
    auto at = std::find_if(claims_.begin(), claims_.end(),
                           [&](const claim& one) { return one.owner == c.owner; });
    if (at == claims_.end()) {
        const auto fd = streams.claim(c.owner);
        if (!fd) {
            return;
        }
        at = claims_.insert(claims_.end(), {c.owner, *fd, nullptr, {}});
    }
    HOLDFAST_ASSERT(at->reader == nullptr);
    at->reader = &c;
    c.read_fd.store(at->fd, std::memory_order_relaxed);
}

void lock_calls::stop_reading(call& c, net::transport& streams) noexcept {
    if (const auto mine = find_claim(c); mine != claims_.end()) {
        streams.give_back(mine->owner);
        claims_.erase(mine);
    }
    c.read_fd.store(-1, std::memory_order_relaxed);
}

std::optional<base::time_point> lock_calls::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& one : claims_) {
        if (one.reader == nullptr) {
            base::earlier(due, one.parked_at + parking_time);
        }
    }
    return due;
}

void lock_calls::give_back_parked(net::transport& streams, base::time_point now) {
    std::erase_if(claims_, [&](const claim& one) {
        const bool is_due = one.reader == nullptr && one.parked_at + parking_time <= now;
        if (is_due) {
            streams.give_back(one.owner);
        }
        return is_due;
    });
}

void lock_calls::give_back_all(net::transport& streams) noexcept {
    for (const auto& one : claims_) {
        streams.give_back(one.owner);
        if (one.reader != nullptr) {
            one.reader->read_fd.store(-1, std::memory_order_relaxed);
            if (wakeups_ != nullptr) {
                wakeups_->add_reader(*one.reader);
            }
        }
    }
    claims_.clear();
}

std::vector<lock_calls::claim>::iterator lock_calls::find_claim(const call& c) {
    return std::find_if(claims_.begin(), claims_.end(),
                        [&](const claim& one) { return one.reader == &c; });
}

}  // namespace holdfast::runtime
