// What `mutex`, `recursive_mutex` and `shared_mutex` have in common.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <system_error>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

class peer;

namespace runtime {
class thread_holds;
}

/// The exception that `mutex::lock` and its relatives throw, the only one of the library.
/// `code().value()` is the `errc` as a number.
class HOLDFAST_EXPORT lock_error : public std::system_error {
public:
    explicit lock_error(error why);
    [[nodiscard]] const error& why() const noexcept { return why_; }

private:
    error why_;
};

/// The private base of the mutexes, which keeps one hold for each thread. Each mutex makes public
/// the calls that it offers.
class HOLDFAST_EXPORT thread_lockable {
public:
    thread_lockable(const thread_lockable&) = delete;
    thread_lockable& operator=(const thread_lockable&) = delete;

protected:
    /// Whether a thread that has the lock may lock it again.
    enum class relocking { fails, counts };

    thread_lockable(const peer& with, std::string name, relocking again = relocking::fails);
    /// Releases whatever threads still have.
    ~thread_lockable();

    /// Waits without a limit. Returns with the lock held, or throws `lock_error` without it.
    void lock();
    /// False: another holder has it, or it cannot be granted now.
    [[nodiscard]] bool try_lock();
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
        return try_for(bounded(wait));
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& end) {
        return try_lock_for(end - Clock::now());
    }
    /// Releases what this thread locked, and nothing else. Allowed also when the hold was lost
    /// meanwhile.
    void unlock();

    /// As the calls above, beside other readers.
    void lock_shared();
    [[nodiscard]] bool try_lock_shared();
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& wait) {
        return try_shared_for(bounded(wait));
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& end) {
        return try_lock_shared_for(end - Clock::now());
    }
    void unlock_shared();

    /// Of the calling thread's hold, shared or not; nil if it has none.
    [[nodiscard]] holdfast::token token() const;
    /// Whether the calling thread has it and its hold is valid.
    [[nodiscard]] bool is_valid() const;

private:
    /// `wait` in nanoseconds; of more than a year they might not fit.
    template <class Rep, class Period>
    [[nodiscard]] static constexpr std::chrono::nanoseconds bounded(
        const std::chrono::duration<Rep, Period>& wait) {
        constexpr std::chrono::hours a_year{24 * 365};
        return wait < a_year ? std::chrono::ceil<std::chrono::nanoseconds>(wait) : a_year;
    }
    bool try_for(std::chrono::nanoseconds wait);
    bool try_shared_for(std::chrono::nanoseconds wait);

    std::unique_ptr<runtime::thread_holds> holds_;
};

}  // namespace holdfast
