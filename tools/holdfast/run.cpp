#include "run.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "descendants.hpp"
#include "failure.hpp"
#include "guard.hpp"
#include "lines.hpp"
#include "options.hpp"
#include "signals.hpp"

namespace holdfast_tool {
namespace {

/// Stops the whole job, as the terminal's key does, until it goes on. False when nothing happened:
/// there is no shell that could let it go on.
bool stop_with_job() {
    sigset_t stop, go_on;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigemptyset(&go_on);
    sigaddset(&go_on, SIGCONT);
    const timespec at_once{};
    sigprocmask(SIG_BLOCK, &go_on, nullptr);  // blocked, it shows afterwards that there was one
    while (sigtimedwait(&go_on, nullptr, &at_once) > 0) {
    }
    const auto before = signal(SIGTSTP, SIG_DFL);
    kill(0, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, nullptr);  // here it stops
    sigprocmask(SIG_BLOCK, &stop, nullptr);
    signal(SIGTSTP, before);
    const bool was_stopped = sigtimedwait(&go_on, nullptr, &at_once) > 0;
    sigprocmask(SIG_UNBLOCK, &go_on, nullptr);
    return was_stopped;
}

/// A command that runs under a hold.
class supervision {
public:
    supervision(holdfast::hold& held, guard& watch, const signals& passed_on, int is_lost,
                std::chrono::nanoseconds lease, const std::vector<pid_t>& not_ours)
        : held_{held},
          watch_{watch},
          passed_on_{passed_on},
          is_lost_{is_lost},
          lease_{lease},
          not_ours_{not_ours.begin(), not_ours.end()} {}

    int run();

private:
    void look_at_lease();
    void wait();
    void pass_on(int signal_number);
    void hear(const report& what);
    void kill_all();
    void end_without_guard();
    int result();

    /// SIGTERM when a third of the lease is left, SIGKILL when a tenth is: dead before another may
    /// be granted the lock.
    [[nodiscard]] std::chrono::nanoseconds asks_at() const { return lease_ / 3; }
    [[nodiscard]] std::chrono::nanoseconds kills_at() const { return lease_ / 10; }
    /// The clock first: were we stopped in between, the time would be too early and not too late.
    [[nodiscard]] holdfast::base::right_time dies_at() const {
        const auto now = right_now();
        return now + (held_.remaining() - kills_at());
    }

