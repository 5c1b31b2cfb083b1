#include "peer/timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "peer/clock.hpp"

namespace holdfast::runtime {
namespace {

/// A little longer than `wait`, for a clock that is corrected by as much as is usual (500 in a
/// million), and never nothing: what is set again after it went off early must not spin.
base::duration rounded_up(base::duration wait) {
    constexpr base::duration least = std::chrono::microseconds{50};
    constexpr int parts = 1024;
    return std::max(wait + wait / parts, least);
}

}  // namespace

timer::timer() : fd_{timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)} {
    if (!fd_) {
        throw std::system_error{errno, std::generic_category(), "timerfd_create"};
    }
}

void timer::need(base::time_point when) {
    if (set_to_ && *set_to_ <= when) {
        return;
    }
    set_to_ = when;
    const auto wait = rounded_up(std::min(when - raw_now(), longest_wait));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    itimerspec after{};
    after.it_value.tv_sec = seconds.count();
    after.it_value.tv_nsec = (wait - seconds).count();
    timerfd_settime(fd_.get(), 0, &after, nullptr);
}

void timer::clear() {
    set_to_.reset();
    std::uint64_t times = 0;
    [[maybe_unused]] const auto taken = read(fd_.get(), &times, sizeof times);
}

}  // namespace holdfast::runtime
