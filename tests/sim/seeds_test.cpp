// Whole clusters with faults: no promise is broken.
#include "catch.hpp"
#include "run_without_abort.hpp"

#include "sim/sizes.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds = 100;

TEST_CASE("every promise is kept under faults, and every lock can be had afterwards", "[sim]") {
    std::uint64_t grants = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto r = run_without_abort({.seed = seed, .length = 30s});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
        grants += r.grants;
    }
    CHECK(grants > 100 * seeds);
}

TEST_CASE("clocks beyond the bound break MUTEX, and do not break FENCE", "[sim]") {
    std::size_t broken_runs = 0;
    for (std::uint64_t seed = 1; seed <= seeds / 4; ++seed) {
        const auto r = run_without_abort({.seed = seed, .length = 30s, .drift_beyond = true});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
        broken_runs += r.excused[static_cast<std::size_t>(guarantee::mutex)] > 0 ? 1 : 0;
    }
    CHECK(broken_runs > 0);  // or it would not be shown that FENCE holds where MUTEX does not
}

TEST_CASE("clusters of one to nine", "[sim]") {
    for (std::size_t nodes = 1; nodes <= 9; ++nodes) {
        const auto r = run_without_abort({.seed = nodes, .nodes = nodes, .length = 20s});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
    }
}

TEST_CASE("every promise is kept in a wider world, whatever its size", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const auto r = run_without_abort(
            {.seed = seed, .nodes = draw_size({1, 9}, seed), .length = 20s, .is_wide = true});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
    }
}

TEST_CASE("a run counts the rules that made a difference in it alone", "[sim]") {
    const auto count_of = [](const result& r, base::effect e) {
        return r.effects[static_cast<std::size_t>(e)];
    };
    const auto once = run_without_abort({.seed = 7, .length = 10s});
    const auto again = run_without_abort({.seed = 7, .length = 10s});
    CHECK(count_of(once, base::effect::lease_8_by_stream) > 0);
    CHECK(count_of(once, base::effect::found_9_too_far) == 0);
    CHECK(once.effects == again.effects);
}

TEST_CASE("a seed is one run and no other", "[sim]") {
    const auto once = run_without_abort({.seed = 7, .length = 10s});
    const auto again = run_without_abort({.seed = 7, .length = 10s});
    const auto other = run_without_abort({.seed = 8, .length = 10s});
    CHECK(once.hash == again.hash);
    CHECK(once.hash != other.hash);
}

}  // namespace
}  // namespace holdfast::sim
