#include <cstdio>
#include <string>

#include <holdfast/ids.hpp>

namespace holdfast {
namespace {

std::string hex(std::uint64_t high, std::uint64_t low) {
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                  static_cast<unsigned long long>(low));
    return text;
}

bool is_mapped_ipv4(const endpoint& address) {
    for (std::size_t i = 0; i < 10; ++i) {
        if (address.ip[i] != 0) {
            return false;
        }
    }
    return address.ip[10] == 0xff && address.ip[11] == 0xff;
}

}  // namespace

std::string to_string(const peer_id& id) { return hex(id.high, id.low); }
std::string to_short_string(const peer_id& id) { return hex(id.high, id.low).substr(0, 8); }
std::string to_string(const cluster_id& id) { return hex(id.high, id.low); }

std::string to_string(const endpoint& address) {
    char text[64];
    const auto& ip = address.ip;
    if (is_mapped_ipv4(address)) {
        std::snprintf(text, sizeof text, "%u.%u.%u.%u:%u", ip[12], ip[13], ip[14], ip[15],
                      address.port);
        return text;
    }
    // The longest run of zero groups is written as "::" (RFC 5952 section 4.2).
    std::uint16_t groups[8];
    for (std::size_t i = 0; i < 8; ++i) {
        groups[i] = static_cast<std::uint16_t>(ip[2 * i] << 8 | ip[2 * i + 1]);
    }
    std::size_t best = 8, best_length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t length = 0;
        while (i + length < 8 && groups[i + length] == 0) {
            ++length;
        }
        if (length > best_length) {
            best = i, best_length = length;
        }
    }
    std::string out = "[";
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == best) {
            out += "::";
            i += best_length - 1;
            continue;
        }
        if (!out.ends_with("[") && !out.ends_with("::")) {
            out += ':';
        }
        std::snprintf(text, sizeof text, "%x", groups[i]);
        out += text;
    }
    return out + "]:" + std::to_string(address.port);
}

}  // namespace holdfast
