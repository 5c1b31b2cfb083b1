// Which member owns which slot, as data. `ring` makes it, `lock` and `node` read it, `wire` carries
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <holdfast/ids.hpp>

namespace holdfast::base {

struct slot_map {
    /// those that own a slot, in the order of their PeerIds
    std::vector<peer_id> owners;
    std::vector<std::uint16_t> owner_index;  ///< for each slot, a place in `owners`

    bool operator==(const slot_map&) const = default;

    [[nodiscard]] std::uint32_t slots() const {
        return static_cast<std::uint32_t>(owner_index.size());
    }
    /// Nil only for an empty map, because every view has a member that may own.
    [[nodiscard]] peer_id owner_of(slot s) const {
        return s.value < owner_index.size() ? owners[owner_index[s.value]] : peer_id{};
    }
    [[nodiscard]] bool owns_any(const peer_id& peer) const {
        return std::binary_search(owners.begin(), owners.end(), peer);
    }
};

/// Shared between the views in which it did not change.
using shared_slot_map = std::shared_ptr<const slot_map>;

}  // namespace holdfast::base
