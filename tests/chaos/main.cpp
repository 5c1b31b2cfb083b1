// Real processes, a real network, real faults: runs a fleet, breaks it at random from a seed, and
// has the histories judged by another program (judge.py). See docs/testing.md, "Chaos".
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "faults.hpp"
#include "fleet.hpp"
#include "history.hpp"
#include "measures.hpp"
#include "resource.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using chaos::now;

struct options {
    double minutes = 10;
    chaos::fleet_options fleet{.seats = 0,
                               .seed = std::random_device{}(),
                               .worker = HOLDFAST_CHAOS_WORKER,
                               .slow_fsync = HOLDFAST_SLOW_FSYNC};
    std::vector<std::string> only;
    std::vector<std::string> without;
    std::string folder = "chaos-runs";
    bool keep = false;
    bool open_gate = false;
};

constexpr std::int64_t seconds = 1'000'000'000;

/// A run's folder is its own while its lock is held. One without a result whose lock is free
/// belonged to a run that was killed: its histories are of no use. (Processes, namespaces and
/// devices of such a run are gone already.)
class run_folder {
public:
    run_folder(const fs::path& all, std::uint64_t seed) {
        fs::create_directories(all);
        for (const auto& one : fs::directory_iterator{all}) {
            remove_if_abandoned(one.path());
        }
        path_ = fs::absolute(all / std::to_string(seed));
        fs::remove_all(path_);
        fs::create_directories(path_);
        lock_ = open((path_ / "running").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) {
            throw std::runtime_error{"another run has " + path_.string()};
        }
    }
    ~run_folder() {
        std::error_code ignored;
        if (is_kept_) {
            fs::remove(path_ / "running", ignored);
        } else {
            fs::remove_all(path_, ignored);
        }
    }
    run_folder(const run_folder&) = delete;
    run_folder& operator=(const run_folder&) = delete;

    void keep() { is_kept_ = true; }
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    static void remove_if_abandoned(const fs::path& path) {
        const int lock = open((path / "running").c_str(), O_RDWR | O_CLOEXEC);
        if (lock < 0) {
            return;
        }
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
            std::printf("removed what an earlier run left: %s\n", path.c_str());
            fs::remove_all(path);
        }
        close(lock);
    }

    fs::path path_;
    int lock_ = -1;
    bool is_kept_ = false;
};

/// Tells when this machine let even the harness wait: a lease lost then is no fault of the library.
class watch_on_the_machine {
public:
    watch_on_the_machine(chaos::history& told, std::chrono::milliseconds patience)
        : thread_{[&told, patience](const std::stop_token& stop) {
              for (auto last = now(); !stop.stop_requested();) {
                  std::this_thread::sleep_for(10ms);
                  const auto at = now();
                  if (at - last > std::chrono::nanoseconds{10ms + patience}.count()) {
                      told.tell("stall", last, at);
                  }
                  last = at;
              }
          }} {}

private:
    std::jthread thread_;
};

/// The kinds of faults that these options leave.
std::vector<std::string> kinds_for(const options& o) {
    auto kinds = o.only.empty() ? chaos::faults::kinds() : o.only;
    std::erase_if(kinds, [&](const std::string& kind) {
        return std::find(o.without.begin(), o.without.end(), kind) != o.without.end();
    });
    return kinds;
}

/// Waits for a signal until then. The signal, or 0.
int wait_for_signal(int signals, std::int64_t until) {
    pollfd fd{signals, POLLIN, 0};
    const auto left = std::max<std::int64_t>(until - now(), 0);
    const timespec wait{left / seconds, left % seconds};
    signalfd_siginfo got{};
    if (ppoll(&fd, 1, &wait, nullptr) <= 0 || read(signals, &got, sizeof got) != sizeof got) {
        return 0;
    }
    return static_cast<int>(got.ssi_signo);
}

/// False: interrupted.
bool torment(const options& o, chaos::history& told, int signals) {
    chaos::fleet fleet{o.fleet, told};
    chaos::resource resource{"gate", "resource.history", o.open_gate};
    const watch_on_the_machine watch{told, std::chrono::milliseconds{o.fleet.lease_ms / 10}};
    for (std::size_t i = 0; i < fleet.size(); ++i) {
        fleet.start(i);
    }
    const auto start = now();
    const auto end = start + static_cast<std::int64_t>(o.minutes * 60 * seconds);
    const auto lease = std::chrono::milliseconds{o.fleet.lease_ms};
    // Time to found and to grant first; and time at the end to become whole again, which the judge
    // looks at.
    const auto first = start + 5 * o.fleet.lease_ms * 1'000'000;
    const auto last = end - 25 * o.fleet.lease_ms * 1'000'000;
    // A sixth of the run lets what a process takes up once be taken up: 5 minutes of 30.
    const auto early = start + (end - start) / 6;
    chaos::measures sizes{fleet, told};
    std::optional<chaos::faults> faults;
    bool is_calm = false;
    for (auto at = start; at < end; at = now()) {
        if (!faults && at >= first) {
            faults.emplace(fleet, told, o.fleet.seed, lease, kinds_for(o));
        }
        if (faults && at >= last) {
            faults->end();
        }
        if (faults) {
            faults->do_what_is_due();
        }
        if (at >= early) {
            sizes.take_early(5 * o.fleet.lease_ms * 1'000'000);
        }
        const auto next = faults ? faults->next() : first;
        if (faults && !next && !is_calm) {
            is_calm = true;
            told.tell("calm", now());
        }
        switch (wait_for_signal(signals, std::min({next.value_or(end), at < last ? last : end,
                                                   at < early ? early : end, end}))) {
            case SIGINT:
            case SIGTERM:
                return false;
            case SIGCHLD:
                fleet.reap();
                break;
            default:
                break;
        }
    }
    sizes.take_last();
    const auto packets = fleet.network().counted();
    told.tell("packets", packets.carried, packets.cut, packets.lost, packets.doubled,
              packets.held_back, packets.jittered, packets.filtered, packets.replayed);
    told.tell("end", now());
    return true;
}

