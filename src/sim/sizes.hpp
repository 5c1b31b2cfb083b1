// How many processes a run has: one number for all seeds, or another for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::sim {

/// Addresses of places differ in one byte.
constexpr std::size_t most_nodes = 200;

struct sizes {
    std::size_t least = 5;
    std::size_t most = 5;
    bool operator==(const sizes&) const = default;
};

/// "5" or "1-15". Nothing: it is neither, or more than `most_nodes`.
[[nodiscard]] std::optional<sizes> parse_sizes(std::string_view text);
/// From a random number of its own: a run of this size is the same, however its size was chosen.
[[nodiscard]] std::size_t draw_size(const sizes& from, std::uint64_t seed);

}  // namespace holdfast::sim
