#include "sim/mutants.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace holdfast::sim {
namespace {

using base::planted;

constexpr std::array mutants{
    mutant{planted::acks_a_removed_peer, "acks_a_removed_peer"},
    mutant{planted::clock_stops_in_suspend, "clock_stops_in_suspend"},
    mutant{planted::longest_silence_counts, "longest_silence_counts"},
    mutant{planted::lapsed_hold_returns, "lapsed_hold_returns"},
    mutant{planted::phase_one_skipped, "phase_one_skipped"},
    mutant{planted::newest_value_not_adopted, "newest_value_not_adopted"},
    mutant{planted::accepts_below_its_promise, "accepts_below_its_promise"},
    mutant{planted::promises_counted_by_message, "promises_counted_by_message"},
    mutant{planted::restart_keeps_the_peer_id, "restart_keeps_the_peer_id"},
    mutant{planted::installed_acceptor_is_fresh, "installed_acceptor_is_fresh"},
    mutant{planted::epoch_from_the_wall_alone, "epoch_from_the_wall_alone"},
    mutant{planted::only_gossip_removes, "only_gossip_removes"},
    mutant{planted::too_few_filled_seats, "too_few_filled_seats"},
    mutant{planted::founding_owners_do_not_wait, "founding_owners_do_not_wait"},
    mutant{planted::peer_id_goes_on, "peer_id_goes_on"},
    mutant{planted::founding_epoch_by_the_wall, "founding_epoch_by_the_wall"},
    mutant{planted::grants_without_a_lease, "grants_without_a_lease"},
    mutant{planted::epoch_stays, "epoch_stays"},
    mutant{planted::grants_after_hand_over, "grants_after_hand_over"},
    mutant{planted::serves_before_every_report, "serves_before_every_report"},
    mutant{planted::serves_before_void_at, "serves_before_void_at"},
    mutant{planted::joined_owners_do_not_wait, "joined_owners_do_not_wait"},
    mutant{planted::removed_holder_freed_at_once, "removed_holder_freed_at_once"},
    mutant{planted::release_by_holder, "release_by_holder"},
    mutant{planted::release_acked_while_not_serving, "release_acked_while_not_serving"},
    mutant{planted::table_not_matched, "table_not_matched"},
    mutant{planted::still_held_never_asked, "still_held_never_asked"},
    mutant{planted::late_grant_accepted, "late_grant_accepted"},
    mutant{planted::release_forgotten_on_a_move, "release_forgotten_on_a_move"},
    mutant{planted::duplicate_grant_given_back, "duplicate_grant_given_back"},
    mutant{planted::unknown_grant_kept, "unknown_grant_kept"},
    mutant{planted::broken_grant_accepted, "broken_grant_accepted"},
    mutant{planted::grant_sent_once, "grant_sent_once"},
    mutant{planted::renewal_for_each_hold, "renewal_for_each_hold"},
    mutant{planted::removed_peer_returns, "removed_peer_returns"},
    mutant{planted::one_objection_stops_all, "one_objection_stops_all"},
    mutant{planted::accepts_ahead, "accepts_ahead"},
    mutant{planted::time_of_an_earlier_turn, "time_of_an_earlier_turn"},
    mutant{planted::unknown_holder_freed_at_once, "unknown_holder_freed_at_once"},
    mutant{planted::broken_request_forgotten, "broken_request_forgotten"},
    mutant{planted::later_members_waited_for, "later_members_waited_for"},
    mutant{planted::sequence_runs_over, "sequence_runs_over"},
    mutant{planted::watch_not_renewed, "watch_not_renewed"},
    mutant{planted::other_times_welcome, "other_times_welcome"},
    mutant{planted::epochs_run_ahead, "epochs_run_ahead"},
    mutant{planted::dead_founding_adopted, "dead_founding_adopted"},
    mutant{planted::one_cluster_id_for_all, "one_cluster_id_for_all"},
    mutant{planted::epoch_not_written, "epoch_not_written"},
    mutant{planted::other_seeds_welcome, "other_seeds_welcome"},
    mutant{planted::joins_kept_to_oneself, "joins_kept_to_oneself"},
    mutant{planted::patience_kept, "patience_kept"},
    mutant{planted::late_accepts_count, "late_accepts_count"},
    mutant{planted::queued_never_asked_again, "queued_never_asked_again"},
    mutant{planted::grant_taken_without_a_lease, "grant_taken_without_a_lease"},
    mutant{planted::unknown_holder_never_freed, "unknown_holder_never_freed"},
    mutant{planted::last_come_first_served, "last_come_first_served"},
    mutant{planted::readers_overtake_writers, "readers_overtake_writers"},
    mutant{planted::readers_beside_writers, "readers_beside_writers"},
    mutant{planted::permits_not_counted, "permits_not_counted"},
    mutant{planted::modes_not_reported, "modes_not_reported"},
    mutant{planted::limits_not_compared, "limits_not_compared"},
    mutant{planted::fate_not_handed_over, "fate_not_handed_over"},
    mutant{planted::fate_forgotten_by_release, "fate_forgotten_by_release"},
    mutant{planted::fate_unknown_after_gather, "fate_unknown_after_gather"},
    mutant{planted::looks_without_a_lease, "looks_without_a_lease"},
    mutant{planted::broken_without_the_holder, "broken_without_the_holder"},
    mutant{planted::policies_not_asked, "policies_not_asked"},
    mutant{planted::evicted_counts_as_stopped, "evicted_counts_as_stopped"},
    mutant{planted::priority_ignored, "priority_ignored"},
    mutant{planted::heir_ignored, "heir_ignored"},
    mutant{planted::stopped_counts_as_gone, "stopped_counts_as_gone"},
    mutant{planted::delay_not_waited, "delay_not_waited"},
    mutant{planted::several_in_the_order_given, "several_in_the_order_given"},
    mutant{planted::several_kept_after_a_failure, "several_kept_after_a_failure"},
    mutant{planted::loss_among_several_unnoticed, "loss_among_several_unnoticed"},
    mutant{planted::recorded_at_one_seat, "recorded_at_one_seat"},
    mutant{planted::records_go_back, "records_go_back"},
    mutant{planted::held_beyond_its_end, "held_beyond_its_end"},
    mutant{planted::progress_not_asked_for, "progress_not_asked_for"},
};

}  // namespace

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