int judge(const fs::path& folder) {
    const auto id = fork();
    if (id == 0) {
        execlp("python3", "python3", HOLDFAST_CHAOS_JUDGE, folder.c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    while (waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run(const options& o) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    const int signals = signalfd(-1, &set, SFD_CLOEXEC);
    // Should the harness itself hang: the alarm ends it, and the kernel all that belongs to it.
    alarm(static_cast<unsigned>(o.minutes * 60) + 60);

    run_folder folder{o.folder, o.fleet.seed};
    fs::current_path(folder.path());
    std::printf(
        "seed %llu, %zu processes, %zu seats, lease %lld ms, %.1f minutes; histories in %s\n",
        static_cast<unsigned long long>(o.fleet.seed), o.fleet.places, o.fleet.seats,
        static_cast<long long>(o.fleet.lease_ms), o.minutes, folder.path().c_str());
    std::fflush(stdout);
    {
        chaos::history told{"harness.history"};
        told.tell("config", o.fleet.places, o.fleet.seats, o.fleet.lease_ms, o.fleet.seed);
        if (!torment(o, told, signals)) {
            std::printf("interrupted\n");
            return 130;
        }
    }
    alarm(0);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    if (o.keep) {
        folder.keep();
    }
    const int verdict = judge(folder.path());
    if (verdict != 0) {
        folder.keep();
        std::string kinds;
        for (const auto& kind : kinds_for(o)) {
            kinds += (kinds.empty() ? " --only " : ",") + kind;
        }
        std::printf(
            "again: ./dev chaos --seed %llu --seats %zu --minutes %g%s; the histories are in %s\n",
            static_cast<unsigned long long>(o.fleet.seed), o.fleet.seats, o.minutes, kinds.c_str(),
            folder.path().c_str());
    }
    return verdict;
}

}  // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app{
        "Real processes under partitions, loss, kills and stops, judged afterwards. Needs root and "
        "/dev/net/tun."};
    app.add_option("--minutes", o.minutes, "how long, all in all")
        ->check(CLI::Range(0.5, 600.0))
        ->capture_default_str();
    app.add_option("--seed", o.fleet.seed, "of the faults (default: a new one)");
    app.add_option("--places", o.fleet.places, "processes")
        ->check(CLI::Range(3, 60))
        ->capture_default_str();
    app.add_option("--seats", o.fleet.seats,
                   "how many of them are seats (default: 3 or 5, by the seed)")
        ->check(CLI::IsMember({1, 3, 5, 7}));
    app.add_option("--lease-ms", o.fleet.lease_ms, "the lease; at least 1000")
        ->check(CLI::Range(1000, 60000))
        ->capture_default_str();
    const CLI::IsMember is_a_kind{chaos::faults::kinds()};
    app.add_option("--only", o.only, "only these kinds of faults")
        ->delimiter(',')
        ->check(is_a_kind);
    app.add_option("--without", o.without, "all kinds of faults but these")
        ->delimiter(',')
        ->check(is_a_kind);
    app.add_option("--folder", o.folder, "where the histories of a run get a folder")
        ->capture_default_str();
    app.add_flag("--keep", o.keep, "keep the histories of a good run, too");
    app.add_option("--worker", o.fleet.worker,
                   "another program for the processes, such as one with a mutant (./dev mutants)");
    app.add_flag("--open-gate", o.open_gate,
                 "the resource lets everything in, which is wrong; the judge must see it");
    CLI11_PARSE(app, argc, argv);
    if (o.fleet.seats == 0) {
        o.fleet.seats = o.fleet.places >= 5 && o.fleet.seed % 2 == 1 ? 5 : 3;
    }
    if (kinds_for(o).empty()) {
        std::fprintf(stderr, "no kind of fault is left\n");
        return 64;
    }
    std::string why_not;
    if (!test_support::can_make_networks(why_not)) {
        std::fprintf(stderr, "cannot make a network (root and /dev/net/tun are needed): %s\n",
                     why_not.c_str());
        return 77;
    }
    try {
        return run(o);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
