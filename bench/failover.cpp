// W4: how long the next holder waits after a crash on the same machine. Seats, the owner of the
// lock, its holder and a waiter are processes of their own, which this program starts; it kills one
// and waits until the waiter holds the lock, again and again, with a new process for each that it
// killed.
//
//   bench-failover [--kill holder|owner|both] [--seats N] [--rounds N] [--settle-ms N]
//                  [--at-most-ms N] [--json]
//
// With `owner` no process holds the lock: the waiter asks for it right after the kill. With `both`,
// owner and holder end together. `--at-most-ms`: fails when the median is above. Times are of
// CLOCK_MONOTONIC, from just before the kill to just after the waiter's call has returned.
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <holdfast/holdfast.hpp>

#include "child.hpp"
#include "free_ports.hpp"

namespace {

using namespace std::chrono_literals;
using test_support::child;

constexpr auto lock_name = "failover";
constexpr auto patience = 30s;

std::uint64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(t.tv_nsec);
}

using arguments = std::map<std::string, std::string>;

arguments parse(int argc, char** argv) {
    arguments given;
    for (int i = 1; i < argc; ++i) {
        const std::string key = argv[i];
        if (key == "--json") {
            given[key] = "1";
        } else if (key.starts_with("--") && i + 1 < argc) {
            given[key] = argv[++i];
        } else {
            throw std::runtime_error{
                "usage: bench-failover [--kill holder|owner|both] [--seats N] [--rounds N] "
                "[--settle-ms N] [--at-most-ms N] [--json]"};
        }
    }
    return given;
}

std::string text(const arguments& given, const std::string& key, const std::string& otherwise) {
    const auto at = given.find(key);
    return at == given.end() ? otherwise : at->second;
}

int number(const arguments& given, const std::string& key, int otherwise) {
    const auto at = given.find(key);
    return at == given.end() ? otherwise : std::atoi(at->second.c_str());
}

// ---- the processes that take part

void say(const std::string& what) {
    std::printf("%s %llu\n", what.c_str(), static_cast<unsigned long long>(now_ns()));
    std::fflush(stdout);
}

holdfast::peer join(const arguments& given) {
    holdfast::config c;
    c.name = text(given, "--role", "");
    c.listen = text(given, "--listen", "127.0.0.1:0");
    if (const auto set = c.set("seeds", text(given, "--seeds", "")); !set) {
        throw std::runtime_error{set.error().text};
    }
    c.cluster = "bench-failover";
    c.profile = holdfast::profile::local;
    c.weight = c.name == "owner" ? 1U : 0U;
    auto started = holdfast::peer::start(std::move(c));
    if (!started) {
        throw std::runtime_error{started.error().text};
    }
    if (const auto ready = started->wait_ready(patience); !ready) {
        throw std::runtime_error{ready.error().text};
    }
    return std::move(*started);
}

/// Does as it is told, line by line, until its input ends.
void take_part(const arguments& given) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a benchmark that is killed leaves none behind
    const auto p = join(given);
    std::optional<holdfast::hold> held;
    say("READY");
    for (std::string told; std::getline(std::cin, told);) {
        if (told == "lock") {
            say("WAITING");
            auto got = p.lock(lock_name, {.wait = patience});
            if (!got) {
                throw std::runtime_error{got.error().text};
            }
            held = std::move(*got);
            say("HELD");
        } else if (told == "release") {
            held.reset();
            say("RELEASED");
        }
    }
}

// ---- the one that starts and kills them

class failover {
public:
    explicit failover(const arguments& given)
        : kills_{text(given, "--kill", "holder")},
          settles_{number(given, "--settle-ms", 2000)},
          seeds_{
              test_support::free_addresses(static_cast<std::size_t>(number(given, "--seats", 3)))} {
        if (kills_ != "holder" && kills_ != "owner" && kills_ != "both") {
            throw std::runtime_error{"--kill: holder, owner or both"};
        }
    }

