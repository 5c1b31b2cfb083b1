// How often rules of the protocol made a difference, in the thread that runs the machines.
//
// For the simulator: runs in which a rule never made one do not test it. No machine reads these
// figures, so they are no part of any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::base {

enum class effect : std::uint8_t {
    ballot_view_drops,
    break_2_breaks,
    cert_3_counts,
    cert_3_does_not_count,
    delay_begins,
    disk_1_accept_waits,
    disk_1_does_not_ack,
    disk_1_complains,
    found_2_refuses,
    found_6_forgets,
    found_7_leaves_a_value,
    found_8_asks_other_seats,
    found_8_refuses,
    found_8_waits,
    found_9_clock_does_not_count,
    found_9_too_far,
    hearsay_is_heard,
    hold_1_declines,
    hold_2_declines,
    hold_6_acks_again,
    join_2_waits,
    lease_1_bars,
    lease_5_ends,
    lease_6_refuses,
    lease_7_does_not_ack,
    lease_8_by_stream,
    lease_9_repeats,
    limit_refuses,
    load_3_refuses,
    max_hold_ends,
    net_1_relays,
    now_2_counts,
    own_4_waits_for_void,
    own_6_wants_epoch,
    own_8_drops,
    own_9_releases,
    own_10_drops,
    own_12_collects,
    own_12_spares_asks,
    queued_is_unknown,
    ring_2_voters_own,
    seal_2_drops,
    seal_3_asks,
    seal_3_drops,
    view_1_waits,
    view_2_objects,
    view_3_refuses,
    view_4_ends,
    view_5_removes,
    view_6_keeps,
    view_9_asks,
    view_9_finds,
    view_11_goes_on,
};
inline constexpr std::size_t effects = 53;

/// The rule, and what it did.
[[nodiscard]] constexpr std::string_view to_string(effect e) {
    constexpr std::array<std::string_view, effects> texts{
        "BALLOT-VIEW dropped an accepted of another view",
        "BREAK-2 broke a hold by its policy",
        "CERT-3 counted a process as gone",
        "CERT-3 did not count a certificate",
        "DELAY began",
        "DISK-1 made an accept wait",
        "DISK-1 did not ack a lease",
        "DISK-1 complained of a late write",
        "FOUND-2 refused another list of seats",
        "FOUND-6 forgot a view",
        "FOUND-7 or FOUND-9 left a value alone",
        "FOUND-8 asked the seats that a knock named",
        "FOUND-8 refused a founding",
        "FOUND-8 waited a lease out",
        "FOUND-9 did not count a wall clock",
        "FOUND-9 refused an epoch a year ahead",
        "HEARSAY named a joiner",
        "HOLD-1 declined a grant",
        "HOLD-2 declined a grant",
        "HOLD-6 acked a grant again",
        "JOIN-2 did not name a joiner yet",
        "LEASE-1, LEASE-7 or DISK-1 barred a member",
        "LEASE-5 ended a lease",
        "LEASE-6 refused other times",
        "LEASE-7 did not ack",
        "LEASE-8 asked by stream",
        "LEASE-9 repeated a renewal",
        "LIMIT refused another limit",
        "LOAD-3 refused",
        "MAX-HOLD ended a hold",
        "NET-1 relayed",
        "NOW-2 counted a suspend",
        "OWN-4 waited for the end of a lease",
        "OWN-6 wanted an epoch",
        "OWN-8 dropped a report",
        "OWN-9 released a hold that was asked after",
        "OWN-10 dropped an old request",
        "OWN-12 passed on who holds nothing",
        "OWN-12 spared a gather its asks",
        "QUEUED did not know a request",
        "RING-2 let voters own",
        "SEAL-2 dropped a datagram that came again",
        "SEAL-3 asked who lives at an address",
        "SEAL-3 dropped gossip of a former member",
        "VIEW-1 waited for its second",
        "VIEW-2 objected to a removal",
        "VIEW-3 refused a PeerId that was removed",
        "VIEW-4 ended a PeerId",
        "VIEW-5 wanted a silent member removed",
        "VIEW-6 kept a seat filled",
        "VIEW-9 asked a member whether it can be reached",
        "VIEW-9 found a member mute",
        "VIEW-11 did not wait for the second",
    };
    return texts[static_cast<std::size_t>(e)];
}

using effect_counts = std::array<std::uint64_t, effects>;

namespace detail {
inline constinit thread_local effect_counts counted_here{};
}

inline void count(effect e) { ++detail::counted_here[static_cast<std::size_t>(e)]; }

/// Of this thread, since the last call.
[[nodiscard]] inline effect_counts take_effects() {
    const auto all = detail::counted_here;
    detail::counted_here = {};
    return all;
}

}  // namespace holdfast::base
