// Whether the machine's clocks agree on how long a minute is (NOW-2).
#pragma once

#include <chrono>
#include <optional>

#include "base/suspend_count.hpp"
#include "base/time.hpp"

namespace holdfast::base {

/// The time of day is corrected by way of CLOCK_MONOTONIC, which leases do not use: that it is
/// slewed does them no harm. But it is slewed by as much as CLOCK_MONOTONIC_RAW is wrong, where
/// that is the reason, and then CLOCKS does not hold.
class slew_watch {
public:
    /// How much faster CLOCK_MONOTONIC was over the last minute, as a part of it, if that is more
    /// than `most` either way; once for each minute.
    [[nodiscard]] std::optional<double> note(const clock_reading& now, double most) {
        if (!since_) {
            since_ = now;
        }
        const auto raw = now.raw - since_->raw;
        if (raw < std::chrono::minutes{1}) {
            return std::nullopt;
        }
        const auto more = now.monotonic - since_->monotonic - raw;
        since_ = now;
        const auto part = static_cast<double>(more.count()) / static_cast<double>(raw.count());
        return part > most || part < -most ? std::optional{part} : std::nullopt;
    }

private:
    std::optional<clock_reading> since_;
};

}  // namespace holdfast::base
