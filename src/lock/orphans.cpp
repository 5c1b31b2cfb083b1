#include "lock/orphans.hpp"

#include <algorithm>
#include <cstdint>

namespace holdfast::lock {

orphaned_slots orphans_of(const view_change& s) {
    orphaned_slots out;
    if (s.is_first || !s.map_before) {
        return out;
    }
    const auto& before = *s.map_before;
    std::vector<bool> is_removed;
    for (const auto& id : before.owners) {
        is_removed.push_back(std::any_of(s.removed.begin(), s.removed.end(),
                                         [&](const removed_peer& r) { return r.id == id; }));
    }
    if (std::find(is_removed.begin(), is_removed.end(), true) == is_removed.end()) {
        return out;
    }
    const auto slots = std::min(before.slots(), s.map->slots());
    for (std::uint32_t i = 0; i < slots; ++i) {
        if (is_removed[before.owner_index[i]]) {
            const slot at{static_cast<std::uint16_t>(i)};
            out[s.map->owner_of(at)].push_back(at);
        }
    }
    return out;
}

peer_id collector_of(const view& v) {
    std::vector<peer_id> voters;
    for (const auto& s : v.seats) {
        // One that joins with this view does not know whose the slots were.
        const auto* m = v.find(s.filled_by);
        if (m != nullptr && m->since < v.number) {
            voters.push_back(s.filled_by);
        }
    }
    return voters.empty() ? peer_id{} : voters[v.number.value % voters.size()];
}

std::vector<slot> told_unasked(const view_change& s, const peer_id& owner) {
    const auto orphans = orphans_of(s);
    const auto of_owner = orphans.find(owner);
    const bool is_collected = of_owner != orphans.end() && !collector_of(*s.now).is_nil();
    return is_collected ? of_owner->second : std::vector<slot>{};
}

}  // namespace holdfast::lock
