#include "peer/watchdog.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace holdfast::runtime {
namespace {

using nanoseconds = base::duration::rep;

/// As peer/clock.hpp; here nothing may be called that a forked child of a program with threads must
/// not call.
nanoseconds now() {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return static_cast<nanoseconds>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

/// Until the pipe is closed, the process is gone, or it has killed it.
[[noreturn]] void keep_watch(int words, int process) {
    nanoseconds end = 0;
    for (;;) {
        const auto left = end == 0 ? 0 : std::max<nanoseconds>(end - now(), 0);
        if (end != 0 && left == 0) {
            syscall(SYS_pidfd_send_signal, process, SIGKILL, nullptr, 0);
            _exit(0);
        }
        // Rounded down: the last part of a millisecond is spent looking.
        const auto wait = end == 0 ? -1
                                   : static_cast<int>(std::min<nanoseconds>(
                                         left / 1'000'000, std::numeric_limits<int>::max()));
        pollfd fds[2] = {{words, POLLIN, 0}, {process, POLLIN, 0}};
        poll(fds, 2, wait);
        if (fds[1].revents != 0) {
            _exit(0);
        }
        if (fds[0].revents != 0) {
            nanoseconds all[64];
            const auto n = read(words, all, sizeof all);
            if (n == 0) {
                _exit(0);
            }
            if (n > 0) {
                end = all[static_cast<std::size_t>(n) / sizeof *all - 1];
            }
        }
    }
}

void close_all_but(int a, int b) {
    const auto low = static_cast<unsigned>(std::min(a, b)),
               high = static_cast<unsigned>(std::max(a, b));
    if (low > 0) {
        syscall(SYS_close_range, 0u, low - 1, 0u);
    }
    if (high > low + 1) {
        syscall(SYS_close_range, low + 1, high - 1, 0u);
    }
    syscall(SYS_close_range, high + 1, ~0u, 0u);
}

}  // namespace

watchdog::watchdog() {
    int words[2];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0) {
        return;
    }
    const int process = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
    // Twice, so that it is no child that the program might wait for.
    const auto child = process < 0 ? -1 : fork();
    if (child == 0) {
        if (const auto grandchild = fork(); grandchild != 0) {
            _exit(grandchild < 0 ? 1 : 0);
        }
        setsid();  // a terminal that stops or ends our group leaves it alone
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        close_all_but(words[0], process);
        keep_watch(words[0], process);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    close(words[0]);
    if (process >= 0) {
        close(process);
    }
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        told_ = words[1];
    } else {
        close(words[1]);
    }
}

watchdog::~watchdog() {
    if (told_ >= 0) {
        let_live();
        close(told_);
    }
}

void watchdog::tell(base::duration::rep end) {
    if (end == last_told_) {
        return;
    }
    // A pipe takes eight bytes whole or not at all. If it is full of words not yet read, a later
    // one follows soon; until then an earlier end stands, which is the safe side.
    if (write(told_, &end, sizeof end) == static_cast<ssize_t>(sizeof end)) {
        last_told_ = end;
    }
}

}  // namespace holdfast::runtime
