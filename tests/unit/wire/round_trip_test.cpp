#include <set>
#include <string>

#include "catch.hpp"
#include "random_messages.hpp"

using namespace holdfast;
using wire::testing::random_messages;

TEST_CASE("what was encoded is decoded", "[wire]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            random_messages random{seed * random_messages::kinds + kind};
            const auto packet = random.of_kind(kind);
            CAPTURE(seed, wire::name_of(packet.what));
            std::vector<std::byte> bytes;
            wire::encode(packet, "a cluster", bytes);
            const auto back = wire::decode(bytes, "a cluster");
            REQUIRE(back.has_value());
            REQUIRE(*back == packet);
        }
    }
}

TEST_CASE("a packet is appended to what is there", "[wire]") {
    const wire::packet packet{{}, lock::message{lock::queued{{7}}}};
    std::vector<std::byte> alone;
    wire::encode(packet, "c", alone);
    std::vector<std::byte> behind{std::byte{42}};
    wire::encode(packet, "c", behind);
    REQUIRE(behind.front() == std::byte{42});
    REQUIRE(std::vector<std::byte>(behind.begin() + 1, behind.end()) == alone);
}

TEST_CASE("JOIN-2: what tries datagrams is nearly the largest, also with fields of a later version",
          "[wire]") {
    constexpr std::uint64_t big = ~std::uint64_t{0};
    const auto size = [&](const views::message& what, std::size_t unknown) {
        std::vector<std::byte> bytes;
        wire::encode({{{big, big}, {big, big}, {big, big}, {big}, true}, what}, "c", bytes,
                     unknown);
        return bytes.size();
    };
    constexpr auto padding = static_cast<std::uint32_t>(base::limits::datagram_padding);
    CHECK(size(views::way_probe{big, {}, true, true, padding}, 2) <= base::limits::datagram);
    CHECK(size(views::way_echo{0, padding}, 0) > base::limits::datagram - 80);
}

TEST_CASE("every message has a name and a kind of its own", "[wire]") {
    std::set<std::string> names;
    std::set<std::byte> kinds;
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        auto packet = random_messages{kind}.of_kind(kind);
        packet.envelope = {};
        names.emplace(wire::name_of(packet.what));
        std::vector<std::byte> bytes;
        wire::encode(packet, "c", bytes);
        std::vector<std::byte> empty;
        wire::encode({{}, lock::message{lock::queued{}}}, "c", empty);
        const auto kind_at = empty.size() - 3;  // its kind, an array of one, a zero
        kinds.insert(bytes[kind_at]);
    }
    REQUIRE(names.size() == random_messages::kinds);
    REQUIRE(kinds.size() == random_messages::kinds);
    REQUIRE(names.count("swim.ping") == 1);
    REQUIRE(names.count("view.found_rejected") == 1);
    REQUIRE(names.count("relayed") == 1);
}
