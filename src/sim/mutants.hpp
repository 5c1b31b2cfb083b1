// The bugs that can be planted, by name and number, and what breaking each costs (docs/testing.md).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/planted.hpp"
#include "sim/scenario.hpp"

namespace holdfast::sim {

struct mutant {
    base::planted bug{};
    std::string_view name;
    std::string_view rule;  ///< of DESIGN, that it breaks
    /// the promise that goes with it, as the list has it; empty: none, a story in tests/scenarios
    /// shows it
    std::string_view costs;
    aims seen_by{};  ///< where random faults would need too many seeds
};

[[nodiscard]] std::span<const mutant> all_mutants();
[[nodiscard]] const mutant& mutant_of(base::planted bug);
/// By name, or by number.
[[nodiscard]] std::optional<mutant> find_mutant(std::string_view name);

}  // namespace holdfast::sim
