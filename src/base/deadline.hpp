// The earliest of several times at which something is due.
#pragma once

#include <optional>

#include "base/time.hpp"

namespace holdfast::base {

inline void earlier(std::optional<time_point>& so_far, std::optional<time_point> other) {
    if (other && (!so_far || *other < *so_far)) {
        so_far = other;
    }
}

[[nodiscard]] inline bool is_due(const std::optional<time_point>& when, time_point now) {
    return when && *when <= now;
}

}  // namespace holdfast::base
