#include "peer/watchdog.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <type_traits>

#include "peer/clock.hpp"

namespace holdfast::runtime {
namespace {

/// NOW-2: with the end goes the count by which it is one, and is gone on with.
struct word {
    base::suspend_count count;
    base::right_time end{};  // its epoch: none
};
static_assert(std::is_trivially_copyable_v<word>);

/// Until the pipe is closed, the process is gone, or it has killed it. Nothing may be called that a
/// forked child of a program with threads must not call.
[[noreturn]] void keep_watch(int words, int process) {
    const int resumes = open_resume_descriptor();
    word last;
    for (;;) {
        auto wait = -1;
        if (last.end != base::right_time{}) {
            const auto left = last.end - last.count.note(read_clocks()).for_rights();
            if (left <= base::duration::zero()) {
                syscall(SYS_pidfd_send_signal, process, SIGKILL, nullptr, 0);
                _exit(0);
            }
            wait = poll_before(left);
        }
        pollfd fds[3] = {{words, POLLIN, 0}, {process, POLLIN, 0}, {resumes, POLLIN, 0}};
        poll(fds, 3, wait);
        if (fds[1].revents != 0) {
            _exit(0);
        }
        if (fds[2].revents != 0) {
            clear_resume(resumes);
        }
        if (fds[0].revents != 0) {
            word all[16];
            const auto n = read(words, all, sizeof all);
            if (n == 0) {
                _exit(0);
            }
            if (n > 0) {
                last = all[static_cast<std::size_t>(n) / sizeof *all - 1];
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

void watchdog::tell(base::right_time end) {
    if (end == last_told_) {
        return;
    }
    const word w{suspends_counted(), end};
    // A pipe takes so few bytes whole or not at all. If it is full of words not yet read, a later
    // one follows soon; until then an earlier end stands, which is the safe side.
    if (write(told_, &w, sizeof w) == static_cast<ssize_t>(sizeof w)) {
        last_told_ = end;
    }
}

}  // namespace holdfast::runtime
