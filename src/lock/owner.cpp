#include "lock/owner.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "lock/checks.hpp"
#include "lock/inspect.hpp"
#include "lock/orphans.hpp"

namespace holdfast::lock {

void owner::set_leased(bool is_leased, base::time_point now) {
    granter_.set_leased(is_leased, now);
    granter_.tell_delays(now);
    invariants();
}

void owner::handle(const peer_id& from, const to_owner& what, base::time_point now) {
    if (!view_) {
        ++counters_.dropped;
        return;
    }
    std::visit([&](const auto& m) { on(from, m, now); }, what);
    granter_.tell_delays(now);
    invariants();
}

void owner::tick(base::time_point now) {
    if (!view_) {
        return;
    }
    granter_.resend_grants(now);
    transfers_.send_due(now, granter_.out());
    gathers_.repeat(*view_, now, granter_.out());
    if (granter_.take_voids_due(now)) {
        granter_.end_holds_of_removed(now);
        try_serve(now);
    }
    granter_.tick(now);
    granter_.tell_delays(now);
    invariants();
}

std::optional<base::time_point> owner::deadline() const {
    auto due = granter_.deadline();
    base::earlier(due, transfers_.deadline());
    base::earlier(due, gathers_.deadline());
    return due;
}

// ---- requests

void owner::on(const peer_id& from, const request& asked, base::time_point now) {
    if (!is_member(from) || !intake_.request(granter_, from, asked, now)) {
        ++counters_.dropped;  // the present owner is in the views that NET-3 brings to the sender
    }
}

void owner::on(const peer_id& from, const still_waiting& asked, base::time_point now) {
    if (!is_member(from) || !intake_.still_waiting(granter_, from, asked, now)) {
        ++counters_.dropped;
    }
}

void owner::on(const peer_id& from, const grant_ack& answer, base::time_point now) {
    const auto s = slot_of(answer.name);
    auto* e = find_lock(s, answer.name);
    auto* h = e == nullptr ? nullptr : e->held.find(answer.token);
    if (h != nullptr && h->what.holder == from) {
        granter_.acknowledge(s, *h, now);
    }
}

void owner::on(const peer_id& from, const release& done, base::time_point now) {
    const auto s = slot_of(done.name);
    if (granter_.slots().serving(s) == nullptr) {
        // OWN-7: only a serving owner acks; it will be sent again
        return;
    }
    granter_.pending().hold_ended(done.name, done.token);
    if (auto* e = find_lock(s, done.name)) {
        if (const auto* meant = e->held.find(done.token)) {
            const auto others = holds_besides(granter_.slots(), done.name, done.token);
            if (!done.heir.is_nil()) {
                e->queue.move_to_front(done.heir);
            }
            granter_.end_hold(s, done.name, *e, meant->what.token, end_of(done), now);
            HOLDFAST_ASSERT(has_all(granter_.slots(), done.name, others));  // OWN-7
        }
    }
    send_to(from, released{done.name, done.token});
}

void owner::on(const peer_id& from, const cancel& asked, base::time_point now) {
    if (granter_.slots().serving(slot_of(asked.name)) != nullptr) {
        request_intake::cancel(granter_, from, asked, now);
        send_to(from, cancelled{asked.number});
    }
}

// ---- watching, looking, revoking

void owner::on(const peer_id& from, const watch& asked, base::time_point now) {
    const auto s = slot_of(asked.name);
    if (!is_member(from) || granter_.slots().find(s) == nullptr) {
        return;
    }
    const auto is_added = granter_.watchers().add(s, from, asked, granter_.quotas());
    if (is_added == lock_watchers::added::too_many) {
        granter_.note_refusal(from, now);
        send_to(from, watch_refused{asked.name, asked.number});
        return;
    }
    if (is_added == lock_watchers::added::yes && granter_.slots().serving(s) != nullptr) {
        const auto* e = find_lock(s, asked.name);
        granter_.watchers().notify(from, s, asked.name,
                                   e == nullptr ? lock_summary{} : e->summary(), view_->number, now,
                                   granter_.out());
    }
}

void owner::on(const peer_id& from, const unwatch& asked, base::time_point) {
    granter_.watchers().remove(slot_of(asked.name), from, asked, granter_.quotas());
}

void owner::on(const peer_id& from, const lock_state_seen& seen, base::time_point) {
    granter_.watchers().seen(slot_of(seen.name), from, seen);
}

void owner::on(const peer_id& from, const inspect_request& asked, base::time_point now) {
    if (!is_member(from)) {
        ++counters_.dropped;
        return;
    }
    send_to(from, inspect(granter_.slots(), granter_.pending(), granter_.is_leased(), asked, now));
}

void owner::on(const peer_id& from, const list_locks& asked, base::time_point) {
    if (!is_member(from)) {
        ++counters_.dropped;
        return;
    }
    send_to(from, list(granter_.slots(), asked));
}

void owner::on(const peer_id& from, const revoke_request& wanted, base::time_point now) {
    const auto s = slot_of(wanted.name);
    // Without a lease another may serve by now: then "it is gone" would be no answer, and no policy
    // of ours counts.
    if (!is_member(from) || !granter_.is_leased() || granter_.slots().serving(s) == nullptr) {
        ++counters_.dropped;  // it is asked again, perhaps elsewhere
        return;
    }
    const auto* e = find_lock(s, wanted.name);
    const auto* h = e == nullptr ? nullptr : e->held.find(wanted.token);
    if (h == nullptr) {
        send_to(from,
                revoke_reply{wanted.number, granter_.how_it_ended(wanted.name, wanted.token)});
        return;
    }
    auto& pending = granter_.pending();
    const auto taken = pending.demanded_by(from, wanted, *h, now);
    if (!taken) {
        granter_.note_refusal(from, now);
    }
    const auto so_far = taken.value_or(break_outcome{});  // no answer, as yet
    if (wanted.how == revoke_kind::break_hold && so_far.stage == break_stage::sent) {
        const auto& policy = h->what.terms.policy;
        HOLDFAST_ASSERT(policy.by_operators && so_far.approvals >= policy.approvals);  // BREAK-2
        granter_.break_hold_of(s, h->what, wanted.who, wanted.why, now);
    }
    if (wanted.how == revoke_kind::request_release && so_far.stage != break_stage::refused &&
        so_far.stage != break_stage::no_answer) {
        pending.repeat_asks(granter_.slots(), now, granter_.out());
    }
    send_to(from, revoke_reply{wanted.number, so_far});
}

void owner::on(const peer_id& from, const release_request_ack& heard, base::time_point) {
    const auto* h = granter_.slots().find_hold(heard.name, heard.token);
    if (h != nullptr && h->what.holder == from) {
        granter_.pending().heard(heard, granter_.out());
    }
}

// ---- slots come and go with the views (OWN-3, OWN-8)

void owner::install(const view_change& s, base::time_point now) {
    HOLDFAST_ASSERT(s.now && s.map);
    view_ = s.now;
    map_ = s.map;
    granter_.install(s, now);
    transfers_.install(*view_, now);
    auto& slots = granter_.slots();
    if (s.map_before != s.map) {
        const auto told = told_unasked(s, self_);
        for (std::uint32_t i = 0; i < map_->slots(); ++i) {
            const slot at{static_cast<std::uint16_t>(i)};
            const auto before = s.map_before ? s.map_before->owner_of(at) : peer_id{};
            const auto after = map_->owner_of(at);
            const bool had = slots.find(at) != nullptr;
            if (had && after != self_) {
                lose(at, after, now);
            } else if (!had && after == self_) {
                gain(at, before, std::binary_search(told.begin(), told.end(), at));
            }
        }
    }
    slots.for_each([&](slot at, tenure& t) {
        if (const auto* from = t.waits_for(); from != nullptr && !is_member(*from)) {
            start_gather(at, t);  // OWN-4
        }
    });
    granter_.drop_non_members(now);
    intake_.drop_non_members(*view_);
    granter_.end_holds_of_removed(now);
    transfers_.send_due(now, granter_.out());
    gathers_.ask_wanted(*view_, now, granter_.out());
    try_serve(now);
    granter_.tell_delays(now);
    invariants();
}

void owner::gain(slot s, const peer_id& from, bool is_told) {
    tenure t;
    t.gained = view_->number;
    t.gained_epoch = view_->epoch;
    t.is_unused = granter_.voids().is_founder() && view_->number == view_number{1};
    const bool has_table = is_member(from) && from != self_;
    if (has_table) {
        t.state = tenure::waiting{from};
    }
    auto& added = granter_.slots().add(s, std::move(t));
    if (!has_table) {
        start_gather(s, added, is_told);
    }
}

void owner::start_gather(slot s, tenure& t, bool is_told) {
    HOLDFAST_ASSERT(!t.is_serving() && t.table.empty());
    HOLDFAST_ASSERT(!is_told || t.gained == view_->number);  // OWN-12
    t.state = tenure::gathering{};
    gathers_.want(s, t.gained, t.gained_epoch, is_told);
}

void owner::lose(slot s, const peer_id& to, base::time_point now) {
    HOLDFAST_ASSERT(to != self_);
    auto& t = *granter_.slots().find(s);
    if (t.is_serving()) {
        transfers_.give(view_->number, to, s,
                        table_of(s, t, granter_.told().of(s, now), granter_.former()), now);
    } else if (const auto* from = t.waits_for(); from != nullptr && is_member(*from)) {
        transfers_.expect(s, t.gained, {*from, view_->number, to});
    } else {
        // FOUND-1, OWN-4: an owner that gathers, or waits for a table that will not come, has none.
        transfers_.give_none(view_->number, to, s, t.is_unused, now);
        gathers_.forget(s);
    }
    granter_.forget(s);
}

void owner::on(const peer_id& from, const table& given, base::time_point now) {
    if (given.to_view > view_->number) {
        return;  // NET-3: the step to that view is on its way; the table will be sent again
    }
    table_ack done{given.to_view, {}};
    for (const auto& st : given.slots) {
        done.slots.push_back(st.slot);
        auto* t = granter_.slots().find(st.slot);
        const bool waits = t != nullptr && t->waits_for() != nullptr;
        // OWN-8
        if (waits && t->waits_for(from, given.to_view)) {
            take_table(from, given.to_view, *t, st, now);
        } else {
            transfers_.forward(from, given.to_view, st, now);
        }
    }
    send_to(from, std::move(done));
    transfers_.send_due(now, granter_.out());
}

void owner::on(const peer_id& from, const no_table& given, base::time_point now) {
    if (given.to_view > view_->number) {
        return;
    }
    for (const auto& s : given.slots) {
        const bool is_unused = std::binary_search(given.unused.begin(), given.unused.end(), s);
        if (auto* t = granter_.slots().find(s); t != nullptr && t->waits_for(from, given.to_view)) {
            t->is_unused = is_unused;
            start_gather(s, *t);
        }
        transfers_.forward_none(from, given.to_view, s, is_unused, now);
    }
    send_to(from, table_ack{given.to_view, given.slots});
    transfers_.send_due(now, granter_.out());
    gathers_.ask_wanted(*view_, now, granter_.out());
    try_serve(now);
}

void owner::on(const peer_id& from, const table_ack& given, base::time_point) {
    transfers_.acked(from, given);
}

void owner::take_table(const peer_id& from, view_number in, tenure& t, const slot_table& given,
                       base::time_point now) {
    HOLDFAST_ASSERT(t.waits_for() != nullptr && t.table.empty());
    HOLDFAST_ASSERT(*t.waits_for() == from && t.gained == in);  // OWN-8
    const auto is_here = [&](const std::string& name) { return slot_of(name) == given.slot; };
    for (const auto& d : given.delays) {
        if (is_here(d.name)) {
            granter_.wait_for(given.slot, d.name, d.token, now + d.left, now);
        }
    }
    ++counters_.tables_received;
    const auto conflicts_before = counters_.conflicts;
    for (const auto& h : given.holds) {
        if (is_here(h.name)) {
            add_hold(t, h, now);
        }
    }
    for (const auto& w : given.queue) {
        if (is_here(w.name) && is_member(w.peer) && !t.table[w.name].queue.has(w.peer, w.number)) {
            granter_.add_waiter(t.table[w.name], w);
        }
    }
    t.history_is_complete = given.history_is_complete;
    for (const auto& p : given.pasts) {
        if (is_here(p.name)) {
            granter_.remember(given.slot, p.name, p.what);
        }
    }
    serve(given.slot, t, now);
    if (counters_.conflicts > conflicts_before) {
        granter_.repeat_breaks(now);
    }
}

/// What another member says of a hold. Only an earlier owner can have granted it.
void owner::add_hold(tenure& t, const hold_info& h, base::time_point now) {
    if (h.token.of_epoch() >= t.gained_epoch || h.holder.is_nil()) {
        ++counters_.dropped;
        return;
    }
    auto& e = t.table[h.name];
    if (e.held.find(h.token) != nullptr) {
        return;
    }
    if (!e.has_room(h.terms.mode)) {
        // HOLD-4: a bug somewhere. What came first stays, the holder of this one is told.
        ++counters_.conflicts;
        granter_.pending().start_break_of_conflict(h, now);
        return;
    }
    granter_.add_hold(e, {h, granter_.name_of(h.holder), {now, 0}, 0, now, false, {}});
}

void owner::on(const peer_id& from, const report& given, base::time_point now) {
    if (view_ && gathers_.hear(from, given, *view_, now, granter_.out())) {
        try_serve(now);
    }
}

void owner::try_serve(base::time_point now) {
    std::optional<base::time_point> look_again;
    const auto done = gathers_.take_finished(*view_, granter_.voids(), now, look_again);
    granter_.look_again(look_again);
    for (const auto& g : done) {
        serve_gathered(g, now);
    }
}

void owner::serve_gathered(const gathers::round& g, base::time_point now) {
    auto& slots = granter_.slots();
    std::vector<hold_info> reported;
    for (const auto& [from, heard] : g.heard) {
        for (const auto& h : heard.holds) {
            if (g.slots.contains(slot_of(h.name)) && h.holder == from) {
                reported.push_back(h);
                reported.back().is_taken = true;
            }
        }
    }
    // HOLD-4: what goes with the higher tokens stays.
    std::sort(reported.begin(), reported.end(), [](const hold_info& x, const hold_info& y) {
        return std::tie(x.name, y.token) < std::tie(y.name, x.token);
    });
    for (const auto& h : reported) {
        add_hold(*slots.find(slot_of(h.name)), h, now);
    }
    for (const auto& [key, until] : delays_heard(g, slots.slots_of(), now)) {
        const auto& [s, name, token] = key;
        if (!granter_.told().has(s, name, token)) {  // DELAY: it is held by no member
            granter_.wait_for(s, name, token, until, now);
        }
    }
    for (const auto& s : g.slots) {
        auto* t = slots.find(s);
        HOLDFAST_ASSERT(t != nullptr && t->is_gathering());
        ++counters_.slots_gathered;
        // FATE: of a slot that no owner has served yet everything is known. Of the others it is not
        // known who died unheard.
        t->history_is_complete = t->is_unused;
        serve(s, *t, now);
    }
    granter_.repeat_breaks(now);
}

void owner::serve(slot s, tenure& t, base::time_point now) {
    granter_.serve(s, t, now);
    intake_.resume(granter_, s, t, *view_, now);
    for (const auto& name : granter_.watchers().names_in(s)) {
        granter_.notify(s, name, now);
    }
}

void owner::send_to(const peer_id& to, message what) {
    HOLDFAST_ASSERT(may_say(what, granter_.slots(), granter_.is_leased()));
    granter_.out().push(send{to, std::move(what)});
}

// ---- what always holds

void owner::invariants() const {
    granter_.invariants();
    gathers_.invariants();
    if (!view_) {
        HOLDFAST_ASSERT(transfers_.is_empty());
        return;
    }
    transfers_.invariants(self_, view_->number);
    if (!base::checks_everything()) {
        return;
    }
    granter_.slots().for_each([&](slot s, const tenure& t) {
        HOLDFAST_ASSERT(map_->owner_of(s) == self_);
        HOLDFAST_ASSERT(t.waits_for() == nullptr || is_member(*t.waits_for()));
        HOLDFAST_ASSERT(t.is_gathering() == gathers_.has(s));
    });
    intake_.invariants(*view_);
}

}  // namespace holdfast::lock
