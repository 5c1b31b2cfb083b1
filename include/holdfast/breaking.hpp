// Ending a hold that its holder does not give up: who may, and what came of it.
//
// Never by stealing: each step keeps MUTEX. Asking tells the holder's program. Breaking has the
// holder's library give the hold up and say so (BREAK-1). A holder that does not answer at all is
// evicted: a majority of the seats removes its peer, and its lease is waited out (VIEW-2, OWN-5).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// Who may break a hold. The holder says so when it asks for the lock.
struct break_policy {
    bool by_operators = true;  ///< `peer::break_hold` and `holdfast break` may
    /// so many different operators must have asked for it, counted while one owner serves
    std::uint8_t approvals = 1;
    /// Once somebody has waited first in the queue for so long, it is broken on its behalf. Zero:
    /// never.
    std::chrono::milliseconds waited_for{0};

    bool operator==(const break_policy&) const = default;
};

/// What to do about a hold whose program makes no progress.
enum class stall_action : std::uint8_t {
    report,           ///< events::hold_stalled
    request_release,  ///< that, and `on_release_requested`
    break_hold,       ///< that, and the hold is given up as if it were broken
};

/// A holder is asked to give a hold up. Nothing happens by itself.
struct release_request {
    std::string name;
    holdfast::token token;
    std::string who;  ///< asks, as it calls itself
    std::string why;
    std::chrono::milliseconds grace{0};  ///< how long whoever asks means to wait
};

/// Where an attempt to end a hold has got to.
enum class break_stage : std::uint8_t {
    no_answer,  ///< its owner did not answer, or was not able to
    /// the owner knows; the holder's library has not answered yet. Of `ask`: its program has not
    /// been told
    sent,
    delivered,       ///< of `ask`: the holder's program has been told
    needs_approval,  ///< other operators must ask for it, too
    ended,           ///< the hold is no more
    refused,         ///< the hold's policy does not allow it, or this operator is not one
};

struct break_outcome {
    break_stage stage = break_stage::no_answer;
    /// of `ended`: what became of it, as far as its owner remembers
    end_reason how = end_reason::none;
    std::uint8_t approvals = 0;  ///< so far
    std::uint8_t needed = 0;
    bool operator==(const break_outcome&) const = default;
};

struct member;

/// For `peer::request_release`, `break_hold` and `evict`.
struct break_options {
    /// the operator, for policies and records; empty: the name of this peer
    std::string who{};
    /// for the holder and the record; at most 1024 bytes
    std::string why{};
    /// how long to wait for the hold, or the peer, to be gone
    std::chrono::nanoseconds wait = std::chrono::seconds{10};
    /// Of `evict`: makes sure that this member can do nothing any more, by killing its machine,
    /// say, and returns true if that is certain. Then its lease is not waited out (CERT-2). Called
    /// once, on the thread that evicts. If it is not true, MUTEX is not.
    std::function<bool(const member& whom)> fence{};
};

}  // namespace holdfast
