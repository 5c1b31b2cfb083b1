// What the simulator does wrong when it is told to (tests/mutants), by name and number.
#pragma once

#include <optional>
#include <string_view>

#include "base/planted.hpp"

namespace holdfast::sim {

struct mutant {
    base::planted bug{};
    std::string_view name;
};

[[nodiscard]] const mutant& mutant_of(base::planted bug);
/// By name, or by number.
[[nodiscard]] std::optional<mutant> find_mutant(std::string_view name);

}  // namespace holdfast::sim
