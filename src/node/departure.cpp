#include "node/departure.hpp"

#include <algorithm>

namespace holdfast::node {

departure::actions departure::advance(const situation& at, base::time_point now) {
    actions out;
    if (!at.is_member) {
        out.is_over = true;
        return out;
    }
    if (phase_ != phase::saying && !at.is_leased) {
        // All that it had to give up went with its lease. It says so, but does not wait for an
        // answer: without a quorum none would come.
        phase_ = phase::saying;
        out.ends_lease = out.says_left = out.is_over = true;
        return out;
    }
    // From a peer that owns nothing and fills no seat no view has to take anything first.
    if (phase_ == phase::asking && (at.is_marked || at.owns_nothing || deadline_ <= now)) {
        phase_ = phase::handing_over;
        deadline_ = now + 2 * settings_.lease;
    }
    // Not in a call that has granted: the lease would end at the moment of the grant (OWN-1).
    const bool is_ready = (at.has_given_all_up || deadline_ <= now) && !at.has_granted;
    if (phase_ == phase::handing_over && is_ready) {
        phase_ = phase::saying;
        next_send_ = now;
        deadline_ = now + settings_.lease;
        out.ends_lease = true;
    }
    if (next_send_ <= now) {
        next_send_ = now + settings_.retry;
        out.asks_to_leave = phase_ == phase::asking;
        out.says_left = phase_ == phase::saying;
    }
    out.is_over = phase_ == phase::saying && deadline_ <= now;
    return out;
}

base::time_point departure::next_due(bool has_granted, base::time_point now) const {
    return std::min(next_send_, has_granted ? now + base::duration{1} : deadline_);
}

}  // namespace holdfast::node
