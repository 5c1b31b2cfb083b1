#include "guard.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "keeper.hpp"

namespace holdfast_tool {

std::int64_t boot_now() {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

guard::guard(const std::vector<std::string>& command, const std::string& lock) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return;
    }
    const auto job = getpgrp();
    id_ = fork();
    if (id_ == 0) {
        close(ends[0]);
        keep(ends[1], job, command, lock);
    }
    close(ends[1]);
    if (id_ < 0) {
        close(ends[0]);
        return;
    }
    socket_ = ends[0];
}

guard::~guard() {
    if (socket_ >= 0) {
        close(socket_);
        if (!is_gone_) {
            kill(id_, SIGCONT);
        }
        waitpid(id_, nullptr, 0);
    }
}

bool guard::start(std::int64_t token, std::int64_t until) {
    return tell({order::kind::start, 0, until, token});
}

void guard::let_live(std::int64_t until) { tell({order::kind::let_live, 0, until, 0}); }
void guard::pass_on(int signal_number) { tell({order::kind::pass_on, signal_number, 0, 0}); }
void guard::stop() { tell({order::kind::stop, 0, 0, 0}); }
void guard::go_on() { tell({order::kind::go_on, 0, 0, 0}); }

void guard::end_all() {
    tell({order::kind::end_all, 0, 0, 0});
    kill(id_, SIGCONT);  // it may have been stopped
}

std::optional<report> guard::take() {
    report got;
    const auto n = recv(socket_, &got, sizeof got, 0);
    if (n == sizeof got) {
        return got;
    }
    is_gone_ = is_gone_ || n == 0 || (errno != EAGAIN && errno != EINTR);
    return std::nullopt;
}

bool guard::tell(const order& what) {
    ssize_t n = -1;
    do {
        n = send(socket_, &what, sizeof what, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    // A guard that is stopped reads nothing. What it heard last stands: an earlier end.
    return n == sizeof what;
}

}  // namespace holdfast_tool
