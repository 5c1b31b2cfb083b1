#include "peer/addresses.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "net/socket.hpp"
#include "os/unique_fd.hpp"

namespace holdfast::runtime {
namespace {

constexpr std::size_t mapped_prefix = 12;

endpoint ipv4(const void* four_bytes, std::uint16_t port) {
    endpoint out;
    out.ip[10] = out.ip[11] = 0xff;
    std::memcpy(&out.ip[mapped_prefix], four_bytes, 4);
    out.port = port;
    return out;
}

endpoint from_system(const sockaddr* address, socklen_t size, std::uint16_t port) {
    sockaddr_storage storage{};
    std::memcpy(&storage, address, std::min<std::size_t>(size, sizeof storage));
    auto out = net::from_sockaddr(storage);
    out.port = port;
    return out;
}

}  // namespace

std::optional<host_and_port> split_address(std::string_view text) {
    host_and_port out;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        out.host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else {
        const auto colon = text.find(':');
        out.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    if (out.host.empty()) {
        return std::nullopt;
    }
    if (rest.empty()) {
        return out;
    }
    std::uint16_t port = 0;
    const auto parsed = std::from_chars(rest.data() + 1, rest.data() + rest.size(), port);
    if (!rest.starts_with(':') || rest.size() == 1 || parsed.ec != std::errc{} ||
        parsed.ptr != rest.data() + rest.size()) {
        return std::nullopt;
    }
    out.port = port;
    return out;
}

result<endpoint> resolve(std::string_view text, std::uint16_t port) {
    const auto parts = split_address(text);
    if (!parts) {
        return fail(errc::bad_config,
                    "\"" + std::string{text} + "\" is no address; write HOST:PORT or [IPv6]:PORT");
    }
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int status = getaddrinfo(parts->host.c_str(), nullptr, &wanted, &list); status != 0) {
        return fail(errc::bad_config, "\"" + std::string{text} + "\": " + gai_strerror(status));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{list, freeaddrinfo};
    std::vector<endpoint> found;
    for (const auto* one = list; one != nullptr; one = one->ai_next) {
        if (one->ai_family == AF_INET || one->ai_family == AF_INET6) {
            found.push_back(from_system(one->ai_addr, one->ai_addrlen, parts->port.value_or(port)));
        }
    }
    if (found.empty()) {
        return fail(errc::bad_config, "\"" + std::string{text} + "\" has no IP address");
    }
    return *std::min_element(found.begin(), found.end(), [](const endpoint& a, const endpoint& b) {
        return std::pair{!net::is_ipv4(a), a} < std::pair{!net::is_ipv4(b), b};
    });
}

bool is_wildcard(const endpoint& address) {
    const auto from =
        net::is_ipv4(address) ? address.ip.begin() + mapped_prefix : address.ip.begin();
    return std::all_of(from, address.ip.end(), [](auto b) { return b == 0; });
}

endpoint loopback(std::uint16_t port) {
    const std::uint8_t bytes[] = {127, 0, 0, 1};
    return ipv4(bytes, port);
}

std::optional<endpoint> own_address_towards(const endpoint& other) {
    sockaddr_storage storage{};
    const auto size = net::to_sockaddr(other, storage);
    const os::unique_fd fd{socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!fd) {
        return std::nullopt;
    }
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    socklen_t capacity = sizeof storage;
    const bool is_known =
        connect(fd.get(), address, size) == 0 && getsockname(fd.get(), address, &capacity) == 0;
    return is_known ? std::optional{from_system(address, capacity, 0)} : std::nullopt;
}

}  // namespace holdfast::runtime
