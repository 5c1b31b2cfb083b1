// For how long a machine was suspended, as far as its clocks show (NOW-2).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "base/time.hpp"

namespace holdfast::base {

/// What clocks of one machine showed, read one after the other in this order.
struct clock_reading {
    duration raw{};  ///< CLOCK_MONOTONIC_RAW: nothing slews it, and it stands still in suspend
    duration monotonic{};  ///< CLOCK_MONOTONIC: as the one before, but slewed
    duration boot{};       ///< CLOCK_BOOTTIME: CLOCK_MONOTONIC and the time that was suspended
    duration monotonic_again{};

    /// How far apart the readings are: the less, the better they tell what they showed together.
    [[nodiscard]] constexpr duration width() const { return monotonic_again - monotonic; }
};

/// Makes moments of readings. Only CLOCK_BOOTTIME counts suspend, but it is slewed, by up to a
/// tenth, far beyond `clock_drift`. What it is ahead of CLOCK_MONOTONIC is not: both are slewed
/// alike, so that grows by a suspend only.
///
/// It may be copied to another process of the machine, which goes on counting from there.
class suspend_count {
public:
    suspend_count() = default;  ///< for a copy to be received
    explicit suspend_count(const clock_reading& first)
        : read_at_{first.raw}, read_{ahead(first)}, counted_{ahead(first)} {}

    /// Reads the clocks with `clocks` until they were read close together, a few times at most.
    template <class Read>
    [[nodiscard]] static clock_reading closest(Read&& clocks) {
        clock_reading best = clocks();
        for (int i = 1; i < most_tries && best.width() > close; ++i) {
            const clock_reading next = clocks();
            best = next.width() < best.width() ? next : best;
        }
        return best;
    }

    /// Notes what was read. `wall_s`: as in `moment`.
    moment note(const clock_reading& r, std::int64_t wall_s = 0);

    [[nodiscard]] duration suspended() const { return suspended_; }
    /// Whether nothing would be noted now: these clocks show no suspend, and were noted lately.
    [[nodiscard]] static bool is_known(const clock_reading& r, duration counted, duration read_at) {
        return ahead(r) - counted <= least_suspend && r.raw - read_at < note_again_after;
    }
    [[nodiscard]] duration counted() const { return counted_; }
    [[nodiscard]] duration read_at() const { return read_at_; }

private:
    static constexpr duration close = std::chrono::microseconds{50};
    static constexpr duration least_suspend = std::chrono::milliseconds{1};
    static constexpr duration note_again_after = std::chrono::milliseconds{10};
    /// The clock in which systems measure suspends may count whole seconds only.
    static constexpr duration more_for_each = std::chrono::seconds{1};
    static constexpr int most_tries = 8;

    /// Never more than it was, however far apart the clocks were read.
    [[nodiscard]] static constexpr duration ahead(const clock_reading& r) {
        return r.boot - r.monotonic_again;
    }

    duration read_at_{};    // by `raw`, the last reading that was noted
    duration read_{};       // what it showed
    duration counted_{};    // what is in suspended_, and what there was at first
    duration suspended_{};  // as in `moment`
};

}  // namespace holdfast::base
