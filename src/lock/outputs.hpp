// What holders and owners tell the application; node passes it on as it is.
#pragma once

#include <optional>
#include <string>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

#include "lock/messages.hpp"

namespace holdfast::lock {

/// The request was granted. The hold is valid while the lease runs and no `was_lost` names its
/// token.
struct was_granted {
    request_number number;
    std::string name;
    holdfast::token token;
    previous_hold before;
};
/// The request ended without a hold.
struct has_failed {
    request_number number;
    errc why{};
    std::optional<lock_summary> summary;  ///< as its owner saw it when it refused
};
/// A hold ended without a release: lease_lost, evicted, broken.
struct was_lost {
    std::string name;
    holdfast::token token;
    errc why{};
    std::string broken_by{};  ///< and for what reason, when it was
    std::string broken_for{};
};
/// Its program makes no progress (wish::progress_timeout). Told once until it does again.
struct hold_stalled {
    std::string name;
    holdfast::token token;
};
/// A hold is asked back. Told once for each demand.
struct release_requested {
    lock::release_request what;
};
/// To a watcher (WATCH-1).
struct state_changed {
    std::string name;
    lock_summary summary;
};
/// LOAD-3: its owner keeps no more watches for this peer. It is asked again once per A.
struct watch_not_taken {
    std::string name;
};
/// As an owner: a hold is to be broken because of its own policy.
struct broke_by_policy {
    hold_info what;
    std::string who;
    std::string why;
};

}  // namespace holdfast::lock
