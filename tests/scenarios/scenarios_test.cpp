// Every scenario goes as it is written, and goes wrong under the mutants that it names.
#include "catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/assert.hpp"
#include "runner.hpp"
#include "sim/mutants.hpp"

namespace holdfast::scenarios {
namespace {

namespace files = std::filesystem;

/// Another folder than the one in the source, to try scenarios out.
files::path folder() {
    const auto* other = std::getenv("HOLDFAST_SCENARIOS");
    return other != nullptr ? other : HOLDFAST_SCENARIOS;
}

std::vector<files::path> all_scenarios() {
    std::vector<files::path> out;
    for (const auto& f : files::directory_iterator(folder())) {
        if (f.path().extension() == ".txt") {
            out.push_back(f.path());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

scenario read(const files::path& path) {
    std::ifstream in{path};
    std::stringstream text;
    text << in.rdbuf();
    return parse(path.stem().string(), text.str());
}

/// A broken invariant is an objection of the judge, not the end of the test.
outcome act(const scenario& s, sim::mutant mutant) {
    base::abort_on_broken_invariant(false);
    auto out = runner{s, mutant}.act();
    base::abort_on_broken_invariant(true);
    return out;
}

std::string objections(const outcome& o) {
    std::string text;
    for (const auto& v : o.violations) {
        text +=
            std::string{to_string(v.broken)} + " at " + sim::to_string(v.at) + ": " + v.text + "\n";
    }
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        out.push_back(line);
    }
    return out;
}

/// Line by line: what stays, `-` what was expected and `+` what came, by their longest common part.
std::string difference(const std::string& expected, const std::string& came) {
    const auto a = lines_of(expected);
    const auto b = lines_of(came);
    std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                                 std::vector<std::size_t>(b.size() + 1));
    for (auto i = a.size(); i-- > 0;) {
        for (auto j = b.size(); j-- > 0;) {
            common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1
                                        : std::max(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::string out;
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
        if (i < a.size() && j < b.size() && a[i] == b[j]) {
            out += "  " + a[i++] + "\n";
            ++j;
        } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
            out += "- " + a[i++] + "\n";
        } else {
            out += "+ " + b[j++] + "\n";
        }
    }
    return out;
}

TEST_CASE("every scenario goes as it is written", "[scenarios]") {
    const bool rewrites = std::getenv("HOLDFAST_REWRITE") != nullptr;
    const auto path = GENERATE(from_range(all_scenarios()));
    DYNAMIC_SECTION(path.stem().string()) {
        const auto s = read(path);
        const auto went = act(s, sim::mutant::none);
        if (!went.failure.empty() || !went.violations.empty()) {
            // not INFO, which breaks lines anew
            std::cerr << s.name << ": " << went.failure << "\n" << objections(went) << went.trace;
        }
        CHECK(went.failure.empty());
        CHECK(went.violations.empty());
        if (rewrites) {
            std::ofstream{path} << s.head << went.trace;
        } else {
            const bool is_as_expected = went.trace == s.trace;
            if (!is_as_expected) {
                std::cerr << s.name
                          << ": went otherwise; HOLDFAST_REWRITE=1 writes the new trace into the "
                             "scenario\n"
                          << difference(s.trace, went.trace);
            }
            CHECK(is_as_expected);
        }
        // once more: nothing in it is left to chance
        CHECK(act(s, sim::mutant::none).trace == went.trace);
    }
}

/// The mutant that this program is linked with, or the option of the simulator to look at; none:
/// all options of the simulator (tests/mutants).
std::string mutant_named() {
    const auto* named = std::getenv("HOLDFAST_MUTANT");
    return named != nullptr ? named : "";
}

TEST_CASE("a scenario goes wrong under the mutants that it names", "[scenarios]") {
    const auto path = GENERATE(from_range(all_scenarios()));
    const auto s = read(path);
    const auto mutant = mutant_named();
    for (const auto& w : s.expected_failures) {
        const auto option = sim::find_mutant(w.mutant);
        if (mutant.empty() ? !option : w.mutant != mutant) {
            continue;
        }
        DYNAMIC_SECTION(s.name << " with " << w.mutant) {
            const auto went = act(s, option.value_or(sim::mutant::none));
            INFO(went.failure << "\n" << objections(went));
            if (w.broken.empty()) {
                CHECK(!went.failure.empty());
                CHECK(went.violations.empty());
            } else {
                CHECK(std::any_of(went.violations.begin(), went.violations.end(),
                                  [&](const auto& v) { return to_string(v.broken) == w.broken; }));
            }
        }
    }
}

/// `steps`, in a cluster of three, without a trace.
outcome act(const std::string& steps) {
    return act(parse("made up", "cluster seats=3 peers=3\n" + steps + "\ntrace\n"),
               sim::mutant::none);
}

bool says(const outcome& o, std::string_view text) {
    return o.failure.find(text) != std::string::npos;
}

TEST_CASE("a step that does not come true fails, and says where", "[scenarios]") {
    CHECK(act("within 5s  p1 is leased").failure.empty());
    CHECK(says(act("within 1s  p1 holds \"a\""), "line 2: did not come true in time"));
    CHECK(says(act("for 2s     not p1 is leased"), "line 2: did not stay true"));
    CHECK(says(act("now        p1 is leased"), "line 2: is not true"));
    CHECK(says(act("at 2s      lose next lock.table"), "line 2: no such message"));
}

TEST_CASE("what is not understood is said", "[scenarios]") {
    CHECK(says(act("later p1 locks \"a\""), "a step begins with"));
    CHECK(says(act("at 1s p9 locks \"a\""), "is no peer"));
    CHECK(says(act("at 1s p1 locks a"), "in quotes"));
    CHECK(says(act("at 1 p1 locks \"a\""), "is no time"));
    CHECK(says(act("at 1s lose next lock.gift"), "no kind of message"));
    CHECK(says(act("at 1s p1 locks \"a\" twice"), "not understood"));
    CHECK(says(act("now p1 likes \"a\""), "no condition"));
    CHECK_THROWS_AS(parse("made up", "cluster seats=3\n"), scenario_error);
    CHECK_THROWS_AS(act(parse("made up", "cluster chairs=3\nnow true\ntrace\n"), sim::mutant::none),
                    scenario_error);
}

TEST_CASE("a difference is shown line by line", "[scenarios]") {
    CHECK(difference("a\nb\nc\n", "a\nx\nc\n") == "  a\n- b\n+ x\n  c\n");
}

}  // namespace
}  // namespace holdfast::scenarios
