// What a cluster has agreed on: members, seats, and who may vote.
//
// The views of a cluster form one chain; view n+1 is chosen by a majority of the seats of view n. A
// view is a value: compare, copy and keep it as you like.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/ids.hpp>

namespace holdfast {

/// Where a member runs, for others on the same machine to see that it is gone (CERT-1).
struct process_identity {
    /// of the boot and the process namespace, hashed; 0: it does not say
    std::uint64_t machine = 0;
    std::uint32_t pid = 0;      ///< in that namespace
    std::uint64_t started = 0;  ///< in clock ticks since the boot

    bool operator==(const process_identity&) const = default;
};

/// A participant listed in a view.
struct member {
    peer_id id;
    std::string name;          ///< for people; not unique
    endpoint address;          ///< where the others reach it
    std::uint32_t weight = 1;  ///< its share of the slots; a peer with weight 0 owns none
    /// it owns nothing any more and goes with one of the next views (LEAVE-1)
    bool leaving = false;
    view_number since;  ///< the view that added it
    process_identity process{};
    bool has_state_dir = false;  ///< it knows epochs over a restart (VIEW-11)
    /// the newest version of the protocol that it speaks (WIRE-2)
    std::uint32_t wire_version = 0;
    bool is_settled = false;  ///< it owns its share; who has just come does not yet (OWN-11)

    bool operator==(const member&) const = default;
};

/// One configured address, and the member that fills it (nil: vacant).
struct seat {
    endpoint address;
    peer_id filled_by;

    bool operator==(const seat&) const = default;
};

/// A peer that one of the last 256 views removed. Its PeerId never returns (VIEW-3).
struct former_member {
    peer_id id;
    view_number since;    ///< the view that had added it
    view_number removed;  ///< the view that removed it

    bool operator==(const former_member&) const = default;
};

struct view {
    cluster_id cluster;
    view_number number;
    holdfast::epoch epoch;
    std::uint32_t ring_function = 1;
    std::uint32_t slots = 16384;
    /// the view in which the PeerIds of the seats last changed
    view_number seats_since;
    std::vector<seat> seats;                    ///< in the order of their addresses
    std::vector<member> members;                ///< in the order of their PeerIds
    std::vector<former_member> former_members;  ///< oldest first, at most 256 views back

    bool operator==(const view&) const = default;

    /// The version of the protocol that all members speak (WIRE-2).
    [[nodiscard]] std::uint32_t wire_version() const {
        const auto lowest = std::min_element(
            members.begin(), members.end(),
            [](const member& x, const member& y) { return x.wire_version < y.wire_version; });
        return lowest != members.end() ? lowest->wire_version : 0;
    }

    /// A majority of all seats, vacant ones counted.
    [[nodiscard]] std::size_t quorum() const { return seats.size() / 2 + 1; }

    [[nodiscard]] const member* find(const peer_id& id) const {
        const auto at =
            std::lower_bound(members.begin(), members.end(), id,
                             [](const member& m, const peer_id& wanted) { return m.id < wanted; });
        return at != members.end() && at->id == id ? &*at : nullptr;
    }
    [[nodiscard]] bool has(const peer_id& id) const { return find(id) != nullptr; }

    [[nodiscard]] const former_member* find_former(const peer_id& id) const {
        const auto at = std::find_if(former_members.begin(), former_members.end(),
                                     [&](const former_member& f) { return f.id == id; });
        return at != former_members.end() ? &*at : nullptr;
    }

    /// The index of the seat that `id` fills, or nothing.
    [[nodiscard]] std::optional<std::size_t> seat_of(const peer_id& id) const {
        for (std::size_t i = 0; i < seats.size(); ++i) {
            if (!id.is_nil() && seats[i].filled_by == id) {
                return i;
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] bool is_voter(const peer_id& id) const { return seat_of(id).has_value(); }
};

/// Another cluster of our name that grants the same locks (RIVAL-1), as far as this peer has heard.
struct other_cluster {
    cluster_id id;
    view_number number;           ///< of its newest view
    std::vector<endpoint> seats;  ///< empty: it has not told them yet
};

}  // namespace holdfast
