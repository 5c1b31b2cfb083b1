#include "machine.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::atomic<nanoseconds::rep> slept{0};
thread_local nanoseconds::rep behind = 0;
std::atomic<bool> is_cut_off{false};
std::atomic<int> threads_left{std::numeric_limits<int>::max()};

timespec shifted(const timespec& t, nanoseconds by) {
    const auto sum = seconds{t.tv_sec} + nanoseconds{t.tv_nsec} + by;
    const auto whole = std::chrono::floor<seconds>(sum);
    return {whole.count(), (sum - whole).count()};
}

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* t) noexcept {
    const auto done = static_cast<int>(syscall(SYS_clock_gettime, which, t));
    if (done == 0 && which == CLOCK_BOOTTIME) {
        *t = shifted(*t, nanoseconds{slept - behind});
    }
    return done;
}

extern "C" int timerfd_settime(int timer, int flags, const itimerspec* to,
                               itimerspec* was) noexcept {
    auto real = *to;
    if ((flags & TFD_TIMER_ABSTIME) != 0 &&
        (to->it_value.tv_sec != 0 || to->it_value.tv_nsec != 0)) {
        real.it_value = shifted(to->it_value, -nanoseconds{slept});
    }
    return static_cast<int>(syscall(SYS_timerfd_settime, timer, flags, &real, was));
}

extern "C" ssize_t sendto(int socket, const void* bytes, size_t size, int flags, const sockaddr* to,
                          socklen_t length) {
    return is_cut_off ? static_cast<ssize_t>(size)
                      : syscall(SYS_sendto, socket, bytes, size, flags, to, length);
}

extern "C" ssize_t send(int socket, const void* bytes, size_t size, int flags) {
    if (is_cut_off) {
        errno = EAGAIN;  // its buffer stays full
        return -1;
    }
    return syscall(SYS_sendto, socket, bytes, size, flags, nullptr, 0);
}

extern "C" int pthread_create(pthread_t* id, const pthread_attr_t* how, void* (*run)(void*),
                              void* with) noexcept {
    static const auto real =
        reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
    return threads_left.fetch_sub(1) <= 0 ? EAGAIN : real(id, how, run, with);
}

namespace machine {

void suspend(nanoseconds how_long) { slept += how_long.count(); }

clock_set_back::clock_set_back(nanoseconds how_far) { behind = how_far.count(); }
clock_set_back::~clock_set_back() { behind = 0; }

no_network::no_network() { is_cut_off = true; }
no_network::~no_network() { is_cut_off = false; }

few_threads::few_threads(int count) { threads_left = count; }
few_threads::~few_threads() { threads_left = std::numeric_limits<int>::max(); }

}  // namespace machine
