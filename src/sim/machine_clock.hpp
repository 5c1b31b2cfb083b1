// The clocks of one simulated machine: the raw clock, which runs at a rate of its own, those that
// may be slewed beside it (NOW-2), and the wall clock, which may be wrong and may step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/suspend_count.hpp"
#include "base/time.hpp"
#include "sim/instant.hpp"

namespace holdfast::sim {

/// Whole numbers only, so that every compiler and every optimisation level computes the same times.
class machine_clock {
public:
    machine_clock(base::time_point raw, int parts_per_million, std::int64_t wall_s)
        : raw_{raw}, parts_per_million_{parts_per_million}, wall_{std::chrono::seconds{wall_s}} {}

    [[nodiscard]] base::time_point raw(instant now) const {
        const auto until = stopped_at_.value_or(now);
        return raw_ + shown(std::max(until - since_, instant{}).count());
    }
    /// All that a process reads at once.
    [[nodiscard]] base::clock_reading read(instant now) const {
        const auto raw_now = raw(now).time_since_epoch();
        const auto since_slew = (raw(now) - slewed_since_).count();
        const auto monotonic =
            raw_now + slewed_ + base::duration{parts_of(since_slew, slew_parts_per_million_)};
        const auto asleep = stopped_at_ ? now - *stopped_at_ : instant{};
        return {raw_now, monotonic, monotonic + slept_ + asleep, monotonic};
    }
    /// Whole seconds since 2024-01-01, as this machine believes.
    [[nodiscard]] std::int64_t wall_s(instant now) const {
        return std::chrono::floor<std::chrono::seconds>(wall_ + wall_error_ + now).count();
    }

    /// The first instant, not before `now`, at which the raw clock shows `then` (if its rate stays
    /// as it is).
    [[nodiscard]] instant when(base::time_point then, instant now) const {
        // Further ahead than any run is long, and so near that nothing below overflows.
        const auto wanted = std::min<std::int64_t>(
            (then - raw_).count(), std::chrono::nanoseconds{std::chrono::hours{2}}.count());
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
        stood_still_at(raw(now), now);
        parts_per_million_ = parts_per_million;
    }
    /// As if the raw clock had stood still since it showed `then`.
    void stood_still_at(base::time_point then, instant now) {
        raw_ = then;
        since_ = now;
    }
    void step_raw(base::duration by, instant now) { stood_still_at(raw(now) + by, now); }
    /// All clocks but the raw one and the wall clock, from now on; 0: as the raw one.
    void slew(int parts_per_million, instant now) {
        const auto r = read(now);
        slewed_ = r.monotonic - r.raw;
        slewed_since_ = raw(now);
        slew_parts_per_million_ = parts_per_million;
    }
    /// It is suspended: raw and slewed clocks stand still until wake().
    void suspend(instant now) { stopped_at_ = now; }
    [[nodiscard]] bool is_suspended() const { return stopped_at_.has_value(); }
    /// What it takes for the time that it slept: just that, or, by a clock of whole seconds, what
    /// began `phase` before it. Never none: a suspend that is not seen cannot be counted.
    void wake(std::optional<base::duration> phase, instant now) {
        if (stopped_at_) {
            const base::duration slept = now - *stopped_at_;
            using std::chrono::seconds;
            slept_ +=
                phase ? std::max(seconds{1}, std::chrono::floor<seconds>(slept + *phase)) : slept;
            stood_still_at(raw(now), now);
            stopped_at_.reset();
        }
    }
    void step_wall(std::chrono::seconds by) { wall_error_ += by; }
    [[nodiscard]] std::chrono::nanoseconds wall_error() const { return wall_error_; }

private:
    static constexpr std::int64_t million = 1'000'000;

    /// passed * parts_per_million / million, in two parts because a clock that nearly stands still
    /// lets years pass in two hours.
    [[nodiscard]] static std::int64_t parts_of(std::int64_t passed,
                                               std::int64_t parts_per_million) {
        return passed / million * parts_per_million +
               passed % million * parts_per_million / million;
    }
    [[nodiscard]] base::duration shown(std::int64_t passed) const {
        return base::duration{passed + parts_of(passed, parts_per_million_)};
    }

    base::time_point raw_;
    instant since_{};
    std::int64_t parts_per_million_;
    base::duration slewed_{};  // until slewed_since_
    base::time_point slewed_since_{};
    std::int64_t slew_parts_per_million_ = 0;
    std::optional<instant> stopped_at_;
    base::duration slept_{};
    std::chrono::nanoseconds wall_;
    std::chrono::nanoseconds wall_error_{};
};

}  // namespace holdfast::sim
