// The record of what operators and policies did to holds and members (`peer::audit_log`).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

enum class admin_action : std::uint8_t {
    requested_release,  ///< a holder was asked to release
    broke,              ///< a hold was broken, or its breaking approved
    evicted,            ///< a member was removed
    /// A member was removed and its lease not waited for: an operator has made sure that it can do
    /// nothing any more (CERT-2).
    fenced,
};

/// The name of the value, e.g. `evicted`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(admin_action what);

/// One action and its outcome (RECORD-1).
///
/// The seats keep the latest 1024, in memory and in their `state_dir`. A peer that comes to fill a
/// seat copies them from the others, so they survive seats that are lost one after another. With a
/// `state_dir` at the seats they also survive a restart of all of them.
struct audit_record {
    peer_id by;                  ///< the peer that acted
    std::uint64_t number = 0;    ///< counts the records of that peer
    std::uint32_t revision = 0;  ///< a later state of the same record has a higher one
    std::int64_t at_ms = 0;      ///< since 1970, in whole seconds, by the clock of that peer
    admin_action what{};
    std::string name;  ///< of the lock; empty for an eviction
    holdfast::token token;
    peer_id whom;  ///< the holder, or the member that was removed
    std::string whom_name;
    std::string who;  ///< the name the operator goes by, or the policy
    std::string why;
    break_outcome outcome;  ///< `ended` for an eviction: it is no member any more
    std::chrono::milliseconds took{0};

    bool operator==(const audit_record&) const = default;
};

/// What the seats have kept.
struct audit_history {
    std::vector<audit_record> records;  ///< oldest first
    /// From then on nothing is missing: since 1970, by the clocks of the seats. 0: not known.
    std::int64_t whole_since_ms = 0;

    bool operator==(const audit_history&) const = default;
};

}  // namespace holdfast
