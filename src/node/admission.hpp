// What an envelope decides before its message is read (docs/protocol.md, the table of `node`).
#pragma once

#include <cstdint>

#include <holdfast/view.hpp>

#include "node/message.hpp"

namespace holdfast::node {

enum class admission : std::uint8_t {
    read,
    refuse,
    stop_seatless,  ///< SEAT-2: the peer was started without the seeds of its cluster
    join_other,     ///< FOUND-3: this PeerId ends, and its process joins the sender's cluster
};

/// How the receiver stands.
struct receiver {
    const view* installed = nullptr;
    bool has_seeds = true;
    bool is_leaving = false;
    bool is_lease_long_lost = false;
};

/// The sender is in the same cluster.
[[nodiscard]] bool is_ours(const envelope& head, const view* installed);
/// Gossip, joins and foundings are read whatever the cluster of their sender.
[[nodiscard]] bool is_for_any_cluster(const message& what);
[[nodiscard]] admission admit(const envelope& head, const message& what, const receiver& here);

}  // namespace holdfast::node
