#include "fleet.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace chaos {
namespace {

using test_support::impaired_network;
using test_support::impairment;

/// No other thread may have locks that the child needs: it calls the system only, and then executes
/// another program.
pid_t fork_with(process_ids ids) {
    if (ids == process_ids::shared) {
        return fork();
    }
    return static_cast<pid_t>(
        syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

/// Where that is forbidden it keeps the /proc of all.
void mount_own_proc() {
    if (unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) {
        mount("proc", "/proc", "proc", 0, nullptr);
    }
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const auto& w : words) {
        out.push_back(const_cast<char*>(w.c_str()));
    }
    out.push_back(nullptr);
    return out;
}

std::string slow_file(std::size_t place) { return "slow-" + std::to_string(place); }

impairment both(const impairment& a, const impairment& b) {
    return {a.cut || b.cut,
            std::max(a.loss, b.loss),
            std::max(a.doubled, b.doubled),
            std::max(a.held_back, b.held_back),
            std::max(a.jitter, b.jitter),
            a.no_tcp || b.no_tcp,
            a.no_udp || b.no_udp,
            a.no_large || b.no_large};
}

const char* word_for(const impairment& link) {
    return link.cut ? "cut" : link.is_clean() ? "clean" : "rough";
}

}  // namespace

fleet::fleet(const fleet_options& options, history& told)
    : options_{options},
      told_{told},
      harness_{static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0))},
      network_{options.places, options.seed},
      random_{options.seed},
      places_(options.places),
      links_(options.places, std::vector<impairment>(options.places)) {
    if (harness_ < 0) {
        throw std::runtime_error{std::string{"pidfd_open: "} + std::strerror(errno)};
    }
}

fleet::~fleet() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (is_up(i)) {
            feed(i);
            kill(i);
        }
    }
    close(harness_);
}

/// In a child: it ends with the harness, whatever way that ends, and no key on the terminal reaches
/// it. It does not ask for its parent: in a process namespace of its own it has none.
void fleet::belong_to_the_harness() const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pollfd end{harness_, POLLIN, 0};
    if (poll(&end, 1, 0) != 0) {
        _exit(126);
    }
    setpgid(0, 0);
    // SIGTERM waits for a program that takes it: the first process of a namespace would lose it.
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_SETMASK, &term, nullptr);
}

std::vector<std::string> fleet::environment_of(std::size_t i) const {
    std::vector<std::string> out;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        out.emplace_back(*variable);
    }
    if (!options_.slow_fsync.empty()) {
        out.push_back("LD_PRELOAD=" + options_.slow_fsync);
        out.push_back("SLOW_FSYNC_FILE=" + slow_file(i));
    }
    return out;
}

void fleet::start(std::size_t i, process_ids ids) {
    auto& p = places_[i];
    std::string seeds;
    for (std::size_t s = 0; s < options_.seats; ++s) {
        seeds += (s == 0 ? "" : ",") + impaired_network::address(s) + ":4653";
    }
    p.name = std::to_string(i) + "." + std::to_string(++p.starts);
    p.started = now();
    const std::vector<std::string> words{options_.worker,
                                         p.name,
                                         impaired_network::address(i) + ":4653",
                                         seeds,
                                         std::to_string(options_.lease_ms),
                                         std::to_string(random_())};
    const auto variables = environment_of(i);
    const auto arguments = pointers_to(words);
    const auto environment = pointers_to(variables);
    p.pid = fork_with(ids);
    if (p.pid < 0) {
        throw std::runtime_error{std::string{"fork: "} + std::strerror(errno)};
    }
    if (p.pid == 0) {
        belong_to_the_harness();
        if (!network_.enter(i)) {
            _exit(125);
        }
        if (ids == process_ids::own_with_own_proc) {
            mount_own_proc();
        }
        execve(arguments[0], arguments.data(), environment.data());
        _exit(127);
    }
    told_.tell("start", now(), i, p.pid, p.name);
}

/// Never of a place without a process: -1 would mean every process there is.
void fleet::signal(std::size_t i, int which) const {
    if (places_[i].pid > 0) {
        ::kill(places_[i].pid, which);
    }
}

