// What the simulator does wrong when it is told to: faults of a machine or of the driver of a node,
// which no change of the library can be (tests/mutants).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::sim {

enum class mutant : std::uint8_t {
    none,
    clock_stops_in_suspend,     ///< LEASE-2
    restart_keeps_the_peer_id,  ///< a restarted process is a new peer
    time_of_an_earlier_turn,    ///< NOW-1
    stopped_counts_as_gone,     ///< CERT-1
};

[[nodiscard]] std::string_view to_string(mutant m);
[[nodiscard]] std::optional<mutant> find_mutant(std::string_view name);

}  // namespace holdfast::sim
