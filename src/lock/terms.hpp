// What an application asks for that goes with its hold from the request to its end.
#pragma once

#include <chrono>
#include <string>

#include <holdfast/breaking.hpp>
#include <holdfast/mode.hpp>

namespace holdfast::lock {

struct terms {
    std::string note;
    lock_mode mode;
    break_policy policy{};
    /// the lock is granted so long after a hold that ends without a release (DELAY)
    std::chrono::milliseconds delay{};
    bool operator==(const terms&) const = default;
};

}  // namespace holdfast::lock
