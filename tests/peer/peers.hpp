// What the tests of peers share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <holdfast/holdfast.hpp>

#include "catch.hpp"
#include "free_ports.hpp"

namespace peers {

using namespace holdfast;
using namespace std::chrono_literals;

/// What callbacks say, for a test that waits until it is so; bounded.
template <class T>
struct seen {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<T> all;

    void add(T one) {
        const std::lock_guard guard{mutex};
        all.push_back(std::move(one));
        changed.notify_all();
    }
    template <class Is>
    bool wait(Is is) {
        std::unique_lock guard{mutex};
        return changed.wait_for(guard, 20s, [&] { return is(all); });
    }
};

/// Asks until it is so; bounded. For facts of which no callback tells.
template <class Is>
bool comes_true(Is is) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!is()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(1ms);  // between two looks: the peers need the processor
    }
    return true;
}

inline peer started(config c) {
    auto p = peer::start(std::move(c));
    REQUIRE(p);
    return std::move(*p);
}

#ifdef __SANITIZE_THREAD__
// Three peers of one process are ten times as slow then, and would lose leases of a second.
constexpr std::optional<std::chrono::milliseconds> usual_lease = 4s;
#else
constexpr std::optional<std::chrono::milliseconds> usual_lease;
#endif

/// Longer than the lease of `local`, and than the usual one.
constexpr auto past_each_lease = 5s;

struct three {
    std::vector<std::string> seeds = test_support::free_addresses(3);
    std::vector<peer> peers;

    explicit three(std::optional<std::chrono::milliseconds> lease = usual_lease) {
        for (const auto& at : seeds) {
            peers.push_back(started({.name = at,
                                     .listen = at,
                                     .seeds = seeds,
                                     .cluster = "test",
                                     .profile = profile::local,
                                     .lease = lease}));
        }
        for (const auto& p : peers) {
            const auto ready = p.wait_ready(20s);
            INFO((ready ? "" : ready.error().text));
            REQUIRE(ready);
        }
    }
};

/// One for all the tests that leave it as it was: founding takes seconds. Releases may still be on
/// their way from one test to the next.
inline const three& unharmed() {
    static const three all;
    return all;
}

}  // namespace peers
