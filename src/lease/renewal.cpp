#include "lease/renewal.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::lease {

std::optional<base::right_time> lease_end(std::vector<base::right_time> sent_at, std::size_t quorum,
                                          base::duration lease, double clock_drift) {
    if (quorum == 0 || sent_at.size() < quorum) {
        return std::nullopt;
    }
    std::sort(sent_at.begin(), sent_at.end(), std::greater<>{});
    const auto end = sent_at[quorum - 1] + base::shrunk(lease, clock_drift);
    HOLDFAST_ASSERT(end <= sent_at.front() + lease);
    return end;
}

void renewal::installed(const view& now_installed, base::moment now) {
    HOLDFAST_ASSERT(is_stopped_ || now_installed.seats_since >= seats_);
    const auto end_before = end_;
    seat_count_ = now_installed.seats.size();
    quorum_ = now_installed.quorum();
    if (is_stopped_ || (seats_ == now_installed.seats_since && next_ask_)) {
        return;
    }
    seats_ = now_installed.seats_since;
    voters_.clear();
    for (const auto& s : now_installed.seats) {
        if (!s.filled_by.is_nil()) {
            voters_.push_back(s.filled_by);
        }
    }
    // LEASE-2: acks given under different seats are never mixed in one quorum; end_ stands
    acked_.clear();
    heard_.clear();
    const auto former = std::exchange(by_datagram_, {});
    for (const auto& voter : voters_) {
        heard_.emplace(voter, now.now);
        // NET-4: whether datagrams pass between us has nothing to do with the seats
        const auto known = former.find(voter);
        by_datagram_.emplace(voter, known == former.end() ? now.now : known->second);
    }
    ask(now);
    HOLDFAST_ASSERT(end_ == end_before);  // LEASE-2: an end once reached stands
    invariants();
}

void renewal::handle(const peer_id& from, const ack& answer, base::moment now, bool by_stream) {
    if (is_stopped_ || answer.seats != seats_ ||
        std::find(voters_.begin(), voters_.end(), from) == voters_.end()) {
        return;
    }
    if (!last_sent_ || answer.sent_at > *last_sent_ || answer.sent_at > now.for_rights()) {
        return;  // we never sent that
    }
    // LEASE-2: the lease counts from when it was asked for
    auto& newest = acked_.try_emplace(from, answer.sent_at).first->second;
    newest = std::max(newest, answer.sent_at);
    acked_under_ = answer.seats;
    heard_[from] = now.now;
    if (!by_stream) {
        by_datagram_[from] = now.now;
    }
    if (std::all_of(voters_.begin(), voters_.end(), [&](const auto& v) { return has_acked(v); })) {
        next_repeat_.reset();
    }
    std::vector<base::right_time> sent;
    sent.reserve(acked_.size());
    for (const auto& [voter, at] : acked_) {
        sent.push_back(at);
    }
    if (const auto end =
            lease_end(std::move(sent), quorum_, settings_.lease, settings_.clock_drift);
        end && (!end_ || *end > *end_)) {
        end_ = end;
        check_end(*end);
    }
    invariants();
}

void renewal::tick(base::moment now) {
    if (next_ask_ && *next_ask_ <= now.now) {
        ask(now);
    } else if (next_repeat_ && *next_repeat_ <= now.now) {
        repeat(now);
    }
    HOLDFAST_ASSERT(!deadline() || *deadline() > now.now);
    invariants();
}

std::optional<base::time_point> renewal::deadline() const {
    auto due = next_ask_;
    base::earlier(due, next_repeat_);
    return due;
}

void renewal::stop() {
    is_stopped_ = true;
    end_.reset();
    next_ask_.reset();
    next_repeat_.reset();
    acked_.clear();
    invariants();
}

