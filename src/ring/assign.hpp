// name -> slot, and slot -> owner (docs/protocol.md). Pure integer functions: every peer computes
// the same map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/slot_map.hpp"

namespace holdfast::ring {

/// The one ring function this build has (RING-1).
constexpr std::uint32_t function = 1;

/// `XXH3_64(name, cluster seed) mod slots`; the seed is made of the cluster id.
[[nodiscard]] slot slot_of(std::string_view name, const cluster_id& cluster, std::uint32_t slots);

/// The members of `v` that may own, in the order of their PeerIds, with the number of slots that is
/// their fair share. The oldest `max_owners` of those that are settled (OWN-11); of all with weight
/// when none is settled, and by RING-2 when none has weight.
struct share {
    peer_id id;
    std::uint32_t weight;
    std::uint32_t slots;
};
[[nodiscard]] std::vector<share> shares(const view& v, std::size_t max_owners);

/// The map of view 1: every owner has exactly its share.
[[nodiscard]] base::slot_map first_map(const view& v, std::size_t max_owners);
/// The map of `after`, from the map of the view before it. Depends on nothing else: not on the
/// order in which the members are listed nor on how changes were batched before.
///
/// Every owner has its share, rounded down or up, and no balanced map is reached with fewer moves.
/// Owners above their share give the excess, and slots that have lost their owner move too; they go
/// to the owners below their share, the slots that rank a taker highest first. `before` may have
/// any size. A slot whose owner may not own any more counts as one that has lost its owner. A view
/// in which no member may own has an empty map.
[[nodiscard]] base::slot_map next_map(const base::slot_map& before, const view& after,
                                      std::size_t max_owners);

/// Of the view and its map, for views that travel as differences (VIEW-3).
[[nodiscard]] std::uint64_t checksum(const view& v, const base::slot_map& map);

}  // namespace holdfast::ring
