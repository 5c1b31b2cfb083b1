#include "swim/probe_relay.hpp"

#include <iterator>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::swim {

void probe_relay::start(std::uint64_t sequence, const asker& by, base::time_point nack_at,
                        base::time_point ends) {
    HOLDFAST_ASSERT(!favours_.contains(sequence));
    favours_[sequence] = {by, nack_at, ends};
}

std::optional<probe_relay::asker> probe_relay::take(std::uint64_t sequence) {
    const auto at = favours_.find(sequence);
    if (at == favours_.end()) {
        return std::nullopt;
    }
    const auto by = at->second.by;
    favours_.erase(at);
    return by;
}

std::vector<probe_relay::asker> probe_relay::tick(base::time_point now) {
    std::vector<asker> out;
    for (auto at = favours_.begin(); at != favours_.end();) {
        if (base::is_due(at->second.nack_at, now)) {
            at->second.nack_at.reset();
            out.push_back(at->second.by);
        }
        at = at->second.ends <= now ? favours_.erase(at) : std::next(at);
    }
    return out;
}

std::optional<base::time_point> probe_relay::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& [sequence, f] : favours_) {
        base::earlier(due, f.nack_at);
        base::earlier(due, f.ends);
    }
    return due;
}

}  // namespace holdfast::swim
