// Bugs to plant: each breaks one rule of the protocol on purpose, so that the simulator's judge can
// prove that it would see it. Only the simulator and its tests ever set one; docs/decisions/0002
// says why they are not compiled out.
#pragma once

#include <cstdint>

namespace holdfast::base {

/// The numbers are those of the list in docs/testing.md.
enum class planted : std::uint8_t {
    none = 0,
    acks_a_removed_peer = 1,               // LEASE-1
    clock_stops_in_suspend = 9,            // LEASE-2
    longest_silence_counts = 11,           // LEASE-4
    lapsed_hold_returns = 13,              // LEASE-5
    phase_one_skipped = 14,                // section 4, phase 1
    newest_value_not_adopted = 15,         // section 4, phase 1
    accepts_below_its_promise = 16,        // section 4, acceptor
    promises_counted_by_message = 17,      // section 4, phase 1
    restart_keeps_the_peer_id = 18,        // section 4, acceptor state
    installed_acceptor_is_fresh = 19,      // section 4, acceptor
    epoch_from_the_wall_alone = 20,        // VIEW-1
    only_gossip_removes = 23,              // VIEW-5
    too_few_filled_seats = 24,             // VIEW-6
    founding_owners_do_not_wait = 26,      // FOUND-1
    peer_id_goes_on = 27,                  // FOUND-3
    founding_epoch_by_the_wall = 29,       // FOUND-5
    grants_without_a_lease = 31,           // OWN-1
    epoch_stays = 32,                      // OWN-2
    grants_after_hand_over = 33,           // OWN-3
    serves_before_every_report = 35,       // OWN-4 (a)
    serves_before_void_at = 36,            // OWN-4 (b)
    joined_owners_do_not_wait = 37,        // OWN-4 (c)
    removed_holder_freed_at_once = 38,     // OWN-5
    release_by_holder = 39,                // OWN-7
    release_acked_while_not_serving = 40,  // OWN-7
    table_not_matched = 41,                // OWN-8
    still_held_never_asked = 42,           // OWN-9, together with 40
    late_grant_accepted = 43,              // HOLD-1
    release_forgotten_on_a_move = 45,      // HOLD-3
    duplicate_grant_given_back = 47,       // HOLD-6
    unknown_grant_kept = 48,               // HOLD-6
    broken_grant_accepted = 49,            // BREAK-1
    grant_sent_once = 51,                  // NET-2
    renewal_for_each_hold = 55,            // SILENCE
    removed_peer_returns = 56,             // VIEW-3
    one_objection_stops_all = 57,          // VIEW-2
    accepts_ahead = 61,                    // section 4, acceptor
    time_of_an_earlier_turn = 62,          // NOW-1
    unknown_holder_freed_at_once = 63,     // OWN-5
    broken_request_forgotten = 64,         // BREAK-1
    later_members_waited_for = 65,         // OWN-4 (b)
    sequence_runs_over = 69,               // OWN-6
    watch_not_renewed = 71,                // WATCH-1
    other_times_welcome = 101,             // LEASE-6
    epochs_run_ahead = 102,                // VIEW-1
    dead_founding_adopted = 105,           // FOUND-7
    one_cluster_id_for_all = 106,          // FOUND-4
    epoch_not_written = 107,               // FOUND-5
    other_seeds_welcome = 108,             // FOUND-2
    joins_kept_to_oneself = 109,           // HEARSAY
    patience_kept = 110,                   // FINISH
    late_accepts_count = 111,              // BALLOT-VIEW
    queued_never_asked_again = 151,        // QUEUED
    grant_taken_without_a_lease = 152,     // HOLD-7
    unknown_holder_never_freed = 153,      // OWN-5
    last_come_first_served = 156,          // OWN-10
    readers_overtake_writers = 161,        // OWN-10
    readers_beside_writers = 162,          // MODES
    permits_not_counted = 163,             // MODES
    modes_not_reported = 164,              // MODES
    limits_not_compared = 165,             // LIMIT
    fate_not_handed_over = 166,            // FATE
    fate_forgotten_by_release = 167,       // FATE
    fate_unknown_after_gather = 168,       // FATE
    looks_without_a_lease = 169,           // LOOK-1
    broken_without_the_holder = 170,       // BREAK-1
    policies_not_asked = 171,              // BREAK-2
    evicted_counts_as_stopped = 172,       // VIEW-8
    priority_ignored = 173,                // PRIORITY
    heir_ignored = 174,                    // PRIORITY
    delay_not_waited = 175,                // DELAY
    stopped_counts_as_gone = 176,          // CERT-1
    several_in_the_order_given = 177,      // ALL-1
    several_kept_after_a_failure = 178,    // ALL-1
    loss_among_several_unnoticed = 179,    // ALL-1
    recorded_at_one_seat = 181,            // RECORD-1
    records_go_back = 182,                 // RECORD-1
    read_before_copied = 185,              // RECORD-1
    held_beyond_its_end = 183,             // MAX-HOLD
    progress_not_asked_for = 184,          // MAX-HOLD
};

}  // namespace holdfast::base
