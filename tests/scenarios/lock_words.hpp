// The words of a step that say how a lock is asked for.
#pragma once

#include "scenario.hpp"
#include "sim/application.hpp"

namespace holdfast::scenarios {

[[nodiscard]] lock_mode take_mode(words& w);
[[nodiscard]] sim::acquire_how take_how(words& w);

}  // namespace holdfast::scenarios
