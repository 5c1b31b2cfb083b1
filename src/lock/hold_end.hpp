// How a hold ended, and what its end tells the next holder (FATE).
#pragma once

#include <optional>
#include <string>

#include <holdfast/previous_hold.hpp>

#include "lock/lock_entry.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

struct hold_end {
    end_reason how{};
    bool is_consistent = false;
    std::optional<std::string> value;
};

/// Nothing: the application never had it.
[[nodiscard]] std::optional<hold_end> end_of(const release& done);

/// What the next holder is told. `before`: what this one was told.
[[nodiscard]] previous_hold remembered_after(const granted_hold& h, hold_end how,
                                             previous_hold before);

}  // namespace holdfast::lock
