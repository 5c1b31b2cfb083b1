// Aimed faults: every attack gets to its end, and none breaks a promise.
#include "catch.hpp"
#include "run_without_abort.hpp"

#include "sim/attacks.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// Under a sanitizer a seed takes ten times as long, and a tenth of the seeds is run: what it looks
// for is in each. They are too few to count attacks in.
#ifdef HOLDFAST_SLOW_BUILD
constexpr std::uint64_t aimed_seeds = 15, mixed_seeds = 3;
#else
constexpr std::uint64_t aimed_seeds = 150, mixed_seeds = 30;
#endif

TEST_CASE("every promise is kept under aimed faults, and every attack gets to its end",
          "[adversary]") {
    std::array<adversary::counts, attack_kinds> all{};
    for (std::uint64_t seed = 1; seed <= aimed_seeds; ++seed) {
        const auto r = run_without_abort({.seed = seed, .length = 30s, .aims = aims::instead});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
        for (const auto injected : r.faults) {
            CHECK(injected == 0);
        }
        for (std::size_t i = 0; i < attack_kinds; ++i) {
            all[i].begun += r.attacks[i].begun;
            all[i].carried_out += r.attacks[i].carried_out;
        }
    }
    for (std::size_t i = 0; i < attack_kinds; ++i) {
        INFO(attacks()[i].name << ": " << all[i].carried_out << " of " << all[i].begun);
        if constexpr (aimed_seeds >= 150) {
            CHECK(all[i].begun > 10);
            CHECK(all[i].carried_out * 3 > all[i].begun);
        }
    }
}

TEST_CASE("aimed faults beside random ones", "[adversary]") {
    for (std::uint64_t seed = 1; seed <= mixed_seeds; ++seed) {
        const auto r = run_without_abort({.seed = seed, .length = 30s, .aims = aims::beside});
        INFO(text_of(r));
        REQUIRE(r.violations.empty());
    }
}

TEST_CASE("a seed with aimed faults is one run, another than without, and its replay line says so",
          "[adversary]") {
    const options random{.seed = 7, .length = 10s};
    auto directed = random;
    directed.aims = aims::instead;
    auto both = random;
    both.aims = aims::beside;
    const auto hash = run_without_abort(directed).hash;
    CHECK(hash == run_without_abort(directed).hash);
    CHECK(hash != run_without_abort(random).hash);
    CHECK(hash != run_without_abort(both).hash);
    CHECK(replay_line(random) == "holdfast-sim --seed 7 --nodes 5 --seconds 10");
    CHECK(replay_line(directed) == "holdfast-sim --seed 7 --nodes 5 --seconds 10 --directed");
    CHECK(replay_line(both) == "holdfast-sim --seed 7 --nodes 5 --seconds 10 --directed=both");
}

}  // namespace
}  // namespace holdfast::sim
