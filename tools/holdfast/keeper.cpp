#include "keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>

#include <holdfast/printable.hpp>

#include "descendants.hpp"
#include "failure.hpp"
#include "guard.hpp"
#include "peer/clock.hpp"
#include "started_with.hpp"
#include "terminal.hpp"

namespace holdfast_tool {
namespace {

namespace base = holdfast::base;
namespace runtime = holdfast::runtime;

/// For what the command leaves behind, between SIGTERM and SIGKILL.
constexpr base::duration grace = std::chrono::seconds{5};

/// Those that mean an end. A process that is stopped has to go on to hear them.
bool asks_to_end(int signal_number) {
    return signal_number == SIGTERM || signal_number == SIGINT || signal_number == SIGHUP ||
           signal_number == SIGQUIT;
}

class keeper {
public:
    keeper(int socket, pid_t job, const std::vector<std::string>& command, std::string lock)
        : socket_{socket}, terminal_{job}, command_{command}, lock_{std::move(lock)} {}

    [[noreturn]] void run();

private:
    void take_orders();
    void perform(const order& what);
    void start(const order& what);
    [[noreturn]] void become_command(int go, pid_t keeper_id);
    void reap();
    void on_stop(int signal_number);
    void end_what_is_left();
    [[nodiscard]] base::duration left() {
        return until_ - count_.note(runtime::read_clocks()).for_rights();
    }
    [[nodiscard]] int wait_ms();
    void tell(report::kind what, int status, bool had_terminal = false) const;

    const int socket_;
    terminal terminal_;
    const std::vector<std::string>& command_;
    const std::string lock_;

    pid_t command_id_ = 0;     // and its group's; 0 before its start
    bool has_ended_ = false;   // the command: it was waited for, so its id may be another's
    bool has_any_ = false;     // children
    bool is_stopped_ = false;  // by an order
    bool wants_terminal_ = false;
    bool is_killing_ = false;    // all that there is, again and again
    bool is_alone_ = false;      // `run` is gone
    base::suspend_count count_;  // as `run` has counted, and gone on with (NOW-2)
    base::right_time until_{};
    base::time_point grace_ends_{};
    std::set<pid_t> asked_;  // children that were sent SIGTERM
};

void keeper::run() {
    sigset_t all, of_children;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    sigemptyset(&of_children);
    sigaddset(&of_children, SIGCHLD);
    const descriptor child_changed{signalfd(-1, &of_children, SFD_CLOEXEC | SFD_NONBLOCK)};
    setpgid(0, 0);
    if (child_changed < 0 || !become_subreaper()) {
        _exit(os_error);
    }
    const int resumes = runtime::open_resume_descriptor();
    for (;;) {
        pollfd fds[3] = {{is_alone_ ? -1 : socket_, POLLIN, 0},
                         {child_changed, POLLIN, 0},
                         {resumes, POLLIN, 0}};
        if (poll(fds, 3, wait_ms()) > 0 && fds[2].revents != 0) {
            runtime::clear_resume(resumes);
        }
        signalfd_siginfo ignored{};
        while (::read(child_changed, &ignored, sizeof ignored) > 0) {
        }
        take_orders();
        if (command_id_ == 0) {
            if (is_alone_) {
                _exit(done);
            }
            continue;
        }
        reap();
        if (has_ended_ && !has_any_) {
            tell(report::kind::all_gone, 0);
            _exit(done);
        }
        is_killing_ = is_killing_ || is_alone_ || left() <= base::duration::zero();
        end_what_is_left();
    }
}

void keeper::take_orders() {
    while (!is_alone_) {
        order next;
        const auto n = recv(socket_, &next, sizeof next, 0);
        if (n == sizeof next) {
            perform(next);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            return;
        } else {
            is_alone_ = true;
        }
    }
}

void keeper::perform(const order& what) {
    switch (what.what) {
        case order::kind::start:
            start(what);
            return;
        case order::kind::let_live:
            until_ = what.until;
            count_ = what.count;
            return;
        case order::kind::end_all:
            is_killing_ = true;
            return;
        default:
            break;
    }
    if (command_id_ != 0) {
        reap();  // one that has ended before the order was given is not the one it is for
    }
    if (has_ended_ || command_id_ == 0) {
        // a second word to a command that has ended is one to what it has left behind
        is_killing_ = is_killing_ ||
                      (has_ended_ && what.what == order::kind::pass_on && asks_to_end(what.signal));
        return;
    }
    if (what.what == order::kind::stop) {
        is_stopped_ = true;
        kill(-command_id_, SIGSTOP);
        terminal_.take_back();
    } else if (what.what == order::kind::go_on) {
        is_stopped_ = false;
        if (wants_terminal_) {
            terminal_.hand_to(command_id_);
        }
        kill(-command_id_, SIGCONT);
    } else {
        kill(-command_id_, what.signal);
        if (asks_to_end(what.signal)) {
            kill(-command_id_, SIGCONT);
        }
    }
}

void keeper::start(const order& what) {
    until_ = what.until;
    count_ = what.count;
    setenv("HOLDFAST_LOCK", lock_.c_str(), 1);
    setenv("HOLDFAST_TOKEN", std::to_string(what.token).c_str(), 1);
    std::array<int, 2> go{};
    if (pipe2(go.data(), O_CLOEXEC) != 0) {
        tell(report::kind::not_started, errno);
        return;
    }
    const auto self = getpid();
    const auto child = fork();
    if (child == 0) {
        close(go[1]);
        become_command(go[0], self);
    }
    if (child < 0) {
        tell(report::kind::not_started, errno);
    } else {
        command_id_ = child;
        setpgid(child, child);
        wants_terminal_ = terminal_.is_there() && !terminal_.is_shared();
        if (wants_terminal_) {
            terminal_.hand_to(child);
        }
        (void)!write(go[1], "x", 1);
    }
    close(go[0]);
    close(go[1]);
}

/// In the child: not before its group is made, and has the terminal if it is to have it.
void keeper::become_command(int go, pid_t keeper_id) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char word = 0;
    if (getppid() != keeper_id || ::read(go, &word, 1) != 1) {
        _exit(lock_lost);  // the guard has died
    }
    std::vector<char*> arguments;
    for (const auto& one : command_) {
        arguments.push_back(const_cast<char*>(one.c_str()));
    }
    arguments.push_back(nullptr);
    at_start().give_back();
    execvp(arguments[0], arguments.data());
    const int why = errno;
    std::fprintf(stderr, "holdfast: %s: %s\n", holdfast::printable(arguments[0]).c_str(),
                 std::strerror(why));
    _exit(why == ENOENT ? 127 : 126);
}

void keeper::reap() {
    for (;;) {
        int status = 0;
        const auto id = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL);
        if (id <= 0) {
            has_any_ = id == 0;
            return;
        }
        if (!WIFSTOPPED(status)) {
            asked_.erase(id);
        }
        if (id != command_id_ || has_ended_) {
            continue;
        }
        if (WIFSTOPPED(status)) {
            on_stop(WSTOPSIG(status));
            continue;
        }
        has_ended_ = true;
        grace_ends_ = runtime::raw_now() + grace;
        const bool had_terminal = terminal_.is_handed_over();
        if (is_alone_) {
            terminal_.take_back(command_id_);  // else a shell may have it by now
        } else {
            terminal_.take_back();
        }
        tell(report::kind::ended, status, had_terminal);
    }
}

