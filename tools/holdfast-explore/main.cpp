// holdfast-explore: every state of small worlds of the real code.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "explore/worlds.hpp"

namespace {

using namespace holdfast::explore;

void print_head() {
    std::printf("%-14s %10s %10s %10s %6s %8s  %s\n", "world", "states", "machines", "moves",
                "depth", "seconds", "found");
}

void print(const small_world& of, const outcome& r) {
    std::printf("%-14s %10llu %10llu %10llu %6llu %8.1f  %s\n", std::string{of.name}.c_str(),
                static_cast<unsigned long long>(r.states),
                static_cast<unsigned long long>(r.machines),
                static_cast<unsigned long long>(r.moves), static_cast<unsigned long long>(r.depth),
                r.seconds,
                r.found         ? r.found->what.c_str()
                : r.is_complete ? "nothing, in all there is"
                                : "nothing, and was STOPPED at its bound");
    std::fflush(stdout);
}

void print_schedule(const counterexample& found) {
    for (const auto& line : found.schedule) {
        std::printf("    %s\n", line.c_str());
    }
    std::printf("found: %s\n", found.what.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Goes through every state of small worlds of the real code."};
    std::string only;
    std::string mutant;
    std::uint64_t seconds = 300;
    bounds within;
    bool is_short = false;
    app.add_option("--world", only, "This world alone");
    app.add_option("--mutant", mutant, "Do this wrong (tests/mutants)")
        ->check(CLI::IsMember({"restart_keeps_the_peer_id"}));
    app.add_option("--seconds", seconds, "For each world at most so long")->capture_default_str();
    app.add_option("--states", within.states, "In each world at most so many states")
        ->capture_default_str();
    app.add_flag("--short", is_short, "Leave out the worlds that take minutes");
    CLI11_PARSE(app, argc, argv);
    within.time = std::chrono::seconds{seconds};

    int failed = 0;
    bool is_known = false;
    print_head();
    for (const auto& w : all_worlds()) {
        if ((!only.empty() && w.name != only) || (only.empty() && is_short && w.is_large)) {
            continue;
        }
        is_known = true;
        const auto world = w.make(!mutant.empty());
        const auto r = search(*world, within);
        print(w, r);
        if (r.found) {
            print_schedule(*r.found);
        }
        failed += r.found || (!r.is_complete && !w.is_endless);
    }
    if (!is_known) {
        std::fprintf(stderr, "no world has the name %s\n", only.c_str());
        return 2;
    }
    std::printf("%s\n", failed == 0 ? "no promise broken" : "FAILED");
    return failed == 0 ? 0 : 1;
}
