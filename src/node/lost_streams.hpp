// Whose streams were lost, and when what they may have carried is sent again (LOAD-4).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/agenda.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::node {

/// Once in `settings::retry` for each peer: one that ends each stream after it has read something
/// is not sent everything again as fast as streams can be made.
class lost_streams {
public:
    explicit lost_streams(const base::settings& settings) : settings_{settings} {}

    /// A stream with `peer`, a member. Whether that is sent again now; else it is due later.
    [[nodiscard]] bool lost(const peer_id& peer, base::time_point now);
    /// The peers to which it is sent again now.
    [[nodiscard]] std::vector<peer_id> due(base::time_point now);
    /// Forgets those that are no members any more.
    void installed(const view& v);
    [[nodiscard]] std::optional<base::time_point> deadline() const { return due_.next(); }

private:
    struct loss {
        base::time_point not_before{};
        std::optional<base::time_point> listed{};  // another one since then
    };

    const base::settings& settings_;
    std::map<peer_id, loss> known_;
    base::agenda<peer_id> due_;
};

}  // namespace holdfast::node
