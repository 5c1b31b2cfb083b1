#include "explore/worlds.hpp"

#include "explore/ballot.hpp"

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

}  // namespace

std::span<const small_world> all_worlds() {
    static const std::vector<small_world> all{
        {"vote", "a ballot by each of two seats", false, vote({.ballots = {1, 1, 0}}),
         {{planted::phase_one_skipped, "phase_one_skipped"},
          {planted::newest_value_not_adopted, "newest_value_not_adopted"},
          {planted::accepts_below_its_promise, "accepts_below_its_promise"},
          {planted::installed_acceptor_is_fresh, "installed_acceptor_is_fresh"}}},
        {"vote-removal", "the same, and one of them wants a member out", false, vote({.has_removal = true, .ballots = {1, 1, 0}}),
         {{planted::longest_silence_counts, "longest_silence_counts"}}},
        {"vote-restart", "the same without the removal, and one seat restarts", false, vote({.ballots = {1, 1, 0}, .restarts = 1}),
         {{planted::restart_keeps_the_peer_id, "restart_keeps_the_peer_id"}}},
        {"vote-three", "a ballot by each of three seats", false, vote({.ballots = {1, 1, 1}}), {}},
        {"vote-again", "a ballot by one seat and two by another", true, vote({.ballots = {1, 2, 0}}), {}},
    };
    return all;
}

}  // namespace holdfast::explore
