// Values that every build and platform must agree on. A change here is another ring function
// (RING-1).
#include "ring/assign.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "ring/rank.hpp"

using namespace holdfast;

namespace {

view three_members() {
    view v;
    v.cluster = {1, 2};
    v.number = {9};
    v.epoch = {77};
    v.seats_since = {3};
    v.members.resize(3);
    for (std::uint64_t i = 0; i < 3; ++i) {
        v.members[i].id = {i + 1, 10 * i};
        v.members[i].name = "m";
        v.members[i].weight = static_cast<std::uint32_t>(i + 1);
        v.members[i].since = {i + 1};
    }
    v.seats = {{{}, {1, 0}}};
    v.former_members = {{{5, 5}, {1}, {4}}};
    return v;
}

}  // namespace

TEST_CASE("golden values of the ring", "[ring]") {
    REQUIRE(ring::slot_of("orders", {1, 2}, 16384).value == 6837);
    REQUIRE(ring::slot_of("", {1, 2}, 16384).value == 2477);
    REQUIRE(ring::distance({7}, {1, 2}, 1) == 192632369085287810);
    const auto v = three_members();
    auto map = ring::first_map(v, 64);
    REQUIRE(ring::checksum(v, map) == 0x42ccbef973266778);
    auto after = v;
    after.members.erase(after.members.begin() + 1);
    map = ring::next_map(map, after, 64);
    REQUIRE(ring::checksum(after, map) == 0xc135922c215e12d1);
}

TEST_CASE("names spread over the slots, differently in each cluster", "[ring]") {
    std::vector<int> names(64);
    int same = 0;
    for (int i = 0; i < 64000; ++i) {
        const auto name = "lock-" + std::to_string(i);
        const auto s = ring::slot_of(name, {3, 4}, 64);
        ++names[s.value];
        same += s == ring::slot_of(name, {3, 5}, 64) ? 1 : 0;
    }
    for (const auto n : names) {
        REQUIRE(n > 800);
        REQUIRE(n < 1200);
    }
    REQUIRE(same < 2000);
    REQUIRE(ring::slot_of("x", {}, 0).value == 0);
}

TEST_CASE("the checksum sees every field of a view and its map", "[ring]") {
    const auto v = three_members();
    const auto map = ring::first_map(v, 64);
    const auto sum = ring::checksum(v, map);
    REQUIRE(ring::checksum(v, map) == sum);
    const auto differs = [&](auto change) {
        auto other = v;
        auto other_map = map;
        change(other, other_map);
        return ring::checksum(other, other_map) != sum;
    };
    REQUIRE(differs([](view& o, auto&) { o.cluster.low ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.number.value ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.epoch.value ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.ring_function ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.slots ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.seats_since.value ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.seats[0].address.port ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.seats[0].address.ip[15] ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.seats[0].filled_by.high ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.seats.pop_back(); }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].id.low ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].name = "mm"; }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].address.port ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].weight ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].leaving = true; }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].is_settled = true; }));
    REQUIRE(differs([](view& o, auto&) { o.members[1].since.value ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.former_members[0].id.low ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.former_members[0].since.value ^= 1; }));
    REQUIRE(differs([](view& o, auto&) { o.former_members[0].removed.value ^= 1; }));
    REQUIRE(differs([](auto&, base::slot_map& o) { o.owners[0].low ^= 1; }));
    REQUIRE(differs([](auto&, base::slot_map& o) { o.owner_index[5] ^= 1; }));
    REQUIRE(differs([](auto&, base::slot_map& o) { o.owner_index.pop_back(); }));
}