    void start() {
        for (const auto& at : seeds_) {
            seats_.push_back(launch("seat", {"--listen", at}));
        }
        for (auto& seat : seats_) {
            (void)hear(seat, "READY");
        }
        waiter_.emplace(begin("waiter"));
        owner_.emplace(begin("owner"));
        // A cluster that has just been founded has one view a second (VIEW-1), and owners that wait
        // for the leases of before (OWN-4).
        std::this_thread::sleep_for(3 * settles_);
    }

    /// Milliseconds from the kill to the next hold.
    double measure() {
        if (!owner_) {
            owner_.emplace(begin("owner"));
        }
        std::optional<child> holder;
        if (kills_ != "owner") {
            holder.emplace(begin("holder"));
            holder->say("lock");
            (void)hear(*holder, "HELD");
            waiter_->say("lock");
            (void)hear(*waiter_, "WAITING");
        }
        // Views come at one a second in a young cluster: two in each round.
        std::this_thread::sleep_for(settles_);

        const auto killed = now_ns();
        if (kills_ != "owner") {
            holder->kill(SIGKILL);
        }
        if (kills_ != "holder") {
            owner_->kill(SIGKILL);
        }
        if (kills_ == "owner") {
            waiter_->say("lock");
        }
        const auto held = hear(*waiter_, "HELD");
        waiter_->say("release");
        (void)hear(*waiter_, "RELEASED");
        if (kills_ != "holder") {
            owner_.reset();
        }
        return static_cast<double>(held - killed) / 1e6;
    }

private:
    [[nodiscard]] child launch(const std::string& role, std::vector<std::string> more) const {
        std::string list;
        for (const auto& seed : seeds_) {
            list += (list.empty() ? "" : ",") + seed;
        }
        std::vector<std::string> command{"/proc/self/exe", "--role", role, "--seeds", list};
        command.insert(command.end(), more.begin(), more.end());
        return child{command};
    }
    [[nodiscard]] child begin(const std::string& role) const {
        auto started = launch(role, {});
        (void)hear(started, "READY");
        return started;
    }
    /// When it was said.
    static std::uint64_t hear(child& from, const std::string& what) {
        const auto line = from.expect(what, 2 * patience);
        if (!line) {
            throw std::runtime_error{"a process does not say " + what};
        }
        return std::strtoull(line->text.substr(what.size()).c_str(), nullptr, 10);
    }

    std::string kills_;
    std::chrono::milliseconds settles_;
    std::vector<std::string> seeds_;
    std::vector<child> seats_;
    std::optional<child> waiter_;
    std::optional<child> owner_;
};

int run(const arguments& given) {
    ::signal(SIGPIPE, SIG_IGN);  // a process that has ended is not told, and that is reported
    const int rounds = std::clamp(number(given, "--rounds", 20), 1, 10'000);
    failover bench{given};
    bench.start();
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        times.push_back(bench.measure());
    }
    auto sorted = times;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](double share) {
        const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
        return sorted[std::min(sorted.size() - 1, place)];
    };
    const auto kills = text(given, "--kill", "holder");
    const int seats = number(given, "--seats", 3);
    if (given.contains("--json")) {
        std::printf(
            "{\"workload\":\"W4\",\"killed\":\"%s\",\"seats\":%d,\"rounds\":%d,"
            "\"median_ms\":%.2f,\"p90_ms\":%.2f,\"max_ms\":%.2f,\"times_ms\":[",
            kills.c_str(), seats, rounds, at(.5), at(.9), sorted.back());
        for (std::size_t i = 0; i < times.size(); ++i) {
            std::printf("%s%.2f", i == 0 ? "" : ",", times[i]);
        }
        std::printf("]}\n");
    } else {
        std::printf(
            "W4, %s killed, %d seats, %d rounds: median %.1f ms, p90 %.1f ms, max %.1f ms\n",
            kills.c_str(), seats, rounds, at(.5), at(.9), sorted.back());
    }
    return at(.5) > number(given, "--at-most-ms", 3'600'000) ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto given = parse(argc, argv);
        if (given.contains("--role")) {
            take_part(given);
            return 0;
        }
        return run(given);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
