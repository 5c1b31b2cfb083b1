// Who lives where: what a node asks to find out (SEAL-3, FOUND-3, FOUND-6).
#include <algorithm>

#include "base/deadline.hpp"
#include "base/rule_effects.hpp"
#include "node/state.hpp"

namespace holdfast::node {

bool node::state::is_voter() const {
    const auto& v = agreement.current();
    return v && v->is_voter(self);
}

/// LOAD-6. The seats of a cluster that has no majority monitor those that wait for it.
swim::role node::state::role_in_gossip() const {
    const auto& all = settings.seeds;
    const bool is_at_seat = std::find(all.begin(), all.end(), settings.address) != all.end();
    return is_voter() || (is_at_seat && !lease.is_running()) ? swim::role::voter
           : lease.is_running()                              ? swim::role::member
                                                             : swim::role::outsider;
}

void node::state::check_claim(const endpoint& at, const peer_id& claims, base::time_point now) {
    const auto& v = agreement.current();
    const bool is_of_another =
        v && std::any_of(v->members.begin(), v->members.end(), [&](const member& m) {
            return m.address == at && m.id != claims && m.id != self;
        });
    const bool is_shown = contacts.last_at(at) == claims && contacts.is_heard(at, now);
    if (is_of_another && !is_shown) {
        base::count(base::effect::seal_3_asks);
        swim.find_out(at, now);
    }
}

void node::state::ask_for_cluster(const endpoint& at) {
    const auto& v = agreement.current();
    const auto peer = contacts.last_at(at);
    if (v && !peer.is_nil() && !v->has(peer) && !lease.is_running()) {
        mail.send_to(peer, at, true, false,
                     lease::message{lease::renew_request{
                         v->seats_since, lease.noticed().for_rights(), false, {}}});
    }
}

/// Members send by streams that either has dialled, so to a voter it may never show that others
/// cannot dial a member.
void node::state::dial_newcomers(base::time_point now) {
    for (const auto& m : agreement.current()->members) {
        if (is_to_be_dialled(m)) {
            swim.find_out(m.address, now);
        }
    }
}

bool node::state::is_to_be_dialled(const member& m) const {
    return m.id != self && m.weight > 0 && !m.is_settled && !m.leaving &&
           !contacts.has_dialled(m.address, m.id);
}

/// It has been tried for long enough.
bool node::state::is_dialled_in_vain(const member& m, base::time_point now) const {
    return is_to_be_dialled(m) && renewal_runs.length(m.id, now) >= settings.lease;
}

void node::state::look_for_seats(base::time_point now) {
    for (const auto& s : agreement.current()->seats) {
        if (s.address != settings.address && !contacts.is_heard(s.address, now)) {
            swim.find_out(s.address, now);
            ask_for_cluster(s.address);
        }
    }
}

void node::state::check_isolation(base::time_point now) {
    if (!base::is_due(next_isolation_check, now)) {
        return;
    }
    next_isolation_check = now + settings.lease / 4;
    contacts.forget_old(now);
    relay.forget_old(now);
    const auto& v = agreement.current();
    if (is_voter()) {
        dial_newcomers(now);
    }
    if (!v || lease.is_running()) {
        contacts.is_not_superseded();
    } else if (contacts.is_superseded(*v, lease.last_ran(), now)) {
        finish(errc::no_quorum);
    } else {
        look_for_seats(now);
    }
}

/// RIVAL-1.
void node::state::tell_of_rivals(base::time_point now) {
    if (!lease.is_running()) {
        rivals.clear();
        return;
    }
    rivals.forget_old(now);
    const auto& v = *agreement.current();
    for (const auto& [to, at] : rivals.to_tell(now)) {
        views::knock word;
        for (const auto& s : v.seats) {
            word.seeds.push_back(s.address);
        }
        mail.send_to(to, at, true, false, views::message{views::founding_message{std::move(word)}});
    }
    for (auto& p : rivals.problems(v, now)) {
        out.push(std::move(p));
    }
}

}  // namespace holdfast::node
