// What an owner wants done, and what it tells.
#pragma once

#include <cstdint>
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

/// LOAD-3: this member has had so many requests and watches refused. Told now and then.
struct quota_reached {
    peer_id member;
    std::uint64_t refused = 0;
};

using owner_output =
    std::variant<send, owner_granted, broke_by_policy, epoch_wanted, quota_reached>;
/// The parts of an owner append what they have to send.
using owner_outbox = base::outbox<owner_output>;

}  // namespace holdfast::lock
