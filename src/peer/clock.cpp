#include "peer/clock.hpp"

#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <limits>
#include <mutex>

namespace holdfast::runtime {
namespace {

base::duration shown_by(clockid_t which) {
    timespec t{};
    clock_gettime(which, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

/// The one count of this process. Most readings show nothing new, and take no mutex: a program may
/// ask all the time, in all its threads, whether its hold is valid.
class shared_count {
public:
    shared_count() : count_{read_clocks()} {
        publish();
        // A child that is forked while another thread notes something could never note anything.
        pthread_atfork([] { of_process().mutex_.lock(); }, [] { of_process().mutex_.unlock(); },
                       [] { of_process().mutex_.unlock(); });
    }
    static shared_count& of_process() {
        static shared_count only;
        return only;
    }

    base::moment note(const base::clock_reading& r, std::int64_t wall_s) {
        // in the order opposite to that of publish(): who sees what was counted sees the sum of it
        const auto counted = base::duration{counted_.load(std::memory_order_acquire)};
        const auto read_at = base::duration{read_at_.load(std::memory_order_relaxed)};
        if (base::suspend_count::is_known(r, counted, read_at)) {
            return {base::time_point{r.raw}, wall_s,
                    base::duration{suspended_.load(std::memory_order_relaxed)}};
        }
        const std::lock_guard guard{mutex_};
        const auto now = count_.note(r, wall_s);
        publish();
        return now;
    }
    base::suspend_count copy() {
        const std::lock_guard guard{mutex_};
        return count_;
    }

private:
    void publish() {
        suspended_.store(count_.suspended().count(), std::memory_order_relaxed);
        counted_.store(count_.counted().count(), std::memory_order_release);
        read_at_.store(count_.read_at().count(), std::memory_order_relaxed);
    }

    std::mutex mutex_;
    base::suspend_count count_;
    std::atomic<base::duration::rep> suspended_{0}, counted_{0}, read_at_{0};
};

}  // namespace

base::clock_reading read_clocks() {
    return base::suspend_count::closest([] {
        // One after the other: the order in which a list is written is that in which it is
        // computed.
        return base::clock_reading{shown_by(CLOCK_MONOTONIC_RAW), shown_by(CLOCK_MONOTONIC),
                                   shown_by(CLOCK_BOOTTIME), shown_by(CLOCK_MONOTONIC)};
    });
}

base::time_point raw_now() { return base::time_point{shown_by(CLOCK_MONOTONIC_RAW)}; }

base::moment moment_now() {
    constexpr std::int64_t from_1970_to_2024 = 1'704'067'200;
    timespec wall{};
    // a tick old at most: whole seconds are all that is asked for
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    return shared_count::of_process().note(read_clocks(), wall.tv_sec - from_1970_to_2024);
}

base::suspend_count suspends_counted() { return shared_count::of_process().copy(); }

base::time_point deadline_after(base::duration wait) {
    return raw_now() + std::clamp(wait, base::duration::zero(), longest_wait);
}

int poll_before(base::duration left) {
    // the last part of a millisecond is spent looking
    const auto wait = std::chrono::floor<std::chrono::milliseconds>(left - left / 8).count();
    return static_cast<int>(std::clamp<std::int64_t>(wait, 0, std::numeric_limits<int>::max()));
}

int open_resume_descriptor() {
    const int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    itimerspec never{};
    never.it_value.tv_sec = std::int64_t{1} << 33;
    // Linux cancels such a timer whenever the wall clock jumps, as it does at the end of a suspend.
    if (fd >= 0 &&
        timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void clear_resume(int descriptor) {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto canceled = read(descriptor, &times, sizeof times);
}

}  // namespace holdfast::runtime
