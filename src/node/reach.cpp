// Whom a node reaches late, or not: what it keeps of that, and what it does about it.
#include <utility>
#include <variant>

#include "node/state.hpp"
#include "node/text_of.hpp"

namespace holdfast::node {

/// LOAD-4.
void node::state::stream_lost(const peer_id& peer, base::time_point now) {
    const auto& v = agreement.current();
    if (v && v->has(peer) && lost_streams.lost(peer, now)) {
        send_again(peer, now);
    }
}

void node::state::send_again(base::time_point now) {
    for (const auto& peer : lost_streams.due(now)) {
        send_again(peer, now);
    }
}

void node::state::send_again(const peer_id& peer, base::time_point now) {
    owner.stream_lost(peer, now);
    holder.stream_lost(peer, now);
    query_client.stream_lost(peer, now);
}

void node::state::take(const peer_id& from, const lock::to_holder& what, base::time_point now) {
    if (!early_messages.keep(from, what, mail.installed())) {
        holder.handle(from, what, now);
    }
}

void node::state::take(const peer_id& from, const lock::to_owner& what, base::time_point now) {
    if (!early_messages.keep(from, what, mail.installed())) {
        owner.handle(from, what, now);
    }
}

/// OWN-12.
void node::state::on_seat(const peer_id& from, const lock::no_holds& said, base::time_point now) {
    if (const auto& v = agreement.current(); v && v->has(from)) {
        roll_calls.heard(from, said, now);
    }
}

void node::state::handle_relayed(const peer_id& from, const relayed& r, base::time_point now) {
    const auto& v = agreement.current();
    switch (v ? relay.receive(*v, from, r, now) : relay::action::ignore) {
        case relay::action::ignore:
            break;
        case relay::action::refuse:
            ++stats.dropped;
            break;
        case relay::action::take:
            streams.heard(r.origin);
            handle_lock(r.origin, r.what, now);
            break;
        case relay::action::forward:
            note_relayed_wait(r.origin, r.destination, r.what, now);
            // Who has not taken what it was sent two leases ago is slow, and gets no more
            // (LOAD-4).
            mail.send_to(r.destination, {}, true, false, r, 2 * settings.lease);
            break;
    }
}

/// VIEW-9: a message between these two comes by us.
void node::state::note_relayed_wait(const peer_id& from, const peer_id& to,
                                    const lock::message& what, base::time_point now) {
    if (relayed_waits.is_empty()) {
        return;
    }
    if (wants_answer(what)) {
        relayed_waits.asked(from, to, now);
    }
    if (is_piece(what)) {
        relayed_waits.answered(from, to, now);
    }
}

void node::state::reach_members(const view& v, base::time_point now) {
    pace.keep_members(v);
    mail.keep_members(v);
    relay.installed(v);
    lost_streams.installed(v);
    ways.installed(v);
    relayed_waits.installed(v);
    std::erase_if(answered_ways, [&](const auto& a) { return !v.is_voter(a.first); });
    overdue.installed(v);
    overdue.waits_for_tables_of(owner.table_givers(), now);
    for (const auto& early : early_messages.take(v)) {
        std::visit([&](const auto& group) { take(early.first, group, now); }, early.second);
    }
}

// ---- VIEW-9

void node::state::tell_of_overdue(base::time_point now) {
    const auto& v = agreement.current();
    if (!v || !overdue.is_due(now)) {
        return;
    }
    overdue.waits_for_tables_of(owner.table_givers(), now);
    const auto told = overdue.look(now);
    if (!told) {
        return;
    }
    for (const auto& s : v->seats) {
        if (!s.filled_by.is_nil()) {
            mail.send_to(s.filled_by, {}, told->by_stream, false, lease::message{told->what});
        }
    }
}

void node::state::ask_ways(base::time_point now) {
    for (auto& q : ways.due(now)) {
        mail.send_to(q.to, {}, true, false, lease::message{std::move(q.what)}, q.copy_age);
    }
    for (const auto& peer : ways.newly_found(now)) {
        out.push(problem{errc::io_error,
                         text_of(peer, agreement.current().get()) +
                             " does not answer by TCP what others answer, and a member waits for "
                             "it (VIEW-9): see whether a firewall lets TCP pass both ways, and "
                             "packets of full size"});
    }
    for (const auto& peer : relayed_waits.newly_found(now)) {
        if (!ways.hears_other_than(peer, now)) {
            continue;
        }
        out.push(problem{errc::io_error,
                         "of what " + text_of(peer, agreement.current().get()) +
                             " has to say to a member that waits for it nothing comes, by this "
                             "voter either (VIEW-9): see whether something on the way takes such "
                             "messages out"});
    }
}

bool node::state::take_way(const peer_id& from, bool by_stream, const lease::message& what,
                           base::time_point now) {
    const auto& v = agreement.current();
    if (const auto* told = std::get_if<lease::waits_for>(&what)) {
        if (is_voter()) {
            ways.told(from, *told, *v, now);
            relayed_waits.told(from, told->asked, *v, now);
            ask_ways(now);
        }
    } else if (const auto* asked = std::get_if<lease::way_question>(&what)) {
        if (v && v->is_voter(from)) {
            // LOAD-4: it asks again until it is answered.
            const bool is_again =
                std::exchange(answered_ways[from], asked->number) == asked->number;
            mail.send_to(from, {}, true, false,
                         lease::message{lease::way_answer{asked->number, asked->filler}},
                         is_again ? settings.lease / 2 : base::duration::zero());
        }
    } else if (const auto* answer = std::get_if<lease::way_answer>(&what)) {
        if (by_stream) {
            ways.heard(from, *answer, now);
        }
    } else {
        return false;
    }
    return true;
}

}  // namespace holdfast::node
