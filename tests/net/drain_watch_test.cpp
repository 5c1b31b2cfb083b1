#include "net/drain_watch.hpp"

#include "catch.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

base::time_point at(base::duration d) { return base::time_point{d}; }

}  // namespace

TEST_CASE("LOAD-4: a stream is stuck while it is not empty and nothing is acknowledged") {
    net::drain_watch mine;
    CHECK(mine.is_due(1s, at(1s)));
    mine.look(0, true, at(1s));
    CHECK_FALSE(mine.is_due(1s, at(1900ms)));
    CHECK(mine.is_due(1s, at(2s)));
    CHECK(mine.stuck_for(at(9s)) == 0s);
    mine.look(100, false, at(10s));
    CHECK(mine.stuck_for(at(12s)) == 2s);
    mine.look(100, false, at(13s));
    CHECK(mine.stuck_for(at(14s)) == 4s);
    SECTION("it moves on") {
        mine.look(101, false, at(15s));
        CHECK(mine.stuck_for(at(16s)) == 1s);
    }
    SECTION("it has drained") {
        mine.look(100, true, at(15s));
        CHECK(mine.stuck_for(at(16s)) == 0s);
        mine.look(100, false, at(17s));
        CHECK(mine.stuck_for(at(17s)) == 0s);
    }
}
