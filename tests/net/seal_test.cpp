#include "net/seal.hpp"

#include "catch.hpp"
#include "net/socket.hpp"

using namespace holdfast;
using namespace holdfast::net;

TEST_CASE("what is sealed opens with the same key, header and counter only") {
    REQUIRE(start_cryptography());
    const std::vector<std::byte> cluster_key(32, std::byte{7});
    const sender_keys mine{cluster_key, "c"};
    const auto key = mine.subkey({1, 2});
    const std::uint8_t header[3] = {1, 2, 3};
    std::vector<std::uint8_t> buffer{9, 8, 7, 'h', 'i'};
    seal(buffer, 3, header, key, 42);
    REQUIRE(buffer.size() == 3 + 2 + tag_size);
    const auto sealed = std::vector<std::uint8_t>{buffer.begin() + 3, buffer.end()};
    const auto opens = [&](std::vector<std::uint8_t> copy, std::span<const std::uint8_t> with,
                           const secret& k, std::uint64_t counter) {
        return net::open(copy, with, k, counter).has_value();
    };
    CHECK(opens(sealed, header, key, 42));
    CHECK_FALSE(opens(sealed, header, key, 43));
    CHECK_FALSE(opens(sealed, header, mine.subkey({1, 3}), 42));
    CHECK_FALSE(opens(sealed, std::span<const std::uint8_t>{header}.first(2), key, 42));
    CHECK_FALSE(opens({}, header, key, 42));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto damaged = sealed;
        damaged[i] ^= 1;
        CHECK_FALSE(opens(damaged, header, key, 42));
    }
    CHECK(sender_keys{cluster_key, "d"}.subkey({1, 2}) != key);
}

TEST_CASE("a replay window lets each counter in once, in any order within its width") {
    replay_window w;
    CHECK(w.admit(5));
    CHECK_FALSE(w.admit(5));
    CHECK(w.admit(3));
    CHECK_FALSE(w.admit(3));
    CHECK(w.admit(1000));
    CHECK(w.admit(4));
    CHECK(w.admit(5000));
    CHECK_FALSE(w.admit(1001));  // too old to know
    CHECK(w.admit(4999));
    CHECK_FALSE(w.admit(4999));
}

TEST_CASE("endpoints go to the system and back") {
    const endpoint v4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 80};
    const endpoint v6{{0xfe, 0x80, 1}, 81};
    for (const auto& at : {v4, v6}) {
        sockaddr_storage address{};
        to_sockaddr(at, address);
        CHECK(from_sockaddr(address) == at);
        to_sockaddr(at, address, true);
        CHECK(address.ss_family == AF_INET6);
        CHECK(from_sockaddr(address) == at);
    }
    const auto first = listen_at({v4.ip, 0});
    REQUIRE(first);
    CHECK(first->at.port != 0);
    const auto second = listen_at(first->at);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == errc::address_in_use);
}
