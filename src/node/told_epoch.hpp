// FOUND-9: which epochs peers have agreed to, told on the way of leases and push-pulls.
#pragma once

#include <holdfast/ids.hpp>

#include "node/message.hpp"

namespace holdfast::node {

/// Adds it, if that kind of message has a place for it.
void tell_epoch(message& what, epoch agreed);
/// 0: it tells none.
[[nodiscard]] epoch told_epoch(const message& what);

}  // namespace holdfast::node