void renewal::invariants() const {
    if (is_stopped_) {  // and never asked for again
        HOLDFAST_ASSERT(!end_ && !next_ask_ && !next_repeat_ && acked_.empty());
        return;
    }
    HOLDFAST_ASSERT(next_ask_.has_value() == last_sent_.has_value());
    HOLDFAST_ASSERT(acked_.empty() || last_sent_);
    HOLDFAST_ASSERT(!next_repeat_ || (next_ask_ && *next_repeat_ < *next_ask_));
    HOLDFAST_ASSERT(acked_.empty() || acked_under_ == seats_);  // LEASE-2: under no others
    if (base::checks_everything()) {
        HOLDFAST_ASSERT(std::all_of(acked_.begin(), acked_.end(), [&](const auto& a) {
            return a.second <= *last_sent_;  // what was acked had been asked for
        }));
    }
}

/// LEASE-2, of an end just reached, without how it was computed.
void renewal::check_end(base::right_time end) const {
    // By a clock that is as fast as clocks may be it comes no later than A after the newest ask.
    const auto ran = base::stretched(end - *last_sent_, settings_.clock_drift);
    HOLDFAST_ASSERT(ran <= settings_.lease);
    // More than half of all the seats, vacant ones counted, acked what was sent late enough for it.
    const auto reach = std::count_if(acked_.begin(), acked_.end(), [&](const auto& a) {
        return a.second + settings_.lease >= end;
    });
    HOLDFAST_ASSERT(2 * static_cast<std::size_t>(reach) > seat_count_);
}

void renewal::ask(base::moment now) {
    const auto sent_at = now.for_rights();
    HOLDFAST_ASSERT(!is_stopped_ && (!last_sent_ || sent_at >= *last_sent_));
    next_ask_ = now.now + settings_.lease / asks_in_a_lease;
    round_ = sent_at;
    last_sent_ = sent_at;
    repeat_after_ = settings_.retry;
    next_repeat_.reset();
    repeat_again(now.now);
    // LEASE-8: to one voter after the other, so that streams that are blocked cost one ack at a
    // time; and not all members dial a new voter at once.
    ++asked_;
    for (std::size_t i = 0; i < voters_.size(); ++i) {
        const bool is_turn = (asked_ + i) % asks_in_a_lease == 0;
        // NET-4: where no datagram is answered, one in five goes as a datagram
        const bool by_stream = is_turn != hears_streams_only(voters_[i], now.now);
        if (is_muted_ && !(by_stream && is_running(sent_at))) {
            continue;
        }
        if (by_stream) {
            base::count(base::effect::lease_8_by_stream);
        }
        out_.push({voters_[i], renew_request{seats_, sent_at, is_running(sent_at)}, by_stream});
    }
}

/// LEASE-9: a voter that has not installed these seats yet does not ack, and datagrams are lost.
void renewal::repeat(base::moment now) {
    const auto sent_at = now.for_rights();
    last_sent_ = sent_at;
    repeat_again(now.now);
    for (const auto& voter : voters_) {
        if (!is_muted_ && !has_acked(voter) && is_heard(voter, now.now)) {
            base::count(base::effect::lease_9_repeats);
            out_.push({voter, renew_request{seats_, sent_at, is_running(sent_at)}, false});
        }
    }
}

void renewal::repeat_again(base::time_point now) {
    next_repeat_.reset();
    if (repeat_after_ > base::duration::zero() && now + repeat_after_ < *next_ask_) {
        next_repeat_ = now + repeat_after_;
    }
    repeat_after_ *= 2;
}

bool renewal::has_acked(const peer_id& voter) const {
    const auto at = acked_.find(voter);
    return at != acked_.end() && at->second >= *round_;
}

/// A voter that may be gone is not asked more often than the others.
bool renewal::is_heard(const peer_id& voter, base::time_point now) const {
    const auto at = heard_.find(voter);
    return at != heard_.end() && now - at->second < settings_.lease;
}

bool renewal::hears_streams_only(const peer_id& voter, base::time_point now) const {
    const auto at = by_datagram_.find(voter);
    return is_heard(voter, now) && at != by_datagram_.end() && now - at->second >= settings_.lease;
}

}  // namespace holdfast::lease
