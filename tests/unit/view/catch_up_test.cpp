#include "view/catch_up.hpp"

#include "catch.hpp"
#include "fixture.hpp"

using namespace view_test;

namespace {

struct follower {
    base::settings settings;
    set_environment surroundings;
    view_log log;
    catch_up part{settings};

    follower() { (void)log.found(made_up::first_view(3, 1), surroundings); }
    void install_empty(int count) {
        for (int i = 0; i < count; ++i) {
            REQUIRE(log.append({empty_change(*log.current()), {}}, surroundings));
        }
    }
};

}  // namespace

TEST_CASE_METHOD(follower, "a peer that shows an older view is told the steps after it") {
    install_empty(5);
    const auto said = part.on_view_number(peer(2), {3}, false, log, at(0s));
    REQUIRE(said);
    const auto& told = std::get<steps>(*said).in_order;
    REQUIRE(told.size() == 3);
    CHECK(told.front().what.number == view_number{4});
    CHECK(told.back().what.number == view_number{6});
}

TEST_CASE_METHOD(follower, "a message holds a bounded number of steps") {
    install_empty(100);
    const auto said = part.answer_to(peer(2), {1}, log);
    REQUIRE(said);
    const auto& told = std::get<steps>(*said).in_order;
    CHECK(told.size() == 32);
    CHECK(told.front().what.number == view_number{2});
}

TEST_CASE_METHOD(follower, "a peer that shows a later view is asked for what is missing here") {
    install_empty(1);
    const auto said = part.on_view_number(peer(2), {9}, false, log, at(0s));
    REQUIRE(said);
    CHECK(std::get<want_steps>(*said).after == view_number{2});
    CHECK_FALSE(
        part.on_view_number(peer(2), {2}, false, log, at(1h)));  // the same view: nothing to say
}

TEST_CASE_METHOD(follower, "each peer is told at most once in half a retry period") {
    install_empty(1);
    CHECK(part.on_view_number(peer(2), {1}, false, log, at(0s)));
    CHECK_FALSE(part.on_view_number(peer(2), {1}, false, log, at(settings.retry / 2 - 1ns)));
    CHECK(part.on_view_number(peer(3), {1}, false, log, at(1ms)));
    CHECK(part.on_view_number(peer(2), {1}, false, log, at(settings.retry / 2)));
}

TEST_CASE_METHOD(follower, "LOAD-5: of many that show a later view a few are asked at once") {
    (void)part.on_view_number(peer(2), {9}, false, log, at(0s));
    const auto later = at(settings.lease / 4);
    std::size_t asked = 0;
    for (std::uint64_t n = 2; n < 60; ++n) {
        asked += part.on_view_number(peer(n), {9}, false, log, later) ? 1 : 0;
    }
    CHECK(asked == 4);
    CHECK_FALSE(part.on_view_number(peer(59), {9}, false, log, later + settings.retry / 2 - 1ms));
    CHECK(part.on_view_number(peer(59), {9}, false, log, later + settings.retry / 2));
    SECTION("and others when a step has come") {
        for (std::uint64_t n = 20; n < 60; ++n) {
            (void)part.on_view_number(peer(n), {9}, false, log, at(1h));
        }
        CHECK_FALSE(part.on_view_number(peer(3), {9}, false, log, at(1h)));
        install_empty(1);
        part.installed(at(1h));
        CHECK(part.on_view_number(peer(3), {9}, false, log, at(1h)));
    }
    SECTION("who is behind is told all the same") {
        install_empty(1);
        CHECK(part.on_view_number(peer(70), {1}, false, log, later + settings.retry / 2));
    }
}

TEST_CASE_METHOD(follower, "LOAD-5: at first voters alone are asked for steps, then any member") {
    const auto soon = settings.lease / 4 - 1ms;
    CHECK_FALSE(part.on_view_number(peer(7), {9}, false, log, at(0s)));
    CHECK(part.on_view_number(peer(3), {9}, false, log, at(0s)));
    CHECK_FALSE(part.on_view_number(peer(7), {9}, false, log, at(soon)));
    CHECK(part.on_view_number(peer(7), {9}, false, log, at(soon + 1ms)));
    install_empty(1);
    part.installed(at(10s));
    CHECK_FALSE(part.on_view_number(peer(7), {9}, false, log, at(10s)));  // anew
}

TEST_CASE_METHOD(follower, "LOAD-5: at first voters alone tell members of steps, then any member") {
    install_empty(3);
    part.installed(at(10s));
    const auto tells = [&](std::uint64_t who, bool as_voter, base::duration later) {
        return part.on_view_number(peer(who), {1}, as_voter, log, at(10s + later)).has_value();
    };
    CHECK_FALSE(tells(2, false, 0s));
    CHECK(tells(9, false, 0s));  // one that is no member: a voter may know nothing of it
    CHECK(tells(2, true, 0s));
    CHECK(tells(2, false, settings.lease / 4));
}

TEST_CASE_METHOD(follower, "VIEW-4: a peer is outdated when it is far behind, or was removed") {
    SECTION("further behind than steps are kept") {
        install_empty(static_cast<int>(base::limits::steps_kept) + 1);
        const auto said = part.answer_to(peer(4), {1}, log);
        REQUIRE(said);
        CHECK(std::get<outdated>(*said).yours == view_number{1});
        // one step later everything is there
        CHECK(std::holds_alternative<steps>(*part.answer_to(peer(4), {2}, log)));
    }
    SECTION("the steps are not kept here, but it is a member") {
        view_log joined;
        welcome given{*log.current(), log.map(), {empty_change(*log.current()), {}}};
        given.before.number = {41};
        given.added_by.what.number = {42};
        given.added_by.what.checksum = 42;
        REQUIRE(joined.start(given, surroundings));
        CHECK_FALSE(part.answer_to(peer(4), {40}, joined));
        SECTION("or it was removed, which is all it needs to know") {
            auto c = empty_change(*joined.current());
            c.removed = {peer(4)};
            REQUIRE(joined.append({c, {}}, surroundings));
            const auto said = part.answer_to(peer(4), {40}, joined);
            REQUIRE(said);
            CHECK(std::get<outdated>(*said).yours == view_number{40});
        }
    }
}
