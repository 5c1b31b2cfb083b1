// The fencing token: the place of a hold in the order of all grants of its lock (FENCE).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

#include <holdfast/ids.hpp>

namespace holdfast {

/// `epoch << 31 | sequence`, a positive 63-bit integer, so that it fits a signed BIGINT. A later
/// epoch outranks every sequence number, so a new owner need not know what its predecessor had
/// granted. Hand it to the guarded resource, which refuses a token below the highest it has seen
/// (`gate.hpp`).
struct token {
    static constexpr unsigned sequence_bits = 31;
    static constexpr std::uint32_t max_sequence = (std::uint32_t{1} << sequence_bits) - 1;

    std::int64_t value = 0;

    auto operator<=>(const token&) const = default;
    [[nodiscard]] bool is_nil() const { return value == 0; }
    [[nodiscard]] epoch of_epoch() const {
        return {static_cast<std::uint32_t>(value >> sequence_bits)};
    }
    [[nodiscard]] std::uint32_t sequence() const {
        return static_cast<std::uint32_t>(value) & max_sequence;
    }

    [[nodiscard]] static token make(epoch of, std::uint32_t sequence) {
        return {static_cast<std::int64_t>((std::uint64_t{of.value} << sequence_bits) | sequence)};
    }
};

}  // namespace holdfast

template <>
struct std::hash<holdfast::token> {
    std::size_t operator()(const holdfast::token& t) const noexcept {
        return std::hash<std::int64_t>{}(t.value);
    }
};
