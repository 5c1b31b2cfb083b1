// The deadlines of one machine, by what they are for.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/deadline.hpp"
#include "base/time.hpp"

namespace holdfast::base {

/// One deadline for each enumerator from 0 to `Last`.
template <class Enum, Enum Last>
class timers {
public:
    static constexpr std::size_t count = static_cast<std::size_t>(Last) + 1;

    void set(Enum which, time_point when) { of(which) = when; }
    /// For one purpose that several things share: their earliest stands until clear().
    void set_earliest(Enum which, std::optional<time_point> when) { earlier(of(which), when); }
    void clear(Enum which) { of(which).reset(); }

    [[nodiscard]] bool is_set(Enum which) const { return at(which).has_value(); }
    [[nodiscard]] bool is_due(Enum which, time_point now) const {
        return base::is_due(at(which), now);
    }
    /// Clears it if it is due: its machine then looks at what it is for, and sets it anew.
    [[nodiscard]] bool take_due(Enum which, time_point now) {
        const bool due = is_due(which, now);
        if (due) {
            clear(which);
        }
        return due;
    }
    [[nodiscard]] const std::optional<time_point>& at(Enum which) const {
        return all_[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] std::optional<time_point> deadline() const {
        std::optional<time_point> due;
        for (const auto& one : all_) {
            earlier(due, one);
        }
        return due;
    }

private:
    [[nodiscard]] std::optional<time_point>& of(Enum which) {
        return all_[static_cast<std::size_t>(which)];
    }

    std::array<std::optional<time_point>, count> all_{};
};

}  // namespace holdfast::base
