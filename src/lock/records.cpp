#include "lock/records.hpp"

#include <algorithm>

namespace holdfast::lock {

void archive::keep(const audit_record& what) {
    for (auto& known : records_) {
        if (known.by == what.by && known.number == what.number) {
            if (known.revision < what.revision) {
                known = what;
            }
            return;
        }
    }
    if (records_.size() == most) {
        // Not the first to come: those that are copied to a new seat come late, and are old.
        records_.erase(std::min_element(
            records_.begin(), records_.end(),
            [](const audit_record& x, const audit_record& y) { return x.at_ms < y.at_ms; }));
    }
    // whatever its writer's clock says: it is told that it is kept
    records_.push_back(what);
}

}  // namespace holdfast::lock
