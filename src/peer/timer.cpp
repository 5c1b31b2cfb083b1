#include "peer/timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace holdfast::runtime {

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
    // zero would disarm it
    const auto since_boot = std::max(when.time_since_epoch(), base::duration{1});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (since_boot - seconds).count();
    timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void timer::clear() {
    set_to_.reset();
    std::uint64_t times = 0;
    [[maybe_unused]] const auto taken = read(fd_.get(), &times, sizeof times);
}

}  // namespace holdfast::runtime
