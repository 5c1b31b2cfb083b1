#include "machine.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::atomic<nanoseconds::rep> slept{0};
std::atomic<nanoseconds::rep> slewed_since{0};
std::atomic<int> slew_of_monotonic{0}, slew_of_boot{0};
thread_local nanoseconds::rep behind = 0;
std::atomic<bool> is_cut_off{false};
std::atomic<int> threads_left{std::numeric_limits<int>::max()};

timespec shifted(const timespec& t, nanoseconds by) {
    const auto sum = seconds{t.tv_sec} + nanoseconds{t.tv_nsec} + by;
    const auto whole = std::chrono::floor<seconds>(sum);
    return {whole.count(), (sum - whole).count()};
}

nanoseconds slewed(int parts_per_million) {
    return parts_per_million == 0
               ? nanoseconds{}
               : (machine::raw_now() - nanoseconds{slewed_since}) / 1'000'000 * parts_per_million;
}

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* t) noexcept {
    const auto done = static_cast<int>(syscall(SYS_clock_gettime, which, t));
    if (done == 0 && which == CLOCK_BOOTTIME) {
        *t = shifted(*t, nanoseconds{slept} + slewed(slew_of_boot));
    } else if (done == 0 && which == CLOCK_MONOTONIC) {
        *t = shifted(*t, slewed(slew_of_monotonic));
    } else if (done == 0 && which == CLOCK_MONOTONIC_RAW) {
        *t = shifted(*t, nanoseconds{-behind});
    }
    return done;
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

nanoseconds raw_now() {
    timespec t{};
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, &t);
    return seconds{t.tv_sec} + nanoseconds{t.tv_nsec};
}

void suspend(nanoseconds how_long) { slept += how_long.count(); }

slewed_clocks::slewed_clocks(int monotonic, int boot) {
    slewed_since = raw_now().count();
    slew_of_monotonic = monotonic;
    slew_of_boot = boot;
}
slewed_clocks::~slewed_clocks() { slew_of_monotonic = slew_of_boot = 0; }

clock_set_back::clock_set_back(nanoseconds how_far) { behind = how_far.count(); }
clock_set_back::~clock_set_back() { behind = 0; }

no_network::no_network() { is_cut_off = true; }
no_network::~no_network() { is_cut_off = false; }

few_threads::few_threads(int count) { threads_left = count; }
few_threads::~few_threads() { threads_left = std::numeric_limits<int>::max(); }

}  // namespace machine
