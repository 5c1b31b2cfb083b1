// One process of the fleet: threads that lock a few names against the other processes, write to the
// resource with their tokens, and tell all of it to a history.
//
//   chaos-worker NAME LISTEN SEED,SEED,SEED LEASE_MS RANDOM_SEED
//
// In its working directory are the resource's socket `gate`, and its own `NAME.history` and
// `state-LISTEN/`. SIGTERM: it leaves the cluster and ends. The lines of a history, T being a time
// and N the number of a request:
//
//   start T PID    peer T PEER_ID    view T NUMBER SEAT_FILLED_BY,...    stopped T ERROR    end T
//   request T N NAME WAIT_MS    failed T N ERROR
//   granted T N TOKEN REMAINING OWNER   T is taken after `lock` has returned, REMAINING (ns) is
//   asked after T check T N REMAINING            REMAINING (ns) is asked after T; 0: not valid
//   write T N accepted|refused REMAINING   T is before the write, REMAINING is asked after its
//   answer release T N    released T N ok|ERROR lost T N ERROR                 the library says so
//   conflicts T COUNT              HOLD-4, which is a bug of the library
//   roster T COUNT                 the peers that it knows, the dead too
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <holdfast/holdfast.hpp>

#include "history.hpp"
#include "resource.hpp"

using namespace std::chrono_literals;
using chaos::now;

namespace {

constexpr int contenders = 3;
constexpr int contended_names = 5;

/// Waits that end with the program.
class pause_until_end {
public:
    /// False: the end has come.
    bool rest(std::chrono::microseconds how_long, const std::stop_token& stop) {
        std::unique_lock guard{mutex_};
        never_.wait_for(guard, stop, how_long, [] { return false; });
        return !stop.stop_requested();
    }

private:
    std::mutex mutex_;
    std::condition_variable_any never_;
};

struct process {
    std::string name;
    chaos::history told;
    holdfast::peer* peer = nullptr;
    std::atomic<std::uint64_t> requests = 0;
};

/// One thread's doings.
class locker {
public:
    locker(process& p, std::uint64_t seed, std::stop_token stop)
        : process_{p}, random_{seed}, stop_{std::move(stop)} {}

    /// Short holds of names that all workers ask for.
    void contend() {
        while (pause_.rest(between(0us, 60ms), stop_)) {
            const auto name = "n" + std::to_string(below(contended_names));
            const auto kind = below(10);
            std::optional<std::chrono::nanoseconds> wait;  // none: for ever
            if (kind > 0) {
                wait = kind == 1 ? 0us : between(50ms, 3s);
            }
            const auto length = below(40);
            use(name, wait,
                length == 0  ? between(300ms, 3s)
                : length < 6 ? between(20ms, 200ms)
                             : between(0us, 15ms),
                20ms);
        }
    }
    /// A long hold of a name of this place's own. After a crash the next process here wants it at
    /// once.
    void keep(const std::string& name) {
        while (pause_.rest(10ms, stop_)) {
            use(name, std::nullopt, between(5s, 20s), 50ms);
        }
    }

private:
    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    std::chrono::microseconds between(std::chrono::microseconds least,
                                      std::chrono::microseconds most) {
        return least + std::chrono::microseconds{
                           below(static_cast<std::uint64_t>((most - least).count()) + 1)};
    }

    void use(const std::string& name, std::optional<std::chrono::nanoseconds> wait,
             std::chrono::microseconds hold_for, std::chrono::microseconds look_every) {
        auto& told = process_.told;
        const auto n = ++process_.requests;
        told.tell("request", now(), n, name, wait ? wait->count() / 1'000'000 : -1);
        auto held = process_.peer->lock(
            name, {.wait = wait, .stop = stop_, .on_lost = [&told, n](holdfast::errc why) {
                       told.tell("lost", now(), n, to_string(why));
                   }});
        const auto at = now();
        if (!held) {
            told.tell("failed", at, n, to_string(held.error().code));
            if (held.error().code == holdfast::errc::internal_error) {
                pause_.rest(1s, stop_);
            }
            return;
        }
        const auto left = held->remaining().count();
        const auto owner = process_.peer->owner_of(name);
        told.tell("granted", at, n, held->token().value, left, owner ? owner->name : "?");
        const auto until = at + std::chrono::nanoseconds{hold_for}.count();
        write(n, *held);
        while (now() < until && pause_.rest(look_every, stop_)) {
            const auto looked = now();
            const auto still = held->remaining().count();
            told.tell("check", looked, n, still);
            if (still == 0) {
                break;
            }
        }
        // without a look at whether it is still held: refusing what is late is the gate's part
        write(n, *held);
        told.tell("release", now(), n);
        const auto done = held->release();
        told.tell("released", now(), n, done ? "ok" : to_string(done.error().code));
    }

