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
            check_plan(draw({.seed = seed, .nodes = nodes, .is_wide = true}));
        }
    }
}

bool has(const run_plan& s, trouble t) {
    return std::find(s.troubles.begin(), s.troubles.end(), t) != s.troubles.end();
}

TEST_CASE("wide plans have what the usual ones have not", "[sizes]") {
    std::set<trouble> drawn;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const auto s = draw({.seed = seed, .is_wide = true});
        drawn.insert(s.troubles.begin(), s.troubles.end());
        INFO("seed " << seed);
        if (s.is_loss_alone) {
            REQUIRE(s.faults.kinds.empty());
            REQUIRE(s.network.loss > 0);
        }
        if (has(s, trouble::other_lists)) {
            const auto& last = s.places.back();
            REQUIRE(last.seeds.size() == 3);
            REQUIRE(std::is_sorted(last.seeds.begin(), last.seeds.end()));
            // the seat that they share with the others is filled by one of those
            const auto shared =
                std::find_if(s.places.begin(), s.places.end(),
                             [&](const place_plan& p) { return p.address == last.seeds.front(); });
            REQUIRE(static_cast<std::size_t>(shared - s.places.begin()) < s.seats);
            REQUIRE_FALSE(shared->is_misfit());
        }
        if (has(s, trouble::wild_clock)) {
            const auto wrong = std::count_if(
                s.places.begin(), s.places.begin() + static_cast<std::ptrdiff_t>(s.seats),
                [](const place_plan& p) { return p.wall_s < 60'000'000 || p.wall_s > 61'000'000; });
            REQUIRE(2 * static_cast<std::size_t>(wrong) < s.seats);
        }
        const auto usual = draw({.seed = seed});
        REQUIRE_FALSE(usual.is_loss_alone);
        REQUIRE(usual.faults.half_open == 0);
        REQUIRE(std::all_of(usual.troubles.begin(), usual.troubles.end(),
                            [](trouble t) { return t == trouble::misfit; }));
    }
    for (const auto t : {trouble::wild_clock, trouble::small_quotas, trouble::long_queues,
                         trouble::loss_alone, trouble::other_lists}) {
        INFO(to_string(t));
        CHECK(drawn.contains(t));
    }
}

}  // namespace
}  // namespace holdfast::sim
