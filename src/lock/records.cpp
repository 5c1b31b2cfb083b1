#include "lock/records.hpp"

#include <algorithm>

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

}  // namespace holdfast::lock
