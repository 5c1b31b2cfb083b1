// Peers, messages and values for people to read.
#pragma once

#include <string>

#include <holdfast/ids.hpp>

#include "view/messages.hpp"

namespace holdfast::explore {

/// A to Z for the first ones; with a prime after a restart.
[[nodiscard]] std::string to_name(const peer_id& id);
[[nodiscard]] std::string tell(const view_layer::message& what);

}  // namespace holdfast::explore
