#include "view/change.hpp"

#include <limits>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::views;

using made_up::peer;

namespace {

change after(const view& v) {
    change c;
    c.cluster = v.cluster;
    c.number = v.number.next();
    c.epoch = {v.epoch.value + 1};
    return c;
}

}  // namespace

TEST_CASE("VIEW-1: an empty change only raises the epoch") {
    const auto v = made_up::first_view(3);
    const auto next = apply(v, after(v));
    REQUIRE(next);
    CHECK(next->members == v.members);
    CHECK(next->seats_since == v.seats_since);
    CHECK(next->epoch.value == v.epoch.value + 1);
}

TEST_CASE("a change that does not follow is refused") {
    const auto v = made_up::first_view(3, 1);
    auto c = after(v);
    SECTION("another cluster") { c.cluster.low = 9; }
    SECTION("a number too far") { c.number = {3}; }
    SECTION("an epoch that stays") { c.epoch = v.epoch; }
    SECTION("VIEW-1: the last epoch of all") {
        c.epoch = {std::numeric_limits<std::uint32_t>::max()};
    }
    SECTION("VIEW-1: an epoch that clocks do not reach") { c.epoch = {last_by_clock.value + 1}; }
    SECTION("removing a stranger") { c.removed = {peer(9)}; }
    SECTION("removing twice") { c.removed = {peer(4), peer(4)}; }
    SECTION("adding a member") { c.added = {made_up::member(4)}; }
    SECTION("removing and adding the same") {
        c.removed = {peer(4)}, c.added = {made_up::member(4)};
    }
    SECTION("marking a stranger") { c.leaving = {peer(9)}; }
    SECTION("OWN-11: settling a stranger") { c.settled = {peer(9)}; }
    SECTION("OWN-11: settling twice") { c.settled = {peer(4), peer(4)}; }
    SECTION("OWN-11: settling who is removed") { c.settled = c.removed = {peer(4)}; }
    SECTION("OWN-11: settling who leaves") { c.settled = c.leaving = {peer(4)}; }
    SECTION("OWN-11: settling who is added") {
        c.added = {made_up::member(9)}, c.settled = {peer(9)};
    }
    SECTION("OWN-11: adding who is settled") {
        c.added = {made_up::member(9)}, c.added[0].is_settled = true;
    }
    SECTION("removing a voter but not from its seat") { c.removed = {peer(3)}; }
    SECTION("a seat that is not there") { c.seats = {{7, {}}}; }
    SECTION("a seat that does not change") { c.seats = {{0, peer(1)}}; }
    SECTION("a seat filled from another address") {
        c.removed = {peer(3)}, c.seats = {{2, peer(4)}};
    }
    SECTION("VIEW-6: too few seats filled") {
        c.removed = {peer(2), peer(3)};
        c.seats = {{1, {}}, {2, {}}};
    }
    CHECK_FALSE(apply(v, c));
}

TEST_CASE("OWN-11: a member with weight is settled once") {
    auto v = made_up::first_view(3, 2);
    v.members[4].weight = 0;
    auto c = after(v);
    c.settled = {peer(4)};
    const auto next = apply(v, c);
    REQUIRE(next);
    CHECK(next->find(peer(4))->is_settled);
    CHECK_FALSE(next->find(peer(3))->is_settled);
    c = after(*next);
    c.settled = {peer(4)};
    CHECK_FALSE(apply(*next, c));
    c.settled = {peer(5)};
    CHECK_FALSE(apply(*next, c));
}

TEST_CASE("VIEW-1: from the last epoch that clocks reach, views go on one by one") {
    auto v = made_up::first_view(3);
    v.epoch = last_by_clock;
    auto c = after(v);
    CHECK(apply(v, c));
    ++c.epoch.value;
    CHECK_FALSE(apply(v, c));
}

TEST_CASE("a voter is removed and its seat refilled in one step") {
    const auto v = made_up::first_view(3);
    auto c = after(v);
    auto successor = made_up::member(9);
    successor.address = v.seats[2].address;
    c.removed = {peer(3)};
    c.added = {successor};
    c.seats = {{2, peer(9)}};
    const auto next = apply(v, c);
    REQUIRE(next);
    CHECK(next->seats_since == view_number{2});
    CHECK(next->find(peer(9))->since == view_number{2});
    REQUIRE(next->find_former(peer(3)));
    CHECK(next->find_former(peer(3))->removed == view_number{2});
    SECTION("VIEW-3: the removed never comes back") {
        auto again = after(*next);
        again.added = {made_up::member(3)};
        CHECK_FALSE(apply(*next, again));
    }
}

TEST_CASE("WIRE-2: a view says the lowest version among its members") {
    auto v = made_up::first_view(3);
    CHECK(v.wire_version() == 0);
    for (auto& m : v.members) {
        m.wire_version = 4;
    }
    CHECK(v.wire_version() == 4);
    auto c = after(v);
    c.added = {made_up::member(9)};
    c.added[0].wire_version = 3;
    auto next = apply(v, c);
    REQUIRE(next);
    CHECK(next->wire_version() == 3);
    SECTION("and rises when the last of it has left") {
        c = after(*next);
        c.removed = {peer(9)};
        next = apply(*next, c);
        REQUIRE(next);
        CHECK(next->wire_version() == 4);
    }
    CHECK(view{}.wire_version() == 0);
}

TEST_CASE("former members are remembered for as long as steps are kept") {
    auto v = made_up::first_view(3, 1);
    auto c = after(v);
    c.removed = {peer(4)};
    v = *apply(v, c);
    for (int i = 0; i < 256; ++i) {
        CHECK(v.find_former(peer(4)));
        v = *apply(v, after(v));
    }
    CHECK(v.find_former(peer(4)));
    v = *apply(v, after(v));
    CHECK_FALSE(v.find_former(peer(4)));
}
