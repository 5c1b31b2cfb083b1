// What operators and policies did to holds and members: who, when, why, and the outcome.
//
// The peer that acts sends the record to every seat, at first and again with the outcome. What a
// majority of the seats has is kept as long as the cluster lives, and longer with their disks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/audit_log.hpp>

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
    std::int64_t whole_since_ms = 0;    ///< as of audit_history
    bool operator==(const records_read&) const = default;
};

class archive {
public:
    static constexpr std::size_t most = 1024;  // with the longest texts, still a message

    /// A record that is known is replaced by a later state of it, never by an earlier one. False:
    /// this state was there, or a later one.
    bool keep(const audit_record& what);
    [[nodiscard]] std::vector<audit_record> all() const {
        return {records_.begin(), records_.end()};
    }
    /// Since when all are there that came, if those are all since then that were to come.
    [[nodiscard]] std::int64_t whole_since_ms(std::int64_t came_since_ms) const;

private:
    std::deque<audit_record> records_;
    std::optional<std::int64_t> erased_up_to_ms_;  // those that were erased for others
};

}  // namespace holdfast::lock
