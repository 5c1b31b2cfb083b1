// What a peer tells of itself: events as they happen, counters when asked.
//
// Events come through `config::on_event`, one after another and in order, on the callback thread of
// the peer, outside every lock of the library. They are for logs and metrics: no decision about a
// lock should rest on one, `hold` has the answers for that.
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

/// What gossip believes of a peer: a guess, made here and now. Who is a member is agreed on, in
/// views.
enum class liveness : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3 };

[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(liveness what);

namespace events {

/// The cluster agreed on another view and this peer acts in it now.
struct view_installed {
    std::shared_ptr<const view> what;
};
/// Gossip changed its mind about a peer.
struct liveness_changed {
    peer_id peer;
    std::string name;
    endpoint address;
    liveness now{};
};
/// This peer may act: it is a member with a running lease.
struct lease_gained {};
/// The lease is late to be renewed; it still runs for `remaining`.
struct lease_at_risk {
    std::chrono::nanoseconds remaining{};
};
/// It was at risk, and was renewed in time.
struct lease_renewed {};
/// The lease ran out (LEASE-5). Every hold was reported lost.
struct lease_lost {};
/// A hold ended without a release.
struct hold_lost {
    std::string name;
    holdfast::token token;
    errc why{};
    std::string broken_by{};   ///< the operator, or the policy, when it was broken
    std::string broken_for{};  ///< and its reason
};
/// Somebody wants a hold of ours back.
struct release_requested {
    release_request what;
};
/// `hold::progress` was not called in time.
struct hold_stalled {
    std::string name;
    holdfast::token token;
};
/// This peer, as an owner, has a hold broken because of the hold's own policy.
struct broke_by_policy {
    std::string name;
    holdfast::token token;
    peer_id holder;
    std::string who;
    std::string why;
};
/// Something a person should know or mend: other seats, another key, a version. The peer goes on
/// trying.
struct problem {
    error what;
};
/// This peer's PeerId is over (evicted, or a better cluster was met); it goes on as a new peer
/// (VIEW-4, FOUND-3, FOUND-6).
struct restarted {
    peer_id before;
    peer_id after;
    errc why{};
};
/// The last event. The peer has left or was destroyed (`shutting_down`), or it stopped for good
/// because of an error of its own, whose text says what to do; then its calls fail with that error.
struct stopped {
    error why;
};

}  // namespace events

using event =
    std::variant<events::view_installed, events::liveness_changed, events::lease_gained,
                 events::lease_at_risk, events::lease_renewed, events::lease_lost,
                 events::hold_lost, events::release_requested, events::hold_stalled,
                 events::broke_by_policy, events::problem, events::restarted, events::stopped>;

/// One line for a log.
[[nodiscard]] HOLDFAST_EXPORT std::string to_string(const event& what);

/// Counters since the start of the peer (restarts under a new PeerId included), and a few present
/// sizes.
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

    // locks, as a holder
    std::uint64_t requests = 0;  ///< lock() and try_lock() asked
    std::uint64_t grants_taken = 0;
    std::uint64_t requests_failed = 0;
    std::uint64_t holds_lost = 0;
    std::uint64_t waiting = 0;  ///< right now: requests without an answer
    std::uint64_t held = 0;     ///< right now: holds
    /// answers read by the very thread that waited for them
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
    /// messages no rule lets us act on, or that did not fit a full queue
    std::uint64_t dropped = 0;
    std::uint64_t connect_failures = 0;
    /// messages, in or out, that were lost because memory ran out; streams that ended for it
    std::uint64_t lacked_memory = 0;

    /// callbacks of the application must not throw; this many did
    std::uint64_t callback_exceptions = 0;
    /// events of which 4096 waited already, callbacks without a thread or memory
    std::uint64_t callbacks_missed = 0;
};

}  // namespace holdfast
