// Ports the kernel picks, for seeds that have to be known before their peers start.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace test_support {

/// Free for TCP and UDP of 127.0.0.1 a moment ago, each another.
inline std::vector<std::string> free_addresses(std::size_t count) {
    std::vector<int> open;
    std::vector<std::string> out;
    while (out.size() < count) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof at;
        const int tcp = socket(AF_INET, SOCK_STREAM, 0);
        const int udp = socket(AF_INET, SOCK_DGRAM, 0);
        open.push_back(tcp);
        open.push_back(udp);
        if (bind(tcp, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
            getsockname(tcp, reinterpret_cast<sockaddr*>(&at), &length) != 0) {
            throw std::runtime_error{"no free port"};
        }
        if (bind(udp, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) {
            out.push_back("127.0.0.1:" + std::to_string(ntohs(at.sin_port)));
        }
    }
    for (const int fd : open) {
        close(fd);
    }
    return out;
}

}  // namespace test_support
