// Limits for connections that have not proven themselves.
#include "net/newcomers.hpp"

#include <cstdint>

#include "catch.hpp"

using namespace holdfast;
using net::newcomers;

namespace {

endpoint ipv4(std::uint8_t last, std::uint16_t port = 1) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last}, port};
}
endpoint ipv6(std::uint8_t network, std::uint8_t host) {
    endpoint at{{0x20, 0x01}, 1};
    at.ip[7] = network;
    at.ip[15] = host;
    return at;
}

}  // namespace

TEST_CASE("while there is room, no newcomer has to go") {
    newcomers all;
    for (std::uint64_t id = 1; id <= newcomers::most_of_one_origin; ++id) {
        CHECK_FALSE(all.drop_oldest_newcomer(ipv4(1)));
        all.add(id, ipv4(1));
    }
    CHECK_FALSE(all.drop_oldest_newcomer(ipv4(2)));
}

TEST_CASE("an origin that has all its places loses its own oldest, whatever its ports") {
    newcomers all;
    all.add(1, ipv4(9));
    for (std::uint64_t i = 0; i < newcomers::most_of_one_origin; ++i) {
        all.add(10 + i, ipv4(1, static_cast<std::uint16_t>(i)));
    }
    CHECK(all.drop_oldest_newcomer(ipv4(1)) == 10);
    CHECK_FALSE(all.drop_oldest_newcomer(ipv4(1)));  // there is a place now
    all.add(100, ipv4(1));
    CHECK(all.drop_oldest_newcomer(ipv4(1)) == 11);
}

TEST_CASE("the addresses of one IPv6 network count as one origin, those of two do not") {
    newcomers all;
    for (std::uint64_t i = 0; i < newcomers::most_of_one_origin; ++i) {
        all.add(1 + i, ipv6(1, static_cast<std::uint8_t>(i)));
    }
    CHECK_FALSE(all.drop_oldest_newcomer(ipv6(2, 1)));
    CHECK(all.drop_oldest_newcomer(ipv6(1, 200)) == 1);
}

TEST_CASE("when many origins hold all places, the oldest of all goes") {
    newcomers all;
    for (std::uint64_t i = 0; i < newcomers::most; ++i) {
        all.add(1 + i, ipv4(static_cast<std::uint8_t>(i)));
    }
    CHECK(all.drop_oldest_newcomer(ipv6(1, 1)) == 1);
    CHECK(all.size() == newcomers::most - 1);
    CHECK_FALSE(all.drop_oldest_newcomer(ipv6(1, 1)));
}
