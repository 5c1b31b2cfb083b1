// The two clocks of one simulated machine: the boot clock, which runs at a rate of its own, and the
// wall clock, which may be wrong and may step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"
#include "sim/instant.hpp"

namespace holdfast::sim {

/// Whole numbers only, so that every compiler and every optimisation level computes the same times.
class machine_clock {
public:
    machine_clock(base::time_point boot, int parts_per_million, std::int64_t wall_s)
        : boot_{boot}, parts_per_million_{parts_per_million}, wall_{std::chrono::seconds{wall_s}} {}

    [[nodiscard]] base::time_point boot(instant now) const {
        return boot_ + shown((now - since_).count());
    }
    /// Whole seconds since 2024-01-01, as this machine believes.
    [[nodiscard]] std::int64_t wall_s(instant now) const {
        return std::chrono::floor<std::chrono::seconds>(wall_ + wall_error_ + now).count();
    }

    /// The first instant, not before `now`, at which the boot clock shows `then` (if its rate stays
    /// as it is).
    [[nodiscard]] instant when(base::time_point then, instant now) const {
        // Further ahead than any run is long, and so near that nothing below overflows.
        const auto wanted = std::min<std::int64_t>(
            (then - boot_).count(), std::chrono::nanoseconds{std::chrono::hours{2}}.count());
        if (wanted <= 0) {
            return now;
        }
        std::int64_t passed = wanted - wanted * parts_per_million_ / (million + parts_per_million_);
        while (shown(passed).count() < wanted) {
            ++passed;
        }
        while (passed > 0 && shown(passed - 1).count() >= wanted) {
            --passed;
        }
        return std::max(now, since_ + instant{passed});
    }

    void set_rate(int parts_per_million, instant now) {
        boot_ = boot(now);
        since_ = now;
        parts_per_million_ = parts_per_million;
    }
    /// As if the boot clock had stood still since it showed `then`.
    void stood_still_at(base::time_point then, instant now) {
        boot_ = then;
        since_ = now;
    }
    void step_boot(base::duration by, instant now) {
        boot_ = boot(now) + by;
        since_ = now;
    }
    void step_wall(std::chrono::seconds by) { wall_error_ += by; }
    [[nodiscard]] std::chrono::nanoseconds wall_error() const { return wall_error_; }

private:
    static constexpr std::int64_t million = 1'000'000;

    [[nodiscard]] base::duration shown(std::int64_t passed) const {
        // passed * ppm / million, in two parts because a clock that nearly stands still lets years
        // pass in two hours.
        return base::duration{passed + passed / million * parts_per_million_ +
                              passed % million * parts_per_million_ / million};
    }

    base::time_point boot_;
    instant since_{};
    std::int64_t parts_per_million_;
    std::chrono::nanoseconds wall_;
    std::chrono::nanoseconds wall_error_{};
};

}  // namespace holdfast::sim
