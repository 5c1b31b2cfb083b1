#include "sim/suspect_list.hpp"

#include <utility>

namespace holdfast::sim {

void suspect_list::note(const node::belief_changed& b, const context& from, std::uint32_t place) {
    if (from.plan.places[place].machine != 0 &&
        (b.state == swim::condition::suspect || b.state == swim::condition::dead)) {
        all_.push_back(b.peer);
    }
}

std::vector<peer_id> suspect_list::take_missing(const context& from, std::uint32_t place) {
    std::vector<peer_id> out;
    for (const auto& id : std::exchange(all_, {})) {
        const auto where = from.place_of_id.find(id);
        if (where == from.place_of_id.end() ||
            from.plan.places[where->second].machine != from.plan.places[place].machine) {
            continue;
        }
        const auto& there = from.places[where->second];
        // A PeerId that a living process gave up is not gone: its successor says so itself
        // (LEASE-4).
        const bool is_there = there.node != nullptr && there.starts == from.start_of_id.at(id);
        const bool is_missed =
            there.paused_until && from.is_mutant(base::planted::stopped_counts_as_gone);
        if (!is_there || is_missed) {
            out.push_back(id);
        }
    }
    return out;
}

}  // namespace holdfast::sim
