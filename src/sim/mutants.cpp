#include "sim/mutants.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace holdfast::sim {
namespace {

using base::planted;

constexpr std::array mutants{
    mutant{planted::acks_a_removed_peer, "acks_a_removed_peer", "LEASE-1", "MUTEX"},
    mutant{planted::quorum_of_filled_seats, "quorum_of_filled_seats", "quorum", "MUTEX, MINORITY"},
    mutant{planted::void_at_once_when_unheard, "void_at_once_when_unheard", "LEASE-4", "MUTEX"},
    mutant{planted::newest_value_not_adopted, "newest_value_not_adopted", "phase 1", "ONE-VIEW"},
    mutant{planted::restart_keeps_the_peer_id, "restart_keeps_the_peer_id", "acceptor state", "ONE-VIEW"},
    mutant{planted::founding_owners_do_not_wait, "founding_owners_do_not_wait", "FOUND-1", "MUTEX"},
    mutant{planted::grants_without_a_lease, "grants_without_a_lease", "OWN-1", "MINORITY"},
    mutant{planted::epoch_stays, "epoch_stays", "OWN-2", "FENCE"},
    mutant{planted::grants_after_hand_over, "grants_after_hand_over", "OWN-3", "MUTEX"},
    mutant{planted::serves_before_every_report, "serves_before_every_report", "OWN-4 (a)", "MUTEX"},
    mutant{planted::serves_before_void_at, "serves_before_void_at", "OWN-4 (b)", "MUTEX"},
    mutant{planted::removed_holder_freed_at_once, "removed_holder_freed_at_once", "OWN-5", "MUTEX"},
    mutant{planted::release_by_holder, "release_by_holder", "OWN-7", "MUTEX"},
    mutant{planted::table_not_matched, "table_not_matched", "OWN-8", "MUTEX"},
    mutant{planted::late_grant_accepted, "late_grant_accepted", "HOLD-1", "MUTEX"},
    mutant{planted::duplicate_grant_given_back, "duplicate_grant_given_back", "HOLD-6", "MUTEX"},
};

}  // namespace

std::span<const mutant> all_mutants() { return mutants; }

const mutant& mutant_of(base::planted bug) {
    static constexpr mutant none{};
    const auto at = std::find_if(mutants.begin(), mutants.end(), [&](const mutant& m) { return m.bug == bug; });
    return at == mutants.end() ? none : *at;
}

std::optional<mutant> find_mutant(std::string_view name) {
    const auto at = std::find_if(mutants.begin(), mutants.end(),
                                 [&](const mutant& m) { return m.name == name || std::to_string(static_cast<unsigned>(m.bug)) == name; });
    return at == mutants.end() ? std::nullopt : std::optional{*at};
}

}  // namespace holdfast::sim
