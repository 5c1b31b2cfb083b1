// Ending a hold that its holder does not give up: who may do it, and how far it has got.
//
// A lock is never stolen. Each way keeps MUTEX:
// - asking (`peer::request_release`): the holder's program is told, and may release;
// - breaking (`peer::break_hold`): the holder's library gives the hold up and says so (BREAK-1);
// - evicting (`peer::evict`): a majority of the seats removes the holder's peer and waits until its
//   lease has ended (VIEW-2, OWN-5). This is the way for a holder that does not answer at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// Who may break a hold. The holder states it when it asks for the lock.
struct break_policy {
    /// `peer::break_hold` and `holdfast break` may break it.
    bool by_operators = true;
    /// The number of different operators that must ask for it, counted while one owner serves.
    std::uint8_t approvals = 1;
    /// The owner breaks the hold for the first waiter that has waited this long. Zero: never.
    std::chrono::milliseconds waited_for{0};

    bool operator==(const break_policy&) const = default;
};

/// What happens when the program of a hold makes no progress (`lock_options::progress_timeout`).
enum class stall_action : std::uint8_t {
    report,           ///< the event `events::hold_stalled`
    request_release,  ///< that, and a call of `on_release_requested`
    break_hold,       ///< that, and the library gives the hold up as if it were broken
};

/// An operator or another program asks a holder to release. Nothing happens by itself.
struct release_request {
    std::string name;  ///< of the lock
    holdfast::token token;
    std::string who;  ///< the name that the requester goes by
    std::string why;
    std::chrono::milliseconds grace{0};  ///< how long the requester means to wait
};

/// How far an attempt to end a hold has got.
enum class break_stage : std::uint8_t {
    no_answer,  ///< the owner of the lock did not answer, or was not able to
    /// The owner has sent it on. The holder's library has not answered yet; for a release request,
    /// the holder's program has not been told.
    sent,
    delivered,       ///< for a release request: the holder's program has been told
    needs_approval,  ///< other operators must ask for it as well
    ended,           ///< the hold has ended
    refused,         ///< the hold's policy forbids it, or the requester is no operator
};

/// The answer to `peer::request_release` and `peer::break_hold`.
struct break_outcome {
    break_stage stage = break_stage::no_answer;
    /// With `ended`: how it ended, as far as the lock's owner remembers.
    end_reason how = end_reason::none;
    std::uint8_t approvals = 0;  ///< so far
    std::uint8_t needed = 0;     ///< in all
    bool operator==(const break_outcome&) const = default;
};

struct member;

/// Options of `peer::request_release`, `peer::break_hold` and `peer::evict`.
struct break_options {
    /// The operator, for policies and the audit log. At most 128 bytes. Empty: this peer's name.
    std::string who{};
    /// The reason, for the holder and the audit log. At most 1024 bytes.
    std::string why{};
    /// How long to wait until the hold has ended, or the peer is removed.
    std::chrono::nanoseconds wait = std::chrono::seconds{10};
    /// Of `evict` only: makes sure that this member can do nothing any more, for example by
    /// switching its machine off, and returns true when that is certain. Its lease is then not
    /// waited for (CERT-2). Called once, on the thread that calls `evict`. If the function returns
    /// true and the member still acts, MUTEX is broken.
    std::function<bool(const member& whom)> fence{};
};

/// The names of the values as documented, e.g. `request_release`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(stall_action what);
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(break_stage what);

}  // namespace holdfast
