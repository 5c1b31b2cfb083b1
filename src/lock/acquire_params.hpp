// What is asked for, from the application down to the holder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/breaking.hpp>
#include <holdfast/ids.hpp>

#include "base/time.hpp"
#include "lock/terms.hpp"

namespace holdfast::lock {

struct acquire_params {
    lock::terms terms{};
    bool is_try = false;
    std::optional<base::time_point> until{};  ///< none: waits for ever
    base::duration max_hold{};                ///< zero: none
    base::duration progress_timeout{};        ///< zero: not watched
    stall_action on_stall{};
    std::int32_t priority = 0;
};

/// What a holder says with its release (FATE).
struct release_params {
    /// it has mended what its predecessor may have left half done
    bool says_consistent = false;
    std::optional<std::string> value;  ///< for the next holder
    /// the heir: it is granted the lock next, if it waits (PRIORITY); nil: there is none
    peer_id heir{};
};

}  // namespace holdfast::lock
