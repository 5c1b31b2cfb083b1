// A held lock: its token, until when it is good, and how to learn that it is lost.
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

/// How to wait for a lock.
struct lock_options {
    /// How long to wait. None: for ever. Zero or less: one try, as `try_lock`.
    std::optional<std::chrono::nanoseconds> wait{};
    /// Ends the wait with `cancelled` when a stop is requested.
    std::stop_token stop{};
    /// A few words of the holder that others see with the hold (`holdfast why`, elections); at most
    /// 1024 bytes.
    std::string note{};
    /// Called at most once, on the callback thread, when the hold is lost; never after a release.
    /// Must not throw.
    std::function<void(errc why)> on_lost{};
    /// Alone, together with other readers, or as one of the permits of a semaphore (mode.hpp).
    lock_mode mode{};
    /// Who may break the hold. None: `config::breaking`.
    std::optional<holdfast::break_policy> break_policy{};
    /// Called on the callback thread each time somebody asks for the hold back
    /// (`peer::request_release`). Must not throw.
    std::function<void(const release_request& by)> on_release_requested{};
    /// The hold is given up by itself after so long, as if it were broken. Zero: never.
    std::chrono::nanoseconds max_hold{};
    /// How often `hold::progress` has to be called, else `on_stall` is done. Zero: it need not.
    std::chrono::nanoseconds progress_timeout{};
    stall_action on_stall = stall_action::report;
    /// Of those who wait, who has the highest is granted it next; of one priority, who asked first
    /// (PRIORITY).
    std::int32_t priority = 0;
    /// What the lock guards checks tokens (gate.hpp): work of a lost hold that goes on meets it
    /// there, so nobody need wait for it.
    bool is_fenced = false;
    /// How long the lock is granted to nobody after this hold, if it ends without a release (a
    /// crash, a lost lease): time for work that goes on after it. While the lock's owner lives. At
    /// most 60 s. None: `config::lock_delay`, zero for a fenced one.
    std::optional<std::chrono::milliseconds> lock_delay{};
};

/// One granted lock. Move-only; its destruction releases it.
///
/// The questions are answered locally, without I/O, for the moment of the question: from the end of
/// this peer's lease and the boot-time clock, so that a process which was stopped and goes on sees
/// the truth at its next look (HOLD-2). A hold is valid until it is released or lost; once lost,
/// always lost.
///
/// What `is_valid()` says may be history a moment later. Whatever must never see two holders checks
/// the token (gate.hpp).
///
/// Any thread may call the questions; `release`, moves and destruction need the exclusion of any
/// other object. A hold may outlive its peer: it is lost then, with `shutting_down`.
class HOLDFAST_EXPORT hold {
public:
    hold(hold&&) noexcept;
    hold& operator=(hold&&) noexcept;  ///< releases what it held before
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;
    ~hold();

    [[nodiscard]] const std::string& name() const;
    /// Greater than the token of every earlier hold of this lock that conflicts with it (FENCE).
    /// Kept after the end.
    [[nodiscard]] holdfast::token token() const;

    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const { return is_valid(); }
    /// How long it is valid for certain if nothing more is heard from the cluster; zero when it is
    /// not valid. In health it stays near the length of the lease, for the lease is renewed all the
    /// time.
    [[nodiscard]] std::chrono::nanoseconds remaining() const;

    /// A stop is requested when the hold is lost; never because of a release. Its callbacks run on
    /// the callback thread, a little after `is_valid()` has turned false.
    [[nodiscard]] std::stop_token lost() const;
    /// A stop is requested when the lease becomes late to be renewed (less than two fifths of it
    /// remain), and already is if it is late now, or the hold lost. The warning before `lost`:
    /// finish or save what can be. When the lease is renewed after all, this token stays triggered;
    /// ask for a new one.
    [[nodiscard]] std::stop_token at_risk() const;
    /// Why it was lost: `lease_lost`, `evicted`, `broken`, `shutting_down`, `internal_error`,
    /// `out_of_memory`. Nothing while it is valid and after a release.
    [[nodiscard]] std::optional<errc> why_lost() const;

    /// A stop is requested when somebody asks for this hold back (`peer::request_release`), or
    /// already was. Release it soon, or not.
    [[nodiscard]] std::stop_token release_requested() const;
    /// It gets on (lock_options::progress_timeout). Local; does nothing where no progress is asked
    /// for.
    void progress();

    /// What became of the holder before this one, and what it left (fate.hpp). As it was at the
    /// grant.
    [[nodiscard]] const previous_hold& previous() const;
    /// What the lock guards is whole again, whatever became of the holder before. Told with the
    /// release; whoever holds the lock next is then told that this hold was `released`. Needless
    /// when `previous().is_clean()`.
    void mark_consistent();
    /// Left for the next holder at the release, in place of what was found in `previous().value`;
    /// at most 4096 bytes, else `value_too_long` and nothing is changed. Of exclusive holds: what
    /// others hand on is not kept. The owner of the lock's name keeps it in memory: it survives
    /// holders and planned changes of owners, not the crash of the owner, and it is forgotten when
    /// thousands of other locks were used.
    result<void> set_value(std::string value);

    /// Ends the hold here and now and tells the owner soon after (HOLD-3); returns at once. Again,
    /// or on a moved-from hold: does nothing. An error tells that the hold had been lost before,
    /// and why: what was done since then may have met another holder. Throws nothing, also when
    /// memory runs out.
    result<void> release();
    /// As `release`, and if this peer waits for the lock, it comes before everybody else
    /// (PRIORITY).
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
