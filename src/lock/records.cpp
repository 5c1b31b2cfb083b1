#include "lock/records.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"

namespace holdfast::lock {

bool archive::keep(const audit_record& what) {
    for (auto& known : records_) {
        if (known.by == what.by && known.number == what.number) {
            const auto former = known.revision;
            const auto newest = std::max(former, what.revision);
            if (known.revision < what.revision) {
                known = what;
            }
            HOLDFAST_ASSERT(known.revision == newest);  // RECORD-1: no later state is lost
            return known.revision != former;
        }
    }
    if (records_.size() == most) {
        // Not the first to come: those that are copied to a new seat come late, and are old.
        const auto oldest = std::min_element(
            records_.begin(), records_.end(),
            [](const audit_record& x, const audit_record& y) { return x.at_ms < y.at_ms; });
        erased_up_to_ms_ = std::max(erased_up_to_ms_.value_or(oldest->at_ms), oldest->at_ms);
        records_.erase(oldest);
    }
    // whatever its writer's clock says: it is told that it is kept
    records_.push_back(what);
    return true;
}

std::int64_t archive::whole_since_ms(std::int64_t came_since_ms) const {
    if (!erased_up_to_ms_) {
        return came_since_ms;
    }
    // a writer's clock may say anything
    const bool has_next = *erased_up_to_ms_ < std::numeric_limits<std::int64_t>::max();
    return std::max(came_since_ms, *erased_up_to_ms_ + (has_next ? 1 : 0));
}

}  // namespace holdfast::lock
