// In which order peers are probed: each once in a round, and another order in every round (SWIM
// section 4.3).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/random.hpp"
#include "swim/roster.hpp"

namespace holdfast::swim {

class probe_round {
public:
    /// A newcomer, if it is monitored, gets a random place in the round that is running. At a fixed
    /// one, peers that join in a row would be probed in a row by every member, and in a large group
    /// the newcomer would wait for a whole round.
    void enter(const peer_id& id, const roster& peers, base::random_source& random);
    /// The next peer to probe, of those that are monitored; nothing: there is none.
    [[nodiscard]] std::optional<peer_id> next(const roster& peers, base::random_source& random);

    void invariants() const;

private:
    std::vector<peer_id> order_;
    std::size_t next_ = 0;
};

}  // namespace holdfast::swim
