// Processes that gossip suspects and that would run on the same machine (CERT-1).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/context.hpp"

namespace holdfast::sim {

class suspect_list {
public:
    void note(const node::belief_changed& b, const context& from, std::uint32_t place);
    /// Those of them that are not there: a process looks at its own machine, as the runtime does.
    [[nodiscard]] std::vector<peer_id> take_missing(const context& from, std::uint32_t place);
    void clear() { all_.clear(); }

private:
    std::vector<peer_id> all_;  // in the present step
};

}  // namespace holdfast::sim
