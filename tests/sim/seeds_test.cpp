// Whole clusters with faults: no promise is broken.
#include "catch.hpp"

#include "base/assert.hpp"
#include "sim/run.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds = 200;

std::string text_of(const result& r) {
    std::string text = replay_line(r.asked);
    for (const auto& v : r.violations) {
        text += "\n" + std::string{to_string(v.broken)} + " at " + to_string(v.at) + ": " + v.text;
    }
    return text;
}

/// A broken invariant ends the run, so that the seed can be told.
result run_without_abort(const options& asked) {
    base::abort_on_broken_invariant(false);
    auto r = run(asked);
    base::abort_on_broken_invariant(true);
    return r;
}

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
    std::size_t broken = 0;
    for (std::uint64_t seed = 1; seed <= seeds / 4; ++seed) {
        const auto r = run_without_abort({.seed = seed, .length = 30s, .drift_beyond = true});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
        broken += r.excused[static_cast<std::size_t>(guarantee::mutex)] > 0 ? 1 : 0;
    }
    CHECK(broken > 0);  // or it would not be shown that FENCE holds where MUTEX does not
}

TEST_CASE("clusters of one to nine", "[sim]") {
    for (std::size_t nodes = 1; nodes <= 9; ++nodes) {
        const auto r = run_without_abort({.seed = nodes, .nodes = nodes, .length = 20s});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
    }
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
