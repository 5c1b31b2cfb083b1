#include "explore/worlds.hpp"

#include "explore/ballot.hpp"
#include "explore/hand_over.hpp"

namespace holdfast::explore {
namespace {

using base::planted;

std::function<std::unique_ptr<world>(planted)> vote(ballot_options options) {
    return [options](planted bug) {
        auto with_bug = options;
        with_bug.bug = bug;
        return std::make_unique<ballot_world>(with_bug);
    };
}

std::function<std::unique_ptr<world>(planted)> hand_over(hand_over_options options) {
    return [options](planted bug) {
        auto with_bug = options;
        with_bug.bug = bug;
        return std::make_unique<hand_over_world>(with_bug);
    };
}

}  // namespace

std::span<const small_world> all_worlds() {
    static const std::vector<small_world> all{
        {"vote",
         "a ballot by each of two seats",
         false,
         vote({.ballots = {1, 1, 0}}),
         {{planted::phase_one_skipped, "phase_one_skipped"},
          {planted::newest_value_not_adopted, "newest_value_not_adopted"},
          {planted::accepts_below_its_promise, "accepts_below_its_promise"},
          {planted::installed_acceptor_is_fresh, "installed_acceptor_is_fresh"}}},
        {"vote-removal",
         "the same, and one of them wants a member out",
         false,
         vote({.has_removal = true, .ballots = {1, 1, 0}}),
         {{planted::longest_silence_counts, "longest_silence_counts"}}},
        {"vote-restart",
         "the same without the removal, and one seat restarts",
         true,
         vote({.ballots = {1, 1, 0}, .restarts = 1}),
         {{planted::restart_keeps_the_peer_id, "restart_keeps_the_peer_id"}}},
        {"vote-three", "a ballot by each of three seats", true, vote({.ballots = {1, 1, 1}}), {}},
        {"vote-again",
         "a ballot by one seat and two by another, and the removal",
         true,
         vote({.has_removal = true, .ballots = {1, 2, 0}}),
         {{planted::late_accepts_count, "late_accepts_count"}}},
        {"slot-owner",
         "no change of owner; one asks twice, the other once",
         false,
         hand_over({.owners = {0}, .asks = {2, 1}}),
         {{planted::release_by_holder, "release_by_holder"},
          {planted::duplicate_grant_given_back, "duplicate_grant_given_back"},
          {planted::grant_sent_once, "grant_sent_once"}}},
        {"slot-moves",
         "the slot moves once; each asks once",
         true,
         hand_over({}),
         {{planted::grants_after_hand_over, "grants_after_hand_over"},
          {planted::release_forgotten_on_a_move, "release_forgotten_on_a_move"}}},
        {"slot-removed",
         "the first owner is removed; each asks once",
         true,
         hand_over({.is_removed = true}),
         {{planted::serves_before_every_report, "serves_before_every_report"},
          {planted::late_grant_accepted, "late_grant_accepted"}}},
        {"slot-returns",
         "the slot moves three times, back and forth",
         true,
         hand_over({.owners = {0, 1, 0, 1}, .grants = 1}),
         {{planted::table_not_matched, "table_not_matched"}},
         true},
    };
    return all;
}

}  // namespace holdfast::explore