    holdfast::hold& held_;
    guard& watch_;
    const signals& passed_on_;
    const int is_lost_;
    const std::chrono::nanoseconds lease_;
    const std::set<pid_t> not_ours_;  // children from before the start
    bool was_asked_ = false, was_killed_ = false, is_over_ = false;
    bool is_told_to_wait_ = false;  // for the terminal
    std::optional<report> ended_;
    int not_started_ = 0;
};

int supervision::run() {
    if (held_.remaining() <= kills_at()) {
        log_line("the lock was lost before the command was started");
        return lock_lost;
    }
    if (!watch_.start(held_.token().value, dies_at())) {
        log_line("the guard of the command is gone; the command was not started");
        return os_error;
    }
    while (!is_over_) {
        look_at_lease();
        wait();
    }
    return result();
}

/// By the clock, as often as needed to act before the end of the lease; no callback has to come in
/// time.
void supervision::look_at_lease() {
    watch_.let_live(dies_at());
    const auto left = held_.remaining();
    if (left <= kills_at()) {
        kill_all();
    } else if (left <= asks_at() && !was_asked_) {
        log_line("the lock is at risk; asking the command to end");
        watch_.pass_on(SIGTERM);
        was_asked_ = true;
    }
}

void supervision::kill_all() {
    watch_.end_all();
    was_killed_ = true;
}

void supervision::wait() {
    const auto look_again = was_asked_ ? lease_ / 100 : lease_ / 20;
    pollfd fds[3] = {{watch_.reports(), POLLIN, 0},
                     {passed_on_.waiting(), POLLIN, 0},
                     {was_killed_ ? -1 : is_lost_, POLLIN, 0}};
    poll(fds, 3,
         static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(look_again).count()));
    if (const int one = fds[1].revents != 0 ? passed_on_.take() : 0; one != 0) {
        pass_on(one);
    }
    if (fds[0].revents == 0) {
        return;
    }
    while (const auto what = watch_.take()) {
        hear(*what);
    }
    if (watch_.is_gone() && !is_over_) {
        end_without_guard();
    }
}

void supervision::pass_on(int signal_number) {
    if (signal_number != SIGTSTP) {
        watch_.pass_on(signal_number);
        return;
    }
    // Stopped together, and woken together unless the lock is gone by then; meanwhile the guard has
    // the time.
    watch_.stop();
    raise(SIGSTOP);
    if (held_.remaining() > kills_at()) {
        watch_.go_on();
    }
}

void supervision::hear(const report& what) {
    switch (what.what) {
        case report::kind::not_started:
            not_started_ = what.status;
            is_over_ = true;
            return;
        case report::kind::ended:
            ended_ = what;
            return;
        case report::kind::all_gone:
            is_over_ = true;
            return;
        case report::kind::stopped:
            break;
    }
    const bool was_stopped = stop_with_job();
    if (held_.remaining() <= kills_at()) {
        return;
    }
    if (was_stopped || what.status == SIGTSTP) {
        watch_.go_on();
    } else if (!std::exchange(is_told_to_wait_, true)) {
        // going on, it would be stopped again at once
        log_line("the command is stopped, for it wants the terminal, which another job has");
    }
}

/// The guard was killed. What it guarded are children of this process now.
void supervision::end_without_guard() {
    was_killed_ = was_killed_ || held_.remaining() <= kills_at();
    for (;;) {
        bool is_any_left = false;
        for_each_child([&](pid_t one) {
            if (!not_ours_.contains(one)) {
                is_any_left = true;
                kill(one, SIGKILL);
                (void)waitpid(one, nullptr, WNOHANG | __WALL);
            }
        });
        if (!is_any_left) {
            break;
        }
        poll(nullptr, 0, 10);
    }
    is_over_ = true;
}

int supervision::result() {
    was_killed_ = was_killed_ || held_.remaining() <= kills_at();  // by the guard then
    if (!held_.release() || was_killed_) {
        log_line("the lock was lost while the command ran");
        return lock_lost;
    }
    if (not_started_ != 0) {
        log_line(std::string{"the command cannot be started: "} + std::strerror(not_started_));
        return os_error;
    }
    if (!ended_) {
        log_line("the guard of the command was killed, so the command was ended");
        return os_error;
    }
    if (!WIFSIGNALED(ended_->status)) {
        return WEXITSTATUS(ended_->status);
    }
    const int ended_by = WTERMSIG(ended_->status);
    if (ended_->had_terminal && (ended_by == SIGINT || ended_by == SIGQUIT)) {
        kill(0, ended_by);  // its key was meant for the whole job: a script that runs us ends too
    }
    return 128 + ended_by;
}

}  // namespace

int run(const std::function<holdfast::result<holdfast::peer>(std::stop_token)>& join,
        std::chrono::nanoseconds lease, const run_options& options) {
    holdfast::lock_options how;
    if (!options.wait.empty()) {
        const auto wait = holdfast::parse_duration(options.wait);
        if (!wait) {
            log_line("--wait: " + wait.error().text);
            return usage;
        }
        how.wait = *wait;
    }
    // the parent may have ignored it, and then the exit code would be lost
    signal(SIGCHLD, SIG_DFL);
    const auto not_ours = children();
    // both before the peer starts its threads
    guard watch{options.command, options.lock};
    if (!watch.is_running() || !become_subreaper()) {
        log_line(std::string{"the guard of the command cannot be started: "} +
                 std::strerror(errno));
        return os_error;
    }
    // Those meant for the command. Blocked, so that none ends us between grant and start.
    const auto passed_on =
        signals::for_command({SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP});
    std::optional<holdfast::peer> with;
    how.note =
        options.note.empty() ? "holdfast run, process " + std::to_string(getpid()) : options.note;
    how.mode = options.mode();
    // A hold that is broken ends at once, whatever is left of the lease: the command must not wait
    // for the next look.
    const int is_lost = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    how.on_lost = [is_lost](holdfast::errc) { (void)!eventfd_write(is_lost, 1); };
    how.on_release_requested = [](const holdfast::release_request& by) {
        log_line(by.who + " requests the release of the lock" + (by.why.empty() ? "" : ": ") +
                 by.why);
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
    return supervision{*held, watch, passed_on, is_lost, lease, not_ours}.run();
}

}  // namespace holdfast_tool
