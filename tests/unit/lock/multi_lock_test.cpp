// Several locks at once (ALL-1).
#include "lock/multi_lock.hpp"
#include "catch.hpp"

using holdfast::lock::multi_lock;
using places = std::vector<std::size_t>;

TEST_CASE("ALL-1: names are asked for in the order of their bytes, whatever the order given") {
    multi_lock all{{"b", "\xc3\xa4", "a", "B"}};
    places asked;
    while (const auto at = all.wanted()) {
        CHECK_FALSE(all.has_all());
        asked.push_back(*at);
        all.was_granted();
    }
    CHECK(asked == places{3, 2, 0, 1});
    CHECK(all.has_all());
    CHECK(all.held() == asked);
}

TEST_CASE("ALL-1: no names are had at once") {
    multi_lock all{{}};
    CHECK_FALSE(all.wanted());
    CHECK(all.has_all());
    CHECK(all.held().empty());
}

TEST_CASE(
    "ALL-1: when one is refused, what was granted is to be released and nothing more is asked "
    "for") {
    multi_lock all{{"a", "b", "c"}};
    all.was_granted();
    all.was_refused();
    CHECK(all.has_failed());
    CHECK_FALSE(all.has_all());
    CHECK_FALSE(all.wanted());
    CHECK(all.held() == places{0});
}

TEST_CASE(
    "ALL-1: when one is lost, nothing more is asked for, and what comes in spite of that is to be "
    "released") {
    multi_lock all{{"a", "b", "c"}};
    all.was_granted();
    all.was_granted();
    all.was_lost(0);
    CHECK(all.has_failed());
    CHECK_FALSE(all.wanted());
    CHECK(all.held() == places{1});
    all.was_granted();
    CHECK(all.has_failed());
    CHECK(all.held() == places{1, 2});
}

TEST_CASE("ALL-1: a loss after all were granted is a failure, too") {
    multi_lock all{{"a"}};
    all.was_granted();
    CHECK(all.has_all());
    all.was_lost(0);
    CHECK_FALSE(all.has_all());
    CHECK(all.held().empty());
}

TEST_CASE("ALL-1: a name that is given twice is found") {
    CHECK(multi_lock::given_twice({"b", "a", "b"}) == "b");
    CHECK_FALSE(multi_lock::given_twice({"b", "a"}));
    CHECK_FALSE(multi_lock::given_twice({}));
}
