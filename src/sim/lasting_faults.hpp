// Faults that last until they are taken back: cut, half-open and slow links, lost gossip, late
// tables, slewed clocks, streams that bring nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sim/cluster.hpp"
#include "sim/event_queue.hpp"

namespace holdfast::sim {

class lasting_faults {
public:
    using link = std::pair<std::uint32_t, std::uint32_t>;
    struct change {
        std::vector<link> cut;
        std::vector<link> slowed;
        std::optional<std::uint32_t> without_gossip;
        bool is_until_vote = false;
        bool holds_tables_up = false;
        std::optional<std::uint32_t> slewed{};
        std::vector<link> blocked{};  // for one of the transports
        transport blocks{};
        std::vector<link> muted{};
    };

    lasting_faults(cluster& machines, event_queue& events)
        : machines_{machines}, events_{events}, without_gossip_(machines.places()) {}

    /// Its number; end_of_fault comes with it after `how_long`.
    std::uint64_t begin(change what, base::duration how_long);
    /// What was changed, if it has not ended yet.
    std::optional<change> end(std::uint64_t number);
    void end_all();

    [[nodiscard]] bool is_without_gossip(std::uint32_t place) const {
        return without_gossip_[place] > 0;
    }
    [[nodiscard]] bool holds_tables_up() const { return held_up_tables_ > 0; }

private:
    void take_back(const change& what);

    cluster& machines_;
    event_queue& events_;
    std::map<std::uint64_t, change> all_;
    std::uint64_t last_number_ = 0;
    std::vector<unsigned> without_gossip_;
    unsigned held_up_tables_ = 0;
};

}  // namespace holdfast::sim
