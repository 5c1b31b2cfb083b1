// Limits for connections that were accepted and have not proven themselves yet.
//
// When such connections hold all places, the oldest of them is closed: a peer proves itself within
// a round trip or two, and a connection that only waits is no peer. If the newest were refused
// instead, connections that only wait would keep all peers out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>

namespace holdfast::net {

class newcomers {
public:
    static constexpr std::size_t most = 256;
    static constexpr std::size_t most_of_one_origin = 64;

    /// In the order they were accepted.
    void add(std::uint64_t id, const endpoint& at);
    /// Makes a place for one more from there: the one that has to go, if any. It is among these no
    /// more.
    [[nodiscard]] std::optional<std::uint64_t> drop_oldest_newcomer(const endpoint& from);
    [[nodiscard]] std::size_t size() const { return all_.size(); }

private:
    using origin = std::array<std::uint8_t, 16>;
    /// Whose limit a connection counts against: an IPv4 address, or all of the IPv6 network that
    /// one host mostly has.
    [[nodiscard]] static origin origin_of(const endpoint& at);

    struct newcomer {
        std::uint64_t id;
        origin from;
    };
    std::vector<newcomer> all_;  // the oldest first
};

}  // namespace holdfast::net
