#include "view/joining.hpp"

#include "catch.hpp"
#include "fixture.hpp"

using namespace view_test;

namespace {

const std::vector<endpoint> three_seats{address(1), address(2), address(3)};

struct joiner {
    base::settings settings;
    joining part{settings, made_up::member(9), three_seats, base::random_source{1}, at(0s)};
};

struct joined_voter {
    base::settings settings;
    set_environment surroundings;
    view_log log;
    joining part{settings, made_up::member(1), three_seats, base::random_source{1}, at(0s)};

    joined_voter() { (void)log.found(made_up::first_view(3), surroundings); }
    void install(const change& c) { REQUIRE(log.append({c, {}}, surroundings)); }
    joining::answer answer(const join& asked) { return part.answer_to(asked, log, {}); }
};

template <class Message>
Message reply(const joining::answer& answer) {
    REQUIRE(answer.reply);
    const auto* m = base::get_message_if<Message>(*answer.reply);
    REQUIRE(m != nullptr);
    return *m;
}

}  // namespace

TEST_CASE_METHOD(joiner, "a joiner asks at once, then again and again until it has a view") {
    CHECK(part.tick(at(0s)));
    REQUIRE(part.deadline());
    const auto next = *part.deadline();
    CHECK(next >= at(2 * settings.retry));
    CHECK(next <= at(3 * settings.retry));
    CHECK_FALSE(part.tick(next - 1ns));
    CHECK(part.tick(next));
    part.installed();
    CHECK_FALSE(part.deadline());
    CHECK_FALSE(part.tick(at(1h)));
}

TEST_CASE("JOIN-1: who was removed without a lease asks each second, and not to be let in") {
    base::settings settings;
    settings.removals_without_lease = 1;
    joining part{settings, made_up::member(9), three_seats, base::random_source{1}, at(0s)};
    REQUIRE(part.is_testing());
    CHECK(part.learn({{1, 1}, {5}}));
    base::time_point now = at(0s);
    for (; now < at(2 * settings.lease); now += 1s) {
        REQUIRE(part.tick(now));
        CHECK(part.deadline() == now + 1s);
        CHECK_FALSE(part.request().shown);
    }
    SECTION("until 2A are over") {
        CHECK(part.tick(now));
        CHECK(*part.deadline() < now + 1s);
    }
    SECTION("until the ways work") {
        now -= 500ms;
        part.ways_work(now);
        CHECK(part.tick(now));  // at once
    }
    CHECK_FALSE(part.is_testing());
    CHECK(part.request().shown == view_number{5});
}

TEST_CASE("JOIN-1: the wait doubles with each removal, up to a minute") {
    base::settings settings;
    const auto tests_at = [&](std::size_t removals, base::duration after) {
        settings.removals_without_lease = removals;
        joining part{settings, made_up::member(9), three_seats, base::random_source{1}, at(0s)};
        (void)part.tick(at(after));
        return part.is_testing();
    };
    CHECK_FALSE(tests_at(0, 0s));
    CHECK(tests_at(2, 4 * settings.lease - 1ns));
    CHECK_FALSE(tests_at(2, 4 * settings.lease));
    CHECK(tests_at(1000, 60s - 1ns));
    CHECK_FALSE(tests_at(1000, 60s));
}

TEST_CASE_METHOD(joiner, "VIEW-3: a joiner names the newest view it was shown") {
    CHECK_FALSE(part.request().shown);
    CHECK(part.learn({{1, 1}, {5}}));
    CHECK(part.request().shown == view_number{5});
    CHECK_FALSE(part.learn({{1, 1}, {4}}));  // no news
    CHECK(part.request().shown == view_number{5});
    CHECK(part.learn({{1, 1}, {6}}));
    CHECK(part.request().shown == view_number{6});
}

TEST_CASE_METHOD(joiner, "VIEW-3: a joiner that is shown no view goes on naming none") {
    CHECK_FALSE(part.learn({{7, 7}, {0}}));
    CHECK_FALSE(part.request().shown);
    CHECK(part.learn({{1, 1}, {5}}));
    CHECK_FALSE(part.learn({{7, 7}, {0}}));
    CHECK(part.request().shown == view_number{5});
}

