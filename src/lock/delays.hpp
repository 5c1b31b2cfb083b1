// DELAY: until when a lock is granted to no waiter, after a hold that ended without a release.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/agenda.hpp"
#include "base/rule_effects.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"

namespace holdfast::lock {

class delays {
public:
    using lock_key = std::pair<slot, std::string>;

    void start(slot s, const std::string& name, base::time_point until) {
        base::count(base::effect::delay_begins);
        const lock_key key{s, name};
        auto& end = ends_[key];
        order_.set(key, end, end ? std::max(*end, until) : until);
    }
    [[nodiscard]] bool is_delayed(slot s, const std::string& name, base::time_point now) const {
        if (ends_.empty()) {
            return false;  // as a rule; a key costs a copy of the name at every grant
        }
        const auto at = ends_.find({s, name});
        return at != ends_.end() && *at->second > now;
    }
    /// Those that have ended are forgotten: their locks.
    [[nodiscard]] std::vector<lock_key> take_ended(base::time_point now) {
        auto ended = order_.due(now);
        for (const auto& key : ended) {
            forget(ends_.find(key));
        }
        return ended;
    }
    void forget(slot s) {
        for (auto at = ends_.lower_bound({s, ""}); at != ends_.end() && at->first.first == s;) {
            forget(at++);
        }
    }
    [[nodiscard]] std::optional<base::time_point> deadline() const { return order_.next(); }

private:
    friend struct explore::state_access;

    using ends = std::map<lock_key, std::optional<base::time_point>>;

    void forget(ends::iterator at) {
        order_.set(at->first, at->second, std::nullopt);
        ends_.erase(at);
    }

    ends ends_;  // each as listed below
    base::agenda<lock_key> order_;
};

}  // namespace holdfast::lock
