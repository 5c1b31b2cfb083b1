#include "guard.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace holdfast_tool {
namespace {

struct word {
    std::int64_t group = 0;  // 0: none
    std::int64_t until = 0;
};

[[noreturn]] void keep_guard(int pipe) {
    setsid();  // what stops or ends a terminal's job must not reach the one that ends it
    word last;
    for (;;) {
        auto wait_ms = -1;
        if (last.group != 0) {
            const auto left = last.until - boot_now();
            if (left <= 0) {
                kill(static_cast<pid_t>(-last.group), SIGKILL);
            }
            // Again and again: something may have joined the group meanwhile.
            wait_ms = left <= 0
                          ? 10
                          : static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 60'000));
        }
        pollfd fd{pipe, POLLIN, 0};
        if (poll(&fd, 1, wait_ms) <= 0) {
            continue;
        }
        word next;
        const auto n = read(pipe, &next, sizeof next);
        if (n == sizeof next) {
            last = next;
        } else if (n == 0) {
            if (last.group != 0) {
                kill(static_cast<pid_t>(-last.group), SIGKILL);  // who told us is gone
            }
            _exit(0);
        }
    }
}

}  // namespace

std::int64_t boot_now() {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

guard::guard() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return;
    }
    id_ = fork();
    if (id_ == 0) {
        close(ends[1]);
        keep_guard(ends[0]);
    }
    close(ends[0]);
    if (id_ < 0) {
        close(ends[1]);
        return;
    }
    pipe_ = ends[1];
    fcntl(pipe_, F_SETFL, O_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);  // if the guard was killed, this process must not end with it
}

guard::~guard() {
    if (pipe_ >= 0) {
        close(pipe_);
        waitpid(id_, nullptr, 0);
    }
}

void guard::let_live(pid_t group, std::int64_t until) { tell(group, until); }
void guard::has_ended() { tell(0, 0); }

void guard::tell(std::int64_t group, std::int64_t until) {
    const word w{group, until};
    while (pipe_ >= 0 && write(pipe_, &w, sizeof w) < 0 && errno == EINTR) {
    }
}

}  // namespace holdfast_tool
