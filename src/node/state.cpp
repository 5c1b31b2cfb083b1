#include "node/state.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/message_groups.hpp"
#include "node/lock_step.hpp"

namespace holdfast::node {
namespace {

using base::moment;
using base::time_point;

/// Large or rare messages, and those whose loss would cost a repeat, use the stream: among them all
/// that is about a founding, for a refusal that is lost vetoes nothing (FOUND-8). Of the ballots
/// for a later view every second does (NET-4).
bool uses_stream(const views::message& what) {
    return std::holds_alternative<views::founding_message>(what) ||
           base::visit_message(
               [](const auto& m) {
                   if constexpr (requires { m.ballot.round; }) {
                       return m.ballot.round % 2 == 0;
                   } else {
                       return requires { m.by_stream; };
                   }
               },
               what);
}

}  // namespace

// ---- the order of every call

void node::state::begin(moment now) {
    HOLDFAST_ASSERT(now.now >= last_now);
    // no part changes between two calls
    HOLDFAST_ASSERT(!base::checks_everything() || !known_deadline ||
                    *known_deadline == earliest_deadline());
    last_now = now.now;
    mail.begin_call();
    notice_lease(now);
}

/// LEASE-5: before anything else is handled, so that a lease that returns in this very call brings
/// back no hold.
void node::state::notice_lease(moment now) {
    if (is_over) {
        return;
    }
    const auto change = lease.notice(now);
    if (change.is_of_lease) {
        stats.leases_lost += lease.is_running() ? 0 : 1;
        has_been_leased = has_been_leased || lease.is_running();
        holder.set_leased(lease.is_running(), now.now);
        owner.set_leased(lease.is_running(), now.now);
    }
    if (change.is_of_risk) {
        out.push(at_risk{lease.is_at_risk()});
    }
}

void node::state::settle(moment now) {
    known_deadline.reset();
    for (bool is_busy = true; is_busy && !is_over;) {
        is_busy = false;
        while (auto o = is_over ? std::nullopt : agreement.next()) {
            is_busy = true;
            std::visit([&](auto& what) { from_view(what, now); }, *o);
        }
        if (is_over) {  // VIEW-4: what an owner granted in the step before its removal is not sent
            break;
        }
        is_busy = take_mutes() || is_busy;
        while (auto o = renewal.next()) {
            is_busy = true;
            mail.send_to(o->to, {}, o->by_stream, false, lease::message{o->what});
        }
        while (auto o = swim.next()) {
            is_busy = true;
            std::visit([&](auto& what) { from_swim(what, now.now); }, *o);
        }
        while (auto o = owner.next()) {
            is_busy = true;
            std::visit([&](auto& what) { from_owner(what, now); }, *o);
        }
        while (auto o = holder.next()) {
            is_busy = true;
            std::visit([&](auto& what) { from_holder(what); }, *o);
        }
        while (auto o = roll_calls.next()) {
            is_busy = true;
            mail.send_lock(std::move(*o), now.now);
        }
        while (auto o = query_client.next()) {
            is_busy = true;
            std::visit([&](auto& what) { from_query_client(what); }, *o);
        }
        while (auto o = auditor.next()) {
            std::visit([&](auto& what) { out.push(std::move(what)); }, *o);
        }
        while (auto o = audit_log.next()) {
            is_busy = true;
            std::visit([&](auto& what) { from_audit_log(what); }, *o);
        }
        while (mail.has_local() && !is_over) {
            is_busy = true;
            const auto what = mail.next_local();
            dispatch(self, {}, mail.installed(), *what, now);
        }
        notice_lease(now);
    }
    if (is_over) {
        drain_after_the_end();
    }
}

/// What the end of the PeerId means to requests, holds and questions; then the last output of all.
void node::state::drain_after_the_end() {
    while (auto o = holder.next()) {
        std::visit([&](auto& what) { from_holder(what); }, *o);
    }
    while (auto o = query_client.next()) {
        std::visit([&](auto& what) { from_query_client(what); }, *o);
    }
    while (auto o = auditor.next()) {
        std::visit([&](auto& what) { out.push(std::move(what)); }, *o);
    }
    while (auto o = agreement.next()) {
        if (auto* c = std::get_if<problem>(&*o)) {
            out.push(std::move(*c));
        }
    }
    while (auto o = audit_log.next()) {
        if (auto* p = std::get_if<persist_records>(&*o)) {
            out.push(std::move(*p));  // the next PeerId writes nothing if there are no records
        }
    }
    mail.drop_local();
    if (final_output) {
        out.push(*std::exchange(final_output, std::nullopt));
    }
}

void node::state::end_call(moment now) {
    settle(now);
    invariants();
}

void node::state::end_call_and_depart(moment now) {
    settle(now);
    if (leaving) {
        advance_departure(now);
        settle(now);
    }
    invariants();
}

void node::state::invariants() const {
    HOLDFAST_ASSERT(!mail.has_local());
    HOLDFAST_ASSERT(!final_output);
    lease.invariants();
    newcomers.invariants();
    seats.invariants();
    HOLDFAST_ASSERT(is_over || !agreement.is_over());  // VIEW-4
    // A right to act exists in a view only.
    HOLDFAST_ASSERT(!lease.is_running() || agreement.current());
    // Who leaves asks for nothing, and has no lease when it says that it has left.
    HOLDFAST_ASSERT(!leaving || holder.requests() == 0);
    HOLDFAST_ASSERT(!leaving || !leaving->has_ended_lease() || !lease.is_running());
    // The end of a PeerId is the end of all that it held and asked for.
    HOLDFAST_ASSERT(!is_over || (holder.requests() == 0 && holder.has_released_all()));
    HOLDFAST_ASSERT(!is_over || !deadline());
}

std::optional<time_point> node::state::deadline() const {
    if (!known_deadline) {
        known_deadline = earliest_deadline();
    }
    return *known_deadline;
}

std::optional<time_point> node::state::earliest_deadline() const {
    std::optional<time_point> due;
    if (is_over) {
        return due;
    }
    due = swim.deadline();
    base::earlier(due, agreement.deadline());
    base::earlier(due, renewal.deadline());
    base::earlier(due, mutes.deadline());
    base::earlier(due, ways.deadline());
    base::earlier(due, overdue.deadline());
    base::earlier(due, owner.deadline());
    base::earlier(due, holder.deadline());
    base::earlier(due, roll_calls.deadline());
    base::earlier(due, query_client.deadline());
    base::earlier(due, auditor.deadline());
    base::earlier(due, audit_log.deadline());
    base::earlier(due, evictions.deadline(agreement.current() != nullptr));
    base::earlier(due, certificates.deadline(agreement.current() != nullptr));
    base::earlier(due, next_isolation_check);
    base::earlier(due, lost_streams.deadline());
    base::earlier(due, rivals.deadline());
    base::earlier(due, lease.deadline());
    if (leaving) {
        base::earlier(due, leaving->next_due(mail.has_granted(), last_now));
    }
    return due;
}

// ---- what comes in

void node::state::dispatch(const peer_id& from, const base::way& came, view_number shown,
                           const message& what, moment now) {
    if (const auto* s = std::get_if<swim::message>(&what)) {
        swim.handle(from, came, *s, now.now);
    } else if (const auto* v = std::get_if<views::message>(&what)) {
        if (const auto* w = std::get_if<views::way_message>(v)) {
            handle_ways(from, came, *w, now.now);
        } else {
            agreement.handle(from, came.source, shown, *v, now);
        }
    } else if (const auto* l = std::get_if<lease::message>(&what)) {
        handle_lease(from, came.is_stream(), shown, *l, now);
    } else if (const auto* k = std::get_if<lock::message>(&what)) {
        if (base::holds_message<lock::gather>(*k)) {
            mail.note_gather(from, came.is_stream());
        }
        handle_lock(from, *k, now.now);
    } else {
        handle_relayed(from, std::get<relayed>(what), now.now);
    }
}

void node::state::handle_lock(const peer_id& from, const lock::message& what, time_point now) {
    overdue.heard(from, what, now);
    note_relayed_wait(from, self, what, now);
    std::visit([&](const auto& group) { take(from, group, now); }, what);
}
void node::state::take(const peer_id& from, const lock::to_asker& what, time_point now) {
    query_client.handle(from, what, now);
}
void node::state::take(const peer_id& from, const lock::to_seat& what, time_point now) {
    std::visit([&](const auto& m) { on_seat(from, m, now); }, what);
}

const member* node::state::member_of_our_machine(const peer_id& peer) const {
    const auto& v = agreement.current();
    const auto* m = v && peer != self ? v->find(peer) : nullptr;
    const bool is_ours =
        m != nullptr && m->process.machine != 0 && m->process.machine == settings.process.machine;
    return is_ours ? m : nullptr;
}

// ---- what the parts say

void node::state::from_view(views::send& s, moment) {
    mail.send_to(s.to, s.at, uses_stream(s.what), false, std::move(s.what));
}
void node::state::from_view(views::evicted& e, moment) { finish(e.why); }

void node::state::from_swim(swim::send& s, time_point) {
    mail.send_to(s.peer, s.to, s.stream, false, std::move(s.what));
}
void node::state::from_swim(liveness_changed& b, time_point now) {
    stats.suspicions += b.state == swim::condition::suspect ? 1 : 0;
    const auto& v = agreement.current();
    if (v && v->has(b.peer)) {
        agreement.set_suspected(
            b.peer, b.state == swim::condition::dead || b.state == swim::condition::left, now);
    }
    const bool is_suspect = b.state == swim::condition::suspect || b.state == swim::condition::dead;
    if (const auto* m = is_suspect ? member_of_our_machine(b.peer) : nullptr) {
        out.push(check_process{b.peer, m->process});
    }
    out.push(std::move(b));
}
void node::state::from_swim(swim::heard& h, time_point now) {
    const auto& v = agreement.current();
    // an old packet of a former peer does not make it the present one
    if (!v || v->find_former(h.peer) == nullptr) {
        contacts.heard(h.address, h.peer, shown_cluster, now);
    }
}

void node::state::from_owner(lock::send& s, moment now) { mail.send_lock(std::move(s), now.now); }
void node::state::from_owner(lock::owner_granted& g, moment) {
    // OWN-1
    HOLDFAST_ASSERT(lease.is_running());
    out.push(owner_granted{g.what.name, g.what.token, g.what.holder, g.what.number, g.in});
}
void node::state::from_owner(broke_by_policy& b, moment now) {
    auditor.record_break(b, now);
    out.push(std::move(b));
}
void node::state::from_owner(lock::epoch_wanted&, moment now) {
    agreement.wants_new_epoch(now.now);
}

void node::state::from_query_client(lock::answered& a) {
    // After the end, an answer to an audit that is over would be taken for one to the caller.
    if (!audit_log.hear(a, last_now) && !auditor.hear(a, last_now) && !is_over) {
        out.push(std::move(a));
    }
}
void node::state::from_query_client(lock::unanswered& u) {
    if (!audit_log.hear(u) && !auditor.hear(u, last_now)) {
        out.push(std::move(u));
    }
}

void node::state::install(views::installation& i, moment at) {
    const auto now = at.now;
    ++stats.views_installed;
    contacts.installed(i.now->number, now);
    const view* before = i.is_first ? nullptr : i.before.get();
    voter.installed(*i.now, before, now);
    renewal_runs.installed(*i.now);
    newcomers.installed(*i.now);
    mutes.installed(*i.now, now);
    renewal.installed(*i.now, at);
    const auto step = lock_step_of(i, settings, now);
    for (const auto& removed : step.removed) {
        swim.forget(removed.id, now);
        contacts.removed(removed.id);
    }
    for (const auto& m : i.now->members) {
        if (m.id != self && (before == nullptr || !before->has(m.id))) {
            swim.know(m.id, m.name, m.address, now);
        }
    }
    if (i.is_first) {
        lease.installed_first_view(now);
        next_isolation_check = now + settings.lease;
    }
    notice_lease(at);
    owner.install(step, now);
    holder.install(step, now);
    roll_calls.installed(step, now);
    query_client.install(step, now);
    auditor.installed(i.now, now);
    for (const auto& id : audit_log.installed(*i.now, before, at)) {
        audit_log.has_asked(
            query_client.ask(lock::read_records{}, id, now + 2 * settings.lease, now));
    }
    evictions.installed(*i.now);
    certificates.installed(*i.now);
    reach_members(*i.now, now);
    streams.installed(*i.now);
    process_watch.installed(*i.now);
    process_watch.take([&](auto& what) { out.push(what); });
    out.push(view_installed{i.now, i.map});
}

// ---- leaving, and the end of a PeerId

/// VIEW-8.
void node::state::send_evictions(time_point now) {
    for (const auto& e : evictions.due(agreement.current() != nullptr, now)) {
        mail.send_to_voters(e);
    }
    for (const auto& e : certificates.due(agreement.current() != nullptr, now)) {
        mail.send_to_voters(views::certificate{e.whom});
    }
}

void node::state::advance_departure(moment now) {
    if (!leaving || is_over) {
        return;
    }
    const auto& v = agreement.current();
    departure::situation at;
    if (const auto* me = v ? v->find(self) : nullptr) {
        const bool owns_nothing = !v->is_voter(self) && !agreement.map()->owns_any(self);
        const bool is_done = owner.has_handed_over() && holder.has_released_all();
        at = {true, me->leaving, owns_nothing, is_done, mail.has_granted(), lease.is_running()};
    }
    const auto wanted = leaving->advance(at, now.now);
    if (wanted.ends_lease) {
        renewal.stop();
        notice_lease(now);
        swim.leave(now.now);
    }
    if (wanted.asks_to_leave) {
        mail.send_to_voters(views::leave_request{});
    }
    if (wanted.says_left) {
        mail.send_to_voters(views::left{});
    }
    if (wanted.is_over) {
        finish(errc::shutting_down);
    }
}

void node::state::finish(errc why) {
    const auto removals = removals_without_lease(why);
    is_over = true;
    lease.stop();
    renewal.stop();
    mail.drop_local();
    if (leaving) {
        holder.end(errc::shutting_down, errc::shutting_down);
        final_output = has_left{};
    } else {
        const bool is_final = why == errc::internal_error || why == errc::seeds_differ;
        holder.end(is_final ? why : errc::evicted, is_final ? why : errc::not_a_member);
        final_output = must_restart{why, agreement.to_remember(), self, removals};
    }
    auditor.end(leaving ? errc::shutting_down : errc::not_a_member);
    query_client.end(leaving ? errc::shutting_down : errc::not_a_member);
    owner.set_leased(false, last_now);
}

}  // namespace holdfast::node
