// Many seeds, on several threads: runs share nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/run.hpp"
#include "sim/sizes.hpp"

namespace holdfast::sim {

/// What many runs add up to.
struct sums {
    std::uint64_t seeds = 0;
    std::uint64_t failed = 0;
    std::array<std::uint64_t, guarantee_kinds> excused{};  // seeds
    instant served_after{};                                // the longest of all
    std::uint64_t served_last = 0;                         // its seed
    std::uint64_t grants = 0;
    std::uint64_t packets = 0;
    std::uint64_t views_installed = 0;
    std::uint64_t slots_gathered = 0;
    std::uint64_t tables_received = 0;
    std::uint64_t holds_lost = 0;
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    std::uint64_t spikes = 0;
    double simulated_s = 0;
    std::uint64_t hash = 0;  ///< of the runs' hashes, in the order of their seeds
    std::array<std::uint64_t, fault_kinds> faults{};
    trouble_counts troubles{};
    base::effect_counts effects{};
    std::array<adversary::counts, attack_kinds> attacks{};

    void add(const result& r);
    /// The rules that never made a difference, and the troubles that never came, in words.
    [[nodiscard]] std::vector<std::string> missing() const;
};

struct sweep_options {
    std::uint64_t from = 1;
    std::uint64_t seeds = 1;
    sizes nodes{};  ///< drawn for each seed
    unsigned jobs = 1;
    bool stops_at_first_failure = false;
};

/// Runs `what` with each seed and its number of processes, and gives each result to `each` in the
/// order of the seeds. Stopping at a failure, the last result given is the failure with the lowest
/// seed.
void sweep(const options& what, const sweep_options& how,
           const std::function<void(const result&)>& each);

/// The seed that this thread is running, for the handler that prints it while the process dies.
[[nodiscard]] std::optional<options> running_here();

}  // namespace holdfast::sim
