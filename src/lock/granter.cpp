#include "lock/granter.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "lock/checks.hpp"

namespace holdfast::lock {

granter::granter(const base::settings& settings, base::pace& pace, slot_function slot_of)
    : settings_{settings},
      pace_{pace},
      voids_{settings},
      tenures_{std::move(slot_of)},
      former_holds_{settings.most_pasts},
      watchers_{pace},
      revocations_{settings, pace},
      told_{pace},
      quotas_{settings} {}

void granter::install(const view_change& s, base::time_point now) {
    HOLDFAST_ASSERT(!view_ || s.now->number > view_->number);
    view_ = s.now;
    // OWN-2: it goes on serving; grants carry the new epoch and the sequence starts again.
    grant_epoch_ = view_->epoch;
    sequence_ = 0;
    voids_.install(s, now);
    told_.install(*view_, now);
}

void granter::set_leased(bool is_leased, base::time_point now) {
    if (is_leased == is_leased_) {
        return;
    }
    is_leased_ = is_leased;
    if (!is_leased_) {
        return;
    }
    breaks_from_ = now + settings_.retry;  // who waits may have gone to another owner
    // LEASE-5: the table is intact, who queued meanwhile is served
    for_each_contended(
        [&](slot s, const std::string& name, lock_entry& e) { grant_waiters(s, name, e, now); });
}

/// `each` may grant, and end the contention.
template <class Each>
void granter::for_each_contended(Each each) {
    const auto names = contended_;
    for (const auto& [s, name] : names) {
        if (auto* e = tenures_.find_lock(s, name)) {
            each(s, name, *e);
        }
    }
}

// ---- granting

bool granter::grant_waiters(slot s, const std::string& name, lock_entry& e, base::time_point now) {
    const auto waited = order_of(e);
    bool has_granted = false;
    while (is_leased_ && !e.queue.empty() && !delays_.is_delayed(s, name, now)) {
        if (!view_->has(e.queue.front().peer)) {
            (void)take_first(e);
            continue;
        }
        if (!e.has_room(e.queue.front().terms.mode)) {
            break;  // OWN-10: no waiter goes before the first, so that writers do not starve
        }
        if (sequence_ >= settings_.last_sequence) {
            out_.push(epoch_wanted{});  // OWN-6
            break;
        }
        grant_one(s, e, take_first(e), now);
        has_granted = true;
    }
    HOLDFAST_ASSERT(is_end_of(order_of(e), waited));  // OWN-10
    note_waiters(s, name, e, now);
    if (has_granted) {
        check_lock(s, name, e);
        notify(s, name, now);
    }
    if (e.is_empty()) {
        auto* t = tenures_.find(s);
        HOLDFAST_ASSERT(t != nullptr);
        const auto at = t->table.find(name);
        HOLDFAST_ASSERT(at != t->table.end() && &at->second == &e);
        t->table.erase(at);
    }
    return has_granted;
}

waiter granter::take_first(lock_entry& e) {
    auto w = e.queue.take_front();
    quotas_.remove_waiting(w.peer, w);
    return w;
}

bool granter::remove_waiter(lock_entry& e, const peer_id& peer, request_number number) {
    const auto* w = e.queue.find(peer, number);
    if (w == nullptr) {
        return false;
    }
    quotas_.remove_waiting(peer, *w);
    return e.queue.remove(peer, number);
}

void granter::grant_one(slot s, lock_entry& e, waiter next, base::time_point now) {
    HOLDFAST_ASSERT(tenures_.serving(s) != nullptr);
    HOLDFAST_ASSERT(view_->has(next.peer));
    const auto t = token::make(grant_epoch_, ++sequence_);
    HOLDFAST_ASSERT(is_leased_);                            // OWN-1
    HOLDFAST_ASSERT(sequence_ <= settings_.last_sequence);  // OWN-6
    HOLDFAST_ASSERT(e.held.empty() || e.held.newest().what.token < t);
    HOLDFAST_ASSERT(last_granted_ < t && t.of_epoch() == view_->epoch);  // FENCE, OWN-2
    last_granted_ = t;
    HOLDFAST_ASSERT(e.has_room(next.terms.mode));  // MODES
    granted_hold given;
    given.what = {std::move(next.name), t, next.peer, next.number, std::move(next.terms), false};
    given.holder_name = name_of(next.peer);
    given.since = now;
    given.is_since_grant = true;
    quotas_.add_hold(given.what);
    auto& h = e.held.add(std::move(given));
    ++granted_;
    out_.push(owner_granted{h.what, view_->number});
    told_.add(s, h.what, false, now);
    send_grant(s, h, !e.queue.empty(), now);
}

void granter::send_grant(slot s, granted_hold& h, bool is_contended, base::time_point now) {
    const auto& g = h.what;
    if (told_.holds_back(s, g)) {
        return;  // DELAY: it is granted when the voters know
    }
    const auto attempt = h.again.sent(pace_, g.holder, now);
    out_.push(send{g.holder, grant{g.number, g.name, g.token, is_contended, told_before(s, g.name)},
                   attempt});
    if (!g.is_taken) {
        repeat_grant(s, h, h.again.next);
    }
}

void granter::repeat_grant(slot s, granted_hold& h, std::optional<base::time_point> when) {
    if (h.repeat_at != when) {  // a key costs a copy of the name
        unacked_.set({s, h.what.name, h.what.token}, h.repeat_at, when);
    }
}

void granter::resend_grants(base::time_point now) {
    for (const auto& [s, name, token] : unacked_.due(now)) {
        auto* e = tenures_.find_lock(s, name);
        auto* h = e == nullptr ? nullptr : e->held.find(token);
        HOLDFAST_ASSERT(h != nullptr && !h->what.is_taken);
        send_grant(s, *h, !e->queue.empty(), now);
    }
}

void granter::note_waiters(slot s, const std::string& name, lock_entry& e, base::time_point now) {
    const bool was_contended = e.first.has_value();
    e.note_first(now);
    plan_patience(s, name, e);
    if (!e.first) {
        if (was_contended) {
            contended_.erase({s, name});
        }
        return;
    }
    if (!was_contended) {
        contended_.emplace(s, name);
    }
    if (!timers_.is_set(timer::probes)) {
        timers_.set_earliest(timer::probes, now + settings_.lease);
    }
}

// ---- slots come and go

void granter::serve(slot s, tenure& t, base::time_point now) {
    HOLDFAST_ASSERT(&t == tenures_.find(s));
    HOLDFAST_ASSERT(!t.is_serving());
    // FATE: what was gathered tells nothing of those who died
    HOLDFAST_ASSERT(!t.is_gathering() || !t.history_is_complete || t.is_unused);
    t.state = tenure::serving{};
    std::vector<std::string> names;
    for (auto& [name, e] : t.table) {
        names.push_back(name);
        for (auto& [token, h] : e.held.all()) {
            if (!h.what.is_taken) {
                send_grant(s, h, !e.queue.empty(), now);
            }
            look_again(voids_.of(h.what.holder, *view_));
        }
    }
    for (const auto& name : names) {
        grant_waiters(s, name, t.table.at(name), now);
    }
}

void granter::forget(slot s) {
    auto& t = *tenures_.find(s);
    for (auto& [name, e] : t.table) {
        for (auto& [token, h] : e.held.all()) {
            repeat_grant(s, h, std::nullopt);
            quotas_.remove_hold(h.what);
        }
        patience_.set({s, name}, e.patience_ends, std::nullopt);
        e.queue.for_each([&](const waiter& w) { quotas_.remove_waiting(w.peer, w); });
    }
    for (const auto& [from, asked] : t.deferred.all()) {
        quotas_.remove_waiting(from, asked);
    }
    contended_.forget(s);
    watchers_.forget(s, quotas_);  // WATCH-1: they register again
    delays_.forget(s);
    told_.forget(s);
    former_holds_.forget(s);
    tenures_.erase(s);
}

void granter::notify(slot s, const std::string& name, base::time_point now) {
    if (watchers_.is_empty()) {
        return;
    }
    const auto* e = tenures_.find_lock(s, name);
    watchers_.notify(s, name, e == nullptr ? lock_summary{} : e->summary(), view_->number, now,
                     out_);
}

// ---- time

void granter::tick(base::time_point now) {
    if (timers_.take_due(timer::probes, now)) {
        ask_still_held(now);
    }
    end_delays(now);
    break_for_waiters(now);
    repeat_breaks(now);
    revocations_.repeat_asks(tenures_, now, out_);
    watchers_.renotify(tenures_, view_->number, now, out_);
}

void granter::ask_still_held(base::time_point now) {
    for (const auto& [s, name] : contended_) {
        auto* e = tenures_.find_lock(s, name);
        if (e == nullptr) {
            continue;
        }
        timers_.set_earliest(timer::probes, now + settings_.lease);
        for (auto& [token, h] : e->held.all()) {
            if (h.what.is_taken) {
                // "Yes" is not answered, so from the third time on it is also relayed by the
                // voters.
                out_.push(send{h.what.holder, hold_probe{name, h.what.token}, h.asked++});
            }
        }
    }
}

std::optional<base::time_point> granter::deadline() const {
    auto due = timers_.deadline();
    base::earlier(due, revocations_.deadline());
    base::earlier(due, watchers_.deadline());
    base::earlier(due, delays_.deadline());
    base::earlier(due, told_.deadline());
    base::earlier(due, unacked_.next());
    if (const auto ends = patience_.next(); ends && is_leased_) {
        base::earlier(due, std::max(*ends, breaks_from_));
    }
    return due;
}

// ---- what always holds

void granter::check_lock(slot s, const std::string& name, const lock_entry& e) const {
    if (!base::checks_everything()) {
        return;
    }
    e.invariants(name, view_->epoch);
    HOLDFAST_ASSERT(contended_.contains({s, name}) == !e.queue.empty());
    for (const auto& [token, h] :
         e.held.all()) {  // OWN-5: the hold of one that is no member has an end
        HOLDFAST_ASSERT(view_->has(h.what.holder) || voids_.of(h.what.holder, *view_));
    }
}

void granter::check_quotas() const {
    holdfast::lock::quotas counted{settings_};
    tenures_.for_each([&](slot, const tenure& t) {
        for (const auto& [name, e] : t.table) {
            for (const auto& [token, h] : e.held.all()) {
                counted.add_hold(h.what);
            }
            e.queue.for_each([&](const waiter& w) { counted.add_waiting(w.peer, w); });
        }
        for (const auto& [from, asked] : t.deferred.all()) {
            counted.add_waiting(from, asked);
        }
    });
    quotas_.for_each([&](const peer_id& member, const quotas::usage& u) {
        const auto is = counted.of(member);
        HOLDFAST_ASSERT(u.waiting == is.waiting && u.holds == is.holds && u.bytes == is.bytes);
        HOLDFAST_ASSERT(u.watches == watchers_.count_of(member));
    });
    counted.for_each([&](const peer_id& member, const quotas::usage& is) {
        HOLDFAST_ASSERT(quotas_.of(member).waiting == is.waiting);
        HOLDFAST_ASSERT(quotas_.of(member).holds == is.holds);
    });
}

void granter::invariants() const {
    tenures_.invariants();
    watchers_.invariants();
    revocations_.invariants();
    told_.invariants();
    HOLDFAST_ASSERT(former_holds_.size() <= settings_.most_pasts);
    HOLDFAST_ASSERT(contended_.empty() || timers_.is_set(timer::probes));
    if (!view_) {
        HOLDFAST_ASSERT(tenures_.size() == 0);
        return;
    }
    HOLDFAST_ASSERT(grant_epoch_ == view_->epoch);  // OWN-2
    HOLDFAST_ASSERT(sequence_ <= settings_.last_sequence);
    if (!base::checks_everything()) {
        return;
    }
    check_quotas();
    std::size_t contended = 0;
    std::size_t unacked = 0;
    std::size_t patient = 0;
    tenures_.for_each([&](slot s, const tenure& t) {
        HOLDFAST_ASSERT(t.gained <= view_->number);
        for (const auto& [name, e] : t.table) {
            HOLDFAST_ASSERT(tenures_.slot_of(name) == s);
            check_lock(s, name, e);
            contended += e.queue.empty() ? 0 : 1;
            for (const auto& [token, h] : e.held.all()) {
                // NET-2: what was granted, and not taken, is repeated
                HOLDFAST_ASSERT(!t.is_serving() || h.what.is_taken || h.repeat_at == h.again.next ||
                                told_.holds_back(s, h.what));
                unacked += h.repeat_at ? 1 : 0;
            }
            patient += e.patience_ends ? 1 : 0;
        }
    });
    HOLDFAST_ASSERT(contended == contended_.size());
    HOLDFAST_ASSERT(unacked == unacked_.size());
    HOLDFAST_ASSERT(patient == patience_.size());
}

}  // namespace holdfast::lock
