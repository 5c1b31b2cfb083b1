// What an owner wants done, and what it tells.
#pragma once

#include <variant>

#include <holdfast/ids.hpp>

#include "base/outbox.hpp"
#include "lock/messages.hpp"
#include "lock/outputs.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

/// The lock was granted, for the first time (observers only).
struct owner_granted {
    hold_info what;
    view_number in;
};
/// OWN-6: the sequence nears its end.
struct epoch_wanted {};

using owner_output = std::variant<send, owner_granted, broke_by_policy, epoch_wanted>;
/// The parts of an owner append what they have to send.
using owner_outbox = base::outbox<owner_output>;

}  // namespace holdfast::lock
