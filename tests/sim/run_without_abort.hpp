// One run for a test.
#pragma once

#include "base/assert.hpp"
#include "sim/run.hpp"

#include <string>

namespace holdfast::sim {

/// A broken invariant ends the run, so that the seed can be told.
inline result run_without_abort(const options& asked) {
    base::abort_on_broken_invariant(false);
    auto r = run(asked);
    base::abort_on_broken_invariant(true);
    return r;
}

/// How to repeat the run, and what was broken.
inline std::string text_of(const result& r) {
    std::string text = replay_line(r.asked);
    for (const auto& v : r.violations) {
        text += "\n" + std::string{to_string(v.broken)} + " at " + to_string(v.at) + ": " + v.text;
    }
    return text;
}

}  // namespace holdfast::sim