void fleet::kill(std::size_t i) {
    auto& p = places_[i];
    if (!is_up(i)) {
        return;
    }
    told_.tell("kill", now(), i);
    signal(i, SIGKILL);
    int status = 0;
    while (waitpid(p.pid, &status, 0) < 0 && errno == EINTR) {
    }
    // One that had ended before by itself is a finding, though it was to die anyway.
    ended(i, status, (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || p.is_leaving);
}

void fleet::leave(std::size_t i) {
    told_.tell("leave", now(), i);
    places_[i].is_leaving = true;
    signal(i, SIGTERM);
}

void fleet::give_up(std::size_t i) {
    told_.tell("hung", now(), i);
    kill(i);
}

void fleet::stop(std::size_t i) {
    const auto before = now();
    signal(i, SIGSTOP);
    told_.tell("stop", before, now(), i);
}

void fleet::go_on(std::size_t i) {
    const auto before = now();
    signal(i, SIGCONT);
    told_.tell("cont", before, now(), i);
}

void fleet::starve(std::size_t i) {
    told_.tell("starve", now(), i);
    places_[i].is_starved = true;
    schedule(i, SCHED_IDLE);
    keep_hogs();
}

void fleet::feed(std::size_t i) {
    if (!places_[i].is_starved) {
        return;
    }
    places_[i].is_starved = false;
    keep_hogs();
    if (is_up(i)) {
        schedule(i, SCHED_OTHER);
    }
    told_.tell("feed", now(), i);
}

/// Threads that start later take it over from those that start them.
void fleet::schedule(std::size_t i, int policy) const {
    const sched_param none{};
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator{
             "/proc/" + std::to_string(places_[i].pid) + "/task", gone}) {
        sched_setscheduler(std::stoi(task.path().filename().string()), policy, &none);
    }
}

/// While a worker starves, one busy process for each processor: what is idle by policy gets next to
/// nothing beside them.
void fleet::keep_hogs() {
    const bool wanted =
        std::any_of(places_.begin(), places_.end(), [](const occupant& p) { return p.is_starved; });
    while (wanted && static_cast<long>(hogs_.size()) < sysconf(_SC_NPROCESSORS_ONLN)) {
        const auto pid = fork();
        if (pid == 0) {
            belong_to_the_harness();
            for (volatile bool is_busy = true; is_busy;) {
            }
        }
        if (pid > 0) {
            hogs_.push_back(pid);
        }
    }
    while (!wanted && !hogs_.empty()) {
        ::kill(hogs_.back(), SIGKILL);
        waitpid(hogs_.back(), nullptr, 0);
        hogs_.pop_back();
    }
}

void fleet::slow_down(std::size_t i, std::chrono::milliseconds each) {
    told_.tell("slow", now(), i);
    std::ofstream{slow_file(i)} << each.count();
}

void fleet::quicken(std::size_t i) {
    std::error_code ignored;
    std::filesystem::remove(slow_file(i), ignored);
    told_.tell("quick", now(), i);
}

void fleet::reap() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        int status = 0;
        if (is_up(i) && waitpid(places_[i].pid, &status, WNOHANG) == places_[i].pid) {
            ended(i, status,
                  places_[i].is_leaving && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
    }
}

void fleet::ended(std::size_t i, int status, bool is_expected) {
    places_[i].pid = -1;
    places_[i].is_leaving = false;
    deaths_ += is_expected ? 0 : 1;
    told_.tell("gone", now(), i, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
               is_expected ? "expected" : "unexpected");
}

int fleet::impair(std::vector<link> links, const impairment& how) {
    impaired_.push_back({++last_number_, std::move(links), how});
    update_links();
    return last_number_;
}

void fleet::mend(int which) {
    impaired_.remove_if([&](const impaired& one) { return one.number == which; });
    update_links();
}

void fleet::update_links() {
    std::vector<std::vector<impairment>> wanted(size(), std::vector<impairment>(size()));
    for (const auto& one : impaired_) {
        for (const auto& [from, to] : one.links) {
            wanted[from][to] = both(wanted[from][to], one.how);
        }
    }
    for (std::size_t from = 0; from < size(); ++from) {
        for (std::size_t to = 0; to < size(); ++to) {
            if (wanted[from][to] != links_[from][to]) {
                const auto before = now();
                network_.set(from, to, wanted[from][to]);
                told_.tell("link", before, now(), from, to, word_for(wanted[from][to]));
            }
        }
    }
    links_ = wanted;
}

}  // namespace chaos
