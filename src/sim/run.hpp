// One seed from start to verdict: faults, then mending, then every lock must be had again and
// nothing stay behind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/rule_effects.hpp"
#include "sim/adversary.hpp"
#include "sim/cluster.hpp"
#include "sim/judge.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::sim {

struct result {
    options asked;
    std::vector<violation> violations;
    /// of everything sent and told: equal for every compiler
    std::uint64_t hash = 0;
    instant simulated{};
    std::uint64_t grants = 0;
    /// with clocks beyond the bound: promises that may then fail, and did
    std::array<std::uint64_t, guarantee_kinds> excused{};
    /// from the mending until every process had had every lock (LIVE)
    instant served_after{};
    std::array<std::uint64_t, fault_kinds> faults{};
    std::array<adversary::counts, attack_kinds> attacks{};
    /// how often each rule made a difference
    base::effect_counts effects{};
    sim::network::counters net;
    sim::context::counters processes;
};

[[nodiscard]] result run(const options& asked);

/// The command that replays a run: `holdfast-sim --seed 17 --nodes 5`.
[[nodiscard]] std::string replay_line(const options& asked);

}  // namespace holdfast::sim
