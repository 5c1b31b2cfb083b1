// A machine that sleeps, clocks that err, threads that cannot be made, strangers that shout.
#include <atomic>
#include <thread>
#include <vector>

#include "machine.hpp"
#include "peers.hpp"

using namespace peers;

TEST_CASE("a release after the lease ran out unnoticed says that the hold was lost") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("a", {.wait = 5s});
    REQUIRE(h);
    machine::suspend(2s);
    const auto released = h->release();
    REQUIRE_FALSE(released);
    CHECK(released.error().code == errc::lease_lost);
    CHECK(h->why_lost() == errc::lease_lost);
    REQUIRE(p.wait_ready(10s));
    auto again = p.lock("a", {.wait = 5s});
    REQUIRE(again);
    CHECK(again->release());
    CHECK(again->release());
}
