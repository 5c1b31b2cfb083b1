// What can go wrong, and whether the lock is then held.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

/// Every failure the library reports. The texts (`explain`) say what to do about it.
enum class errc : std::uint8_t {
    // Nothing happened: the lock is not held by this call.
    /// not granted within the wait: others held the lock, or its owner did not answer
    timed_out = 1,
    would_block,  ///< try_lock: another holds it now
    cancelled,    ///< the caller's stop token was triggered
    /// this peer cannot reach a majority of the seats, so nobody can grant to it
    no_quorum,
    not_a_member,       ///< this peer is in no cluster (yet)
    shutting_down,      ///< the peer is leaving or was destroyed
    name_too_long,      ///< a lock name longer than `limits::name`, or empty
    value_too_long,     ///< a note or election value longer than `limits::note`
    too_many_requests,  ///< more waiting requests than `config::max_requests`
    /// it would wait for itself: in a callback of the library, or for a mutex that this thread has
    would_deadlock,
    limit_differs,  ///< a semaphore that others use with another limit

    // The peer cannot join or start. Nothing is held.
    bad_config,      ///< a field of `config` is wrong; the text names it
    address_in_use,  ///< another process listens there
    seeds_differ,    ///< this peer and the cluster were configured with different seats
    /// this peer and the cluster were configured with different `lease` or `clock_drift` (LEASE-6)
    times_differ,
    wrong_key,         ///< the other side does not have our key
    wrong_cluster,     ///< the other side has another cluster name
    version_mismatch,  ///< the other side speaks no version of the protocol that we speak
    /// the cluster's view names a ring function that this build lacks (RING-1)
    ring_not_supported,
    io_error,  ///< the operating system refused; the text has its words
    /// at its start: nothing is left behind. Later: this peer has stopped, its holds are lost
    out_of_memory,

    // A hold ended without a release. What it guarded may already be somebody else's.
    lease_lost,      ///< the lease ran out before it could be renewed (LEASE-5)
    evicted,         ///< the cluster removed this peer (VIEW-4)
    broken,          ///< the hold was broken by the cluster (BREAK-1)
    internal_error,  ///< an invariant of the library failed; this peer has stopped
};

/// What a failure means for the lock that was asked for.
enum class held : std::uint8_t {
    no,  ///< it is not held, and will not become held by this call
    /// it was never asked for: the call, the configuration or the peer's state forbids it
    refused,
    /// it was held, and may still look held to others until the lease has run out; never of lock()
    maybe,
};

/// A failure: which, and in words what to do. The text may be missing when memory ran out.
struct error {
    errc code{};
    std::string text;

    [[nodiscard]] held is_held() const;
    bool operator==(const error& other) const { return code == other.code; }
};

/// The name of a code as it is written in the documentation, e.g. `no_quorum`.
[[nodiscard]] std::string_view to_string(errc code);
/// One sentence: what happened and what to do.
[[nodiscard]] std::string_view explain(errc code);

}  // namespace holdfast
