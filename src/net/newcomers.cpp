#include "net/newcomers.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "net/socket.hpp"

namespace holdfast::net {

newcomers::origin newcomers::origin_of(const endpoint& at) {
    auto ip = at.ip;
    if (!is_ipv4(at)) {
        std::fill(ip.begin() + 8, ip.end(), std::uint8_t{0});
    }
    return ip;
}

void newcomers::add(std::uint64_t id, const endpoint& at) {
    all_.push_back({id, origin_of(at)});
    HOLDFAST_ASSERT(all_.size() <= most);
}

std::optional<std::uint64_t> newcomers::drop_oldest_newcomer(const endpoint& from) {
    const auto is_same = [from = origin_of(from)](const newcomer& n) { return n.from == from; };
    const auto of_origin =
        static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), is_same));
    auto oldest = all_.end();
    if (of_origin >= most_of_one_origin) {
        oldest = std::find_if(all_.begin(), all_.end(), is_same);
    } else if (all_.size() >= most) {
        oldest = all_.begin();
    }
    if (oldest == all_.end()) {
        return std::nullopt;
    }
    const auto id = oldest->id;
    all_.erase(oldest);
    return id;
}

}  // namespace holdfast::net
