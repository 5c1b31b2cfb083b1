// Events of a peer as they happen, and its counters.
//
// Events are for logs and metrics. They come through `config::on_event`, one after another and in
// order, on a thread of their own, outside every lock of the library. No decision about a lock
// should rest on an event: `hold` has the answers for that.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

namespace holdfast {

/// The state of a peer as gossip believes it, here and now. It is a guess. Membership is agreed on,
/// in views.
enum class liveness : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3 };

/// The name of the value, e.g. `suspect`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(liveness what);

namespace events {

/// The cluster agreed on another view, and this peer acts in it now.
struct view_installed {
    std::shared_ptr<const view> what;
};
/// Gossip changed its belief about a peer.
struct liveness_changed {
    peer_id peer;
    std::string name;
    endpoint address;
    liveness now{};
};
/// This peer may act: it is a member with a running lease.
struct lease_gained {};
/// The lease is late to be renewed. It still runs for `remaining`.
struct lease_at_risk {
    std::chrono::nanoseconds remaining{};
};
/// The lease was at risk, and was renewed in time.
struct lease_renewed {};
/// The lease ran out (LEASE-5). Every hold was reported lost.
struct lease_lost {};
/// A hold ended without a release.
struct hold_lost {
    std::string name;
    holdfast::token token;
    errc why{};
    std::string broken_by{};   ///< if it was broken: the operator, or the policy
    std::string broken_for{};  ///< if it was broken: the reason
};
/// Another asks for the release of a hold of this peer.
struct release_requested {
    release_request what;
};
/// `hold::progress` was not called in time.
struct hold_stalled {
    std::string name;
    holdfast::token token;
};
/// This peer, as an owner, has a hold broken because the hold's policy says so.
struct broke_by_policy {
    std::string name;
    holdfast::token token;
    peer_id holder;
    std::string who;
    std::string why;
};
/// A person should know or repair this: other seats, another key, another version. The peer goes on
/// trying.
struct problem {
    error what;
};
/// This peer's PeerId has ended (it was evicted, or met a better cluster). It goes on as a new peer
/// (VIEW-4, FOUND-3, FOUND-6).
struct restarted {
    peer_id before;
    peer_id after;
    errc why{};
};
/// The last event. The peer has left or was destroyed (`shutting_down`), or it has stopped for good
/// because of an error, whose text says what to do. Every later call fails with that error.
struct stopped {
    error why;
};

}  // namespace events

using event =
    std::variant<events::view_installed, events::liveness_changed, events::lease_gained,
                 events::lease_at_risk, events::lease_renewed, events::lease_lost,
                 events::hold_lost, events::release_requested, events::hold_stalled,
                 events::broke_by_policy, events::problem, events::restarted, events::stopped>;

/// The event as one line for a log. What others chose in it is escaped (printable.hpp).
[[nodiscard]] HOLDFAST_EXPORT std::string to_string(const event& what);

/// Counters since the start of the peer, over all its PeerIds, and a few present sizes.
struct statistics {
    // agreement and membership
    std::uint64_t views_installed = 0;
    std::uint64_t ballots_started = 0;  ///< as proposer
    std::uint64_t suspicions = 0;
    std::uint64_t restarts = 0;  ///< new PeerIds after the first
    std::uint64_t leases_lost = 0;

    // locks, as an owner
    std::uint64_t grants_given = 0;
    std::uint64_t slots_gathered = 0;
    std::uint64_t tables_received = 0;
    std::uint64_t conflicts_reported = 0;  ///< HOLD-4: anything but 0 is a bug worth a report
    /// as an owner: requests, watches and demands of members that take up too much (LOAD-3)
    std::uint64_t requests_refused = 0;

    // locks, as a holder
    std::uint64_t requests = 0;  ///< lock() and try_lock() asked
    std::uint64_t grants_taken = 0;
    std::uint64_t requests_failed = 0;
    std::uint64_t holds_lost = 0;
    std::uint64_t waiting = 0;  ///< now: requests without an answer
    std::uint64_t held = 0;     ///< now: holds
    /// Answers that were read by the thread that waited for them.
    std::uint64_t read_by_caller = 0;

    // the network
    std::uint64_t datagrams_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t frames_sent = 0;
    std::uint64_t frames_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t writes = 0;  ///< system calls
    std::uint64_t reads = 0;
    std::uint64_t not_authentic = 0;  ///< wrong key, or damaged
    std::uint64_t replayed = 0;
    std::uint64_t malformed = 0;
    /// Messages that no rule lets this peer act on, or that did not fit a full queue.
    std::uint64_t dropped = 0;
    std::uint64_t connect_failures = 0;
    /// Messages, in or out, that were lost because memory ran out, and streams that ended for it.
    std::uint64_t lacked_memory = 0;

    /// Callbacks of the application that threw. They must not.
    std::uint64_t callback_exceptions = 0;
    /// Events that were dropped because 4096 waited, and callbacks without a thread or memory.
    std::uint64_t callbacks_missed = 0;
};

}  // namespace holdfast
