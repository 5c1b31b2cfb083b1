// Plain non-blocking sockets, and endpoints as the system wants them.
#pragma once

#include <sys/socket.h>
#include <chrono>
#include <cstdint>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "os/unique_fd.hpp"

namespace holdfast::net {

[[nodiscard]] bool is_ipv4(const endpoint& at);
/// A mapped IPv4 endpoint becomes AF_INET, everything else AF_INET6; with `always_ipv6` it stays
/// mapped, which is what a socket of both families wants. Returns the length used.
socklen_t to_sockaddr(const endpoint& at, sockaddr_storage& out, bool always_ipv6 = false);
/// The same endpoint, whichever family of socket it was read from.
[[nodiscard]] endpoint from_sockaddr(const sockaddr_storage& from);

struct listening {
    os::unique_fd tcp;
    os::unique_fd udp;
    endpoint at;           ///< the port filled in
    bool is_ipv6 = false;  ///< the family of the sockets
};
/// TCP and UDP of one port; port 0 takes one that is free for both. `::` means all addresses of
/// both families, where the system has only IPv4 all of that. `address_in_use`, `io`, naming the
/// address.
[[nodiscard]] result<listening> listen_at(const endpoint& at);

/// What the system says when it has no descriptor, no memory for one, or no local port: the other
/// end has not answered.
[[nodiscard]] bool is_shortage(int code);
/// A stream socket that is being connected, without waiting for it.
[[nodiscard]] os::unique_fd dial(const endpoint& at, std::chrono::milliseconds patience);
/// Bytes that a segment of this stream carries (TCP_MAXSEG); 0: the system does not say.
[[nodiscard]] std::uint32_t segment_of(int fd);
/// For both ends of a stream: no delay, and an end when nothing is acknowledged for so long.
void tune(int fd, std::chrono::milliseconds patience);

}  // namespace holdfast::net
