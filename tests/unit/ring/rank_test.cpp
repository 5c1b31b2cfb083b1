#include "ring/rank.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::ring;
using made_up::peer;

namespace {

std::vector<peer_id> ids(const std::vector<share>& owners) {
    std::vector<peer_id> out;
    for (const auto& o : owners) {
        out.push_back(o.id);
    }
    return out;
}

std::vector<std::uint32_t> dealt(std::vector<share> owners, std::uint32_t slots,
                                 const std::vector<std::uint32_t>& owned) {
    deal(owners, slots, owned);
    std::vector<std::uint32_t> out;
    for (const auto& o : owners) {
        out.push_back(o.slots);
    }
    return out;
}

}  // namespace

TEST_CASE("a slot ranks a member nearer the more weight it has") {
    for (std::uint16_t s = 0; s < 100; ++s) {
        const auto light = distance({s}, peer(1), 1);
        CHECK(distance({s}, peer(1), 1) == light);
        CHECK(distance({s}, peer(1), 2) == light / 2);
        CHECK(distance({s}, peer(1), 1000) < light);
    }
}

TEST_CASE("a slot ranks members by chance, as their weights have it") {
    constexpr std::uint16_t slots = 10'000;
    std::array<int, 3> wins{};
    for (std::uint16_t s = 0; s < slots; ++s) {
        const std::array at{distance({s}, peer(1), 1), distance({s}, peer(2), 1),
                            distance({s}, peer(3), 2)};
        ++wins[static_cast<std::size_t>(std::min_element(at.begin(), at.end()) - at.begin())];
    }
    CHECK(wins[0] > slots / 5);
    CHECK(wins[0] < slots * 3 / 10);
    CHECK(wins[1] > slots / 5);
    CHECK(wins[1] < slots * 3 / 10);
    CHECK(wins[2] > slots * 9 / 20);
}

TEST_CASE("members with weight that do not leave may own, by PeerId") {
    auto v = made_up::first_view(3, 2);
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(1), peer(2), peer(3), peer(4), peer(5)});
    v.members[1].weight = 0;
    v.members[3].leaving = true;
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(1), peer(3), peer(5)});
    CHECK(owners_of({}, 64).empty());
}

TEST_CASE("OWN-11: settled members own; when none is settled, those with weight") {
    auto v = made_up::first_view(3, 2);
    v.members[1].is_settled = v.members[3].is_settled = true;
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(2), peer(4)});
    CHECK(ids(owners_of(v, 1)) == std::vector{peer(2)});  // no place goes to who is not settled
    v.members[3].leaving = true;
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(2)});
    v.members[1].weight = 0;
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(1), peer(3), peer(5)});
}

TEST_CASE("RING-2: when no member has weight the voters own") {
    auto v = made_up::first_view(2, 1);
    for (auto& m : v.members) {
        m.weight = 0;
    }
    const auto owners = owners_of(v, 64);
    CHECK(ids(owners) == std::vector{peer(1), peer(2)});
    CHECK(owners[0].weight == 1);
    v.members[0].leaving = true;
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(2)});
    v.members[1].leaving = true;
    CHECK(ids(owners_of(v, 64)) == std::vector{peer(1), peer(2)});
}

TEST_CASE("the oldest members own when there are more than may") {
    auto v = made_up::first_view(3, 2);
    v.members[0].since = {7};
    v.members[2].since = {5};
    CHECK(ids(owners_of(v, 3)) == std::vector{peer(2), peer(4), peer(5)});
    CHECK(ids(owners_of(v, 4)) == std::vector{peer(2), peer(3), peer(4), peer(5)});
    CHECK(owners_of(v, 0).size() == 1);
}

TEST_CASE("each owner gets what its weight says, rounded down or up, and all slots are dealt") {
    CHECK(dealt({{peer(1), 1, 0}, {peer(2), 1, 0}}, 16, {0, 0}) ==
          std::vector<std::uint32_t>{8, 8});
    CHECK(dealt({{peer(1), 1, 0}, {peer(2), 3, 0}}, 16, {0, 0}) ==
          std::vector<std::uint32_t>{4, 12});
    CHECK(dealt({{peer(1), 1, 0}, {peer(2), 1, 0}, {peer(3), 1, 0}}, 16, {0, 0, 0}) ==
          std::vector<std::uint32_t>{6, 5, 5});
    CHECK(dealt({{peer(1), 5, 0}}, 3, {0}) == std::vector<std::uint32_t>{3});
    CHECK(dealt({}, 16, {}).empty());
}

TEST_CASE("an owner that has more than its share is rounded up first, so that fewer slots move") {
    CHECK(dealt({{peer(1), 1, 0}, {peer(2), 1, 0}, {peer(3), 1, 0}}, 16, {0, 0, 16}) ==
          std::vector<std::uint32_t>{5, 5, 6});
    // of those the one with the larger rest
    CHECK(dealt({{peer(1), 2, 0}, {peer(2), 3, 0}}, 2, {9, 9}) == std::vector<std::uint32_t>{1, 1});
    CHECK(dealt({{peer(1), 2, 0}, {peer(2), 3, 0}}, 4, {0, 0}) == std::vector<std::uint32_t>{2, 2});
}
