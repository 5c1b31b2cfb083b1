// DELAY: until when a lock is granted to no waiter, after a hold that ended without a release.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

class delays {
public:
    void start(slot s, const std::string& name, base::time_point until) {
        auto& end = ends_[{s, name}];
        end = std::max(end, until);
        base::earlier(next_, end);
    }
    /// A delay that has ended is forgotten.
    [[nodiscard]] bool is_delayed(slot s, const std::string& name, base::time_point now) {
        if (ends_.empty()) {
            return false;  // as a rule; a key costs a copy of the name at every grant
        }
        const auto at = ends_.find({s, name});
        if (at == ends_.end()) {
            return false;
        }
        if (at->second <= now) {
            ends_.erase(at);
            return false;
        }
        base::earlier(next_, at->second);
        return true;
    }
    [[nodiscard]] bool has(slot s, const std::string& name) const {
        return ends_.contains({s, name});
    }
    /// Whether one may have ended while a request waited for it.
    [[nodiscard]] bool take_due(base::time_point now) {
        const bool due = base::is_due(next_, now);
        if (due) {
            next_.reset();
        }
        return due;
    }
    void forget_ended(base::time_point now) {
        std::erase_if(ends_, [&](const auto& d) { return d.second <= now; });
    }
    void forget(slot s) {
        std::erase_if(ends_, [&](const auto& d) { return d.first.first == s; });
    }
    /// What is left of them, in the order of the names.
    [[nodiscard]] std::vector<delay> of(slot s, base::time_point now) const {
        std::vector<delay> out;
        for (auto at = ends_.lower_bound({s, ""}); at != ends_.end() && at->first.first == s;
             ++at) {
            if (at->second > now) {
                out.push_back({at->first.second, at->second - now});
            }
        }
        return out;
    }
    [[nodiscard]] std::optional<base::time_point> deadline() const { return next_; }

private:
    friend struct explore::state_access;

    std::map<std::pair<slot, std::string>, base::time_point> ends_;
    // not later than the first that ends while a request waits
    std::optional<base::time_point> next_;
};

}  // namespace holdfast::lock
