// What a holder wants done, and what it tells.
#pragma once

#include <variant>

#include "base/outbox.hpp"
#include "lock/outputs.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

using holder_output = std::variant<send, was_granted, has_failed, was_lost, hold_stalled,
                                   release_requested, state_changed, watch_not_taken>;
using holder_outbox = base::outbox<holder_output>;

}  // namespace holdfast::lock
