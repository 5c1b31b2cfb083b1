// A distributed lock for readers and writers with the face of std::shared_timed_mutex:
// std::shared_lock fits it.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <holdfast/export.hpp>
#include <holdfast/mutex.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// The lock `name` of the cluster of a peer, alone or together with other readers (mode.hpp). First
/// come, first served: a reader that comes after a waiting writer waits behind it.
///
/// Everything said of `mutex` is true of it. A thread has it once, in one way: a reader that asks
/// to write as well, or to read once more, would wait for itself, so `lock` and `lock_shared` throw
/// `would_deadlock` and the others return false.
class HOLDFAST_EXPORT shared_mutex {
public:
    shared_mutex(const peer& with, std::string name);
    ~shared_mutex();  ///< releases whatever threads still have
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;

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

    /// As the above, with other readers beside it.
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
    bool try_for(std::chrono::nanoseconds wait);
    bool try_shared_for(std::chrono::nanoseconds wait);

    std::unique_ptr<runtime::thread_holds> holds_;
};

}  // namespace holdfast
