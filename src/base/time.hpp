// Time without a clock: the driver of the core passes the present time in.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::base {

/// The clock by which one process waits (NOW-2): the one that nothing slews, which stands still in
/// suspend. It has no now() on purpose: a machine of the core that wants to know the time has
/// forgotten a parameter, and does not compile.
struct core_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<core_clock, duration>;
    static constexpr bool is_steady = true;
};

using time_point = core_clock::time_point;
using duration = core_clock::duration;

/// What rights are counted in (NOW-2). It goes on in suspend, and is early rather than late: a
/// right is over when this has reached its end. Another type than that of waits, so that the two
/// are never compared.
struct right_clock {
    using duration = core_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<right_clock, duration>;
    static constexpr bool is_steady = true;
};
using right_time = right_clock::time_point;

/// NOW-1: all are read after the message they come with was received.
struct moment {
    time_point now;  ///< who waits counts this
    /// whole seconds since 2024-01-01 by the wall clock; for epochs only
    std::int64_t wall_s = 0;
    /// NOW-2: for how long the machine was suspended, and a second more for each time. It never
    /// falls.
    duration suspended{};

    /// NOW-2: who has a right counts this.
    [[nodiscard]] constexpr right_time for_rights() const {
        return right_time{now.time_since_epoch() + suspended};
    }
    /// When a right is over that ends at `end`, unless the machine is suspended before.
    [[nodiscard]] constexpr time_point when(right_time end) const {
        return time_point{end.time_since_epoch() - suspended};
    }
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
