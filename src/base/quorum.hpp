// A majority of all seats, vacant ones counted (DESIGN section 1).
#pragma once

#include <algorithm>
#include <cstddef>

#include <holdfast/view.hpp>

#include "base/planted.hpp"

namespace holdfast::base {

[[nodiscard]] inline std::size_t quorum_of(const view& v, planted bug) {
    if (bug == planted::quorum_of_filled_seats) {
        const auto filled = std::count_if(v.seats.begin(), v.seats.end(),
                                          [](const seat& s) { return !s.filled_by.is_nil(); });
        return static_cast<std::size_t>(filled) / 2 + 1;
    }
    return v.quorum();
}

}  // namespace holdfast::base
