// What a ballot decides: the step from view n to view n+1, and applying it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>
#include <holdfast/view.hpp>

#include "base/time.hpp"

namespace holdfast::views {

/// No wall clock brings an epoch past this one, in 2159: from there on each view raises it by one,
/// so that views go on (VIEW-1), and a founding has none (FOUND-9).
constexpr epoch last_by_clock{0xffff'ffff - (1u << 24)};

/// Seat `index` is filled by another peer, or vacated (nil).
struct seat_change {
    std::uint8_t index = 0;
    peer_id filled_by;
    bool operator==(const seat_change&) const = default;
};

/// VIEW-1: everything that may differ between two views in a row. An empty one is allowed: it only
/// raises the epoch.
struct change {
    cluster_id cluster;
    view_number number;  ///< of the view it makes
    holdfast::epoch epoch;
    std::vector<member> added;  ///< `since` is set when the change is applied
    std::vector<peer_id> removed;
    std::vector<peer_id> leaving;  ///< marked as leaving by this step
    std::vector<seat_change> seats;
    /// of the view it makes and its slot map: a peer that computes another one stops
    std::uint64_t checksum = 0;
    std::vector<peer_id> settled{};  ///< marked as settled by this step (OWN-11)
    bool operator==(const change&) const = default;

    [[nodiscard]] bool changes_seats() const { return !seats.empty(); }
    [[nodiscard]] bool removes(const peer_id& id) const;
};

/// LEASE-4: how long after hearing of the decision the lease of a removed peer may still run.
/// Travels with a decision and is no part of the value.
struct remaining {
    peer_id peer;
    base::duration lease{};
    bool operator==(const remaining&) const = default;
};

struct step {
    change what;
    std::vector<remaining> leases;
    bool operator==(const step&) const = default;
};

/// A view made by applying a change, or the reason why it cannot be applied. Checks what follows
/// from the view and the change alone (VIEW-1, VIEW-6's first half, FOUND-2's one seat per PeerId).
[[nodiscard]] result<view> apply(const view& before, const change& what);

/// VIEW-11: every peer that fills a seat, before or after, knows epochs over a restart.
[[nodiscard]] bool all_seats_remember(const view& before, const view& after);

}  // namespace holdfast::views
