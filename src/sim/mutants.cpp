#include "sim/mutants.hpp"

#include <algorithm>
#include <array>

namespace holdfast::sim {
namespace {

constexpr std::array<std::string_view, 5> names{
    "none",
    "clock_stops_in_suspend",
    "restart_keeps_the_peer_id",
    "time_of_an_earlier_turn",
    "stopped_counts_as_gone",
};

}  // namespace

std::string_view to_string(mutant m) { return names[static_cast<std::size_t>(m)]; }

std::optional<mutant> find_mutant(std::string_view name) {
    const auto at = std::find(names.begin() + 1, names.end(), name);
    return at == names.end() ? std::nullopt
                             : std::optional{static_cast<mutant>(at - names.begin())};
}

}  // namespace holdfast::sim
