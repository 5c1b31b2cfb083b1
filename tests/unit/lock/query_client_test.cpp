// Questions are repeated until they are answered, and follow the owner of their name.
#include "fixture.hpp"

using namespace lock_test;

namespace {

struct asker {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.retry = 50ms;
        return s;
    }();
    base::pace pace{settings, 1};
    query_client mine{settings, pace, slot_of};
    view v = made_up::first_view(3, 0, 10);
    base::time_point now = at(1s);

    void install(std::uint64_t owner, bool is_first) {
        const view_change s{
            std::make_shared<const view>(v), nullptr, all_owned_by(owner), {}, is_first};
        v.number = v.number.next();
        mine.install(s, now);
    }
    std::vector<send> sent() {
        std::vector<send> out;
        while (auto o = mine.next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                out.push_back(std::move(*s));
            } else if (auto* a = std::get_if<answered>(&*o)) {
                answers.push_back(std::move(*a));
            } else {
                failures.push_back(std::get<unanswered>(std::move(*o)));
            }
        }
        return out;
    }
    std::vector<answered> answers;
    std::vector<unanswered> failures;
};

}  // namespace

TEST_CASE("NET-2: a question is repeated until it is answered, and only then") {
    asker a;
    a.install(1, true);
    const auto number = a.mine.ask(inspect_request{0, "a"}, {}, a.now + 10s, a.now);
    auto first = a.sent();
    REQUIRE(first.size() == 1);
    CHECK(first[0].to == peer(1));
    CHECK(the<inspect_request>(first[0].what).number == number);
    a.mine.tick(a.now + 49ms);
    CHECK(a.sent().empty());
    REQUIRE(a.mine.deadline());
    CHECK(*a.mine.deadline() >= a.now + 50ms);
    CHECK(*a.mine.deadline() <= a.now + 63ms);
    a.mine.tick(a.now + 63ms);
    auto second = a.sent();
    REQUIRE(second.size() == 1);
    CHECK(second[0].attempt == 1);
    inspect_reply answer;
    answer.number = number;
    answer.is = tenure_state::serves;
    a.mine.handle(peer(2), answer, a.now);  // not from the owner
    CHECK(a.sent().empty());
    CHECK(a.answers.empty());
    a.mine.handle(peer(1), answer, a.now);
    CHECK(a.sent().empty());
    REQUIRE(a.answers.size() == 1);
    CHECK(a.answers[0].number == number);
    CHECK_FALSE(a.mine.deadline());
}

TEST_CASE("LOAD-5: audit records are seldom asked for again, for each copy draws all of them") {
    asker a;
    a.install(1, true);
    (void)a.mine.ask(read_records{}, peer(3), a.now + 10s, a.now);
    auto copies = a.sent().size();
    REQUIRE(copies == 1);
    const auto end = a.now + a.settings.lease;
    for (auto due = a.mine.deadline(); due && *due < end; due = a.mine.deadline()) {
        a.mine.tick(*due);
        copies += a.sent().size();
    }
    CHECK(copies == 3);  // after at least A/4, and A/2
}

TEST_CASE("HOLD-5: a question follows the owner of its name, and waits for the first view") {
    asker a;
    (void)a.mine.ask(inspect_request{0, "a"}, {}, a.now + 10s, a.now);
    (void)a.mine.ask(read_records{}, peer(3), a.now + 10s, a.now);
    CHECK(a.sent().empty());
    a.install(1, true);
    a.mine.tick(a.now);
    const auto first = a.sent();
    REQUIRE(first.size() == 2);
    CHECK(first[0].to == peer(1));
    CHECK(first[1].to == peer(3));
    a.install(2, false);
    const auto again = a.sent();
    REQUIRE(again.size() == 1);  // the one with a receiver of its own stays with it
    CHECK(again[0].to == peer(2));
    CHECK(again[0].attempt == 0);
    a.install(2, false);
    CHECK(a.sent().empty());
}

TEST_CASE("LOOK-1: an owner that does not serve yet is asked again, and its answer kept") {
    asker a;
    a.install(1, true);
    const auto number = a.mine.ask(inspect_request{0, "a"}, {}, a.now + 100ms, a.now);
    (void)a.sent();
    inspect_reply answer;
    answer.number = number;
    answer.is = tenure_state::gathers;
    a.mine.handle(peer(1), answer, a.now);
    CHECK(a.sent().empty());
    CHECK(a.answers.empty());
    a.mine.tick(a.now + 100ms);
    CHECK(a.sent().empty());
    REQUIRE(a.failures.size() == 1);
    CHECK(a.failures[0].why == errc::timed_out);
    REQUIRE(a.failures[0].so_far);
    CHECK(std::get<inspect_reply>(*a.failures[0].so_far).is == tenure_state::gathers);
}

TEST_CASE("an answer of another kind, or to a forgotten question, is none") {
    asker a;
    a.install(1, true);
    const auto number = a.mine.ask(inspect_request{0, "a"}, {}, a.now + 10s, a.now);
    (void)a.sent();
    a.mine.handle(peer(1), listed{number, {}, true, 0}, a.now);
    CHECK(a.sent().empty());
    CHECK(a.answers.empty());
    a.mine.forget(number);
    inspect_reply answer;
    answer.number = number;
    answer.is = tenure_state::serves;
    a.mine.handle(peer(1), answer, a.now);
    CHECK(a.sent().empty());
    CHECK(a.answers.empty());
    CHECK_FALSE(a.mine.deadline());
}

TEST_CASE("without a view a question ends with not_a_member, and all end together") {
    asker a;
    (void)a.mine.ask(inspect_request{0, "a"}, {}, a.now + 10ms, a.now);
    a.mine.tick(a.now + 10ms);
    CHECK(a.sent().empty());
    REQUIRE(a.failures.size() == 1);
    CHECK(a.failures[0].why == errc::not_a_member);
    (void)a.mine.ask(inspect_request{0, "a"}, {}, a.now + 10s, a.now);
    (void)a.mine.ask(inspect_request{0, "b"}, {}, a.now + 10s, a.now);
    a.mine.end(errc::shutting_down);
    CHECK(a.sent().empty());
    REQUIRE(a.failures.size() == 3);
    CHECK(a.failures[2].why == errc::shutting_down);
    CHECK_FALSE(a.mine.deadline());
}
