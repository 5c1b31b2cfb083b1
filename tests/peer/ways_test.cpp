// The ways to ask for a lock: a callback, a future, a coroutine.
#include <coroutine>
#include <future>
#include <optional>

#include "peers.hpp"

using namespace peers;

namespace {

/// A coroutine that runs by itself.
struct detached {
    struct promise_type {
        detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

detached take_both(const peer& p, seen<std::optional<errc>>& told) {
    const auto first = co_await lock_in(p, "a", 10s);
    told.add(first ? std::nullopt : std::optional{first.error().code});
    const lock_options short_wait{.wait = 50ms};
    const auto again = co_await lock_in(p, "a", short_wait);
    told.add(again ? std::nullopt : std::optional{again.error().code});
    const auto nameless = co_await lock_in(p, "");
    told.add(nameless ? std::nullopt : std::optional{nameless.error().code});
}

}  // namespace

TEST_CASE("a callback is told of a grant, in its turn") {
    const auto& c = unharmed();
    auto kept = c.peers[0].lock("a", {.wait = 10s});
    REQUIRE(kept);
    seen<token> told;
    std::optional<hold> given;
    REQUIRE(c.peers[1].lock_async("a", {.wait = 20s}, [&](result<hold> got) {
        // no assertion here: Catch2 has them on one thread alone
        const auto t = got ? got->token() : token{};
        if (got) {
            given.emplace(std::move(*got));
        }
        told.add(t);
    }));
    CHECK(told.all.empty());
    REQUIRE(kept->release());
    REQUIRE(told.wait([](const auto& all) { return all.size() == 1; }));
    REQUIRE(given);
    CHECK(given->is_valid());
    CHECK(given->token() > kept->token());
}

TEST_CASE("a callback is told of a wait that ran out, of a stop, and of the end of the peer") {
    three c;
    const auto kept = c.peers[0].lock("a", {.wait = 10s});
    REQUIRE(kept);
    seen<errc> told;
    const auto tell = [&](const result<hold>& got) { told.add(got ? errc{} : got.error().code); };
    REQUIRE(c.peers[1].lock_async("a", {.wait = 50ms}, tell));
    REQUIRE(told.wait([](const auto& all) { return all.size() == 1; }));
    CHECK(told.all[0] == errc::timed_out);
    std::stop_source stop;
    REQUIRE(c.peers[1].lock_async("a", {.stop = stop.get_token()}, tell));
    stop.request_stop();
    REQUIRE(told.wait([](const auto& all) { return all.size() == 2; }));
    CHECK(told.all[1] == errc::cancelled);
    const auto late = c.peers[1].lock_async("a", {.stop = stop.get_token()}, tell);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == errc::cancelled);
    REQUIRE(c.peers[1].lock_async("a", {}, tell));
    REQUIRE(c.peers[1].leave());
    REQUIRE(told.wait([](const auto& all) { return all.size() == 3; }));
    CHECK(told.all[2] == errc::shutting_down);
    CHECK(c.peers[1].lock_async("a", {}, tell).error().code == errc::shutting_down);
    CHECK(told.all.size() == 3);
}

TEST_CASE(
    "a future is ready with the hold or the error; one that is not kept gives the lock back") {
    const auto& c = unharmed();
    {
        auto mine = c.peers[0].lock_future("a", {.wait = 10s}).get();
        REQUIRE(mine);
        auto other = c.peers[1].lock_future("a", {.wait = 20ms});
        CHECK(other.get().error().code == errc::timed_out);
        (void)c.peers[1].lock_future("a", {.wait = 20s});
    }
    CHECK(c.peers[2].lock("a", {.wait = 20s}));
    CHECK(c.peers[0].lock_future("").get().error().code == errc::name_too_long);
}

TEST_CASE("a coroutine waits for a lock") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    seen<std::optional<errc>> told;
    take_both(p, told);
    REQUIRE(told.wait([](const auto& all) { return all.size() == 3; }));
    CHECK(told.all[0] == std::nullopt);
    CHECK(told.all[1] == errc::timed_out);
    CHECK(told.all[2] == errc::name_too_long);
}
