// A distributed lock with the face of std::timed_mutex: std::unique_lock, std::scoped_lock and
// std::lock fit it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <system_error>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

class peer;

namespace runtime {
class thread_holds;
}

/// What `mutex::lock` and its like throw: the one exception of the library. `code().value()` is the
/// `errc` as a number.
class HOLDFAST_EXPORT lock_error : public std::system_error {
public:
    explicit lock_error(error why);
    [[nodiscard]] const error& why() const noexcept { return why_; }

private:
    error why_;
};

/// `wait` in nanoseconds; of more than a year they might not fit.
template <class Rep, class Period>
[[nodiscard]] constexpr std::chrono::nanoseconds bounded(
    const std::chrono::duration<Rep, Period>& wait) {
    constexpr std::chrono::hours a_year{24 * 365};
    return wait < a_year ? std::chrono::ceil<std::chrono::nanoseconds>(wait) : a_year;
}

/// The lock `name` of the cluster of a peer. Any number of mutexes, in any processes, may have one
/// name.
///
/// Any thread may call; as with std::mutex, the thread that locked it unlocks it. A thread that has
/// it and locks it again would wait for itself: `lock` throws `would_deadlock`, the others return
/// false.
///
/// Unlike std::mutex, what it guards can be lost (a lease that ran out): look at `token()` and
/// `is_valid()`, or use `peer::lock`, whose hold also tells when that happens.
class HOLDFAST_EXPORT mutex {
public:
    /// Keeps what it needs of the peer; the handle may be moved or end before it (then nothing can
    /// be locked any more).
    mutex(const peer& with, std::string name);
    ~mutex();  ///< releases whatever threads still have
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /// Waits for ever. Returns with the lock held, or throws `lock_error` without it.
    void lock();
    /// False: another has it, or nobody can be granted it now.
    [[nodiscard]] bool try_lock();
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
        return try_for(bounded(wait));
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& end) {
        return try_lock_for(end - Clock::now());
    }
    /// Releases what this thread locked; nothing else is touched, also when the hold was lost
    /// meanwhile.
    void unlock();

    /// Of the calling thread's hold; nil if it has none.
    [[nodiscard]] holdfast::token token() const;
    /// Whether the calling thread has it and its hold is valid.
    [[nodiscard]] bool is_valid() const;

private:
    bool try_for(std::chrono::nanoseconds wait);

    std::unique_ptr<runtime::thread_holds> holds_;
};

}  // namespace holdfast