TEST_CASE_METHOD(joiner, "a joiner takes only a welcome that adds it, to a cluster of its seats") {
    welcome given;
    given.before = made_up::first_view(3);
    given.added_by.what.added = {made_up::member(9)};
    CHECK(part.is_welcome(given));
    SECTION("it adds another peer") { given.added_by.what.added = {made_up::member(8)}; }
    SECTION("the seats are other ones") { given.before.seats.pop_back(); }
    SECTION("it has no slots") { given.before.slots = 0; }
    SECTION("it has more slots than there may be") { given.before.slots = base::limits::slots + 1; }
    CHECK_FALSE(part.is_welcome(given));
}

TEST_CASE_METHOD(joined_voter, "a join that names a view not too old makes a candidate") {
    const auto answer_now = answer(asked_by(9, settings));
    CHECK(answer_now.is_candidate);
    CHECK_FALSE(answer_now.reply);
}

TEST_CASE_METHOD(joined_voter,
                 "VIEW-3: a join that names no view, or none there is, is shown the newest") {
    auto asked = asked_by(9, settings);
    SECTION("none") { asked.shown.reset(); }
    SECTION("a later one than there is") { asked.shown = view_number{2}; }
    SECTION("one too old") {
        for (std::size_t i = 0; i <= base::limits::steps_kept; ++i) {
            install(empty_change(*log.current()));
        }
    }
    const auto answer_now = answer(asked);
    CHECK_FALSE(answer_now.is_candidate);
    const auto shown = reply<join_shown>(answer_now);
    CHECK(shown.newest == log.current()->number);
    CHECK(shown.cluster == log.current()->cluster);
}

TEST_CASE_METHOD(joined_voter,
                 "a joiner with other settings is refused, and the operator is told of it") {
    auto asked = asked_by(9, settings);
    std::optional<refusal> why;
    std::optional<errc> told;
    SECTION("other seeds") {
        asked.seeds.pop_back();
        why = refusal::seeds_differ;
        told = errc::seeds_differ;
    }
    SECTION("LEASE-6: other times") {
        asked.terms.lease += 1ns;
        why = refusal::times_differ;
        told = errc::times_differ;
    }
    SECTION("another ring function: the joiner is another version, here is nothing wrong") {
        asked.ring_function = 2;
        why = refusal::ring_not_supported;
    }
    const auto answer_now = answer(asked);
    CHECK_FALSE(answer_now.is_candidate);
    CHECK(reply<join_refused>(answer_now).why == why);
    CHECK(answer_now.problem.has_value() == told.has_value());
    if (answer_now.problem) {
        CHECK(answer_now.problem->why == told);
        CHECK(answer_now.problem->text.find(to_string(address(9))) == 0);
    }
}

TEST_CASE_METHOD(joined_voter, "a member that asks again gets its welcome again") {
    auto c = empty_change(*log.current());
    c.added = {made_up::member(9)};
    install(c);
    const auto whole = reply<welcome>(answer(asked_by(9, settings)));
    CHECK(whole.before == made_up::first_view(3));
    CHECK(whole.added_by.what == c);
}

TEST_CASE_METHOD(joined_voter,
                 "a founder that asks to join is told what was chosen, by the founders only") {
    const founding_value chosen{{1, 1}, {100}, 16, {}};
    const auto asked = asked_by(2, settings);
    CHECK_FALSE(answer(asked).reply);
    CHECK(reply<founded>(part.answer_to(asked, log, chosen)).value == chosen);
}

TEST_CASE_METHOD(joined_voter, "VIEW-3: a PeerId that was removed is refused for good") {
    auto c = empty_change(*log.current());
    c.added = {made_up::member(9)};
    install(c);
    c = empty_change(*log.current());
    c.removed = {peer(9)};
    install(c);
    CHECK(reply<join_refused>(answer(asked_by(9, settings))).why == refusal::stale);
}
