#include "peer/to_public.hpp"

#include <map>
#include <utility>

#include <holdfast/printable.hpp>

namespace holdfast::runtime {

liveness belief_of(swim::condition what) {
    switch (what) {
        case swim::condition::alive:
            return liveness::alive;
        case swim::condition::suspect:
            return liveness::suspect;
        case swim::condition::dead:
            return liveness::dead;
        case swim::condition::left:
            return liveness::left;
    }
    return liveness::dead;
}

slot_state state_of(lock::tenure_state is) {
    switch (is) {
        case lock::tenure_state::elsewhere:
            return slot_state::moving;
        case lock::tenure_state::receives:
            return slot_state::receiving;
        case lock::tenure_state::gathers:
            return slot_state::gathering;
        case lock::tenure_state::unleased:
            return slot_state::unleased;
        case lock::tenure_state::serves:
            return slot_state::serving;
    }
    return slot_state::no_answer;
}

liveness belief_about(const node::node& n, const peer_id& id) {
    if (id == n.self()) {
        return liveness::alive;
    }
    if (const auto known = n.known(id)) {
        return belief_of(known->state);
    }
    const auto v = n.installed();
    return v && v->has(id) ? liveness::alive : liveness::dead;
}

std::string name_of(const node::node& n, const peer_id& id) {
    const auto v = n.installed();
    if (const auto* m = v ? v->find(id) : nullptr) {
        return m->name;
    }
    const auto known = n.known(id);
    return known ? known->name : std::string{};
}

lock_holder holder_from(const node::node& n, const lock::hold_info& h) {
    lock_holder out;
    out.peer = h.holder;
    out.peer_name = name_of(n, h.holder);
    out.liveness = belief_about(n, h.holder);
    out.token = h.token;
    out.note = h.terms.note;
    out.mode = h.terms.mode;
    return out;
}

lock_report report_of(const node::node& n, const std::string& name,
                      const lock::inspect_reply* heard) {
    lock_report out;
    out.name = name;
    if (const auto v = n.installed()) {
        const auto s = n.slot_of(name);
        out.slot = s.value;
        if (const auto* owner = v->find(n.map()->owner_of(s))) {
            out.owner = *owner;
            out.owner_liveness = belief_about(n, owner->id);
        }
    }
    if (heard == nullptr) {
        return out;
    }
    out.state = state_of(heard->is);
    out.holder_count = heard->holders;
    out.waiting = heard->waiting;
    for (const auto& h : heard->held) {
        auto one = holder_from(n, h.what);
        if (!h.holder_name.empty()) {
            one.peer_name = h.holder_name;
        }
        one.held_for = h.known_for;
        one.age_is_lower_bound = !h.is_since_grant;
        one.is_release_requested = h.is_release_requested;
        one.is_being_broken = h.is_to_break;
        out.holders.push_back(std::move(one));
    }
    for (const auto& w : heard->queue) {
        out.queue.push_back({w.peer, name_of(n, w.peer), w.terms.note, w.terms.mode});
    }
    return out;
}

std::string describe(const node::node& n, const lock::lock_summary& summary) {
    std::string text = summary.waiting == 0
                           ? "not held; it rests after a hold that was lost (lock_delay)"
                           : "not held";
    if (!summary.held.empty()) {
        const auto& first = summary.held.front();
        const auto v = n.installed();
        const auto* who = v ? v->find(first.holder) : nullptr;
        text = "held by " +
               (who != nullptr && !who->name.empty() ? printable(who->name)
                                                     : to_string(first.holder)) +
               ", token " + std::to_string(first.token.value);
    }
    if (summary.holders > 1) {
        text += ", and " + std::to_string(summary.holders - 1) + " more";
    }
    return text + "; " + std::to_string(summary.waiting) + " wait";
}

std::vector<known_peer> known_peers(const node::node& n) {
    std::map<peer_id, known_peer> all;
    for (const auto& r : n.roster()) {
        auto& k = all[r.about];
        k.id = r.about;
        k.name = r.name;
        k.address = r.address;
        k.liveness = belief_of(r.state);
    }
    if (const auto v = n.installed()) {
        for (const auto& m : v->members) {
            auto& k = all[m.id];
            k.id = m.id;
            k.name = m.name;
            k.address = m.address;
            k.is_member = true;
            k.is_voter = v->is_voter(m.id);
            k.is_leaving = m.leaving;
            k.is_settled = m.is_settled;
            k.weight = m.weight;
        }
        const auto map = n.map();
        for (const auto index : map->owner_index) {
            ++all[map->owners[index]].slots;
        }
    }
    std::vector<known_peer> out;
    for (auto& [id, k] : all) {
        out.push_back(std::move(k));
    }
    return out;
}

}  // namespace holdfast::runtime
