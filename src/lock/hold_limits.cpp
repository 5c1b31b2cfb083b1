#include "lock/hold_limits.hpp"

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::lock {

hold_limits::hold_limits(const acquire_params& wanted, base::time_point now)
    : progress_every_{wanted.progress_timeout}, when_stuck_{wanted.on_stall} {
    if (wanted.max_hold > base::duration::zero()) {
        ends_ = now + wanted.max_hold;
    }
    progress(now);
}

void hold_limits::progress(base::time_point now) {
    if (progress_every_ > base::duration::zero()) {
        stuck_from_ = now + progress_every_;
    }
}

hold_limits::verdict hold_limits::check(base::time_point now) {
    HOLDFAST_ASSERT(!stuck_from_ || progress_every_ > base::duration::zero());
    if (base::is_due(ends_, now)) {
        base::count(base::effect::max_hold_ends);
        return verdict::too_long;
    }
    if (base::is_due(stuck_from_, now)) {
        stuck_from_.reset();
        return verdict::stuck;
    }
    return verdict::within;
}

std::optional<base::time_point> hold_limits::next() const {
    auto due = ends_;
    base::earlier(due, stuck_from_);
    return due;
}

}  // namespace holdfast::lock
