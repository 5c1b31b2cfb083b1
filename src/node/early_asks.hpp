// What new owners ask before this peer has installed the view that made them owners (OWN-8).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "lock/messages.hpp"

namespace holdfast::node {

/// Kept until it has: to be asked once more takes a while (LOAD-5), and all wait for the last
/// report.
class early_asks {
public:
    /// The latest are kept; that others are lost costs time only.
    static constexpr std::size_t most = 128;

    void keep(const peer_id& from, const lock::gather& asked) {
        if (all_.size() == most) {
            all_.erase(all_.begin());
        }
        all_.emplace_back(from, asked);
    }
    /// Those that this view, or one before it, lets us answer.
    [[nodiscard]] std::vector<std::pair<peer_id, lock::gather>> take(view_number installed);

private:
    std::vector<std::pair<peer_id, lock::gather>> all_;
};

}  // namespace holdfast::node
