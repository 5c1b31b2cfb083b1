// What one process asks the seats about records: to keep one, or for all that they have (RECORD-1).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "lock/quorum_query.hpp"
#include "sim/context.hpp"

namespace holdfast::sim {

class record_inquiries {
public:
    struct quorum_query {
        lock::quorum_query asked;
        std::optional<holdfast::audit_record> writes;  ///< else it reads
        std::uint64_t number = 0;

        [[nodiscard]] std::set<peer_id> asked_seats() const;
        /// The seats that have kept what it writes.
        [[nodiscard]] std::set<peer_id> answered_seats() const;
    };

    quorum_query& begin(lock::quorum_query asked, std::optional<holdfast::audit_record> writes);
    /// An answer, or none. When enough seats have answered, the judge and the application are told.
    void hear(context& shared, std::uint32_t place, std::uint64_t number,
              const std::optional<lock::answer>& what, std::optional<errc> why_none);
    /// The process has ended.
    void clear();

    [[nodiscard]] std::uint64_t next_record() { return ++last_record_; }
    /// How many records were read, when that was last done and answered.
    [[nodiscard]] std::optional<std::size_t> read() const { return read_; }

private:
    void has_kept(context& shared, std::uint32_t place, const quorum_query& over) const;
    void has_read(context& shared, std::uint32_t place, const quorum_query& over);

    std::deque<quorum_query> open_;
    std::optional<std::size_t> read_;
    std::uint64_t last_record_ = 0;
    std::uint64_t last_inquiry_ = 0;
};

}  // namespace holdfast::sim
