// A held lock: its token, until when it is valid, and how its loss is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/result.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

namespace runtime {
class hold_state;
}

/// How to ask for a lock, a term of an election, or a membership of a group.
///
/// Durations below zero are `bad_config`.
struct lock_options {
    /// How long to wait. Nullopt: forever. Zero or less: one try, as `peer::try_lock`.
    std::optional<std::chrono::nanoseconds> wait{};
    /// A requested stop ends the wait with `cancelled`.
    std::stop_token stop{};
    /// What others see with the hold: in reports, as the value of a leader, as the note of a member
    /// of a group. At most 1024 bytes.
    std::string note{};
    /// Called at most once, when the hold is lost. Never called after a release. On the callback
    /// thread (see `peer`). Must not throw.
    std::function<void(errc why)> on_lost{};
    /// Exclusive, shared, or one permit of a semaphore (mode.hpp). An election is always exclusive
    /// and a group always shared: they take the default for that.
    lock_mode mode{};
    /// Who may break the hold. Nullopt: `config::break_policy`.
    std::optional<holdfast::break_policy> break_policy{};
    /// Called for each request to release the hold (`peer::request_release`). On the callback
    /// thread. Must not throw.
    std::function<void(const release_request& request)> on_release_requested{};
    /// The library gives the hold up after this time, as if it were broken. Zero: never.
    std::chrono::nanoseconds max_hold{};
    /// `hold::progress` has to be called at least this often, else `on_stall` happens. Zero: not
    /// watched.
    std::chrono::nanoseconds progress_timeout{};
    stall_action on_stall = stall_action::report;
    /// The waiter with the highest priority is granted the lock next; among equal priorities, the
    /// one that asked first (PRIORITY).
    std::int32_t priority = 0;
    /// The guarded resource checks tokens (gate.hpp). It refuses late work of a lost hold, so the
    /// next holder need not wait for that work to end: `lock_delay` defaults to zero.
    bool is_fenced = false;
    /// After a hold that ended without a release (a crash, a lost lease), the lock is not granted
    /// for this long, so that work of the lost hold that still goes on can end. At most 60 s. A
    /// grant takes a round trip to the seats longer for it, and a majority of them remembers it
    /// (DELAY). Nullopt: `config::lock_delay`, and zero for a fenced hold.
    std::optional<std::chrono::milliseconds> lock_delay{};
};

/// One granted lock. Move-only. Its destruction releases it.
///
/// - Answers: local, without I/O, and for the moment of the question. They are computed from the
///   end of this peer's lease and the clocks, so a process that was stopped, or whose machine was
///   suspended, sees the truth at its next question (HOLD-2, NOW-2).
/// - Validity: a hold is valid until it is released or lost. Once lost, it stays lost. The answer
///   of `is_valid()` may be out of date a moment later: a resource that must never see two holders
///   checks the token (gate.hpp).
/// - Threads: any thread may ask. `release`, moves and destruction need exclusion, as for any other
///   object.
/// - Lifetime: a hold may outlive its peer. It is lost then, with `shutting_down`.
class HOLDFAST_EXPORT hold {
public:
    hold(hold&&) noexcept;
    hold& operator=(hold&&) noexcept;  ///< releases what it held before
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;
    ~hold();

    // ---- what it is

    [[nodiscard]] const std::string& name() const;
    /// Greater than the token of every earlier conflicting hold of this lock (FENCE). Kept after
    /// the end of the hold.
    [[nodiscard]] holdfast::token token() const;

    // ---- whether it is valid

    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const { return is_valid(); }
    /// How long it is certainly valid, even if this peer hears nothing more from the cluster. Zero
    /// when it is not valid. While the network works, the lease is renewed all the time and this
    /// stays near the length of the lease.
    [[nodiscard]] std::chrono::nanoseconds remaining() const;
    /// A stop is requested when the hold is lost, never because of a release. Its callbacks run on
    /// the callback thread, a little after `is_valid()` has turned false.
    [[nodiscard]] std::stop_token lost() const;
    /// A stop is requested when less than two fifths of the lease remain, as a warning before
    /// `lost`. Already requested if that is so now, or if the hold is lost. It stays requested when
    /// the lease is renewed after all: ask for a new token then.
    [[nodiscard]] std::stop_token at_risk() const;
    /// Why it was lost: `lease_lost`, `evicted`, `broken`, `shutting_down`, `internal_error` or
    /// `out_of_memory`. Nullopt while it is valid and after a release.
    [[nodiscard]] std::optional<errc> why_lost() const;

    // ---- others that want it

    /// A stop is requested when another asks for a release (`peer::request_release`). Already
    /// requested if one did.
    [[nodiscard]] std::stop_token release_requested() const;
    /// The program makes progress (`lock_options::progress_timeout`). Local, no I/O.
    void progress();

    // ---- the hold before, and the one after

    /// How the hold before this one ended, and what it left (previous_hold.hpp). As it was at the
    /// grant.
    [[nodiscard]] const previous_hold& previous() const;
    /// What the lock guards is consistent again, however the hold before ended. Sent with the
    /// release: the next holder is told that this hold was `released`. Not needed when
    /// `previous().is_clean()`.
    void mark_consistent();
    /// Leaves a value for the next holder in place of `previous().value`. Sent with the release.
    ///
    /// - Limits: at most 4096 bytes, else `value_too_long`, and nothing is changed. Only exclusive
    ///   holds leave a value.
    /// - Lifetime: in the memory of the owner of the lock's name. It survives the holders and
    ///   planned changes of the owner. It does not survive a crash of the owner, and is forgotten
    ///   after thousands of other locks were used.
    result<void> set_value(std::string value);

    // ---- the end

    /// Ends the hold now and tells the owner soon after (HOLD-3). Returns at once, and throws
    /// nothing, even without memory. Does nothing on a hold that was released or moved from.
    ///
    /// Errors: the hold had been lost before, and why. What was done since may have met another
    /// holder.
    result<void> release();
    /// As `release`, and `heir` is granted the lock next if it waits for it, before all others.
    /// If it does not wait, the lock goes to the next waiter.
    result<void> release_to(const peer_id& heir);

private:
    friend class peer;
    friend class term;
    friend class election;
    friend class group;
    explicit hold(std::shared_ptr<runtime::hold_state> state);

    std::shared_ptr<runtime::hold_state> state_;
};

}  // namespace holdfast
