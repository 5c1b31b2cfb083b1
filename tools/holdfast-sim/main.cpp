// holdfast-sim: runs seeds, or replays one with its trace.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/assert.hpp"
#include "sim/mutants.hpp"
#include "sim/run.hpp"
#include "sim/sizes.hpp"
#include "sweep.hpp"

namespace {

using namespace holdfast::sim;

using wall = std::chrono::steady_clock;

double seconds_since(wall::time_point start) {
    return std::chrono::duration<double>(wall::now() - start).count();
}

unsigned long long number(std::uint64_t n) { return n; }

/// The process dies: say at least which seed it was.
void say_seed_and_die(int signal) {
    if (const auto here = running_here()) {
        std::fprintf(stderr, "died of signal %d; replay it with: %s\n", signal,
                     replay_line(*here).c_str());
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void print_violations(const result& r) {
    for (const auto& v : r.violations) {
        std::printf("%s broken at %s s: %s\n", std::string{to_string(v.broken)}.c_str(),
                    to_string(v.at).c_str(), v.text.c_str());
    }
}

template <class Kind, std::size_t kinds>
void print_counts(const char* what, const std::array<std::uint64_t, kinds>& counts) {
    for (std::size_t i = 0; i < kinds; ++i) {
        std::printf("%-17s %-50s %llu\n", what,
                    std::string{to_string(static_cast<Kind>(i))}.c_str(), number(counts[i]));
    }
}

void print_sums(const sums& s, double took) {
    std::printf("seeds             %llu in %.1f s, %.1f each second\n", number(s.seeds), took,
                static_cast<double>(s.seeds) / took);
    std::printf("simulated         %.0f s, %.0f each second\n", s.simulated_s,
                s.simulated_s / took);
    std::printf("grants judged     %llu\n", number(s.grants));
    std::printf("views installed   %llu\n", number(s.views_installed));
    std::printf("slots             gathered %llu, handed over %llu\n", number(s.slots_gathered),
                number(s.tables_received));
    std::printf("holds lost        %llu\n", number(s.holds_lost));
    std::printf("packets           %llu, lost %llu, doubled %llu, held up %llu\n",
                number(s.packets), number(s.lost), number(s.doubled), number(s.spikes));
    print_counts<fault>("fault", s.faults);
    print_counts<trouble>("fault", s.troubles);
    print_counts<holdfast::base::effect>("rule", s.effects);
    for (std::size_t i = 0; i < attack_kinds; ++i) {
        if (const auto& a = s.attacks[i]; a.begun > 0) {
            std::printf("attack            %-44s carried out %llu times of %llu\n",
                        std::string{attacks()[i].name}.c_str(), number(a.carried_out),
                        number(a.begun));
        }
    }
    std::printf("hash              %016llx\n", number(s.hash));
    std::printf("served            after %.1f s at most once all was mended (seed %llu)\n",
                static_cast<double>(s.served_after.count()) / 1e9, number(s.served_last));
    for (std::size_t i = 0; i < guarantee_kinds; ++i) {
        if (s.excused[i] > 0) {
            std::printf("excused           %s, broken by clocks beyond the bound in %llu seeds\n",
                        std::string{to_string(static_cast<guarantee>(i))}.c_str(),
                        number(s.excused[i]));
        }
    }
    std::printf("violations        %llu\n", number(s.failed));
}

int one_seed(options asked, bool is_quiet) {
    asked.trace = is_quiet ? nullptr : stdout;
    const auto r = run(asked);
    print_violations(r);
    std::printf("seed %llu: %s, %llu grants, %.1f s, hash %016llx\n", number(asked.seed),
                r.violations.empty() ? "no guarantee broken" : "FAILED", number(r.grants),
                static_cast<double>(r.simulated.count()) / 1e9, number(r.hash));
    if (!r.violations.empty()) {
        std::printf("%s\n", replay_line(asked).c_str());
        return 1;
    }
    return 0;
}

/// False, and names them, if a rule never made a difference or a trouble never came.
bool has_all(const sums& s) {
    const auto missing = s.missing();
    for (const auto& one : missing) {
        std::printf("never             %s\n", one.c_str());
    }
    return missing.empty();
}

int many_seeds(const options& asked, const sweep_options& how, bool requires_all) {
    sums all;
    std::string last;
    const auto start = wall::now();
    auto said = start;
    sweep(asked, how, [&](const result& r) {
        all.add(r);
        if (!r.violations.empty()) {
            print_violations(r);
            last = replay_line(r.asked);
            std::printf("%s\n", last.c_str());
            std::fflush(stdout);
        }
        if (seconds_since(said) > 30) {
            said = wall::now();
            std::fprintf(stderr, "%llu of %llu seeds, %llu violations\n", number(all.seeds),
                         number(how.seeds), number(all.failed));
        }
    });
    print_sums(all, seconds_since(start));
    const bool lacks_some = requires_all && !has_all(all);
    if (!last.empty()) {
        std::printf("%s\n", last.c_str());
    }
    return last.empty() && !lacks_some ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    holdfast::base::check_everything(true);
    CLI::App app{"Runs whole clusters in one thread from a seed, and judges what they promise."};
    options asked;
    sweep_options how;
    std::uint64_t seconds = 60;
    std::string nodes = "5";
    std::string mutant_name;
    std::string directed;
    bool is_quiet = false;
    bool requires_all = false;
    how.jobs = std::max(1u, std::thread::hardware_concurrency());
    auto* seed = app.add_option("--seed", asked.seed, "Run this seed alone and print what happens");
    auto* seeds = app.add_option("--seeds", how.seeds, "Run so many seeds");
    app.add_option("--from", how.from, "The first of them")->capture_default_str();
    app.add_option("--jobs", how.jobs, "Threads")
        ->capture_default_str()
        ->check(CLI::Range(1u, 1024u));
    app.add_option("--nodes", nodes,
                   "Processes in the cluster: 5, or 1-15 to draw it for each seed")
        ->capture_default_str();
    app.add_option("--seconds", seconds, "Simulated seconds with faults")
        ->capture_default_str()
        ->check(CLI::Range(1u, 3600u));
    app.add_option("--mutant", mutant_name,
                   "Do this wrong (tests/mutants, options of the simulator)");
    app.add_flag("--until-failure", how.stops_at_first_failure,
                 "With --seeds: stop at the first that breaks a promise");
    app.add_flag("--drift-beyond", asked.drift_beyond,
                 "Clocks break the bound: MUTEX may then fail, FENCE may not");
    app.add_flag("--directed{only}", directed,
                 "Aimed faults (adversary.hpp) instead of random ones, or with "
                 "--directed=both beside them")
        ->check(CLI::IsMember({"only", "both"}));
    auto* wide = app.add_flag("--wide", asked.is_wide,
                              "Also half-open networks, crash loops, wild wall clocks, small "
                              "quotas, long queues, two lists of seats, loss alone");
    app.add_flag("--require-all", requires_all,
                 "With --seeds and --wide: end with code 1 if a rule never made a difference or a "
                 "kind of fault never came")
        ->needs(seeds)
        ->needs(wide);
    app.add_flag("--quiet", is_quiet, "With --seed: only the verdict");
    seed->excludes(seeds);
    CLI11_PARSE(app, argc, argv);

    const auto some = parse_sizes(nodes);
    if (!some) {
        std::fprintf(stderr, "--nodes takes a number up to %zu, or two of them as in 1-15\n",
                     most_nodes);
        return 2;
    }
    how.nodes = *some;
    asked.nodes = draw_size(*some, asked.seed);
    asked.length = std::chrono::seconds{seconds};
    asked.aims = directed == "only"   ? aims::instead
                 : directed == "both" ? aims::beside
                                      : aims::none;
    if (!mutant_name.empty()) {
        const auto m = find_mutant(mutant_name);
        if (!m) {
            std::fprintf(stderr, "there is no mutant \"%s\"\n", mutant_name.c_str());
            return 2;
        }
        asked.mutant = *m;
    }
    std::signal(SIGSEGV, say_seed_and_die);
    std::signal(SIGABRT, say_seed_and_die);
    if (seeds->count() > 0) {
        return many_seeds(asked, how, requires_all);
    }
    return one_seed(asked, is_quiet);
}
