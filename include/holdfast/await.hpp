// Waiting for a lock in a C++20 coroutine.
//
//     auto hold = co_await holdfast::lock_in(peer, "orders/42", 5s);
//
// With g++ 12, give options a name before: `const lock_options how{...};`. This compiler destroys
// an aggregate twice that is made by braces within a co_await expression.
#pragma once

#include <chrono>
#include <coroutine>
#include <optional>
#include <string>
#include <utility>

#include <holdfast/hold.hpp>
#include <holdfast/peer.hpp>
#include <holdfast/result.hpp>

namespace holdfast {

/// What `lock_in` returns. `co_await` it in the same expression, once.
///
/// Lifetime: it refers to the handle of the peer, which must exist until the coroutine is
/// suspended.
class [[nodiscard]] lock_awaitable {
public:
    lock_awaitable(const peer& with, std::string name, lock_options options)
        : with_{with}, name_{std::move(name)}, options_{std::move(options)} {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiting) {
        auto asked =
            with_.lock_async(name_, std::move(options_), [this, waiting](result<hold> got) {
                answer_.emplace(std::move(got));
                waiting.resume();
            });
        if (asked) {
            return true;  // the coroutine may have ended already, and `this` with it
        }
        answer_.emplace(tl::unexpected<error>{std::move(asked.error())});
        return false;
    }
    [[nodiscard]] result<hold> await_resume() { return std::move(*answer_); }

private:
    const peer& with_;
    std::string name_;
    lock_options options_;
    std::optional<result<hold>> answer_;
};

/// Waits for the lock `name`, as `peer::lock`, without a thread that waits.
///
/// - Result: the hold, or the error, as of `peer::lock`.
/// - Threads: the coroutine resumes on the callback thread (see `peer`). What it does there delays
///   other callbacks, so hand long work to a thread of your own.
/// - Errors for which the lock was not asked for (`name_too_long`, for example): the coroutine goes
///   on at once, on its own thread.
inline lock_awaitable lock_in(const peer& with, std::string name, const lock_options& options) {
    return {with, std::move(name), options};
}
/// As above, without a limit to the wait.
inline lock_awaitable lock_in(const peer& with, std::string name) {
    return {with, std::move(name), {}};
}
/// As above, for at most `wait`.
inline lock_awaitable lock_in(const peer& with, std::string name, std::chrono::nanoseconds wait) {
    lock_options options;
    options.wait = wait;
    return {with, std::move(name), std::move(options)};
}

}  // namespace holdfast
