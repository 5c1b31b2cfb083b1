// A distributed lock that meets the standard's TimedLockable requirements: std::unique_lock and std::scoped_lock fit.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <holdfast/hold.hpp>
#include <holdfast/peer.hpp>

namespace holdfast {

/// What `mutex::lock` throws; the mutex is then not held.
class lock_error : public std::runtime_error {
public:
    explicit lock_error(error what) : std::runtime_error{what.text}, error_{std::move(what)} {}
    [[nodiscard]] const error& why() const { return error_; }

private:
    error error_;
};

/// Like std::mutex one object guards one thing; unlike it the lock can be lost, which `held()` tells. An object is used
/// like a std::mutex: by whoever locked it until unlock; several threads need an object each, of the same name.
class mutex {
public:
    mutex(peer owner, std::string name) : peer_{std::move(owner)}, name_{std::move(name)} {}

    void lock() { take({}); }
    bool try_lock() {
        auto got = peer_.try_lock(name_);
        return keep(std::move(got));
    }
    template <class Rep, class Period>
    bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
        return keep(peer_.lock(name_, {.wait = std::chrono::ceil<std::chrono::milliseconds>(wait)}));
    }
    template <class Clock, class Duration>
    bool try_lock_until(const std::chrono::time_point<Clock, Duration>& until) {
        return try_lock_for(until - Clock::now());
    }
    void unlock() { held_.release(); }

    /// Its token, remaining time and lost notice; empty while not locked.
    [[nodiscard]] const hold& held() const { return held_; }
    [[nodiscard]] holdfast::token token() const { return held_.token(); }

private:
    void take(const acquire_options& options) {
        auto got = peer_.lock(name_, options);
        if (!got) {
            throw lock_error{got.error()};
        }
        held_ = std::move(*got);
    }
    bool keep(result<hold> got) {
        if (!got) {
            return false;
        }
        held_ = std::move(*got);
        return true;
    }

    peer peer_;
    std::string name_;
    hold held_;
};

}  // namespace holdfast
