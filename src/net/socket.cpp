#include "net/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace holdfast::net {
namespace {

int open_socket(const endpoint& at, int type) {
    return ::socket(is_ipv4(at) ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

constexpr endpoint any_ipv4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 0};

/// `::`
bool is_any(const endpoint& at) { return at.ip == endpoint{}.ip; }

bool has_ipv6() {
    const os::unique_fd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    return fd || errno != EAFNOSUPPORT;
}

tl::unexpected<error> refuse(const endpoint& at, int code) {
    const std::string where = to_string(at);
    if (code == EADDRINUSE) {
        return fail(errc::address_in_use,
                    where + " is in use by another process; choose another port or stop it");
    }
    return fail(errc::io_error, "cannot listen at " + where + ": " + std::strerror(code));
}

result<os::unique_fd> bound(const endpoint& at, int type) {
    os::unique_fd fd{open_socket(at, type)};
    if (!fd) {
        return refuse(at, errno);
    }
    const int on = 1;
    if (is_any(at)) {
        const int off = 0;  // whatever the system's default is
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (type == SOCK_STREAM) {
        // A port with connections of a former process in TIME_WAIT can be listened at again.
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    } else {
        // a burst of probes and renewals must not be lost while the loop is busy
        const int room = 4 << 20;
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    sockaddr_storage address{};
    const auto length = to_sockaddr(at, address);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        (type == SOCK_STREAM && ::listen(fd.get(), 256) != 0)) {
        return refuse(at, errno);
    }
    return fd;
}

}  // namespace

bool is_ipv4(const endpoint& at) {
    static constexpr std::uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(at.ip.data(), prefix, sizeof prefix) == 0;
}

socklen_t to_sockaddr(const endpoint& at, sockaddr_storage& out, bool always_ipv6) {
    out = {};
    if (is_ipv4(at) && !always_ipv6) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(at.port);
        std::memcpy(&v4.sin_addr, at.ip.data() + 12, 4);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(at.port);
    std::memcpy(&v6.sin6_addr, at.ip.data(), 16);
    return sizeof v6;
}

endpoint from_sockaddr(const sockaddr_storage& from) {
    endpoint at;
    if (from.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
        at.ip[10] = at.ip[11] = 0xff;
        std::memcpy(at.ip.data() + 12, &v4.sin_addr, 4);
        at.port = ntohs(v4.sin_port);
    } else if (from.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
        std::memcpy(at.ip.data(), &v6.sin6_addr, 16);
        at.port = ntohs(v6.sin6_port);
    }
    return at;
}

result<listening> listen_at(const endpoint& wanted) {
    auto at = wanted;
    if (is_any(at) && !has_ipv6()) {
        at.ip = any_ipv4.ip;
    }
    // The port the system picks for TCP may be taken for UDP: then try the next.
    for (int tries = 0;; ++tries) {
        auto tcp = bound(at, SOCK_STREAM);
        if (!tcp) {
            return tl::unexpected<error>{tcp.error()};
        }
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        ::getsockname(tcp->get(), reinterpret_cast<sockaddr*>(&address), &length);
        endpoint chosen = at;
        chosen.port = from_sockaddr(address).port;
        auto udp = bound(chosen, SOCK_DGRAM);
        if (udp) {
            return listening{std::move(*tcp), std::move(*udp), chosen, !is_ipv4(chosen)};
        }
        if (at.port != 0 || tries == 20) {
            return tl::unexpected<error>{udp.error()};
        }
    }
}

bool is_shortage(int code) {
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM ||
           code == EADDRNOTAVAIL;
}

/// Without one, `errno` says why.
os::unique_fd dial(const endpoint& at, std::chrono::milliseconds patience) {
    os::unique_fd fd{open_socket(at, SOCK_STREAM)};
    if (!fd) {
        return fd;
    }
    tune(fd.get(), patience);
    sockaddr_storage address{};
    const auto length = to_sockaddr(at, address);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 &&
        errno != EINPROGRESS) {
        fd.reset();
    }
    return fd;
}

std::uint32_t segment_of(int fd) {
    int bytes = 0;
    socklen_t length = sizeof bytes;
    const bool is_told = ::getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, &length) == 0;
    return is_told && bytes > 0 ? static_cast<std::uint32_t>(bytes) : 0;
}

void tune(int fd, std::chrono::milliseconds patience) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A stream that is cut must not keep messages for minutes: the protocol repeats what matters,
    // over a new one.
    const auto patience_ms = static_cast<unsigned>(patience.count());
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

}  // namespace holdfast::net
