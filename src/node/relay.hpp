// Lock messages that voters relay past a cut link (NET-1).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/view_change.hpp"
#include "node/message.hpp"

namespace holdfast::node {

class relay {
public:
    /// A copy of a message, and the voter to send it to.
    struct detour {
        peer_id by;
        relayed what;
    };
    enum class action : std::uint8_t {
        ignore,
        refuse,   ///< no rule lets us act on it
        take,     ///< as a message of its origin
        forward,  ///< to its destination
    };

    relay(const base::settings& settings, const peer_id& self) : settings_{settings}, self_{self} {}

    /// The copies to send beside `s` itself. After two tries, by one voter after another; and back
    /// the way by which messages of its receiver have come lately.
    [[nodiscard]] std::vector<detour> detours(const view& v, const lock::send& s,
                                              base::time_point now) const;
    /// What to do with `r`, which came from `from`. Remembers the way of what is to be taken.
    [[nodiscard]] action receive(const view& v, const peer_id& from, const relayed& r,
                                 base::time_point now);
    void forget_old(base::time_point now);

private:
    struct route {
        peer_id by;
        base::time_point heard;
    };

    const base::settings& settings_;
    peer_id self_;
    std::map<peer_id, route> routes_;  // by the origin of what came
};

}  // namespace holdfast::node
