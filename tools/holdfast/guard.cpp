#include "guard.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <type_traits>

#include "keeper.hpp"
#include "peer/clock.hpp"

namespace holdfast_tool {

namespace base = holdfast::base;
namespace runtime = holdfast::runtime;

static_assert(std::is_trivially_copyable_v<order>);

base::right_time right_now() { return runtime::moment_now().for_rights(); }

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

bool guard::start(std::int64_t token, base::right_time until) {
    return tell({.what = order::kind::start,
                 .until = until,
                 .token = token,
                 .count = runtime::suspends_counted()});
}

void guard::let_live(base::right_time until) {
    tell({.what = order::kind::let_live, .until = until, .count = runtime::suspends_counted()});
}
void guard::pass_on(int signal_number) {
    tell({.what = order::kind::pass_on, .signal = signal_number});
}
void guard::stop() { tell({.what = order::kind::stop}); }
void guard::go_on() { tell({.what = order::kind::go_on}); }

void guard::end_all() {
    tell({.what = order::kind::end_all});
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
