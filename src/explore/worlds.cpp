#include "explore/worlds.hpp"

#include "explore/slot_world.hpp"
#include "explore/vote_world.hpp"

namespace holdfast::explore {
namespace {

std::function<std::unique_ptr<world>(bool)> vote(vote_options options) {
    return [options](bool restarts_wrongly) {
        auto mine = options;
        mine.restart_keeps_the_peer_id = restarts_wrongly;
        return std::make_unique<vote_world>(mine);
    };
}

std::function<std::unique_ptr<world>(bool)> hand_over(const slot_options& options) {
    return [options](bool) { return std::make_unique<slot_world>(options); };
}

}  // namespace

std::span<const small_world> all_worlds() {
    static const std::vector<small_world> all{
        {"vote", "a ballot by each of two seats", false, vote({.ballots = {1, 1, 0}})},
        {"vote-removal", "the same, and one of them wants a member out", false,
         vote({.has_removal = true, .ballots = {1, 1, 0}})},
        {"vote-restart", "the same without the removal, and one seat restarts", true,
         vote({.ballots = {1, 1, 0}, .restarts = 1})},
        {"vote-three", "a ballot by each of three seats", true, vote({.ballots = {1, 1, 1}})},
        {"vote-again", "a ballot by one seat and two by another, and the removal", true,
         vote({.has_removal = true, .ballots = {1, 2, 0}})},
        {"slot-owner", "no change of owner; one asks twice, the other once", false,
         hand_over({.owners = {0}, .asks = {2, 1}})},
        {"slot-moves", "the slot moves once; each asks once", true, hand_over({})},
        {"slot-removed", "the first owner is removed; each asks once", true,
         hand_over({.is_removed = true})},
        {"slot-told", "the same, but members say unasked what they hold", true,
         hand_over({.is_removed = true, .grants = 1, .has_voter = true})},
        {"slot-returns", "the slot moves three times, back and forth", true,
         hand_over({.owners = {0, 1, 0, 1}, .grants = 1}), true},
    };
    return all;
}

}  // namespace holdfast::explore
