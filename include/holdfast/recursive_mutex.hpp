// A distributed lock with the face of std::recursive_timed_mutex: a thread that has it may lock it
// again.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <holdfast/export.hpp>
#include <holdfast/mutex.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// As `mutex`, but a thread that has it and locks it again has it at once, with the same hold and
/// the same token; it is released when it was unlocked as often. Nobody is asked for the second
/// time: it costs nothing, and it succeeds also when the hold was lost meanwhile, for the thread
/// has it still as far as it was told. Look at `is_valid()`.
///
/// Off by default, and a class of its own: code that holds a lock and does not know it is code that
/// does not know when it is released.
class HOLDFAST_EXPORT recursive_mutex {
public:
    recursive_mutex(const peer& with, std::string name);
    ~recursive_mutex();  ///< releases whatever threads still have
    recursive_mutex(const recursive_mutex&) = delete;
    recursive_mutex& operator=(const recursive_mutex&) = delete;

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
    /// Undoes one `lock` of this thread; the last one releases.
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
