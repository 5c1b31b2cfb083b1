// How long a suspect has to refute (SWIM section 4.2; Lifeguard section IV, B).
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>

#include <holdfast/ids.hpp>

#include "base/assert.hpp"
#include "base/logarithm.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::swim {

/// The shortest suspicion in a group of `members`: mult * log10(members) probe periods, at least
/// mult of them.
[[nodiscard]] inline base::duration shortest_suspicion(const base::settings& s,
                                                       std::size_t members) {
    const auto scale = std::max<std::uint64_t>(65536, base::log10_scaled(members));
    return base::duration{static_cast<base::duration::rep>(
        s.suspicion_mult * static_cast<double>(s.probe_period.count()) *
        (static_cast<double>(scale) / 65536.0))};
}

/// From `longest` with no confirmation down to `shortest` with all that are expected, in steps of a
/// logarithm, so that the first confirmations count most.
[[nodiscard]] inline base::duration suspicion_time(base::duration shortest, base::duration longest,
                                                   std::size_t confirmations,
                                                   std::size_t expected) {
    if (expected == 0 || confirmations >= expected || longest <= shortest) {
        return shortest;
    }
    const auto done = base::log2_scaled(confirmations + 1);
    const auto all = base::log2_scaled(expected + 1);
    const auto out =
        longest - base::duration{static_cast<base::duration::rep>(
                      (longest - shortest).count() / static_cast<base::duration::rep>(all) *
                      static_cast<base::duration::rep>(done))};
    HOLDFAST_ASSERT(out >= shortest && out <= longest);
    return out;
}

/// A running suspicion: which peers suspect, and since when.
struct suspicion {
    base::time_point since;
    base::duration shortest;
    base::duration longest;
    std::size_t expected = 0;
    std::set<peer_id> suspected_by;

    [[nodiscard]] base::time_point ends() const {
        return since + suspicion_time(shortest, longest,
                                      suspected_by.empty() ? 0 : suspected_by.size() - 1, expected);
    }
};

}  // namespace holdfast::swim
