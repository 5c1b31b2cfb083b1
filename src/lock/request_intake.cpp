#include "lock/request_intake.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::lock {

bool request_intake::request(granter& g, const peer_id& from, const lock::request& asked,
                             base::time_point now) {
    auto& floor = settled_[from];
    if (asked.lowest_pending <= asked.number) {
        floor = std::max(floor, asked.lowest_pending);
    }
    if (asked.number < floor) {
        base::count(base::effect::own_10_drops);
        return true;  // OWN-10: it was answered long ago, this is an old copy
    }
    const auto s = g.slots().slot_of(asked.name);
    auto* t = g.slots().find(s);
    if (t == nullptr) {
        return false;
    }
    if (t->is_serving()) {
        enqueue(g, s, *t, from, asked, now);
    } else {
        put_off(g, *t, from, asked, now);
    }
    return true;
}

bool request_intake::still_waiting(granter& g, const peer_id& from,
                                   const lock::still_waiting& asked, base::time_point now) {
    const auto s = g.slots().slot_of(asked.name);
    const auto* t = g.slots().find(s);
    if (t == nullptr) {
        return false;
    }
    auto* e = g.slots().find_lock(s, asked.name);
    still_queued answer{asked.name, {}};
    for (const auto& number : asked.numbers) {
        if (t->deferred.has(from, number) || (e != nullptr && e->queue.has(from, number))) {
            continue;
        }
        if (auto* granted = e == nullptr ? nullptr : e->held.find(from, number)) {
            g.send_grant(s, *granted, !e->queue.empty(), now);  // HOLD-5
        } else {
            base::count(base::effect::queued_is_unknown);
            answer.unknown.push_back(number);
        }
    }
    g.out().push(send{from, std::move(answer)});
    return true;
}

void request_intake::cancel(granter& g, const peer_id& from, const lock::cancel& asked,
                            base::time_point now) {
    const auto s = g.slots().slot_of(asked.name);
    auto* e = g.slots().find_lock(s, asked.name);
    if (e == nullptr) {
        return;
    }
    const auto* h = e->held.find(from, asked.number);
    if (h != nullptr && g.was_never_sent(s, *h)) {
        // Nothing else ends it before the voters answer: its holder will not release it.
        g.end_hold(s, asked.name, *e, h->what.token, std::nullopt, now);
        return;
    }
    const bool is_gone = g.remove_waiter(*e, from, asked.number);
    if (!g.grant_waiters(s, asked.name, *e, now) && is_gone) {
        g.notify(s, asked.name, now);
    }
}

void request_intake::put_off(granter& g, tenure& t, const peer_id& from, const lock::request& asked,
                             base::time_point now) {
    if (!t.deferred.has(from, asked.number)) {
        if (!g.quotas().has_room(from, asked)) {
            refuse(g, from, asked, {}, now);
            return;
        }
        g.quotas().add_waiting(from, asked);
        t.deferred.add(from, asked);
    }
    if (!asked.is_try) {
        // a try goes on asking: its answer is not repeated
        g.out().push(send{from, queued{asked.number}});
    }
}

/// LOAD-3.
void request_intake::refuse(granter& g, const peer_id& from, const lock::request& asked,
                            lock_summary summary, base::time_point now) {
    g.note_refusal(from, now);
    g.out().push(send{from, denied{asked.number, refusal::too_many, std::move(summary)}});
}

void request_intake::enqueue(granter& g, slot s, tenure& t, const peer_id& from,
                             const lock::request& asked, base::time_point now) const {
    HOLDFAST_ASSERT(t.is_serving());
    auto& e = t.table[asked.name];
    if (auto* granted = e.held.find(from, asked.number)) {
        g.send_grant(s, *granted, !e.queue.empty(), now);  // HOLD-5
        return;
    }
    const bool is_new = !e.queue.has(from, asked.number);
    if (is_new) {
        if (is_refused(g, s, from, asked, e, now)) {
            if (e.is_empty()) {
                t.table.erase(t.table.find(asked.name));  // it rests (DELAY)
            }
            return;
        }
        g.add_waiter(e, {asked.name, from, asked.number, asked.terms, asked.priority});
    }
    const bool has_granted = g.grant_waiters(s, asked.name, e, now);
    const auto* left = g.slots().find_lock(s, asked.name);
    if (left != nullptr && left->queue.has(from, asked.number)) {
        g.out().push(send{from, queued{asked.number}});
        if (is_new && !has_granted) {
            g.notify(s, asked.name, now);
        }
    }
}

bool request_intake::is_refused(granter& g, slot s, const peer_id& from, const lock::request& asked,
                                const lock_entry& e, base::time_point now) const {
    const auto& mode = asked.terms.mode;
    if (e.contradicts(mode)) {
        base::count(base::effect::limit_refuses);
        g.out().push(send{from, denied{asked.number, refusal::limit_differs, e.summary()}});
        return true;  // LIMIT
    }
    if (!g.quotas().has_room(from, asked)) {
        refuse(g, from, asked, e.summary(), now);
        return true;
    }
    if (asked.is_try &&
        (!(e.queue.empty() && e.has_room(mode)) || g.is_delayed(s, asked.name, now))) {
        g.out().push(send{from, denied{asked.number, refusal::is_held, e.summary()}});
        return true;
    }
    return false;
}

void request_intake::resume(granter& g, slot s, tenure& t, const view& v, base::time_point now) {
    for (const auto& [from, asked] : t.deferred.take_all()) {
        g.quotas().remove_waiting(from, asked);
        if (v.has(from)) {
            enqueue(g, s, t, from, asked, now);
        }
    }
}

void request_intake::drop_non_members(const view& v) {
    std::erase_if(settled_, [&](const auto& f) { return !v.has(f.first); });
}

void request_intake::invariants(const view& v) const {
    if (base::checks_everything()) {
        for (const auto& [peer, floor] : settled_) {
            HOLDFAST_ASSERT(v.has(peer));  // it is bounded by the members
        }
    }
}

}  // namespace holdfast::lock
