// What owner and holder are told of views, and what they share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/slot_map.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

/// A peer that a view removed, and when its lease has ended for certain (LEASE-4).
struct removed_peer {
    peer_id id;
    view_number since;  ///< the view that had added it
    base::time_point void_at;
};

/// A view was installed.
struct view_change {
    std::shared_ptr<const view> now;
    base::shared_slot_map map_before;  ///< null for view 1: before it no slot had an owner
    base::shared_slot_map map;
    std::vector<removed_peer> removed;
    bool is_first = false;  ///< the first view this peer installed
};

using slot_function = std::function<slot(std::string_view)>;

/// `attempt` counts from 0; from the third on the node also sends it round by the voters (NET-1).
struct send {
    peer_id to;
    message what;
    unsigned attempt = 0;
    bool is_lazy = false;
};

/// Slots in one gather or table message, so that a report or a table stays far below the limit of a
/// frame.
constexpr std::size_t slots_in_a_message = 1024;

/// Bytes of holds and waiters in one message, about; names and notes are of very different lengths.
constexpr std::size_t bytes_in_a_message = base::limits::frame / 4;
template <class Entry>
[[nodiscard]] std::size_t bytes_of(const Entry& hold_or_waiter) {
    return hold_or_waiter.name.size() + hold_or_waiter.terms.note.size() + 64;
}
[[nodiscard]] inline std::size_t bytes_of(const past& p) {
    return p.name.size() + p.what.holder_name.size() + p.what.note.size() + p.what.value.size() +
           64;
}
[[nodiscard]] inline std::size_t bytes_of(const delay& d) { return d.name.size() + 32; }

}  // namespace holdfast::lock
