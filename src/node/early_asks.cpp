#include "node/early_asks.hpp"

#include <algorithm>
#include <iterator>

namespace holdfast::node {

std::vector<std::pair<peer_id, lock::gather>> early_asks::take(view_number installed) {
    const auto late = std::stable_partition(
        all_.begin(), all_.end(), [&](const auto& a) { return a.second.named > installed; });
    std::vector<std::pair<peer_id, lock::gather>> out{std::make_move_iterator(late),
                                                      std::make_move_iterator(all_.end())};
    all_.erase(late, all_.end());
    return out;
}

}  // namespace holdfast::node
