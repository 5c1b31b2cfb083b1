// What was done to holds and peers by somebody's word: who, when, why, and what came of it.
//
// Whoever acts writes the record, at first and again with the outcome, to every seat; a majority of
// them outlives what the cluster outlives. Seats keep the latest of them in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <holdfast/audit_log.hpp>

#include "base/planted.hpp"
#include "base/settings.hpp"

namespace holdfast::lock {

struct store_record {
    std::uint64_t number = 0;
    audit_record what;
    bool operator==(const store_record&) const = default;
};
struct record_stored {
    std::uint64_t number = 0;
    bool operator==(const record_stored&) const = default;
};
struct read_records {
    std::uint64_t number = 0;
    bool operator==(const read_records&) const = default;
};
struct records_read {
    std::uint64_t number = 0;
    std::vector<audit_record> records;  ///< oldest first
    bool operator==(const records_read&) const = default;
};

class archive {
public:
    static constexpr std::size_t most = 1024;  // with the longest texts, still a message

    explicit archive(base::planted bug = base::planted::none) : bug_{bug} {}

    /// A record that is known is replaced by a later state of it, never by an earlier one.
    void keep(const audit_record& what) {
        for (auto& known : records_) {
            if (known.by == what.by && known.number == what.number) {
                if (known.revision < what.revision || bug_ == base::planted::records_go_back) {
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
    [[nodiscard]] std::vector<audit_record> all() const {
        return {records_.begin(), records_.end()};
    }

private:
    std::deque<audit_record> records_;
    base::planted bug_;
};

}  // namespace holdfast::lock
