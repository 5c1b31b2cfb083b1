#include "base/timers.hpp"

#include "base/retry.hpp"
#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast::base;
using namespace std::chrono_literals;
using made_up::at;

namespace {

enum class what { first, second };

}  // namespace

TEST_CASE("a timer is never put off, only cleared") {
    timers<what, what::second> mine;
    CHECK_FALSE(mine.deadline());
    mine.set_earliest(what::second, at(5s));
    mine.set_earliest(what::second, at(7s));
    CHECK(mine.at(what::second) == at(5s));
    mine.set_earliest(what::second, at(3s));
    CHECK(mine.at(what::second) == at(3s));
    mine.set_earliest(what::second, {});
    CHECK(mine.at(what::second) == at(3s));
    CHECK_FALSE(mine.is_set(what::first));
    mine.clear(what::second);
    CHECK_FALSE(mine.is_set(what::second));
}

TEST_CASE("the deadline is that of the earliest timer, and a due timer is taken once") {
    timers<what, what::second> mine;
    mine.set_earliest(what::first, at(4s));
    mine.set_earliest(what::second, at(2s));
    CHECK(mine.deadline() == at(2s));
    CHECK_FALSE(mine.take_due(what::second, at(1s)));
    CHECK(mine.is_due(what::second, at(2s)));
    CHECK(mine.take_due(what::second, at(2s)));
    CHECK_FALSE(mine.take_due(what::second, at(2s)));
    CHECK(mine.deadline() == at(4s));
}

TEST_CASE("NET-2: a try that has no receiver is planned but not counted") {
    settings s;
    pace p{s, 1};
    retry tries;
    tries.plan(p, {}, at(1s));
    CHECK(tries.next >= at(1s) + s.retry);
    CHECK(tries.count() == 0);
}

TEST_CASE("LOAD-5: a round trip is taken only of what was sent once") {
    settings s;
    s.retry = 100ms;
    pace p{s, 1};
    const holdfast::peer_id other{0, 7};
    retry tries;
    CHECK(tries.sent(p, other, at(1s)) == 0);
    SECTION("the answer comes to the first try") {
        tries.answered(p, other, at(1s) + 200ms);
        CHECK(p.pause(other, 0) >= 600ms);
    }
    SECTION("it may be to either of two") {
        CHECK(tries.sent(p, other, at(1s) + 300ms) == 1);
        tries.answered(p, other, at(1s) + 400ms);
        CHECK(p.pause(other, 0) <= 125ms);
    }
    SECTION("at a new receiver it begins anew") {
        tries.reset();
        CHECK(tries.sent(p, other, at(2s)) == 0);
        CHECK(tries.is_due(at(2s) + 125ms));
    }
}
