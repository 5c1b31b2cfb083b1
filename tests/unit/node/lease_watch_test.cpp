#include "node/lease_watch.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using made_up::moment;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

struct lease_watch_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.clock_drift = 0;
        return s;
    }();
    lease::renewal renewal{settings, 0};
    node::lease_watch mine{settings, renewal};
    view v = made_up::first_view(1);

    lease_watch_fixture() {
        renewal.installed(v, moment(0s));
        mine.installed_first_view(at(0s));
    }
    void ack(base::duration sent_after) {
        const auto sent_at = moment(sent_after);
        renewal.tick(sent_at);  // asks, so that it may be answered
        renewal.handle(peer(1), {v.seats_since, sent_at.for_rights()}, sent_at);
    }
};

}  // namespace

TEST_CASE_METHOD(lease_watch_fixture, "LEASE-5: each start and end of a lease is noticed once") {
    CHECK_FALSE(mine.notice(moment(0s)).is_of_lease);
    CHECK_FALSE(mine.deadline());
    ack(0s);
    CHECK(mine.notice(moment(0s)).is_of_lease);
    CHECK(mine.is_running());
    CHECK_FALSE(mine.notice(moment(1ms)).is_of_lease);
    const auto ended = mine.notice(moment(1s));
    CHECK(ended.is_of_lease);
    CHECK_FALSE(ended.is_of_risk);  // it is not at risk, it is lost
    CHECK_FALSE(mine.is_running());
    CHECK_FALSE(mine.notice(moment(2s)).is_of_lease);
}

TEST_CASE_METHOD(lease_watch_fixture,
                 "LEASE-5: a lease is at risk from 2A/5 before its end, until renewed") {
    ack(0s);
    (void)mine.notice(moment(0s));
    REQUIRE(mine.deadline());
    const auto risk = *mine.deadline();
    CHECK(base::moment{risk}.for_rights() < *renewal.end() - 399ms);
    CHECK_FALSE(mine.notice({risk - 1ns}).is_of_risk);
    CHECK(mine.notice({risk}).is_of_risk);
    CHECK(mine.is_at_risk());
    CHECK(mine.deadline() == mine.noticed().when(*renewal.end()));
    ack(650ms);
    CHECK(mine.notice(moment(650ms)).is_of_risk);
    CHECK_FALSE(mine.is_at_risk());
}

TEST_CASE_METHOD(lease_watch_fixture, "FOUND-3: a lease is long lost when it has not run for A/2") {
    CHECK_FALSE(mine.is_long_lost(at(499ms)));  // since the first view
    CHECK(mine.is_long_lost(at(500ms)));
    ack(0s);
    (void)mine.notice(moment(900ms));
    CHECK_FALSE(mine.is_long_lost(at(900ms)));
    (void)mine.notice(moment(1s));
    CHECK_FALSE(mine.is_long_lost(at(1499ms)));
    CHECK(mine.is_long_lost(at(1500ms)));
}

TEST_CASE_METHOD(lease_watch_fixture,
                 "NOW-2: a suspend brings the end of a lease forward, and its warning") {
    ack(0s);
    (void)mine.notice(moment(0s));
    CHECK(*mine.deadline() > at(599ms));
    CHECK_FALSE(mine.notice(moment(100ms, 400ms)).is_of_risk);
    CHECK(*mine.deadline() <= at(200ms));
    CHECK(*mine.deadline() > at(199ms));
    CHECK(mine.notice(moment(100ms, 500ms)).is_of_risk);
    CHECK(*mine.deadline() <= at(500ms));
    CHECK(mine.notice(moment(100ms, 1s)).is_of_lease);
    CHECK_FALSE(mine.is_running());
    // FOUND-3 counts from when it was noticed, which is a wait
    CHECK_FALSE(mine.is_long_lost(at(599ms)));
    CHECK(mine.is_long_lost(at(600ms)));
}
