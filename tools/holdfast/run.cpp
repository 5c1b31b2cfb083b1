#include "run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <optional>

namespace holdfast_tool {
namespace {

using namespace std::chrono_literals;

constexpr int usage = 64, unavailable = 69, not_in_time = 75, lock_lost = 76;

/// Starts the command in a process group of its own. The kernel kills it should we die without a word: it would go on
/// without its lock.
pid_t start(const std::vector<std::string>& command, const holdfast::hold& held) {
    std::vector<char*> arguments;
    for (const auto& one : command) {
        arguments.push_back(const_cast<char*>(one.c_str()));
    }
    arguments.push_back(nullptr);
    setenv("HOLDFAST_LOCK", held.name().c_str(), 1);
    setenv("HOLDFAST_TOKEN", std::to_string(held.token().value).c_str(), 1);
    const auto parent = getpid();
    const auto child = fork();
    if (child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(lock_lost);  // we died before that was set
        }
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        execvp(arguments[0], arguments.data());
        const int why = errno;
        std::fprintf(stderr, "holdfast: %s: %s\n", arguments[0], std::strerror(why));
        _exit(why == ENOENT ? 127 : 126);
    }
    setpgid(child, child);  // whoever of the two comes first
    return child;
}

}  // namespace

std::optional<std::chrono::nanoseconds> duration_of(const std::string& text) {
    std::size_t used = 0;
    double number = 0;
    try {
        number = std::stod(text, &used);
    } catch (const std::exception&) {
        return std::nullopt;
    }
    const auto unit = text.substr(used);
    const double seconds = unit == "ms" ? 1e-3 : unit == "s" || unit.empty() ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : -1;
    if (seconds < 0 || !(number >= 0 && number < 1e9)) {
        return std::nullopt;
    }
    return std::chrono::nanoseconds{static_cast<std::int64_t>(number * seconds * 1e9)};
}

int run(holdfast::peer& with, const run_options& options) {
    holdfast::acquire_options how;
    if (!options.wait.empty()) {
        how.wait = duration_of(options.wait);
        if (!how.wait) {
            std::fprintf(stderr, "holdfast: --wait: \"%s\" is no duration; write 10s or 500ms\n", options.wait.c_str());
            return usage;
        }
    }
    how.note = "holdfast run, process " + std::to_string(getpid());
    auto held = with.lock(options.lock, how);
    if (!held) {
        std::fprintf(stderr, "holdfast: %s not locked: %s\n", options.lock.c_str(), held.error().text.c_str());
        const auto code = held.error().code;
        return code == holdfast::errc::timed_out || code == holdfast::errc::would_block ? not_in_time
               : code == holdfast::errc::name_too_long                                   ? usage
                                                                                        : unavailable;
    }
    sigset_t passed_on;
    sigemptyset(&passed_on);
    for (const int one : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) {
        sigaddset(&passed_on, one);
    }
    sigprocmask(SIG_BLOCK, &passed_on, nullptr);
    const int signals = signalfd(-1, &passed_on, SFD_CLOEXEC);
    const auto child = start(options.command, *held);
    if (child < 0) {
        std::perror("holdfast: fork");
        return 71;  // EX_OSERR
    }
    const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));

    // The lease is looked at here, by the clock, as often as needed to act before its end; no callback has to come in time.
    const auto full = held->remaining();
    bool was_asked = false;
    bool is_lost = false;
    for (;;) {
        const auto left = held->remaining();
        // SIGTERM when a third of the lease is left, SIGKILL when a tenth is: dead before another may be granted it.
        if (left < full / 10) {
            kill(-child, SIGKILL);
            is_lost = true;
        } else if (left < full / 3) {
            if (!was_asked) {
                std::fprintf(stderr, "holdfast: the lock is at risk; asking the command to end\n");
                kill(-child, SIGTERM);
                was_asked = is_lost = true;
            }
        }
        const auto look_again = is_lost ? full / 100 : full / 20;
        pollfd fds[2] = {{ended, POLLIN, 0}, {signals, POLLIN, 0}};
        poll(fds, 2, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(look_again).count()));
        if (fds[1].revents != 0) {
            signalfd_siginfo got{};
            if (read(signals, &got, sizeof got) == sizeof got) {
                kill(-child, static_cast<int>(got.ssi_signo));
            }
        }
        if (fds[0].revents != 0) {
            break;
        }
    }
    kill(-child, SIGKILL);  // what it leaves behind in its group works under the lock too; not yet reaped, so the id is still its
    int status = 0;
    waitpid(child, &status, 0);
    close(ended);
    close(signals);
    const bool was_ours = held->release().has_value();
    if (is_lost || !was_ours) {
        std::fprintf(stderr, "holdfast: the lock was lost while the command ran\n");
        return lock_lost;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace holdfast_tool
