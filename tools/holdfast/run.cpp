#include "run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stop_token>
#include <utility>

#include "failure.hpp"
#include "guard.hpp"
#include "options.hpp"
#include "signals.hpp"

namespace holdfast_tool {
namespace {

using namespace std::chrono_literals;

/// Starts the command in a process group of its own, once `tell_guard` has returned: should we die
/// before, it is never run, and after that the guard ends it with all that it has started.
pid_t start(const std::vector<std::string>& command, const holdfast::hold& held,
            const std::function<void(pid_t)>& tell_guard) {
    std::vector<char*> arguments;
    for (const auto& one : command) {
        arguments.push_back(const_cast<char*>(one.c_str()));
    }
    arguments.push_back(nullptr);
    setenv("HOLDFAST_LOCK", held.name().c_str(), 1);
    setenv("HOLDFAST_TOKEN", std::to_string(held.token().value).c_str(), 1);
    int go[2];
    if (pipe2(go, O_CLOEXEC) != 0) {
        return -1;
    }
    const auto child = fork();
    if (child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(go[1]);
        char word = 0;
        if (read(go[0], &word, 1) != 1) {
            _exit(lock_lost);  // we died
        }
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        execvp(arguments[0], arguments.data());
        const int why = errno;
        std::fprintf(stderr, "holdfast: %s: %s\n", arguments[0], std::strerror(why));
        _exit(why == ENOENT ? 127 : 126);
    }
    if (child > 0) {
        setpgid(child, child);  // in both processes, because either may be first
        tell_guard(child);
        (void)!write(go[1], "x", 1);
    }
    close(go[0]);
    close(go[1]);
    return child;
}

}  // namespace

int run(const std::function<holdfast::result<holdfast::peer>(std::stop_token)>& join,
        std::chrono::nanoseconds lease, const run_options& options) {
    holdfast::lock_options how;
    if (!options.wait.empty()) {
        const auto wait = holdfast::parse_duration(options.wait);
        if (!wait) {
            std::fprintf(stderr, "holdfast: --wait: %s\n", wait.error().text.c_str());
            return usage;
        }
        how.wait = *wait;
    }
    // the parent may have ignored it, and then the exit code would be lost
    signal(SIGCHLD, SIG_DFL);
    guard watch;  // before the peer starts its threads
    if (!watch.is_running()) {
        std::perror("holdfast: the guard of the command cannot be started");
        return os_error;
    }
    // Those meant for the command. Blocked, so that none ends us between grant and start.
    const signals passed_on{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP};
    std::optional<holdfast::peer> with;
    how.note =
        options.note.empty() ? "holdfast run, process " + std::to_string(getpid()) : options.note;
    how.mode = options.mode();
    // A hold that is broken ends at once, whatever is left of the lease: the command must not wait
    // for the next look.
    const int is_lost = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    how.on_lost = [is_lost](holdfast::errc) { (void)!eventfd_write(is_lost, 1); };
    how.on_release_requested = [](const holdfast::release_request& by) {
        std::fprintf(stderr, "holdfast: %s requests the release of the lock%s%s\n", by.who.c_str(),
                     by.why.empty() ? "" : ": ", by.why.c_str());
    };
    auto held =
        passed_on.until_one_comes([&](std::stop_token stop) -> holdfast::result<holdfast::hold> {
            auto joined = join(stop);
            if (!joined) {
                return tl::unexpected{joined.error()};
            }
            with = std::move(*joined);
            how.stop = std::move(stop);
            return with->lock(options.lock, how);
        });
    if (!held) {
        if (const int one = passed_on.take(); one != 0) {
            return 128 + one;
        }
        return why_not_held(options.lock, held.error());
    }

    // SIGTERM when a third of the lease is left, SIGKILL when a tenth is: dead before another may
    // be granted the lock.
    const auto asks_at = lease / 3, kills_at = lease / 10;
    // The clock first: were we stopped in between, the time would be too early and not too late.
    const auto dies_at = [&] {
        const auto now = boot_now();
        return now + (held->remaining() - kills_at).count();
    };
    if (held->remaining() <= kills_at) {
        std::fprintf(stderr, "holdfast: the lock was lost before the command was started\n");
        return lock_lost;
    }
    const auto child =
        start(options.command, *held, [&](pid_t group) { watch.let_live(group, dies_at()); });
    if (child < 0) {
        std::perror("holdfast: fork");
        return os_error;
    }
    const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    if (ended < 0) {
        std::perror("holdfast: pidfd_open");
        kill(-child, SIGKILL);
        waitpid(child, nullptr, 0);
        return os_error;
    }

    // The lease is looked at here, by the clock, as often as needed to act before its end; no
    // callback has to come in time.
    bool was_asked = false, was_killed = false;
    for (;;) {
        watch.let_live(child, dies_at());
        const auto left = held->remaining();
        if (left <= kills_at) {
            kill(-child, SIGKILL);
            was_killed = true;
        } else if (left <= asks_at && !was_asked) {
            std::fprintf(stderr, "holdfast: the lock is at risk; asking the command to end\n");
            kill(-child, SIGTERM);
            was_asked = true;
        }
        const auto look_again = was_asked ? lease / 100 : lease / 20;
        pollfd fds[3] = {{ended, POLLIN, 0},
                         {passed_on.waiting(), POLLIN, 0},
                         {was_killed ? -1 : is_lost, POLLIN, 0}};
        poll(fds, 3,
             static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(look_again).count()));
        if (fds[0].revents != 0) {
            break;
        }
        if (const int one = fds[1].revents != 0 ? passed_on.take() : 0; one == SIGTSTP) {
            // Stopped together, and woken together unless the lock is gone by then; meanwhile the
            // guard has the time.
            kill(-child, SIGSTOP);
            raise(SIGSTOP);
            if (held->remaining() > kills_at) {
                kill(-child, SIGCONT);
            }
        } else if (one != 0) {
            kill(-child, one);
        }
    }
    // what it leaves behind in its group works under the lock too; not yet reaped, so the id is
    // still its
    kill(-child, SIGKILL);
    watch.has_ended();
    int status = 0;
    waitpid(child, &status, 0);
    close(ended);
    was_killed = was_killed || held->remaining() <= kills_at;  // by the guard then
    if (!held->release() || was_killed) {
        std::fprintf(stderr, "holdfast: the lock was lost while the command ran\n");
        return lock_lost;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace holdfast_tool
