// Waiting for a lock in a C++20 coroutine: `auto hold = co_await holdfast::lock_in(peer,
// "orders/42", 5s);`
//
// Options other than the wait: give them a name of their own before, `const lock_options
// how{...};`. g++ 12 destroys an aggregate twice that is made by braces within a co_await
// expression, here as anywhere.
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

/// From `lock_in`. Await it once, at once; the peer's handle must live until then.
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
            return true;  // it may be over already, and `this` with it
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

/// As `peer::lock`. The coroutine goes on on the callback thread: what it does there delays other
/// callbacks, so hand long work to a thread of your own. When it was not asked for, it goes on at
/// once where it is.
inline lock_awaitable lock_in(const peer& with, std::string name, const lock_options& options) {
    return {with, std::move(name), options};
}
/// Waits for ever.
inline lock_awaitable lock_in(const peer& with, std::string name) {
    return {with, std::move(name), {}};
}
inline lock_awaitable lock_in(const peer& with, std::string name, std::chrono::nanoseconds wait) {
    lock_options options;
    options.wait = wait;
    return {with, std::move(name), std::move(options)};
}

}  // namespace holdfast
