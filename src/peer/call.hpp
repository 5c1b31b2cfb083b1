// One call that waits for a lock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <holdfast/breaking.hpp>
#include <holdfast/config.hpp>
#include <holdfast/error.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "base/time.hpp"
#include "lock/acquire_params.hpp"
#include "peer/hold_state.hpp"
#include "peer/wakeup.hpp"

namespace holdfast::runtime {

struct later_call;

/// Lives on the stack of its caller, until `state` is `answered`, or in a later_call.
struct call {
    static constexpr std::uint32_t waiting = 0;
    static constexpr std::uint32_t answered = 1;

    std::string_view name;
    std::string note;
    std::function<void(errc)> on_lost;
    bool is_try = false;
    std::optional<base::time_point> until;
    lock_mode mode;
    holdfast::break_policy break_policy;
    std::function<void(const release_request&)> on_release_requested;
    base::duration max_hold{};
    base::duration progress_timeout{};
    stall_action on_stall{};
    std::int32_t priority = 0;
    std::chrono::milliseconds lock_delay{};

    // Under the driver's mutex, and the caller's once answered.
    request_number number;
    peer_id owner;  ///< as it was when asked; nil: none, or this peer
    bool is_over = false;
    std::shared_ptr<hold_state> granted;
    error failure;  ///< when nothing was granted

    std::atomic<int> read_fd{-1};  ///< the stream it reads, while it has the claim
    std::shared_ptr<runtime::waker> waker;
    std::atomic<std::uint32_t> state{waiting};

    /// what it is part of, from when it is asked until it is answered
    std::shared_ptr<later_call> later;
};

/// A call in which no thread waits: the callback thread tells the answer.
struct later_call {
    std::string name;
    call what;
    std::function<void(result<std::shared_ptr<hold_state>>)> then;
    /// a stop was requested, perhaps before it was asked
    std::atomic<bool> is_unwanted{false};
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
};

/// Whether a lock may be asked for so at all.
[[nodiscard]] result<void> check(std::string_view name, const lock_options& options);
/// `name` must live as long as `c`. `lease`: how long a try may take.
void fill(call& c, std::string_view name, lock_options& options, const config& defaults,
          base::duration lease);
[[nodiscard]] lock::acquire_params acquire_params_of(const call& c);

enum class wake_reason { answered, readable, stream_broken };
/// On the caller's thread, without the mutex: sleeps until it is answered, or until there is
/// something to read on the stream that it has the claim of.
[[nodiscard]] wake_reason wait(call& c);

}  // namespace holdfast::runtime
