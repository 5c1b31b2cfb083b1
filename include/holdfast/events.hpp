// What happens inside a peer, for logs, metrics and tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

namespace holdfast {

namespace events {

/// The cluster agreed on a view and this peer follows it.
struct view_installed {
    std::shared_ptr<const holdfast::view> view;
};
/// Gossip changed its mind about somebody. A guess: membership is what views say.
enum class belief : std::uint8_t { alive, suspect, dead, left };
struct belief_changed {
    peer_id peer;
    std::string name;
    endpoint address;
    belief now{};
};
/// A hold ended without a release. What its lock guards may already be another's.
struct hold_lost {
    std::string name;
    holdfast::token token;
    error why;
};
/// The lease is late to be renewed (true), or was renewed again (false).
struct at_risk {
    bool is_at_risk = false;
};
/// This peer was removed, or met its cluster under another id, and goes on under a new PeerId (VIEW-4, FOUND-3).
struct restarted {
    peer_id now;
    errc why{};
};
/// Something a person should see to: other seeds, a wrong key, another version. The peer goes on trying.
struct complaint {
    error what;
};
/// An invariant of the library failed. The peer has stopped; the text says where.
struct stopped {
    error why;
};

}  // namespace events

using event = std::variant<events::view_installed, events::belief_changed, events::hold_lost, events::at_risk, events::restarted,
                           events::complaint, events::stopped>;

/// Called on the peer's own callback thread, in order, outside every lock of the library. It must not destroy the peer.
using event_callback = std::function<void(const event&)>;

/// Counters since the peer was started; they never go back.
struct statistics {
    std::uint64_t views = 0;            ///< views installed
    std::uint64_t ballots = 0;          ///< ballots this peer proposed
    std::uint64_t suspicions = 0;       ///< by gossip
    std::uint64_t leases_lost = 0;      ///< times the own lease ran out
    std::uint64_t grants_given = 0;     ///< as owner
    std::uint64_t grants_taken = 0;     ///< as holder
    std::uint64_t holds_lost = 0;
    std::uint64_t waits = 0;            ///< acquires that were not answered at once
    std::uint64_t conflicts = 0;        ///< reports that contradicted each other (HOLD-4); anything but 0 is a bug
    std::uint64_t restarts = 0;         ///< new PeerIds taken
    std::uint64_t datagrams_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t frames_sent = 0;
    std::uint64_t frames_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t malformed = 0;        ///< messages that did not parse
    std::uint64_t not_authentic = 0;    ///< messages under a wrong key, or tampered with
};

}  // namespace holdfast
