#include "peer/calls.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "base/deadline.hpp"

namespace holdfast::runtime {
namespace {

/// How long nobody may read a stream whose claim is parked: less than anybody waits for.
constexpr base::duration parking_time = std::chrono::microseconds{500};

}  // namespace

void wake_list::add(entry e) noexcept {
    try {
        entries_.push_back(std::move(e));
    } catch (const std::bad_alloc&) {
        wake(e);  // under the mutex, which it will wait for; but it must be woken
    }
}

void wake_list::wake(const entry& e) noexcept {
    if (e.word != nullptr) {
        e.word->store(call::answered, std::memory_order_release);
    }
    if (e.reading) {
        e.reading->wake();
    } else {
        wake_sleeper(e.word);
    }
}

void wake_list::run() {
    for (const auto& e : entries_) {
        wake(e);
    }
    entries_.clear();
}

void call_table::add(call& c) {
    by_number_.emplace(c.number, &c);
    if (!c.owner.is_nil()) {
        ++waiting_for_[c.owner];
    }
}

call* call_table::find(request_number number) const {
    const auto at = by_number_.find(number);
    return at == by_number_.end() ? nullptr : at->second;
}

void call_table::remove(call& c, net::transport& streams, base::time_point now) {
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

void call_table::let_read(call& c, net::transport& streams) {
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
    at->reader = &c;
    c.read_fd.store(at->fd, std::memory_order_relaxed);
}

void call_table::stop_reading(call& c, net::transport& streams) {
    if (const auto mine = find_claim(c); mine != claims_.end()) {
        streams.give_back(mine->owner);
        claims_.erase(mine);
    }
    c.read_fd.store(-1, std::memory_order_relaxed);
}

std::optional<base::time_point> call_table::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& one : claims_) {
        if (one.reader == nullptr) {
            base::earlier(due, one.parked_at + parking_time);
        }
    }
    return due;
}

void call_table::give_back_parked(net::transport& streams, base::time_point now) {
    std::erase_if(claims_, [&](const claim& one) {
        const bool is_due = one.reader == nullptr && one.parked_at + parking_time <= now;
        if (is_due) {
            streams.give_back(one.owner);
        }
        return is_due;
    });
}

void call_table::give_back_all(net::transport& streams, wake_list& wakes) {
    for (const auto& one : claims_) {
        streams.give_back(one.owner);
        if (one.reader != nullptr) {
            one.reader->read_fd.store(-1, std::memory_order_relaxed);
            wakes.add_reader(*one.reader);
        }
    }
    claims_.clear();
}

std::vector<call_table::claim>::iterator call_table::find_claim(const call& c) {
    return std::find_if(claims_.begin(), claims_.end(),
                        [&](const claim& one) { return one.reader == &c; });
}

}  // namespace holdfast::runtime
