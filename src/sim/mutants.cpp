#include "sim/mutants.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace holdfast::sim {
namespace {

using base::planted;

constexpr std::array mutants{
    mutant{planted::acks_a_removed_peer, "acks_a_removed_peer", "LEASE-1", "MUTEX"},
    mutant{planted::acks_only_its_own_view, "acks_only_its_own_view", "LEASE-1", "LIVE"},
    mutant{planted::lease_from_the_answer, "lease_from_the_answer", "LEASE-2", "MUTEX",
           aims::instead},
    mutant{planted::one_ack_too_few, "one_ack_too_few", "LEASE-2", "MUTEX, MINORITY"},
    mutant{planted::acks_of_former_seats_count, "acks_of_former_seats_count", "LEASE-2", "MINORITY",
           aims::instead},
    mutant{planted::quorum_of_filled_seats, "quorum_of_filled_seats", "quorum", "MUTEX, MINORITY"},
    mutant{planted::no_drift_margin, "no_drift_margin", "drift", "MUTEX"},
    mutant{planted::clock_stops_in_suspend, "clock_stops_in_suspend", "LEASE-2", "MUTEX"},
    mutant{planted::new_voter_knows_no_ack, "new_voter_knows_no_ack", "LEASE-3", "MUTEX",
           aims::instead},
    mutant{planted::longest_silence_counts, "longest_silence_counts", "LEASE-4", "MUTEX"},
    mutant{planted::void_at_once_when_unheard, "void_at_once_when_unheard", "LEASE-4", "MUTEX"},
    mutant{planted::lapsed_hold_returns, "lapsed_hold_returns", "LEASE-5", "MUTEX"},
    mutant{planted::phase_one_skipped, "phase_one_skipped", "phase 1", "ONE-VIEW"},
    mutant{planted::newest_value_not_adopted, "newest_value_not_adopted", "phase 1", "ONE-VIEW"},
    mutant{planted::accepts_below_its_promise, "accepts_below_its_promise", "acceptor", "ONE-VIEW"},
    mutant{planted::promises_counted_by_message, "promises_counted_by_message", "phase 1", {}},
    mutant{planted::restart_keeps_the_peer_id, "restart_keeps_the_peer_id", "acceptor state",
           "ONE-VIEW"},
    mutant{planted::installed_acceptor_is_fresh, "installed_acceptor_is_fresh", "acceptor",
           "ONE-VIEW", aims::instead},
    mutant{planted::epoch_from_the_wall_alone, "epoch_from_the_wall_alone", "VIEW-1", "FENCE"},
    mutant{planted::evicted_goes_on, "evicted_goes_on", "VIEW-4", "LIVE"},
    mutant{planted::only_gossip_removes, "only_gossip_removes", "VIEW-5", "LIVE"},
    mutant{planted::too_few_filled_seats, "too_few_filled_seats", "VIEW-6", "LIVE"},
    mutant{planted::left_before_it_stopped, "left_before_it_stopped", "LEAVE-1", "MUTEX"},
    mutant{planted::founding_owners_do_not_wait, "founding_owners_do_not_wait", "FOUND-1", "MUTEX"},
    mutant{planted::peer_id_goes_on, "peer_id_goes_on", "FOUND-3", "ONE-VIEW"},
    mutant{planted::founding_epoch_by_the_wall, "founding_epoch_by_the_wall", "FOUND-5", "FENCE"},
    mutant{planted::never_forgets, "never_forgets", "FOUND-6", "LIVE"},
    mutant{planted::grants_without_a_lease, "grants_without_a_lease", "OWN-1", "MINORITY"},
    mutant{planted::epoch_stays, "epoch_stays", "OWN-2", "FENCE"},
    mutant{planted::grants_after_hand_over, "grants_after_hand_over", "OWN-3", "MUTEX"},
    mutant{planted::serves_before_every_report, "serves_before_every_report", "OWN-4 (a)", "MUTEX"},
    mutant{planted::serves_before_void_at, "serves_before_void_at", "OWN-4 (b)", "MUTEX"},
    mutant{planted::joined_owners_do_not_wait, "joined_owners_do_not_wait", "OWN-4 (c)", "MUTEX"},
    mutant{planted::removed_holder_freed_at_once, "removed_holder_freed_at_once", "OWN-5", "MUTEX"},
    mutant{planted::release_by_holder, "release_by_holder", "OWN-7", "MUTEX"},
    mutant{planted::release_acked_while_not_serving, "release_acked_while_not_serving", "OWN-7",
           "STUCK"},
    mutant{planted::table_not_matched, "table_not_matched", "OWN-8", "MUTEX"},
    mutant{planted::still_held_never_asked, "still_held_never_asked", "OWN-9", "STUCK"},
    mutant{planted::late_grant_accepted, "late_grant_accepted", "HOLD-1", "MUTEX"},
    mutant{planted::release_forgotten_on_a_move, "release_forgotten_on_a_move", "HOLD-3", "STUCK"},
    mutant{planted::duplicate_grant_given_back, "duplicate_grant_given_back", "HOLD-6", "MUTEX"},
    mutant{planted::unknown_grant_kept, "unknown_grant_kept", "HOLD-6", "STUCK"},
    mutant{planted::broken_grant_accepted, "broken_grant_accepted", "BREAK-1", "MUTEX"},
    mutant{planted::no_way_round, "no_way_round", "NET-1", "LIVE"},
    mutant{planted::grant_sent_once, "grant_sent_once", "NET-2", "STUCK"},
    mutant{planted::dead_are_not_probed, "dead_are_not_probed", "swim", {}},
    mutant{planted::map_depends_on_who_computes_it, "map_depends_on_who_computes_it", "RING-1",
           "LIVE"},
    mutant{planted::renewal_for_each_hold, "renewal_for_each_hold", "SILENCE", "SILENCE"},
    mutant{planted::removed_peer_returns, "removed_peer_returns", "VIEW-3", "ONE-VIEW"},
    mutant{planted::one_objection_stops_all, "one_objection_stops_all", "VIEW-2", "LIVE"},
    mutant{planted::vouches_for_the_unleased, "vouches_for_the_unleased", "VIEW-2", "LIVE"},
    mutant{planted::lease_ends_with_the_seats, "lease_ends_with_the_seats", "LEASE-2", "NO-LOSS"},
    mutant{planted::accepts_ahead, "accepts_ahead", "acceptor", {}},
    mutant{planted::time_of_an_earlier_turn, "time_of_an_earlier_turn", "NOW-1", "MUTEX, MINORITY"},
    mutant{planted::unknown_holder_freed_at_once, "unknown_holder_freed_at_once", "OWN-5", "MUTEX"},
    mutant{planted::broken_request_forgotten, "broken_request_forgotten", "BREAK-1", "LIVE"},
    mutant{planted::later_members_waited_for, "later_members_waited_for", "OWN-4 (b)", "LIVE"},
    mutant{planted::nobody_owns_without_weight, "nobody_owns_without_weight", "RING-2", "LIVE"},
    mutant{planted::sequence_runs_over, "sequence_runs_over", "OWN-6", "FENCE"},
    mutant{planted::watch_not_renewed, "watch_not_renewed", "WATCH-1", "WATCH"},
    mutant{planted::other_times_welcome, "other_times_welcome", "LEASE-6", "MUTEX, MINORITY"},
    mutant{planted::epochs_run_ahead, "epochs_run_ahead", "VIEW-1", "FENCE"},
    mutant{planted::acks_a_laggard, "acks_a_laggard", "LEASE-7", "LIVE"},
    mutant{planted::dead_founding_adopted, "dead_founding_adopted", "FOUND-7", "LIVE"},
    mutant{planted::one_cluster_id_for_all, "one_cluster_id_for_all", "FOUND-4", "ONE-VIEW"},
    mutant{planted::epoch_not_written, "epoch_not_written", "FOUND-5", "FENCE"},
    mutant{planted::other_seeds_welcome, "other_seeds_welcome", "FOUND-2", "ONE-VIEW"},
    mutant{planted::joins_kept_to_oneself, "joins_kept_to_oneself", "HEARSAY", {}},
    mutant{planted::patience_kept, "patience_kept", "FINISH", {}},
    mutant{planted::late_accepts_count, "late_accepts_count", "BALLOT-VIEW", {}},
    mutant{planted::strangers_not_told, "strangers_not_told", "FOUND-3", {}},
    mutant{planted::queued_never_asked_again, "queued_never_asked_again", "QUEUED", {}},
    mutant{planted::grant_taken_without_a_lease, "grant_taken_without_a_lease", "HOLD-7", "MUTEX"},
    mutant{planted::unknown_holder_never_freed, "unknown_holder_never_freed", "OWN-5", "STUCK"},
    mutant{planted::nobody_brought_up_to_date, "nobody_brought_up_to_date", "NET-3", "LIVE"},
    mutant{planted::holds_without_a_lease, "holds_without_a_lease", "HOLD-2", "MUTEX"},
    mutant{planted::last_come_first_served, "last_come_first_served", "OWN-10", "ORDER"},
    mutant{planted::readers_overtake_writers, "readers_overtake_writers", "OWN-10", "ORDER"},
    mutant{planted::readers_beside_writers, "readers_beside_writers", "MODES", "MUTEX"},
    mutant{planted::permits_not_counted, "permits_not_counted", "MODES", "MUTEX"},
    mutant{planted::modes_not_reported, "modes_not_reported", "MODES", "MUTEX"},
    mutant{planted::limits_not_compared, "limits_not_compared", "LIMIT", "MUTEX"},
    mutant{planted::fate_not_handed_over, "fate_not_handed_over", "FATE", "FATE"},
    mutant{planted::fate_forgotten_by_release, "fate_forgotten_by_release", "FATE", "FATE"},
    mutant{planted::fate_unknown_after_gather, "fate_unknown_after_gather", "FATE", "FATE"},
    mutant{planted::looks_without_a_lease, "looks_without_a_lease", "LOOK-1", "LOOK"},
    mutant{planted::broken_without_the_holder, "broken_without_the_holder", "BREAK-1", "MUTEX"},
    mutant{planted::policies_not_asked, "policies_not_asked", "BREAK-2", "NO-LOSS"},
    mutant{planted::evicted_counts_as_stopped, "evicted_counts_as_stopped", "VIEW-8", "MUTEX"},
    mutant{planted::priority_ignored, "priority_ignored", "PRIORITY", "ORDER"},
    mutant{planted::heir_ignored, "heir_ignored", "PRIORITY", {}},
    mutant{planted::stopped_counts_as_gone, "stopped_counts_as_gone", "CERT-1", "MUTEX"},
    mutant{planted::delay_not_waited, "delay_not_waited", "DELAY", {}},
    mutant{planted::several_in_the_order_given, "several_in_the_order_given", "ALL-1", "LIVE"},
    mutant{planted::several_kept_after_a_failure, "several_kept_after_a_failure", "ALL-1", "ALL"},
    mutant{planted::loss_among_several_unnoticed, "loss_among_several_unnoticed", "ALL-1", "ALL"},
    mutant{planted::forced_view_forgets_epochs, "forced_view_forgets_epochs", "FORCE-1", "FENCE"},
    mutant{planted::recorded_at_one_seat, "recorded_at_one_seat", "RECORD-1", "RECORD"},
    mutant{planted::records_go_back, "records_go_back", "RECORD-1", "RECORD"},
    mutant{planted::held_beyond_its_end, "held_beyond_its_end", "MAX-HOLD", "ENDS"},
    mutant{planted::progress_not_asked_for, "progress_not_asked_for", "MAX-HOLD", "ENDS"},
};

}  // namespace

std::span<const mutant> all_mutants() { return mutants; }

const mutant& mutant_of(base::planted bug) {
    static constexpr mutant none{};
    const auto at =
        std::find_if(mutants.begin(), mutants.end(), [&](const mutant& m) { return m.bug == bug; });
    return at == mutants.end() ? none : *at;
}

std::optional<mutant> find_mutant(std::string_view name) {
    const auto at = std::find_if(mutants.begin(), mutants.end(), [&](const mutant& m) {
        return m.name == name || std::to_string(static_cast<unsigned>(m.bug)) == name;
    });
    return at == mutants.end() ? std::nullopt : std::optional{*at};
}

}  // namespace holdfast::sim
