// What is asked for, from the application down to the holder.
#pragma once

#include <optional>
#include <string>

#include <holdfast/mode.hpp>

#include "base/time.hpp"

namespace holdfast::lock {

struct wish {
    std::string note;
    bool is_try = false;
    std::optional<base::time_point> until;  ///< none: waits for ever
    lock_mode mode;
};

/// What a holder says with its release (FATE).
struct parting {
    bool says_consistent = false;      ///< it has mended what its predecessor may have left half done
    std::optional<std::string> value;  ///< for the next holder
};

}  // namespace holdfast::lock
