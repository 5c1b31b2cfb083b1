#include "lock/holder.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::lock {
namespace {

/// Who breaks a hold that reaches its own limits: as if its owner had asked for it (BREAK-1).
constexpr auto by_policy = "its own policy";

}  // namespace

request_number holder::acquire(std::string_view name, acquire_params wanted, base::time_point now) {
    const auto at = requests_.add(name, std::move(wanted));
    const auto number = at->first;
    ++counters_.asked;
    if (is_leaving_) {
        fail(at, errc::shutting_down, now);
        return number;
    }
    if (view_) {
        at->second.at = link_.slot_of(name);
    }
    if (is_leased_ && view_) {
        send_request(at, now);
    } else {
        requests_.schedule(at);
    }
    return number;
}

void holder::cancel(request_number number, base::time_point now) {
    if (const auto at = requests_.find_caller(number); at != requests_.end()) {
        fail(at, errc::cancelled, now);
    }
}

void holder::release(std::string_view name, holdfast::token token, release_params last_words,
                     base::time_point now) {
    const hold_key key{name, token};
    const auto* h = held_.find(key);
    if (h == nullptr) {
        return;
    }
    // HOLD-3: here first. It may be sent late unless a waiter is known.
    const bool is_lazy = !h->is_contended;
    const bool is_consistent = !h->is_unclean || last_words.says_consistent;
    held_.remove(key);
    ++counters_.ended;
    const bool gives_value = last_words.value.has_value();
    start_release({key.first, token, ending::released, is_consistent, gives_value,
                   std::move(last_words.value).value_or(""), last_words.heir},
                  is_lazy, now);
}

void holder::progress(std::string_view name, holdfast::token token, base::time_point now) {
    if (auto* h = held_.find({std::string{name}, token})) {
        h->limits.progress(now);
        base::earlier(next_limit_, h->limits.next());
    }
}

void holder::watch_lock(std::string_view name, base::time_point now) {
    link_.watch_lock(name, now, out_);
}

void holder::unwatch_lock(std::string_view name, base::time_point) {
    link_.unwatch_lock(name, out_);
}

void holder::install(const view_change& s, base::time_point now) {
    view_ = s.now;
    link_.install(s);
    delays_.install(*view_);
    for (auto at = requests_.begin(); at != requests_.end(); ++at) {
        auto& p = at->second;
        if (s.is_first) {
            p.at = link_.slot_of(p.name);
        }
        if (is_leased_ && link_.has_moved(p.at)) {
            requests_.note_unqueued(at);
            p.again.emplace();
            send_request(at, now);  // HOLD-5: under the same number
        }
    }
    link_.send_to_new_owners(now, out_);
    tell_of_orphans(s, now);
    invariants();
}

void holder::set_leased(bool is_leased, base::time_point now) {
    if (is_leased == is_leased_) {
        return;
    }
    is_leased_ = is_leased;
    if (!is_leased_) {
        lose_all(errc::lease_lost, now);
    }
    for (auto at = requests_.begin(); at != requests_.end(); ++at) {
        requests_.note_unqueued(at);
        at->second.again.reset();
        if (is_leased_ && view_) {
            send_request(at, now);
        } else {
            requests_.schedule(at);
        }
    }
    invariants();
}

void holder::handle(const peer_id& from, const to_holder& what, base::time_point now) {
    std::visit([&](const auto& m) { on(from, m, now); }, what);
    invariants();
}

void holder::tick(base::time_point now) {
    for (const auto number : requests_.due(now)) {
        const auto at = requests_.find(number);
        if (base::is_due(at->second.wanted.until, now)) {
            fail(at, timeout_reason(), now);
        } else {
            send_request(at, now);
        }
    }
    ask_after_queued(now);
    check_hold_limits(now);
    delays_.tick(now);
    link_.tick(now, out_);
    invariants();
}

std::optional<base::time_point> holder::deadline() const {
    auto due = link_.deadline();
    base::earlier(due, next_limit_);
    base::earlier(due, delays_.deadline());
    base::earlier(due, requests_.deadline());
    return due;
}

void holder::end(errc holds, errc requests) {
    for (const auto& [key, h] : held_.take_all()) {
        ++counters_.lost;
        ++counters_.ended;
        out_.push(was_lost{key.first, key.second, holds, {}, {}});
    }
    for (const auto& [number, p] : requests_.take_all()) {
        ++counters_.answered;
        out_.push(has_failed{p.caller, requests, {}});
    }
    link_.clear();
    is_leased_ = false;
    is_leaving_ = true;
    invariants();
}

void holder::leave(base::time_point now) {
    is_leaving_ = true;
    while (!requests_.is_empty()) {
        fail(requests_.begin(), errc::shutting_down, now);
    }
    lose_all(errc::shutting_down, now);
    invariants();
}

