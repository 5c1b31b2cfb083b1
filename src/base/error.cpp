#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/result.hpp>

namespace holdfast {
namespace {

struct entry {
    errc code;
    std::string_view name;
    held is_held;
    std::string_view text;
};

constexpr entry entries[] = {
    {errc::timed_out, "timed_out", held::no,
     "not granted within the wait: others held the lock, or its owner did not answer; wait longer, "
     "or see who holds it"},
    {errc::would_block, "would_block", held::no,
     "another process holds the lock now; ask again later, or with a wait"},
    {errc::cancelled, "cancelled", held::no, "the caller cancelled the request"},
    {errc::would_deadlock, "would_deadlock", held::refused,
     "it would wait for itself: a callback of the library must not wait for the library, nor a "
     "thread for a mutex that it has"},
    {errc::limit_differs, "limit_differs", held::refused,
     "others use this semaphore with another limit; give every program the same, or the semaphore "
     "another name"},
    {errc::no_quorum, "no_quorum", held::no,
     "a majority of the seats is out of reach, so nothing can be granted; check that the seats "
     "run, and the network between"},
    {errc::not_a_member, "not_a_member", held::no,
     "this peer has not joined a cluster yet; check the seeds and that they run"},
    {errc::shutting_down, "shutting_down", held::refused, "this peer is leaving; start a new one"},
    {errc::name_too_long, "name_too_long", held::refused, "a lock name has 1 to 512 bytes"},
    {errc::value_too_long, "value_too_long", held::refused,
     "a note has at most 1024 bytes, a value at most 4096"},
    {errc::too_many_requests, "too_many_requests", held::refused,
     "too many requests wait at this peer already (max_requests), or it takes up as much at the "
     "owner of the lock as one member may; make fewer requests at once"},
    {errc::bad_config, "bad_config", held::refused, "the configuration is wrong"},
    {errc::address_in_use, "address_in_use", held::refused,
     "another process listens at this address; choose another port or stop it"},
    {errc::seeds_differ, "seeds_differ", held::refused,
     "this peer and the cluster have different seed lists; give every peer the same one"},
    {errc::times_differ, "times_differ", held::refused,
     "this peer and the cluster have different lease or clock_drift settings; give every peer the "
     "same profile and times"},
    {errc::wrong_key, "wrong_key", held::refused,
     "the other side does not have this key; give every peer the same key"},
    {errc::wrong_cluster, "wrong_cluster", held::refused,
     "the other side belongs to a cluster of another name"},
    {errc::version_mismatch, "version_mismatch", held::refused,
     "the other side speaks no version of the protocol that this build speaks; upgrade the older "
     "one"},
    {errc::ring_not_supported, "ring_not_supported", held::refused,
     "the cluster uses a ring function that this build lacks; upgrade it"},
    {errc::io_error, "io_error", held::refused, "the operating system refused"},
    {errc::clock_slewed, "clock_slewed", held::refused,
     "CLOCK_MONOTONIC differs from CLOCK_MONOTONIC_RAW by more than half of clock_drift: if the "
     "time of day of this machine is merely being corrected, no harm is done; if it has to be "
     "corrected all the time, its hardware clock is wrong, and locks are not safe with it"},
    {errc::clock_wrong, "clock_wrong", held::refused,
     "a wall clock is, or was, years off; set the clocks of all seats. If a cluster was founded by "
     "a wrong one, tokens can rise only from there: force a new cluster"},
    {errc::two_clusters, "two_clusters", held::refused,
     "two clusters of one name grant the same locks, and neither knows of the other's holds: stop "
     "all processes of one of them, and start them with the seeds of the other"},
    {errc::lease_lost, "lease_lost", held::maybe,
     "the lease ran out before a majority of the seats renewed it; what the lock guarded may "
     "already be another's: stop using it"},
    {errc::evicted, "evicted", held::maybe,
     "the cluster removed this peer; what the lock guarded may already be another's: stop using "
     "it"},
    {errc::broken, "broken", held::no,
     "the hold was broken; what the lock guarded may already be another's: stop using it"},
    {errc::internal_error, "internal_error", held::no,
     "an invariant of the library failed and this peer has stopped; please report it with the "
     "text"},
    {errc::out_of_memory, "out_of_memory", held::no,
     "memory ran out; give this process more of it, and start the peer again"},
};

// In the order of `entries`, which is that of the numbers.
constexpr auto codes = [] {
    std::array<errc, std::size(entries)> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = entries[i].code;
    }
    return out;
}();
static_assert(std::is_sorted(codes.begin(), codes.end()));

const entry* find(errc code) {
    for (const auto& e : entries) {
        if (e.code == code) {
            return &e;
        }
    }
    return nullptr;
}

}  // namespace

held error::is_held() const {
    const auto* e = find(code);
    return e ? e->is_held : held::maybe;
}

std::string_view to_string(held what) {
    switch (what) {
        case held::no:
            return "no";
        case held::refused:
            return "refused";
        case held::maybe:
            return "maybe";
    }
    return "unknown";
}

std::string_view to_string(errc code) {
    const auto* e = find(code);
    return e ? e->name : "unknown";
}

std::span<const errc> all_error_codes() { return codes; }

std::string_view explain(errc code) {
    const auto* e = find(code);
    return e ? e->text : "an error this build does not know";
}

tl::unexpected<error> fail(errc code) { return fail(code, std::string{explain(code)}); }
tl::unexpected<error> fail(errc code, std::string text) {
    return tl::unexpected<error>{error{code, std::move(text)}};
}

}  // namespace holdfast
