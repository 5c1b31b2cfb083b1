#include "peer/clock.hpp"

#include <algorithm>
#include <ctime>

namespace holdfast::runtime {

base::time_point boot_now() {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return base::time_point{std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec}};
}

base::moment moment_now() {
    constexpr std::int64_t from_1970_to_2024 = 1'704'067'200;
    timespec wall{};
    // a tick old at most: whole seconds are all that is asked for
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    return {boot_now(), wall.tv_sec - from_1970_to_2024};
}

base::time_point deadline_after(base::duration wait) {
    return boot_now() + std::clamp(wait, base::duration::zero(), longest_wait);
}

}  // namespace holdfast::runtime
