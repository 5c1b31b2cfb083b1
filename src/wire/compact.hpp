// Values with a byte form of their own: ids, addresses, sets of slots, slot maps
// (docs/wire-format.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"

namespace holdfast::wire {

constexpr std::size_t id_size = 16;
constexpr std::size_t endpoint_size = 18;

/// Both halves, big-endian: the digits of to_string(id) in their order.
[[nodiscard]] std::array<std::byte, id_size> id_to_bytes(std::uint64_t high, std::uint64_t low);
[[nodiscard]] std::pair<std::uint64_t, std::uint64_t> id_from_bytes(
    std::span<const std::byte, id_size> bytes);

[[nodiscard]] std::array<std::byte, endpoint_size> endpoint_to_bytes(const endpoint& address);
[[nodiscard]] endpoint endpoint_from_bytes(std::span<const std::byte, endpoint_size> bytes);

/// In rising order, each once, each below limits::slots.
[[nodiscard]] bool is_slot_set(std::span<const slot> slots);

/// Room for the larger of the two forms a set of slots may take.
using slot_bytes = std::array<std::byte, 1 + base::limits::slots / 8>;

/// Distances or a bitmap, whichever is shorter; empty for the empty set. The answer points into
/// `room`.
[[nodiscard]] std::span<const std::byte> slots_to_bytes(std::span<const slot> slots,
                                                        slot_bytes& room);
/// False if the bytes are no set of slots.
[[nodiscard]] bool slots_from_bytes(std::span<const std::byte> bytes, std::vector<slot>& slots);

/// How many bits an index below `count` takes.
[[nodiscard]] unsigned index_bits(std::size_t count);
/// Indices below `count`, `index_bits(count)` bits each, lowest bits first.
[[nodiscard]] std::vector<std::byte> pack_indices(std::span<const std::uint16_t> indices,
                                                  std::size_t count);
/// `how_many` of them, or nothing if the bytes are not exactly that.
[[nodiscard]] std::optional<std::vector<std::uint16_t>> unpack_indices(
    std::span<const std::byte> bytes, std::size_t count, std::size_t how_many);

}  // namespace holdfast::wire
