// Time without a clock: the driver of the core passes the present time in.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::base {

/// The boot-time clock of one process (it counts suspend). It has no now() on purpose: a machine of
/// the core that wants to know the time has forgotten a parameter, and does not compile.
struct core_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<core_clock, duration>;
    static constexpr bool is_steady = true;
};

using time_point = core_clock::time_point;
using duration = core_clock::duration;

/// NOW-1: both are read after the message they come with was received.
struct moment {
    time_point now;  ///< boot time
    /// whole seconds since 2024-01-01 by the wall clock; for epochs only
    std::int64_t wall_s = 0;
};

/// Stretches a duration by the fraction `drift` (1 + drift), rounded up; shrinks it (1 - drift),
/// rounded down.
[[nodiscard]] constexpr duration stretched(duration d, double drift) {
    return d + duration{static_cast<duration::rep>(static_cast<double>(d.count()) * drift) + 1};
}
[[nodiscard]] constexpr duration shrunk(duration d, double drift) {
    return d - duration{static_cast<duration::rep>(static_cast<double>(d.count()) * drift) + 1};
}

}  // namespace holdfast::base
