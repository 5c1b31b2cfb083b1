#include "node/seat_ways.hpp"

#include <algorithm>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using made_up::address;
using made_up::peer;

namespace {

/// Peer 9, which asks three seats to let it in.
struct joiner {
    base::settings settings = [] {
        base::settings s;
        s.address = address(9);
        s.seeds = {address(1), address(2), address(3)};
        return s;
    }();
    base::time_point now = made_up::at(0s);
    node::seat_ways ways{settings, now};

    void hear(std::uint64_t from, bool is_by_stream, bool is_by_datagram) {
        ways.heard(peer(from), {1, address(from), is_by_stream, is_by_datagram, 0}, now);
    }
};

}  // namespace

TEST_CASE_METHOD(joiner, "JOIN-1: a quorum of the seats is reached when each saw us on both ways") {
    CHECK_FALSE(ways.reach_quorum(now));
    hear(1, true, true);
    CHECK_FALSE(ways.reach_quorum(now));
    hear(2, true, false);
    hear(3, false, true);
    CHECK_FALSE(ways.reach_quorum(now));
    hear(2, true, true);
    CHECK(ways.reach_quorum(now));
    now += settings.lease;
    CHECK_FALSE(ways.reach_quorum(now));
}

TEST_CASE_METHOD(joiner, "JOIN-1: who has the address of a seat needs one other of three") {
    settings.address = address(3);
    CHECK_FALSE(ways.reach_quorum(now));
    hear(1, true, true);
    CHECK(ways.reach_quorum(now));
}

TEST_CASE_METHOD(joiner, "JOIN-2: who is not let in complains of the way that fails") {
    const auto next_complaint = [&] {
        hear(1, true, false);
        hear(2, true, false);
        ways.heard_at(address(1), now);
        return ways.complaint(now);
    };
    CHECK_FALSE(next_complaint());
    now += 2 * settings.lease;
    const auto told = next_complaint();
    REQUIRE(told);
    CHECK(told->why == errc::io_error);
    CHECK(told->text.find("Of 3 seats TCP reaches 2, UDP 0;") != std::string::npos);
    now += 60s - 1ns;
    CHECK_FALSE(next_complaint());
    now += 1ns;
    CHECK(next_complaint());
}

TEST_CASE_METHOD(joiner, "JOIN-2: who hears no seat complains of TCP") {
    const auto patience = std::max<base::duration>(2 * settings.lease, 5s);
    ways.heard_at(address(9), now + patience);  // no seat
    now += patience - 1ns;
    CHECK_FALSE(ways.complaint(now));
    SECTION("when patience is over") {
        now += 1ns;
        const auto told = ways.complaint(now);
        REQUIRE(told);
        CHECK(told->why == errc::io_error);
        CHECK(told->text.find("no seat answers by TCP, of 3 ") != std::string::npos);
    }
    SECTION("not while it hears one") {
        ways.heard_at(address(2), now);
        now += 1ns;
        CHECK_FALSE(ways.complaint(now));
    }
    SECTION("not if it is the only seat") {
        settings.seeds = {address(9)};
        now += 1h;
        CHECK_FALSE(ways.complaint(now));
    }
    SECTION("who was a member and hears one is told of the ways") {
        ways.heard_at(address(2), now);
        settings.removals_without_lease = 1;
        now += 1ns;
        const auto told = ways.complaint(now);
        REQUIRE(told);
        CHECK(told->text.find("TCP reaches 0, UDP 0;") != std::string::npos);
    }
}

TEST_CASE_METHOD(joiner, "no complaint where the ways work") {
    now += 1h;
    ways.heard_at(address(3), now);
    hear(1, true, true);
    hear(2, true, true);
    hear(3, false, false);
    CHECK_FALSE(ways.complaint(now));
}

TEST_CASE_METHOD(joiner, "a joiner remembers no more voters than there may be seats") {
    for (std::uint64_t n = 1; n <= base::limits::seats + 3; ++n) {
        now += 1ms;
        hear(n, true, true);
    }
    ways.invariants();
    CHECK(ways.reach_quorum(now));
}