void holder::lose_all(errc why, base::time_point now) {
    for (const auto& [key, h] : held_.take_all()) {
        ++counters_.lost;
        ++counters_.ended;
        out_.push(was_lost{key.first, key.second, why, {}, {}});
        start_release(key.first, key.second, ending::expired, now);
    }
}

bool holder::has(std::string_view name, holdfast::token token) const {
    return held_.has({std::string{name}, token});
}

// ---- requests

void holder::send_request(request_iterator at, base::time_point now) {
    HOLDFAST_ASSERT(view_ && is_leased_);
    auto& [number, p] = *at;
    if (!p.again) {
        p.again.emplace();
    }
    const auto owner = link_.owner_of(p.at);
    p.again->plan(pace_, owner, now);
    requests_.schedule(at);
    if (owner.is_nil()) {
        return;
    }
    // Numbers rise, so everything below the lowest pending one is over.
    const auto lowest = requests_.lowest();
    HOLDFAST_ASSERT(lowest <= number);
    out_.push(send{
        owner, request{number, p.name, p.wanted.terms, p.wanted.is_try, lowest, p.wanted.priority},
        p.again->count()});
    p.was_asked = true;
}

void holder::fail(request_iterator at, errc why, base::time_point now,
                  std::optional<lock_summary> summary) {
    const auto number = at->first;
    auto p = requests_.remove(at);
    ++counters_.answered;
    out_.push(has_failed{p.caller, why, std::move(summary)});
    if (p.was_asked) {
        link_.start_cancel(p.at, lock::cancel{std::move(p.name), number}, now, out_);
    }
}

errc holder::timeout_reason() const {
    if (!view_) {
        return errc::not_a_member;
    }
    return is_leased_ ? errc::timed_out : errc::no_quorum;
}

void holder::on(const peer_id& from, const grant& given, base::time_point now) {
    const hold_key key{given.name, given.token};
    const bool is_held = held_.has(key);
    if (is_held) {
        out_.push(send{from, grant_ack{given.name, given.token}, 0, true});  // HOLD-6
        base::count(base::effect::hold_6_acks_again);
        return;
    }
    const auto at = requests_.find(given.number);
    const bool is_wanted = !is_held && view_ && at != requests_.end() &&
                           at->second.name == given.name && !link_.is_releasing(key);
    if (is_wanted) {
        if (is_below_promise(at->second.at, given.token)) {
            base::count(base::effect::hold_1_declines);
            // HOLD-1: an owner may have been told that we hold nothing. The request goes on
            // waiting at the new one.
            start_release(given.name, given.token, ending::declined, now);
            return;
        }
        if (is_leased_) {
            take(key, at, given, now);
            out_.push(send{from, grant_ack{given.name, given.token}, 0, true});
            return;
        }
        // HOLD-2: the grant would not be valid. It is given back, so that others can have the lock;
        // the caller's request is asked anew under a fresh number once the lease returns, for this
        // number's grant is used up.
        base::count(base::effect::hold_2_declines);
        HOLDFAST_ASSERT(!is_leased_);
        at->second.was_asked = false;
        at->second.again.reset();
        requests_.schedule(requests_.renumber(at));
    }

    ++counters_.declined;
    start_release(given.name, given.token, ending::declined, now);
}

void holder::take(const hold_key& key, request_iterator at, const grant& given,
                  base::time_point now) {
    auto p = requests_.remove(at);
    HOLDFAST_ASSERT(is_leased_);                            // HOLD-2
    HOLDFAST_ASSERT(!is_below_promise(p.at, given.token));  // HOLD-1
    HOLDFAST_ASSERT(!link_.is_releasing(key));
    held_lock h{p.at, given.number, std::move(p.wanted.terms), given.is_contended,
                !given.before.is_clean()};
    h.limits = hold_limits{p.wanted, now};
    const auto look = h.limits.next();
    HOLDFAST_ASSERT(p.wanted.max_hold <= base::duration::zero() ||
                    (look && *look <= now + p.wanted.max_hold));  // MAX-HOLD
    base::earlier(next_limit_, h.limits.next());
    held_.add(key, std::move(h));
    ++counters_.taken;
    ++counters_.answered;
    out_.push(was_granted{p.caller, given.name, given.token, given.before});
}

bool holder::is_below_promise(slot at, holdfast::token t) const {
    const auto promised = promises_.find(at);
    return promised != promises_.end() && t.of_epoch() < promised->second;
}

void holder::on(const peer_id&, const denied& said, base::time_point now) {
    const auto at = requests_.find(said.number);
    if (at != requests_.end() && (at->second.wanted.is_try || said.why != refusal::is_held)) {
        at->second.was_asked = false;  // answered: there is nothing to cancel
        fail(at, reason_of(said.why), now, said.summary);
    }
}

