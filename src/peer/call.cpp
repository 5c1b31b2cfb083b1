#include "peer/call.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/settings.hpp"
#include "peer/clock.hpp"

namespace holdfast::runtime {

result<void> check(std::string_view name, const lock_options& options) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    if (options.note.size() > base::limits::note) {
        return fail(errc::value_too_long);
    }
    if ((options.mode.how == lock_mode::kind::permit) != (options.mode.limit > 0)) {
        return fail(errc::bad_config,
                    "a permit has a limit of at least 1, every other mode has none; use the "
                    "functions of lock_mode");
    }
    if (options.break_policy && (options.break_policy->waited_for.count() < 0 ||
                                 options.break_policy->waited_for > base::limits::patience)) {
        return fail(errc::bad_config, "break_policy: waited_for is from 0 to a year");
    }
    if (options.max_hold < base::duration::zero() ||
        options.progress_timeout < base::duration::zero()) {
        return fail(errc::bad_config, "max_hold and progress_timeout are not negative; 0: none");
    }
    if (options.lock_delay &&
        (options.lock_delay->count() < 0 || *options.lock_delay > base::limits::lock_delay)) {
        return fail(errc::bad_config, "lock_delay is from 0 to 60 s");
    }
    if (options.stop.stop_requested()) {
        return fail(errc::cancelled);
    }
    return {};
}

void fill(call& c, std::string_view name, lock_options& options, const config& defaults,
          base::duration lease) {
    c.name = name;
    c.note = std::move(options.note);
    c.on_lost = std::move(options.on_lost);
    c.mode = options.mode;
    c.break_policy = options.break_policy.value_or(defaults.break_policy);
    c.on_release_requested = std::move(options.on_release_requested);
    c.max_hold = std::min(options.max_hold, longest_wait);
    c.progress_timeout = std::min(options.progress_timeout, longest_wait);
    c.on_stall = options.on_stall;
    c.priority = options.priority;
    // what is shared is not changed by its holders
    const bool is_delayed = !options.is_fenced && options.mode.how == lock_mode::kind::exclusive;
    c.lock_delay = options.lock_delay.value_or(is_delayed ? defaults.lock_delay
                                                          : std::chrono::milliseconds{0});
    c.is_try = options.wait && *options.wait <= base::duration::zero();
    if (c.is_try) {
        c.until = raw_now() + lease;
    } else if (options.wait && *options.wait < longest_wait) {
        c.until = raw_now() + *options.wait;
    }
}

lock::acquire_params acquire_params_of(const call& c) {
    return {.terms = {c.note, c.mode, c.break_policy, c.lock_delay},
            .is_try = c.is_try,
            .until = c.until,
            .max_hold = c.max_hold,
            .progress_timeout = c.progress_timeout,
            .on_stall = c.on_stall,
            .priority = c.priority};
}

wake_reason wait(call& c) {
    while (c.state.load(std::memory_order_acquire) == call::waiting) {
        const int fd = c.read_fd.load(std::memory_order_acquire);
        if (fd < 0) {
            sleep_while(c.state, call::waiting);
            continue;
        }
        const auto waker = waker::of_this_thread();
        pollfd either[2] = {{fd, POLLIN, 0}, {waker->descriptor(), POLLIN, 0}};
        if (::poll(either, 2, -1) < 0) {
            continue;  // a signal of the program's
        }
        if (either[1].revents != 0) {
            waker->clear();
        }
        if (either[0].revents != 0) {
            return (either[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0
                       ? wake_reason::stream_broken
                       : wake_reason::readable;
        }
    }
    return wake_reason::answered;
}

}  // namespace holdfast::runtime
