#include "swim/probe_relay.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast::swim;
using made_up::address;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

TEST_CASE("an ack is passed on once, also after the nack; then the probe is forgotten") {
    probe_relay relay;
    CHECK_FALSE(relay.deadline());
    relay.start(7, {70, peer(2), address(2)}, at(400ms), at(1s));
    CHECK(relay.deadline() == at(400ms));
    CHECK(relay.tick(at(399ms)).empty());
    const auto told = relay.tick(at(400ms));
    REQUIRE(told.size() == 1);
    CHECK(told[0].sequence == 70);
    CHECK(told[0].peer == peer(2));
    CHECK(relay.tick(at(401ms)).empty());  // nack once
    CHECK(relay.deadline() == at(1s));
    SECTION("an ack in time") {
        const auto by = relay.take(7);
        REQUIRE(by);
        CHECK(by->sequence == 70);
        CHECK(by->address == address(2));
        CHECK_FALSE(relay.take(7));
    }
    SECTION("no ack") {
        CHECK(relay.tick(at(1s)).empty());
        CHECK_FALSE(relay.take(7));
    }
    CHECK_FALSE(relay.take(8));
    CHECK_FALSE(relay.deadline());
}