errc holder::reason_of(refusal why) {
    switch (why) {
        case refusal::is_held:
            return errc::would_block;
        case refusal::limit_differs:
            return errc::limit_differs;
        case refusal::too_many:
            break;
    }
    return errc::too_many_requests;
}

// ---- releases

void holder::start_release(lock::release what, bool is_lazy, base::time_point now) {
    HOLDFAST_ASSERT(!base::checks_everything() || !held_.has({what.name, what.token}));
    link_.start_release(std::move(what), is_lazy, now, out_);
}

void holder::on(const peer_id& from, const released& said, base::time_point now) {
    link_.acked(from, said, now);
}

void holder::on(const peer_id&, const cancelled& said, base::time_point) { link_.acked(said); }

void holder::on(const peer_id&, const hold_probe& asked, base::time_point now) {
    if (!held_.has({asked.name, asked.token})) {
        base::count(base::effect::own_9_releases);
        // OWN-9; how it ended is not known any more
        start_release(asked.name, asked.token, ending::expired, now);
    }
}

// ---- limits

void holder::check_hold_limits(base::time_point now) {
    if (!base::is_due(next_limit_, now)) {
        return;
    }
    next_limit_.reset();
    for (const auto& [key, how, on_stall] : held_.check_limits(now)) {
        const auto& [name, token] = key;
        if (how == hold_limits::verdict::too_long) {
            lose_broken(key, by_policy, "it was held for as long as it may be (max_hold)", now);
            continue;
        }

        constexpr auto why = "its program makes no progress (progress_timeout)";
        out_.push(hold_stalled{name, token});
        if (on_stall == stall_action::break_hold) {
            lose_broken(key, by_policy, why, now);
        } else if (on_stall == stall_action::request_release) {
            out_.push(release_requested{{name, token, self_, 0, by_policy, why, {}}});
        }
    }
    base::earlier(next_limit_, held_.next_limit());
}

void holder::lose_broken(const hold_key& key, const std::string& who, const std::string& why,
                         base::time_point now) {
    HOLDFAST_ASSERT(held_.has(key));
    ++counters_.lost;
    ++counters_.ended;
    out_.push(was_lost{key.first, key.second, errc::broken, who, why});
    held_.remove(key);
    start_release(key.first, key.second, ending::broken, now);
}

// ---- what owners ask

void holder::on(const peer_id&, const break_hold& asked, base::time_point now) {
    const hold_key key{asked.name, asked.token};
    if (held_.has(key)) {
        lose_broken(key, asked.who, asked.why, now);
        return;
    }
    // Not for a grant that was given back (HOLD-1): the request waits for another one.
    const bool is_late = view_ && is_below_promise(link_.slot_of(asked.name), asked.token);
    if (const auto waiting = requests_.find(asked.number);
        waiting != requests_.end() && waiting->second.name == asked.name && !is_late) {
        waiting->second.was_asked = false;
        fail(waiting, errc::broken, now);
    }
    const auto left = requests_.find(asked.number);  // what was broken is not waited for
    HOLDFAST_ASSERT(is_late || left == requests_.end() || left->second.name != asked.name);
    start_release(asked.name, asked.token, ending::declined, now);
}

void holder::on(const peer_id& from, const release_request& asked, base::time_point) {
    auto* h = held_.find({asked.name, asked.token});
    if (h == nullptr) {
        return;  // its grant, or its release, is on the way
    }
    if (h->note_demand(asked.by, asked.number)) {
        out_.push(release_requested{asked});
    }
    out_.push(send{from, release_request_ack{asked.name, asked.token, asked.by, asked.number}});
}

void holder::on(const peer_id& from, const lock_state& told, base::time_point) {
    link_.heard(from, told, out_);
}

void holder::on(const peer_id& from, const watch_refused& said, base::time_point now) {
    link_.refused(from, said, now, out_);
}

// ---- what always holds

void holder::invariants() const {
    HOLDFAST_ASSERT(is_leased_ || held_.is_empty());  // HOLD-2, LEASE-5
    HOLDFAST_ASSERT(!is_leaving_ || requests_.is_empty());
    // Every request is answered once, and only the answer to one brings a hold (HOLD-6).
    HOLDFAST_ASSERT(counters_.answered + requests_.size() == counters_.asked);
    HOLDFAST_ASSERT(counters_.ended + held_.size() == counters_.taken);
    requests_.invariants();
    link_.invariants();
    delays_.invariants();
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [key, h] : held_.all()) {
        // A token is held, or it is released, never both.
        HOLDFAST_ASSERT(!link_.is_releasing(key));
    }
    // The timer is not later than the first limit.
    const auto due = held_.next_limit();
    HOLDFAST_ASSERT(!due || (next_limit_ && *next_limit_ <= *due));
}

}  // namespace holdfast::lock
