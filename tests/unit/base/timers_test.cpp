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

TEST_CASE("NET-2: the pause between two tries doubles after the 8th and again after the 16th") {
    settings s;
    s.retry = 100ms;
    retry tries;
    CHECK(tries.is_due(time_point{}));
    for (unsigned i = 0; i < 40; ++i) {
        CHECK(tries.sent(s, at(1s)) == i);
        CHECK(tries.next == at(1s) + (i < 8 ? 100ms : i < 16 ? 200ms : 400ms));
        CHECK_FALSE(tries.is_due(at(1s)));
        CHECK(tries.is_due(tries.next));
    }
    tries.reset();
    CHECK(tries.sent(s, at(2s)) == 0);
    CHECK(tries.next == at(2s) + 100ms);
}

TEST_CASE("NET-2: a try that has no receiver is planned but not counted") {
    settings s;
    retry tries;
    tries.plan(s, at(1s));
    CHECK(tries.next == at(1s) + s.retry);
    CHECK(tries.count() == 0);
}
