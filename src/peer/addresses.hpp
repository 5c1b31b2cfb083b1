// Addresses as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

namespace holdfast::runtime {

struct host_and_port {
    std::string host;
    std::optional<std::uint16_t> port;
};

/// `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`. Nothing for what is none of these. Looks nothing
/// up.
[[nodiscard]] std::optional<host_and_port> split_address(std::string_view text);

/// The address, with `port` where the text names none. Host names are looked up; of several
/// addresses the lowest IPv4 one counts, else the lowest IPv6 one, so that every peer sees the
/// same. `bad_config`, the text names no field.
[[nodiscard]] result<endpoint> resolve(std::string_view text, std::uint16_t port);

[[nodiscard]] bool is_wildcard(const endpoint& address);
[[nodiscard]] endpoint loopback(std::uint16_t port);
/// The address this host uses towards `other` (nothing is sent), with port 0; nothing when there is
/// no way there.
[[nodiscard]] std::optional<endpoint> own_address_towards(const endpoint& other);

}  // namespace holdfast::runtime
