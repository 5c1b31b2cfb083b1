#include "view/view_log.hpp"

#include "catch.hpp"
#include "fixture.hpp"

using namespace view_test;

namespace {

struct founded_log {
    set_environment surroundings;
    view_log log;

    founded_log() { (void)log.found(made_up::first_view(3), surroundings); }
    result<installation> append(const change& c) { return log.append({c, {}}, surroundings); }
    change next() const { return empty_change(*log.current()); }
};

}  // namespace

TEST_CASE("view 1 is the first of its log, and no step led to it") {
    const set_environment surroundings;
    view_log log;
    CHECK(log.current() == nullptr);
    const auto done = log.found(made_up::first_view(3), surroundings);
    CHECK(done.is_first);
    CHECK(done.before == nullptr);
    CHECK(done.now == log.current());
    CHECK(done.map == log.map());
    CHECK(log.map()->slots() == log.current()->slots);
    CHECK_FALSE(log.after({0}, 10));
}

TEST_CASE_METHOD(founded_log, "a step makes the next view, and is kept for others") {
    const auto first = log.current();
    const auto done = append(next());
    REQUIRE(done);
    CHECK_FALSE(done->is_first);
    CHECK(done->before == first);
    CHECK(done->now == log.current());
    CHECK(log.current()->number == view_number{2});
    const auto kept = log.after({1}, 10);
    REQUIRE(kept);
    REQUIRE(kept->size() == 1);
    CHECK(kept->front() == done->by);
    CHECK(log.after({2}, 10)->empty());
}

TEST_CASE_METHOD(founded_log, "CHECKSUM: a step that gives another view here is an error") {
    auto wrong = next();
    SECTION("another checksum") { ++wrong.checksum; }
    SECTION("a change that does not fit") { wrong.removed = {peer(77)}; }
    const auto before = log.current();
    const auto done = append(wrong);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::internal_error);
    CHECK(log.current() == before);
    CHECK(append(next()));
}

TEST_CASE_METHOD(founded_log, "VIEW-3: 256 steps are kept, the latest") {
    for (std::size_t i = 0; i <= base::limits::steps_kept; ++i) {
        REQUIRE(append(next()));
    }
    CHECK_FALSE(log.after({1}, 10));
    const auto kept = log.after({2}, 1000);
    REQUIRE(kept);
    CHECK(kept->size() == base::limits::steps_kept);
    CHECK(log.after({2}, 3)->size() == 3);
}

TEST_CASE_METHOD(founded_log, "a joiner's log begins with its welcome, and goes on from there") {
    auto adds = next();
    adds.added = {made_up::member(9)};
    REQUIRE(append(adds));
    CHECK_FALSE(log.welcome_for({1}));
    const auto given = log.welcome_for({2});
    REQUIRE(given);
    CHECK(given->before.number == view_number{1});

    view_log joined;
    const auto done = joined.start(*given, surroundings);
    REQUIRE(done);
    CHECK(done->is_first);
    CHECK(*joined.current() == *log.current());
    CHECK(joined.after({1}, 10)->size() == 1);
    REQUIRE(joined.append({empty_change(*joined.current()), {}}, surroundings));
}

TEST_CASE_METHOD(founded_log, "a welcome that does not add up starts nothing") {
    auto adds = next();
    adds.added = {made_up::member(9)};
    REQUIRE(append(adds));
    auto given = *log.welcome_for({2});
    SECTION("no map") { given.map_before = nullptr; }
    SECTION("a map of another size") {
        given.map_before =
            std::make_shared<const base::slot_map>(base::slot_map{{peer(1)}, {0, 0}});
    }
    SECTION("a map without owners") { given.map_before = std::make_shared<const base::slot_map>(); }
    SECTION("another checksum") { ++given.added_by.what.checksum; }
    view_log joined;
    CHECK_FALSE(joined.start(given, surroundings));
    CHECK(joined.current() == nullptr);
}

TEST_CASE_METHOD(founded_log, "the welcomes of the latest 32 additions are kept") {
    for (std::uint64_t n = 10; n < 10 + 33; ++n) {
        auto adds = next();
        adds.added = {made_up::member(n)};
        REQUIRE(append(adds));
    }
    CHECK_FALSE(log.welcome_for({2}));
    CHECK(log.welcome_for({3}));
    CHECK(log.welcome_for({34}));
}
