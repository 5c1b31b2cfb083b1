// How many processes a run has, and that every plan is one that its size allows.
#include "catch.hpp"

#include <algorithm>
#include <set>

#include "sim/run_plan.hpp"
#include "sim/sizes.hpp"

namespace holdfast::sim {
namespace {

TEST_CASE("sizes are one number or two", "[sizes]") {
    CHECK(parse_sizes("5") == sizes{5, 5});
    CHECK(parse_sizes("1-15") == sizes{1, 15});
    CHECK(parse_sizes("200") == sizes{200, 200});
    for (const auto* wrong :
         {"", "0", "201", "1-", "-3", "15-1", "1-2-3", "a", "5a", " 5", "1-201", "+5", "0-3"}) {
        INFO(wrong);
        CHECK_FALSE(parse_sizes(wrong));
    }
}

TEST_CASE("each size is drawn, and a seed always draws the same", "[sizes]") {
    std::set<std::size_t> drawn;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const auto n = draw_size({1, 15}, seed);
        CHECK(n == draw_size({1, 15}, seed));
        CHECK(draw_size({7, 7}, seed) == 7);
        drawn.insert(n);
    }
    CHECK(drawn.size() == 15);
    CHECK(*drawn.begin() == 1);
    CHECK(*drawn.rbegin() == 15);
}

/// No place that a plan names is beyond its processes, and a quorum is always left.
void check_plan(const run_plan& s) {
    const auto n = s.places.size();
    INFO("seed " << s.asked.seed << ", " << n << " processes");
    REQUIRE(n == s.asked.nodes);
    REQUIRE(s.seats >= 1);
    REQUIRE(s.seats % 2 == 1);
    REQUIRE(s.seats <= n);
    REQUIRE(s.styles.size() == s.locks.size());
    REQUIRE(s.shared_locks >= 1);
    REQUIRE(s.shared_locks <= s.locks.size());
    const auto& a = s.liveness_phase;
    REQUIRE(a.whom < n);
    for (const auto& place : {a.leaver, a.churned, a.which_owner}) {
        REQUIRE((!place || *place < n));
    }
    REQUIRE((!a.cut_link || (a.cut_link->first != a.cut_link->second && a.cut_link->first < n &&
                             a.cut_link->second < n)));
    REQUIRE((s.seats >= 3 || a.what == impairment::none));
    std::set<endpoint> addresses;
    for (const auto& p : s.places) {
        addresses.insert(p.address);
    }
    REQUIRE(addresses.size() == n);
    REQUIRE(std::any_of(s.places.begin(), s.places.end(),
                        [](const place_plan& p) { return !p.is_misfit(); }));
}

TEST_CASE("a plan of any size names only what it has", "[sizes]") {
    for (std::size_t nodes = 1; nodes <= 80; ++nodes) {
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            check_plan(draw({.seed = seed, .nodes = nodes}));
        }
    }
}

}  // namespace
}  // namespace holdfast::sim
