#include "node/departure.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using namespace std::chrono_literals;

namespace {

struct departure_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.retry = 100ms;
        return s;
    }();
    node::departure mine{settings, at(0s)};
    node::departure::situation now{true, false, false, false, false};
};

}  // namespace

TEST_CASE_METHOD(departure_fixture,
                 "LEAVE-1: a peer asks until it is marked, gives up, then says so") {
    CHECK(mine.advance(now, at(0s)).asks_to_leave);
    CHECK_FALSE(mine.advance(now, at(50ms)).asks_to_leave);
    CHECK(mine.advance(now, at(100ms)).asks_to_leave);
    now.is_marked = true;
    const auto marked = mine.advance(now, at(200ms));
    CHECK_FALSE(marked.asks_to_leave);
    CHECK_FALSE(marked.ends_lease);
    now.has_given_all_up = true;
    const auto ready = mine.advance(now, at(250ms));
    CHECK(ready.ends_lease);
    CHECK(ready.says_left);
    CHECK_FALSE(ready.is_over);
    CHECK_FALSE(mine.advance(now, at(300ms)).ends_lease);  // once
    CHECK(mine.advance(now, at(350ms)).says_left);
    now.is_member = false;
    CHECK(mine.advance(now, at(400ms)).is_over);
}

TEST_CASE_METHOD(departure_fixture, "LEAVE-1: no phase takes longer than its time") {
    CHECK_FALSE(mine.advance(now, at(1999ms)).ends_lease);
    (void)mine.advance(now, at(2s));  // handing over from now on
    CHECK_FALSE(mine.advance(now, at(3999ms)).ends_lease);
    CHECK(mine.advance(now, at(4s)).ends_lease);
    CHECK_FALSE(mine.advance(now, at(4999ms)).is_over);
    CHECK(mine.advance(now, at(5s)).is_over);
}

TEST_CASE_METHOD(departure_fixture, "LEAVE-1: the lease does not end in a call that has granted") {
    now.owns_nothing = true;
    now.has_given_all_up = true;
    now.has_granted = true;
    CHECK_FALSE(mine.advance(now, at(10ms)).ends_lease);
    CHECK_FALSE(mine.advance(now, at(5s)).ends_lease);  // not when its time is up, either
    CHECK(mine.next_due(true, at(5s)) <= at(5s) + 1ns);
    now.has_granted = false;
    CHECK(mine.advance(now, at(5s)).ends_lease);
}

TEST_CASE_METHOD(departure_fixture,
                 "LEAVE-1: a peer that owns nothing does not wait to be marked") {
    now.owns_nothing = true;
    CHECK_FALSE(mine.advance(now, at(0s)).asks_to_leave);
    now.has_given_all_up = true;
    CHECK(mine.advance(now, at(1ms)).ends_lease);
}

TEST_CASE_METHOD(departure_fixture,
                 "LEAVE-1: a peer whose lease is over says so once and waits for none") {
    CHECK(mine.advance(now, at(0s)).asks_to_leave);
    CHECK_FALSE(mine.advance(now, at(900ms)).is_over);
    now.is_leased = false;
    const auto end = mine.advance(now, at(950ms));
    CHECK(end.says_left);
    CHECK(end.is_over);
}

TEST_CASE_METHOD(departure_fixture,
                 "LEAVE-1: a peer that has ended its lease itself goes on saying so") {
    now.owns_nothing = now.has_given_all_up = true;
    CHECK(mine.advance(now, at(0s)).ends_lease);
    now.is_leased = false;
    const auto later = mine.advance(now, at(100ms));
    CHECK(later.says_left);
    CHECK_FALSE(later.is_over);
}
