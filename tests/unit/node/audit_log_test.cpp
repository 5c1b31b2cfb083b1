#include "node/audit_log.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::peer;

namespace {

audit_record made_record(std::uint64_t number) {
    audit_record out;
    out.by = peer(9);
    out.number = number;
    return out;
}

struct audit_log_fixture {
    node::audit_log mine{peer(1)};
    view before = made_up::first_view(3, 2);
    view v = before;

    audit_log_fixture() {
        before.number = {6};
        before.seats[0].filled_by = {};
        v.number = {7};
    }
};

}  // namespace

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a voter that has come tells nothing before a quorum told it") {
    REQUIRE(mine.installed(v, &before) == std::vector{peer(2), peer(3)});
    mine.has_asked(1);
    mine.has_asked(2);
    mine.keep(made_record(1));  // meanwhile
    CHECK_FALSE(mine.all());
    CHECK(mine.hear(lock::answered{1, lock::records_read{1, {made_record(2)}}}));
    CHECK_FALSE(mine.all());
    CHECK(mine.hear(lock::answered{2, lock::records_read{2, {made_record(2), made_record(3)}}}));
    REQUIRE(mine.all());
    CHECK(mine.all()->size() == 3);
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a voter tells what it has when the time for the others is up") {
    (void)mine.installed(v, &before);
    mine.has_asked(1);
    mine.has_asked(2);
    CHECK(mine.hear(lock::unanswered{1, errc::timed_out, {}}));
    CHECK_FALSE(mine.all());
    CHECK(mine.hear(lock::unanswered{2, errc::timed_out, {}}));
    CHECK(mine.all());
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: answers to questions of others are not the log's") {
    (void)mine.installed(v, &before);
    mine.has_asked(1);
    CHECK_FALSE(mine.hear(lock::answered{7, lock::records_read{7, {made_record(2)}}}));
    CHECK_FALSE(mine.hear(lock::unanswered{7, errc::timed_out, {}}));
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: while it asks, voters that come later are asked as well") {
    (void)mine.installed(v, &before);
    mine.has_asked(1);
    mine.has_asked(2);
    auto after = v;
    after.number = {8};
    after.seats[1].filled_by = peer(4);
    CHECK(mine.installed(after, &v) == std::vector{peer(4)});
    SECTION("but not after it has heard enough") {
        mine.has_asked(3);
        (void)mine.hear(lock::answered{2, lock::records_read{2, {}}});
        (void)mine.hear(lock::answered{3, lock::records_read{3, {}}});
        auto last = after;
        last.number = {9};
        last.seats[2].filled_by = peer(5);
        CHECK(mine.installed(last, &after).empty());
    }
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a founder has nothing to ask for, and no more have others") {
    CHECK(mine.installed(made_up::first_view(3), nullptr).empty());
    CHECK(mine.all());
    node::audit_log no_voter{peer(5)};
    CHECK(no_voter.installed(v, nullptr).empty());
}
