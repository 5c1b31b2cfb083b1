// Chance from the kernel: PeerIds and seeds.
#pragma once

#include <cstdint>

#include <holdfast/ids.hpp>

namespace holdfast::runtime {

[[nodiscard]] std::uint64_t random_number();
[[nodiscard]] peer_id random_peer_id();

}  // namespace holdfast::runtime
