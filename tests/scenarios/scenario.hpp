// A scenario as it is written: the cluster, the steps, the mutants under which it goes wrong,
// and the trace expected.
//
// docs/scenarios.md describes the language. Parsing only splits into lines and words; runner.cpp
// knows what the words of a step mean.
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/instant.hpp"

namespace holdfast::scenarios {

/// A step that cannot be understood, or that did not come true.
class scenario_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One line, word by word. What is in quotes keeps them.
class words {
public:
    words() = default;
    words(std::size_t number, std::string_view line);

    [[nodiscard]] std::size_t line() const { return line_; }
    [[nodiscard]] bool is_over() const { return next_ == all_.size(); }
    [[nodiscard]] std::string text() const;  ///< what is left

    [[nodiscard]] std::string take();
    /// Takes the next words if they are these.
    bool takes(std::string_view these);
    void expect(std::string_view these);
    void expect_end() const;
    /// `3s` or `250ms`.
    [[nodiscard]] sim::instant take_time();
    [[nodiscard]] std::uint64_t take_number();

    [[noreturn]] void object(std::string_view why) const;

private:
    std::size_t line_ = 0;
    std::vector<std::string> all_;
    std::size_t next_ = 0;
};

/// "with MUTANT breaks MUTEX" or "with MUTANT fails": what must go wrong with this mutant.
struct expected_failure {
    std::string mutant;
    std::string broken;  ///< the name of a promise; empty: a step does not come true
};

struct scenario {
    std::string name;                                         ///< of the file, without .txt
    std::map<std::string, std::string, std::less<>> cluster;  ///< what the line "cluster" says
    std::vector<std::string> locks;                           ///< every name in quotes
    std::vector<words> steps;
    std::vector<expected_failure> expected_failures;
    std::string head;   ///< the file up to the trace, as it is
    std::string trace;  ///< what comes after the line "trace"
};

/// `p2,p4-p6` is p2, p4, p5 and p6; and back again, in order and without repeats.
[[nodiscard]] std::vector<std::string> names_in(std::string_view list);
[[nodiscard]] std::string list_of(std::vector<std::string> names, std::string_view between = ",",
                                  std::string_view before = "");

[[nodiscard]] scenario parse(std::string name, std::string_view text);

}  // namespace holdfast::scenarios