    void write(std::uint64_t n, const holdfast::hold& held) {
        const auto before = now();
        const auto answer = resource_.write(process_.name, n, held.name(), held.token().value);
        if (!answer.empty()) {
            process_.told.tell("write", before, n, answer, held.remaining().count());
        }
    }

    process& process_;
    std::mt19937_64 random_;
    std::stop_token stop_;
    pause_until_end pause_;
    chaos::way_to_resource resource_{"gate"};
};

std::string seats_of(const holdfast::view& v) {
    std::string out;
    for (const auto& s : v.seats) {
        out += (out.empty() ? "" : ",") + to_string(s.filled_by);
    }
    return out;
}

void tell_event(chaos::history& told, const holdfast::event& e) {
    if (const auto* v = std::get_if<holdfast::events::view_installed>(&e)) {
        told.tell("view", now(), v->what->number.value, seats_of(*v->what));
    } else if (const auto* r = std::get_if<holdfast::events::restarted>(&e)) {
        told.tell("peer", now(), to_string(r->after));
    } else if (const auto* s = std::get_if<holdfast::events::stopped>(&e)) {
        told.tell("stopped", now(), to_string(s->why.code), s->why.text);
    }
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream list{text};
    for (std::string one; std::getline(list, one, ',');) {
        out.push_back(one);
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        return 64;
    }
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, nullptr);  // for all threads that follow, too

    const std::string listen = argv[2];
    process p{argv[1], chaos::history{std::string{argv[1]} + ".history"}};
    p.told.tell("start", now(), getpid());
    const auto place = p.name.substr(0, p.name.find('.'));
    auto started = holdfast::peer::start(
        {.name = p.name,
         .listen = listen,
         .seeds = split(argv[3]),
         .cluster = "chaos",
         .profile = holdfast::profile::local,
         .key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         .state_dir = "state-" + place,
         .lease = std::chrono::milliseconds{std::stoi(argv[4])},
         .on_event = [&p](const holdfast::event& e) { tell_event(p.told, e); }});
    if (!started) {
        p.told.tell("stopped", now(), to_string(started.error().code), started.error().text);
        return 1;
    }
    p.peer = &*started;
    p.told.tell("peer", now(), to_string(started->id()));

    std::mt19937_64 seeds{std::stoull(argv[5])};
    std::vector<std::jthread> threads;
    for (int i = 0; i < contenders; ++i) {
        threads.emplace_back([&p, seed = seeds()](std::stop_token stop) {
            locker{p, seed, std::move(stop)}.contend();
        });
    }
    threads.emplace_back([&p, seed = seeds(), place](std::stop_token stop) {
        locker{p, seed, std::move(stop)}.keep("keep-" + place);
    });
    threads.emplace_back([&p](std::stop_token stop) {
        pause_until_end pause;
        std::size_t peers = 0;
        for (std::uint64_t known = 0; pause.rest(500ms, stop);) {
            if (const auto count = p.peer->members().size(); count != peers) {
                p.told.tell("roster", now(), peers = count);
            }
            if (const auto conflicts = p.peer->stats().conflicts_reported; conflicts != known) {
                p.told.tell("conflicts", now(), known = conflicts);
            }
        }
    });
    int which = 0;
    sigwait(&term, &which);
    for (auto& t : threads) {
        t.request_stop();
    }
    threads.clear();
    (void)started->leave();
    p.told.tell("end", now());
}
