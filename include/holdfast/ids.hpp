// The names of things: peers, clusters, view numbers, epochs, slots.
//
// Each is a type of its own, so that a view number cannot be passed where an epoch is meant.
// All are plain values: copy, compare and hash them as you like, from any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include <holdfast/export.hpp>

namespace holdfast {

/// 128 random bits drawn at every start of a peer: a process that restarts is another peer.
struct peer_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const peer_id&) const = default;
    [[nodiscard]] bool is_nil() const { return high == 0 && low == 0; }
};

/// 128 random bits drawn by the founder of a cluster. Nil: no cluster yet.
struct cluster_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const cluster_id&) const = default;
    [[nodiscard]] bool is_nil() const { return high == 0 && low == 0; }
};

/// The place of a view in the chain of views of its cluster. The first is 1; 0 means "none".
struct view_number {
    std::uint64_t value = 0;

    auto operator<=>(const view_number&) const = default;
    [[nodiscard]] view_number next() const { return {value + 1}; }
    [[nodiscard]] view_number previous() const { return {value - 1}; }
};

/// The upper part of a token. It rises with every view (VIEW-1).
struct epoch {
    std::uint32_t value = 0;

    auto operator<=>(const epoch&) const = default;
};

/// One part of the name space: `slot(name) = XXH3_64(name, cluster seed) mod slots` (RING-1).
struct slot {
    std::uint16_t value = 0;

    auto operator<=>(const slot&) const = default;
};

/// A request for a lock is known by (peer, number); numbers are never used again (HOLD-6).
struct request_number {
    std::uint64_t value = 0;

    auto operator<=>(const request_number&) const = default;
};

/// The address of a peer: IPv6, or IPv4 mapped into it, and a port. UDP and TCP use the same port.
struct endpoint {
    std::array<std::uint8_t, 16> ip{};
    std::uint16_t port = 0;

    auto operator<=>(const endpoint&) const = default;
    [[nodiscard]] bool is_nil() const { return port == 0; }
};

/// 32 hexadecimal digits, and the first 8 of them for people.
[[nodiscard]] HOLDFAST_EXPORT std::string to_string(const peer_id& id);
[[nodiscard]] HOLDFAST_EXPORT std::string to_short_string(const peer_id& id);
[[nodiscard]] HOLDFAST_EXPORT std::string to_string(const cluster_id& id);
/// `10.0.0.7:4653` or `[fe80::1]:4653`.
[[nodiscard]] HOLDFAST_EXPORT std::string to_string(const endpoint& address);

}  // namespace holdfast

template <>
struct std::hash<holdfast::peer_id> {
    std::size_t operator()(const holdfast::peer_id& id) const noexcept {
        return id.high ^ (id.low * 0x9E3779B97F4A7C15ULL);
    }
};

template <>
struct std::hash<holdfast::endpoint> {
    std::size_t operator()(const holdfast::endpoint& address) const noexcept {
        std::uint64_t sum = address.port;
        for (const auto byte : address.ip) {
            sum = (sum ^ byte) * 0x100000001B3ULL;
        }
        return sum;
    }
};
