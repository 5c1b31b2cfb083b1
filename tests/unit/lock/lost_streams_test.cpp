// What a lost stream may have carried is sent again at once (LOAD-4); how asks are spread (LOAD-5).
#include "fixture.hpp"

using namespace lock_test;

namespace {

/// What `n`, as owner and as holder, sends again after it has lost its stream to `to`.
template <class Kind>
std::size_t sent_again(cluster& c, std::uint64_t n, std::uint64_t to) {
    c.wire.clear();
    c[n].as_owner.stream_lost(peer(to), c.now);
    c[n].as_holder.stream_lost(peer(to), c.now);
    c[n].as_query_client.stream_lost(peer(to), c.now);
    c.tick();
    return c.count<Kind>();
}

}  // namespace

TEST_CASE("LOAD-4: a request, a grant and a release are sent again when their stream is lost") {
    cluster c;
    c.acquire(2, "a");
    CHECK(sent_again<request>(c, 2, 3) == 0);
    REQUIRE(sent_again<request>(c, 2, 1) == 1);
    c.deliver(c.take<request>());
    CHECK(sent_again<grant>(c, 1, 3) == 0);
    REQUIRE(sent_again<grant>(c, 1, 2) == 1);
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    CHECK(sent_again<grant>(c, 1, 2) == 0);  // it was acknowledged
    c.release(2, "a", c[2].granted[0].token);
    CHECK(sent_again<release>(c, 2, 3) == 0);
    REQUIRE(sent_again<release>(c, 2, 1) == 1);
    c.run();
    CHECK(sent_again<release>(c, 2, 1) == 0);
}

TEST_CASE("LOAD-4: watches, what watchers are told, and questions are sent again, too") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    REQUIRE(sent_again<watch>(c, 3, 1) == 1);
    c.deliver(c.take<watch>());
    REQUIRE(sent_again<lock_state>(c, 1, 3) == 1);
    c.run();
    CHECK(sent_again<lock_state>(c, 1, 3) == 0);
    c.ask(2, inspect_request{0, "a"});
    CHECK(sent_again<inspect_request>(c, 2, 3) == 0);
    REQUIRE(sent_again<inspect_request>(c, 2, 1) == 1);
    c.run();
    CHECK(c[2].answers.size() == 1);
}

TEST_CASE("LOAD-4: a waiter whose request was answered is not asked for again") {
    cluster c;
    c.acquire(1, "a");
    c.run();
    c.acquire(2, "a");
    c.run();
    CHECK(sent_again<request>(c, 2, 1) == 0);
    CHECK(c.count<still_waiting>() == 0);
}

TEST_CASE("LOAD-4: a table, and an ask that is not answered, are sent again") {
    cluster c;
    SECTION("a table") {
        const auto s = c.next_view(2, {});
        c.install_at(1, s);
        REQUIRE(sent_again<table>(c, 1, 2) == 1);
        CHECK(sent_again<table>(c, 1, 3) == 0);
    }
    SECTION("an ask") {
        c.kill(1);
        const auto s = c.next_view(3, {1}, 0ms);
        c.install_at(3, s);
        REQUIRE(sent_again<gather>(c, 3, 2) == 1);
        CHECK(c.take<gather>().to == peer(2));
    }
}

TEST_CASE("LOAD-5: reports that come put the next ask off, but not beyond half a lease") {
    cluster c;
    c.kill(1);
    c.install_at(3, c.next_view(3, {1}, 0ms));  // peer 2 has not installed it
    auto own = c.take<gather>();
    while (own.to != peer(3)) {
        own = c.take<gather>();
    }
    c.deliver(own);
    const auto late = c.take<report>();
    c.wire.clear();
    c.now += 200ms;
    c.deliver(late);
    c.now += 200ms;
    c.tick();
    CHECK(c.count<gather>() == 0);
    c.now += 60ms;
    c.tick();
    CHECK(c.count<gather>() == 1);
}
