#include "net/seal.hpp"

#include <cerrno>

#include "catch.hpp"
#include "net/known_senders.hpp"
#include "net/socket.hpp"

using namespace holdfast;
using namespace holdfast::net;

TEST_CASE("what is sealed opens with the same key, header and counter only") {
    REQUIRE(start_cryptography());
    const std::vector<std::byte> cluster_key(32, std::byte{7});
    const known_senders mine{cluster_key, "c"};
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
    CHECK(known_senders{cluster_key, "d"}.subkey({1, 2}) != key);
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

TEST_CASE("a replay window that begins after a counter lets none in up to it") {
    replay_window w;
    w.begin_after(5000);
    for (const std::uint64_t old : {1, 4000, 4999, 5000}) {
        CHECK_FALSE(w.admit(old));
    }
    CHECK(w.admit(5001));
    CHECK_FALSE(w.admit(5001));
}

namespace {

peer_id other(std::uint64_t n) { return {9, n}; }

}  // namespace

TEST_CASE("SEAL-2: datagrams are read from members and from peers that have proven themselves") {
    known_senders all{std::vector<std::byte>(32, std::byte{7}), "c"};
    const peer_id member{1, 1}, proven{1, 2};
    CHECK(all.find(member) == nullptr);
    CHECK(all.find(proven) == nullptr);
    all.set_members(std::vector{member});
    all.has_proven(proven, 10);
    REQUIRE(all.find(member) != nullptr);
    REQUIRE(all.find(proven) != nullptr);
    CHECK_FALSE(all.find(proven)->window.admit(10));
    CHECK(all.find(proven)->window.admit(11));
    CHECK(all.find(member)->window.admit(3));

    SECTION("what was received is remembered when they prove themselves again") {
        all.has_proven(member, 0);
        all.has_proven(proven, 0);
        CHECK_FALSE(all.find(member)->window.admit(3));
        CHECK_FALSE(all.find(proven)->window.admit(11));
    }
    SECTION("and when one that has proven itself becomes a member") {
        all.set_members(std::vector{member, proven});
        CHECK_FALSE(all.find(proven)->window.admit(11));
    }
    SECTION("of a member for as long as it is one, however many others come") {
        for (std::uint64_t n = 1; n <= 10'000; ++n) {
            all.has_proven(other(n), 0);
        }
        CHECK_FALSE(all.find(member)->window.admit(3));
        CHECK(all.find(other(10'000)) != nullptr);
        // the one that is no member was forgotten, and what was recorded of it is not read when it
        // comes back
        CHECK(all.find(proven) == nullptr);
        all.has_proven(proven, 12);
        CHECK_FALSE(all.find(proven)->window.admit(11));
        CHECK_FALSE(all.find(proven)->window.admit(12));
        CHECK(all.find(proven)->window.admit(13));
    }
    SECTION("a removed member is not read, until it proves itself") {
        all.set_members(std::vector{proven});
        CHECK(all.find(member) == nullptr);
        CHECK(all.find(proven) != nullptr);
    }
    SECTION("a new start knows none of them") {
        all.clear();
        CHECK(all.find(member) == nullptr);
        CHECK(all.find(proven) == nullptr);
        all.has_proven(proven, 0);
        CHECK(all.find(proven) != nullptr);
    }
}

TEST_CASE("a stream that our system has no room for was not refused by the other end") {
    for (const auto code : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL}) {
        CHECK(is_shortage(code));
    }
    for (const auto code : {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT}) {
        CHECK_FALSE(is_shortage(code));
    }
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
