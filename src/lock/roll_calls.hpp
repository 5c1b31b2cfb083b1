// After an owner was removed, members say unasked that they hold nothing in its slots, and one
// voter puts that together for the new owners (OWN-12).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class roll_calls {
public:
    roll_calls(const base::settings& settings, const peer_id& self)
        : settings_{settings}, self_{self} {}

    void installed(const view_change& s, base::time_point now);
    /// From a member.
    void heard(const peer_id& from, const no_holds& said, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<send> next() { return out_.next(); }

    void invariants() const;

private:
    friend struct explore::state_access;

    struct call {
        std::vector<peer_id> owners;  // of the orphaned slots now
        std::size_t awaited = 0;      // members that have not said it
        std::set<peer_id> heard;
        std::vector<std::pair<peer_id, no_holds>> fresh;  // not passed on yet
        std::optional<base::time_point> next;             // when they are
        base::duration pause{};
        base::time_point ends{};  // no owner counts on it any more
    };

    void take(call& c, const peer_id& from, const no_holds& said, base::time_point now);
    void pass_on(view_number named, call& c);

    const base::settings& settings_;
    peer_id self_;
    view_number installed_;
    std::map<view_number, call> calls_;
    std::map<peer_id, no_holds> early_;  // of views that are not installed here yet
    base::outbox<send> out_;
};

}  // namespace holdfast::lock
