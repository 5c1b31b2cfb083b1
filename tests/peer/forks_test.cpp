// A forked child has copies of everything and rights to nothing.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "peers.hpp"

using namespace peers;

#ifdef __SANITIZE_ADDRESS__
// A child has the memory of threads that it does not have, which is no leak: only the first process
// looks for leaks. The sanitizer's library must find the function in the program.
const pid_t first_process = getpid();
extern "C" [[gnu::visibility("default")]] int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return getpid() != first_process; }
#endif

namespace {

/// What a child makes of `what`: its exit code, or minus the signal that ended it (SIGALRM: it
/// hung).
template <class What>
int in_a_child(What what) {
    const auto id = fork();
    if (id == 0) {
        alarm(15);
        _exit(what());
    }
    int status = 0;
    while (waitpid(id, &status, 0) < 0) {
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

template <class Result>
bool is_refused(const Result& r) {
    return !r && r.error().code == errc::shutting_down;
}

}  // namespace

TEST_CASE("a forked child can do nothing with its parent's locks, and takes none from it") {
    // With a sanitizer's tables of all memory a fork can take longer than a lease of the profile.
    three c{6s};
    std::vector<hold> holds;
    for (int i = 0; i < 8; ++i) {
        auto h = c.peers[0].lock("h" + std::to_string(i), {.wait = 30s});
        REQUIRE(h);
        holds.push_back(std::move(*h));
    }
    std::optional<holdfast::mutex> m{std::in_place, c.peers[0], "m"};
    m->lock();
    std::optional watching{c.peers[0].election("boss").observe([](const leader&) {})};
    REQUIRE(*watching);
    const auto failed_check = in_a_child([&] {
        auto& p = c.peers[0];
        auto& h = holds[0];
        if (h.is_valid() || h.remaining() != 0ns || h.why_lost() != errc::shutting_down) {
            return 1;
        }
        if (!h.lost().stop_requested() || !h.at_risk().stop_requested()) {
            return 2;
        }
        if (!is_refused(h.release()) || !is_refused(p.lock("x")) ||
            !is_refused(p.lock("x", {.wait = 1s}))) {
            return 3;
        }
        if (!is_refused(p.try_lock("x"))) {
            return 3;
        }
        if (!is_refused(p.wait_ready(1s)) || p.is_ready() || !is_refused(p.owner_of("x")) ||
            !is_refused(p.leave())) {
            return 4;
        }
        if (!p.id().is_nil() || p.view() || !p.members().empty() || p.stats().requests != 0) {
            return 5;
        }
        if (m->is_valid() || !m->token().is_nil() || m->try_lock() ||
            !is_refused(p.election("boss").observe([](const leader&) {}))) {
            return 6;
        }
        m->unlock();
        m.reset();
        watching.reset();
        holds.clear();
        c.peers.clear();
        return 0;
    });
    CHECK(failed_check == 0);
    for (int i = 0; i < 8; ++i) {
        CHECK(holds[static_cast<std::size_t>(i)].is_valid());
        CHECK(c.peers[1].try_lock("h" + std::to_string(i)).error().code == errc::would_block);
    }
    CHECK(m->is_valid());
    CHECK(c.peers[1].try_lock("m").error().code == errc::would_block);
    CHECK(holds[0].release());
    CHECK(c.peers[1].lock("h0", {.wait = 30s}));
}

TEST_CASE("no lock that was held at the fork holds up the child") {
    auto p = std::make_unique<peer>(
        started({.profile = profile::local, .on_event = [](const event&) {}}));
    REQUIRE(p->wait_ready(10s));
    auto watching = p->election("busy").observe([](const leader&) {});
    REQUIRE(watching);
    holdfast::mutex m{*p, "m"};
    std::atomic<bool> is_over{false};
    std::vector<std::jthread> busy;
    for (int i = 0; i < 2; ++i) {
        busy.emplace_back([&] {
            while (!is_over) {
                const auto h = p->lock("busy", {.wait = 1s});
                (void)p->stats();
                (void)m.token();
            }
        });
    }
    busy.emplace_back([&] { (void)p->wait_ready(60s); });
    int ended = 0;
    for (int i = 0; i < 60 && ended == 0; ++i) {
        ended = in_a_child([&] {
            (void)p->try_lock("y");
            (void)p->stats();
            (void)p->members();
            (void)m.token();
            observation{std::move(*watching)}.stop();
            p.reset();
            return 0;
        });
    }
    is_over = true;
    CHECK(ended == 0);
}

// The thread sanitizer ends a child that starts threads, and a child whose only thread is not the
// first one hangs in it.
#ifndef __SANITIZE_THREAD__
TEST_CASE("a forked child starts a peer of its own") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    CHECK(in_a_child([&] {
              auto own = peer::start({.profile = profile::local});
              return own && own->wait_ready(10s) && own->lock("a", {.wait = 5s}) && own->leave()
                         ? 0
                         : 1;
          }) == 0);
}

TEST_CASE("a callback that forks runs no other callback in the child") {
    seen<bool> forked;
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    std::atomic<pid_t> child{0};
    const auto watching = p.election("e").observe([&](const leader&) {
        if (child == 0) {
            const auto id = fork();
            if (id == 0) {
                alarm(15);
                child = -1;
                return;
            }
            child = id;
            forked.add(true);
        } else if (child == -1) {
            _exit(1);  // in the child
        }
    });
    REQUIRE(watching);
    const auto again = p.election("e").observe([&](const leader&) {
        if (child == -1) {
            _exit(1);
        }
    });
    REQUIRE(forked.wait([](const auto& all) { return !all.empty(); }));
    int how = 0;
    while (waitpid(child, &how, 0) < 0) {
    }
    CHECK(WIFEXITED(how));
    CHECK(WEXITSTATUS(how) == 0);
}
#endif
