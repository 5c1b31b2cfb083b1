// The clocks of the machine, read at the moment of the question (NOW-1). Nothing else in the
// library reads one.
#pragma once

#include "base/time.hpp"

namespace holdfast::runtime {

/// CLOCK_BOOTTIME, which counts suspend: the loop's own clock (CLOCK_MONOTONIC) stops there, and a
/// lease would not.
[[nodiscard]] base::time_point boot_now();
/// With the wall clock, in whole seconds since 2024-01-01, for epochs.
[[nodiscard]] base::moment moment_now();

}  // namespace holdfast::runtime
