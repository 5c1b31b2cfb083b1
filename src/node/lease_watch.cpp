#include "node/lease_watch.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::node {

lease_watch::change lease_watch::notice(base::moment now) {
    HOLDFAST_ASSERT(last_ran_ <= now.now);
    HOLDFAST_ASSERT(noticed_.suspended <= now.suspended);
    noticed_ = now;
    change out;
    const bool runs = renewal_.is_running(now.for_rights());
    out.is_of_lease = runs != is_running_;
    if (runs || out.is_of_lease) {
        last_ran_ = now.now;
    }
    if (out.is_of_lease && !runs) {
        base::count(base::effect::lease_5_ends);
    }
    is_running_ = runs;
    const bool is_at_risk = runs && now.for_rights() >= renewal_.at_risk_from();
    out.is_of_risk = runs && is_at_risk != is_at_risk_;
    is_at_risk_ = is_at_risk;
    return out;
}

std::optional<base::time_point> lease_watch::deadline() const {
    if (!is_running_) {
        return std::nullopt;
    }
    return noticed_.when(is_at_risk_ ? *renewal_.end()
                                     : std::min(renewal_.at_risk_from(), *renewal_.end()));
}

/// A lease that is over, with its PeerId, does not run either.
void lease_watch::invariants() const {
    HOLDFAST_ASSERT(is_running_ == renewal_.is_running(noticed_.for_rights()));
}

}  // namespace holdfast::node
