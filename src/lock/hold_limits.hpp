// How long a hold may be held, and how long its program may go on without progress.
#pragma once

#include <cstdint>
#include <optional>

#include <holdfast/breaking.hpp>

#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/acquire_params.hpp"

namespace holdfast::lock {

class hold_limits {
public:
    enum class verdict : std::uint8_t {
        within,
        too_long,  ///< max_hold
        stuck,     ///< progress_timeout; reported once until there is progress again
    };

    hold_limits() = default;
    hold_limits(const acquire_params& wanted, base::time_point now);

    void progress(base::time_point now);
    [[nodiscard]] verdict check(base::time_point now);
    /// When it is to be checked next.
    [[nodiscard]] std::optional<base::time_point> next() const;
    [[nodiscard]] stall_action on_stall() const { return when_stuck_; }

private:
    friend struct explore::state_access;

    std::optional<base::time_point> ends_;
    std::optional<base::time_point> stuck_from_;  // none: it is not watched, or it was reported
    base::duration progress_every_{};             // zero: it is not watched
    stall_action when_stuck_{};
};

}  // namespace holdfast::lock
