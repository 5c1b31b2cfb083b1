#include "base/pace.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::base;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

settings with(duration lease, duration retry) {
    settings s;
    s.lease = lease;
    s.retry = retry;
    return s;
}

/// `out` is the pause `is`, and what chance adds.
void check(duration out, duration is) {
    CHECK(out >= is);
    CHECK(out <= is + is / pace::most_by_chance);
}

}  // namespace

TEST_CASE("LOAD-5: each pause is twice as long as the one before, up to half a lease") {
    const auto s = with(1s, 50ms);
    pace mine{s, 1};
    const duration pauses[] = {50ms, 100ms, 200ms, 400ms, 500ms, 500ms};
    for (unsigned before = 0; before < 6; ++before) {
        check(mine.pause(peer(1), before), pauses[before]);
    }
    check(mine.pause(peer(1), 1'000'000), 500ms);
}

TEST_CASE("LOAD-5: a pause is doubled up to the longest") {
    CHECK(doubled(50ms, 0, 1s) == 50ms);
    CHECK(doubled(50ms, 3, 1s) == 400ms);
    CHECK(doubled(50ms, 5, 1s) == 1s);
    CHECK(doubled(50ms, 1'000'000, 1s) == 1s);
    CHECK(doubled(2s, 0, 1s) == 1s);
}

TEST_CASE("LOAD-5: short pauses grow up to four times the least, or what an answer takes") {
    const auto s = with(1s, 50ms);
    pace mine{s, 1};
    const duration pauses[] = {50ms, 100ms, 200ms, 200ms, 200ms};
    for (unsigned before = 0; before < 5; ++before) {
        check(mine.short_pause(peer(1), before), pauses[before]);
    }
    const auto slow = with(1s, 20ms);
    pace far{slow, 1};
    far.measured(peer(1), 60ms);
    check(far.short_pause(peer(1), 0), 180ms);
    check(far.short_pause(peer(1), 7), 180ms);
    const auto rare = with(1s, 300ms);
    pace longest{rare, 1};
    check(longest.short_pause(peer(1), 7), 500ms);
}

TEST_CASE("LOAD-5: what many send at once they do not all repeat at once") {
    const auto s = with(1s, 50ms);
    pace one{s, 1};
    pace other{s, 2};
    pace again{s, 1};
    const auto first = one.pause(peer(1), 0);
    CHECK(first != other.pause(peer(1), 0));
    CHECK(first == again.pause(peer(1), 0));  // chance comes from the seed alone
}

TEST_CASE("LOAD-5: the first pause is the time that an answer of this peer seldom takes") {
    const auto s = with(10s, 50ms);
    pace mine{s, 1};
    mine.measured(peer(1), 200ms);
    check(mine.pause(peer(1), 0), 600ms);  // 200 ms, and four times half of it
    check(mine.pause(peer(1), 1), 1200ms);
    SECTION("it settles when the answers do") {
        for (int i = 0; i < 60; ++i) {
            mine.measured(peer(1), 200ms);
        }
        check(mine.pause(peer(1), 0), 200ms);
    }
    SECTION("it is not shorter than the configured one, nor longer than half a lease") {
        for (int i = 0; i < 60; ++i) {
            mine.measured(peer(1), 1ms);
        }
        check(mine.pause(peer(1), 0), 50ms);
        check(mine.pause(peer(1), 0, 9s), 5s);
    }
    SECTION("one that took very long, as when a stream was made, counts as a part of a lease") {
        mine.measured(peer(2), 30s);
        check(mine.pause(peer(2), 0), 1875ms);  // a sixteenth of a lease, and twice that
    }
    SECTION("one of which nothing is known is taken to be like the others") {
        check(mine.pause(peer(3), 0), 600ms);
        check(mine.pause({}, 0), 600ms);
        check(mine.pause({}, 0, 2s), 2s);
        mine.measured(peer(4), 0s);  // as of what a peer says to itself
        check(mine.pause(peer(3), 0), 600ms);
    }
    SECTION("and one that was removed, too") {
        mine.measured(peer(9), 1s);
        mine.keep_members(made_up::first_view(3));
        check(mine.pause(peer(1), 0), 600ms);
        CHECK(mine.pause(peer(9), 0) < 3s);
    }
}

TEST_CASE("LOAD-5: a retry that is longer than half a lease stands") {
    const auto s = with(1s, 900ms);
    pace mine{s, 1};
    check(mine.pause(peer(1), 0), 900ms);
    check(mine.pause(peer(1), 3), 900ms);
}
