// Everything one node says to another, and the envelope it says it in.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include <holdfast/ids.hpp>

#include "lease/messages.hpp"
#include "lock/messages.hpp"
#include "swim/messages.hpp"
#include "view/messages.hpp"

namespace holdfast::node {

/// NET-1: a lock message that a voter relays past a cut link. The receiver takes it as from
/// `origin`.
struct relayed {
    peer_id origin;
    peer_id destination;
    /// Sent this way because something came this way. Only what is not an echo makes its receiver
    /// answer round by the voters too: two peers would otherwise keep each other doing so for ever,
    /// long after their link has healed.
    bool is_echo = false;
    lock::message what;
    bool operator==(const relayed&) const = default;
};

using message = std::variant<swim::message, views::message, lease::message, lock::message, relayed>;

/// NET-3: what every message says of its sender.
struct envelope {
    peer_id from;
    peer_id to;              ///< nil: the process at that address
    cluster_id cluster;      ///< nil: the sender has installed no view
    view_number installed;   ///< 0: none
    bool is_leased = false;  ///< the sender's lease is running (FOUND-3)
    bool operator==(const envelope&) const = default;
};

}  // namespace holdfast::node
