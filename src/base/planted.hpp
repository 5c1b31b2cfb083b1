// Bugs to plant: each breaks one rule of the protocol on purpose, so that the simulator's judge can prove that it
// would see it. Only the simulator and its tests ever set one; docs/decisions/0002 says why they are not compiled out.
#pragma once

#include <cstdint>

namespace holdfast::base {

/// The numbers are those of the list in docs/testing.md.
enum class planted : std::uint8_t {
    none = 0,
    acks_a_removed_peer = 1,             // LEASE-1
    quorum_of_filled_seats = 7,          // section 1, quorum
    void_at_once_when_unheard = 12,      // LEASE-4
    newest_value_not_adopted = 15,       // section 4, phase 1
    restart_keeps_the_peer_id = 18,      // section 4, acceptor state
    founding_owners_do_not_wait = 26,    // FOUND-1
    grants_without_a_lease = 31,         // OWN-1
    epoch_stays = 32,                    // OWN-2
    grants_after_hand_over = 33,         // OWN-3
    serves_before_every_report = 35,     // OWN-4 (a)
    serves_before_void_at = 36,          // OWN-4 (b)
    removed_holder_freed_at_once = 38,   // OWN-5
    release_by_holder = 39,              // OWN-7
    table_not_matched = 41,              // OWN-8
    late_grant_accepted = 43,            // HOLD-1
    duplicate_grant_given_back = 47,     // HOLD-6
};

}  // namespace holdfast::base
