// The clocks of the machine, read at the moment of the question (NOW-1). No other part of the
// library reads one.
#pragma once

#include <chrono>

#include "base/time.hpp"

namespace holdfast::runtime {

/// CLOCK_BOOTTIME, which counts suspend: the loop's own clock (CLOCK_MONOTONIC) stops there, and a
/// lease would not.
[[nodiscard]] base::time_point boot_now();
/// With the wall clock, in whole seconds since 2024-01-01, for epochs.
[[nodiscard]] base::moment moment_now();

/// Longer waits are as good as endless, and added to a present time they would overflow.
constexpr base::duration longest_wait = std::chrono::hours{24 * 365};
/// The end of a wait that begins now.
[[nodiscard]] base::time_point deadline_after(base::duration wait);

}  // namespace holdfast::runtime
