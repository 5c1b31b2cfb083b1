// What was done to holds and peers by somebody's word, as the seats of the cluster remember it
// (`peer::history`).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <holdfast/breaking.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

enum class admin_action : std::uint8_t {
    requested_release,  ///< a holder was asked for a hold back
    broke,              ///< a hold was broken, or its breaking approved
    evicted,            ///< a peer was removed
    /// a peer was removed, and its lease was not waited for: somebody has made sure that it can do
    /// nothing any more
    fenced,
};

/// The seats keep the latest 1024 of them in memory. A peer that comes to fill a seat copies them
/// from the others, so they survive seats that are lost one after another; not a total restart, nor
/// the loss of a majority at once. Who needs them longer logs them.
struct audit_record {
    peer_id by;                  ///< the peer that acted
    std::uint64_t number = 0;    ///< of its records
    std::uint32_t revision = 0;  ///< a later state of the same record has a higher one
    std::int64_t at_ms = 0;      ///< since 1970, by the clock of that peer
    admin_action what{};
    std::string name;  ///< of the lock; of an eviction, empty
    holdfast::token token;
    peer_id whom;  ///< the holder, or the peer that was removed
    std::string whom_name;
    std::string who;  ///< the operator, as it calls itself, or the policy
    std::string why;
    break_outcome outcome;  ///< `ended` of an eviction: it is no member any more
    std::chrono::milliseconds took{0};

    bool operator==(const audit_record&) const = default;
};

}  // namespace holdfast
