// Peers, messages and values for people to read.
#pragma once

#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

#include "lock/messages.hpp"
#include "view/messages.hpp"

namespace holdfast::explore {

/// A to Z for the first ones; with a prime after a restart.
[[nodiscard]] std::string to_name(const peer_id& id);
/// "2#1": the first of epoch 2.
[[nodiscard]] std::string to_text(const token& t);
[[nodiscard]] std::string to_text(const views::message& what);
[[nodiscard]] std::string to_text(const lock::message& what);

}  // namespace holdfast::explore
