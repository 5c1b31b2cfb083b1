// How near a member is to a slot, and what its share is: the two things an assignment is made of.
#pragma once

#include <cstdint>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "ring/assign.hpp"

namespace holdfast::ring {

/// Weighted rendezvous: the member with the least distance to a slot is the one the slot ranks
/// highest, and is so with a chance that grows with its weight. Integers only, so that it is the
/// same on every platform.
[[nodiscard]] std::uint64_t distance(slot s, const peer_id& id, std::uint32_t weight);

/// Those of `v` that may own, in the order of their PeerIds, with no slots yet.
[[nodiscard]] std::vector<share> owners_of(const view& v, std::size_t max_owners);

/// Gives each of `owners` its share of `slots`: what its weight says, rounded down or up. Who is
/// rounded up depends on how many slots each owns now (`owned`, place by place), so that as few as
/// possible have to move.
void deal(std::vector<share>& owners, std::uint32_t slots, const std::vector<std::uint32_t>& owned);

}  // namespace holdfast::ring
