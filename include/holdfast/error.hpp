// What can go wrong, and whether the lock is then held.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <holdfast/export.hpp>

namespace holdfast {

/// Every failure that the library reports. `explain` says what to do about it.
///
/// The numbers are fixed: none is ever changed or used again. Each group has room for more.
enum class errc : std::uint8_t {
    // ---- 1 to 19, a request was not granted: this call holds nothing

    timed_out = 1,       ///< not granted in time: others held the lock, or its owner did not answer
    would_block = 2,     ///< of one try: another holds it now
    cancelled = 3,       ///< a stop of the caller's stop token was requested
    would_deadlock = 4,  ///< it would wait for itself: in a callback, or for a mutex of this thread
    limit_differs = 5,   ///< a semaphore that others use with another limit

    // ---- 20 to 39, the state of this peer forbids it: this call holds nothing

    no_quorum = 20,      ///< a majority of the seats is out of reach, so nothing can be granted
    not_a_member = 21,   ///< this peer is in no cluster, or not yet
    shutting_down = 22,  ///< the peer is leaving or was destroyed

    // ---- 40 to 59, the arguments or a limit forbid it: nothing was asked for

    name_too_long = 40,   ///< a lock name that is empty or longer than 512 bytes
    value_too_long = 41,  ///< a note longer than 1024 bytes, or a value longer than 4096
    /// more waiting requests than `config::max_requests`, or more at the owner than a member may
    too_many_requests = 42,

    // ---- 60 to 79, the peer cannot start or join: nothing is held

    bad_config = 60,          ///< a field of `config` or of the options is wrong; the text names it
    address_in_use = 61,      ///< another process listens there
    seeds_differ = 62,        ///< the cluster was configured with other seats
    times_differ = 63,        ///< the cluster has another `lease` or `clock_drift` (LEASE-6)
    wrong_key = 64,           ///< the other side does not have this peer's key
    wrong_cluster = 65,       ///< the other side has another cluster name
    version_mismatch = 66,    ///< the other side speaks no version of the protocol that we speak
    ring_not_supported = 67,  ///< the cluster uses a ring function that this build lacks (RING-1)
    io_error = 68,            ///< the operating system refused; the text has its words
    clock_slewed = 69,        ///< clocks of this machine disagree on how long a minute is (NOW-2)
    clock_wrong = 70,         ///< a wall clock is years off, or was (FOUND-9)
    two_clusters = 71,        ///< another cluster of this name grants locks, too (RIVAL-1)

    // ---- 80 to 99, a hold ended without a release: another may already hold the lock

    lease_lost = 80,  ///< the lease ran out before it was renewed (LEASE-5)
    evicted = 81,     ///< the cluster removed this peer (VIEW-4)
    broken = 82,      ///< the hold was broken (BREAK-1)

    // ---- 100 to 119, this peer has stopped for good: its holds are lost

    internal_error = 100,  ///< an invariant of the library is broken
    out_of_memory = 101,   ///< at the start of a peer: it was not started, and nothing is left
};

/// What a failure means for the lock that was asked for.
enum class held : std::uint8_t {
    no,       ///< it is not held, and will not become held by this call
    refused,  ///< it was never asked for: arguments, configuration or the peer's state forbid it
    maybe,  ///< it was held, and others may see it held until the lease has ended; never of lock()
};

/// A failure: its code, and a text that says what to do. The text is empty if memory ran out.
struct error {
    errc code{};
    std::string text;

    [[nodiscard]] HOLDFAST_EXPORT held is_held() const;
    bool operator==(const error& other) const { return code == other.code; }
};

/// The name of a code as documented, e.g. `no_quorum`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(errc code);
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(held what);
/// Every code, in the order of the numbers.
[[nodiscard]] HOLDFAST_EXPORT std::span<const errc> all_error_codes();
/// What happened and what to do, in one sentence.
[[nodiscard]] HOLDFAST_EXPORT std::string_view explain(errc code);

}  // namespace holdfast
