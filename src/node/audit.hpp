// What an operator requests of a hold or a member, and the outcome (RECORD-1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

#include "base/time.hpp"
#include "lock/messages.hpp"

namespace holdfast::node {

/// Of the start of 2024, at which wall clocks of the core begin, since 1970.
constexpr std::int64_t start_of_2024_s = 1'704'067'200;

[[nodiscard]] constexpr std::int64_t wall_ms(base::moment now) {
    return (now.wall_s + start_of_2024_s) * 1000;
}

struct operator_words {
    std::string who;  ///< as it calls itself
    std::string why;
};

/// Of a hold.
struct revocation {
    lock::revoke_kind how{};
    std::string name;
    holdfast::token token;
    operator_words by;
    base::duration grace{};
};

/// An eviction is recorded at a majority of the seats, so it may be done: call act().
struct audit_recorded {
    std::uint64_t number = 0;
};
/// It is done, and its outcome is recorded as far as possible; or it was not done, because it could
/// not be recorded (no_quorum).
struct audit_ended {
    std::uint64_t number = 0;
    admin_action what{};
    std::optional<errc> failure;
    break_outcome outcome;
};
struct audit_log_read {
    std::uint64_t number = 0;
    std::optional<errc> failure;
    audit_history what;
};
/// RECORD-1: write this to state_dir, durably, behind what is there, or in place of it (`is_all`),
/// and call records_persisted(). The next one comes after that. Of another PeerId: that one is
/// over, and this takes the place of what it has not written yet.
struct persist_records {
    peer_id by;
    std::uint64_t number = 0;
    bool is_all = false;
    audit_history what;
};
/// What became of it.
enum class write_outcome : std::uint8_t {
    done,
    failed,  ///< and is tried again
    gone,    ///< likewise; but there is no file any more behind which it could be written
};
/// A majority of the seats has this record of ours. Only observed (the simulator's judge).
struct record_written {
    peer_id by;
    std::uint64_t number = 0;
    std::uint32_t revision = 0;
    std::vector<peer_id> at;
};

}  // namespace holdfast::node
