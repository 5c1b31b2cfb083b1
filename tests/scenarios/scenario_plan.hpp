// The cluster of a scenario, from its line "cluster".
#pragma once

#include <chrono>

#include "scenario.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::scenarios {

/// What is down stays so until the scenario starts it.
constexpr auto for_good = std::chrono::hours{1};

[[nodiscard]] sim::run_plan plan_of(const scenario& s, sim::mutant mutant);

}  // namespace holdfast::scenarios
