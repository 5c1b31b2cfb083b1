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

    /// The copies to send beside `s` itself. After two tries, and if nothing has come from its
    /// receiver by stream for A/4 since it is tried, by the next two voters; and back the way
    /// by which messages of its receiver have come lately. `is_overdue`: what its receiver sends by
    /// stream is not what is waited for (VIEW-9).
    [[nodiscard]] std::vector<detour> detours(const view& v, const lock::send& s,
                                              base::time_point now, bool is_overdue = false);
    /// By stream, and from itself: so it can be reached (LOAD-5).
    void heard(const peer_id& peer) {
        if (!silent_since_.empty()) {
            silent_since_.erase(peer);
        }
    }
    void installed(const view& v);
    /// What to do with `r`, which came from `from`. Remembers the way of what is to be taken.
    [[nodiscard]] action receive(const view& v, const peer_id& from, const relayed& r,
                                 base::time_point now);
    void forget_old(base::time_point now);

private:
    struct route {
        peer_id by;
        base::time_point heard;
    };

    [[nodiscard]] bool is_silent(const peer_id& peer, base::time_point now);

    const base::settings& settings_;
    peer_id self_;
    std::map<peer_id, route> routes_;  // by the origin of what came
    // those that something is repeated to: since when, and nothing has come from them by stream
    std::map<peer_id, base::time_point> silent_since_;
};

}  // namespace holdfast::node