/// As a shell sees it: a job that wants the terminal gets it or stays stopped, and one that is
/// stopped at the terminal stops as a whole, so that the shell goes on.
void keeper::on_stop(int signal_number) {
    if (is_stopped_) {
        return;
    }
    const bool wants = signal_number == SIGTTIN || signal_number == SIGTTOU;
    wants_terminal_ = wants_terminal_ || wants;
    if (wants && terminal_.hand_to(command_id_)) {
        kill(-command_id_, SIGCONT);
    } else if (terminal_.is_handed_over() || (wants && terminal_.is_there())) {
        terminal_.take_back();
        tell(report::kind::stopped, signal_number);
    }
}

/// Once more in each round: what has lost its parent since is a child now.
void keeper::end_what_is_left() {
    if (!is_killing_ && !has_ended_) {
        return;
    }
    if (is_killing_ && !has_ended_) {
        kill(-command_id_, SIGKILL);
    }
    const bool is_to_kill = is_killing_ || runtime::raw_now() >= grace_ends_;
    for_each_child([&](pid_t child) {
        if (is_to_kill) {
            kill(child, SIGKILL);
        } else if (asked_.insert(child).second) {
            kill(child, SIGTERM);
            kill(child, SIGCONT);
        }
    });
}

int keeper::wait_ms() {
    if (command_id_ == 0) {
        return -1;
    }
    if (is_killing_ || has_ended_) {
        return 10;
    }
    return std::max(runtime::poll_before(left()), 1);
}

void keeper::tell(report::kind what, int status, bool had_terminal) const {
    const report r{what, had_terminal, status};
    (void)!send(socket_, &r, sizeof r, MSG_NOSIGNAL);
}

}  // namespace

void keep(int socket, pid_t job, const std::vector<std::string>& command, const std::string& lock) {
    keeper{socket, job, command, lock}.run();
}

}  // namespace holdfast_tool
