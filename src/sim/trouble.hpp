// What else a run may meet but the faults of run_plan.hpp, counted where it is met.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::sim {

enum class trouble : std::uint8_t {
    orphaned_lock,
    rush,
    untaken_break,
    grudge,
    slow_write,
    failed_write,
    replay,
    kept_back,
    eviction,
    // while LIVE is checked
    link_stays_cut,
    leaves_for_good,
    killed_again_and_again,
    owner_crashes,
    deaf,
    loses_the_seats,
    without_gossip,
    hears_of_views_late,
    hears_of_no_views,
    seats_are_gone,
    seats_do_not_outlive,
    disk_fills_up,
    // of whole runs
    misfit,
    wild_clock,
    small_quotas,
    long_queues,
    loss_alone,
    other_lists,
};
constexpr std::size_t trouble_kinds = 27;
using trouble_counts = std::array<std::uint64_t, trouble_kinds>;

[[nodiscard]] constexpr std::string_view to_string(trouble t) {
    constexpr std::array<std::string_view, trouble_kinds> texts{
        "an owner and the holder of its lock gone",
        "views as fast as they can come",
        "a grant broken on its way",
        "a message of a kind that fares worse",
        "a slow write",
        "a write that failed",
        "a recorded packet sent again",
        "a datagram kept back",
        "an eviction by an operator",
        "a link that stays cut",
        "a process that leaves for good",
        "a process killed again and again",
        "an owner that crashes while LIVE is checked",
        "a deaf process",
        "a process that loses the seats",
        "a process without gossip",
        "a process that hears of views late",
        "a process that hears of no views",
        "seats that are gone for good",
        "seats that do not outlive a view",
        "a disk that fills up for good",
        "a process that no cluster lets in",
        "a run with a wall clock that is years off",
        "a run with small quotas",
        "a run with long queues",
        "a run in which packets are lost and nothing else",
        "a run with two lists of seats",
    };
    return texts[static_cast<std::size_t>(t)];
}

}  // namespace holdfast::sim
