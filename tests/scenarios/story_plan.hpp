// The cluster of a story, from its line "cluster".
#pragma once

#include <chrono>

#include "sim/scenario.hpp"
#include "story.hpp"

namespace holdfast::scenarios {

/// What is down stays so until the story starts it.
constexpr auto for_good = std::chrono::hours{1};

[[nodiscard]] sim::scenario plan_of(const story& s, base::planted bug);

}  // namespace holdfast::scenarios
