#include "fixture.hpp"

using namespace lock_test;

TEST_CASE("HOLD-6: timed out and cancelled mean not held, whatever is still on its way") {
    cluster c;
    SECTION("timed out") {
        c.acquire(2, "a", false, c.now + 20ms);
        c.deliver(c.take<request>());
        const auto late = c.take<grant>();
        c.now += 20ms;
        c.tick();
        REQUIRE(c[2].failed.size() == 1);
        CHECK(c[2].failed[0].why == errc::timed_out);
        c.deliver(late);
    }
    SECTION("cancelled") {
        const auto number = c.acquire(2, "a");
        c.deliver(c.take<request>());
        const auto late = c.take<grant>();
        c[2].as_holder.cancel(number, c.now);
        c.drain(2);
        CHECK(c[2].failed[0].why == errc::cancelled);
        c.deliver(late);
    }
    CHECK(c[2].granted.empty());
    c.pass(200ms);
    CHECK(c[1].as_owner.holds().empty());
    c.acquire(3, "a");
    c.pass(100ms);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("HOLD-6: a duplicated grant of a token held here is acked and otherwise ignored") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    const auto given = c.take<grant>();
    c.deliver(given);
    c.deliver(given);
    CHECK(c.count<release>() == 0);
    CHECK(c.count<grant_ack>() == 2);
    c.run();
    CHECK(c[2].granted.size() == 1);
    CHECK(c[2].as_holder.has("a", c[2].granted[0].token));
    CHECK(c[1].as_owner.holds().size() == 1);
}

TEST_CASE("HOLD-1: after a report, a grant of an older epoch is refused") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    const auto late = c.take<grant>();  // from owner 1, which is then removed
    c.kill(1);
    const auto s = c.next_view(3, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass(100ms);
    // Its request has been asked again at the new owner and granted there.
    REQUIRE(c[2].granted.size() == 1);
    CHECK(c[2].granted[0].token.of_epoch() == c.v.epoch);
    c.release(2, "a", c[2].granted[0].token);
    const auto number = c.acquire(2, "a");
    (void)number;
    c.deliver(late);
    CHECK(c[2].granted.size() == 1);
    c.pass(100ms);
    CHECK(c[2].granted.size() == 2);
    CHECK(c[2].granted[1].token.of_epoch() == c.v.epoch);
}

TEST_CASE("HOLD-1: a waiting request does not take a grant below the promise") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    const auto late = c.take<grant>();
    c.kill(1);
    const auto s = c.next_view(3, {1}, 2s);  // the new owner waits for the lost one's lease
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass(100ms);
    CHECK(c[2].granted.empty());
    c.deliver(late);
    CHECK(c[2].granted.empty());
    c.pass(2s);
    CHECK(c[2].granted.size() == 1);
}

TEST_CASE("HOLD-5: a waiter asks the new owner under the same number") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    const auto number = c.acquire(2, "a");
    c.run();
    const auto s = c.next_view(3, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    const auto asked = c.take<request>();
    CHECK(asked.to == peer(3));
    CHECK(the<request>(asked.what).number == number);
    c.deliver(asked);
    c.run();
    c.release(3, "a", c[3].granted[0].token);
    c.run();
    CHECK(c[2].granted.size() == 1);
    CHECK(c[3].as_owner.holds().size() == 1);
}

TEST_CASE("LEASE-5: holds of a lapsed lease are lost for good and given back") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    c.acquire(3, "a");
    c.run();
    c[2].as_holder.set_leased(false, c.now);
    c.drain(2);
    REQUIRE(c[2].lost.size() == 1);
    CHECK(c[2].lost[0].why == errc::lease_lost);
    c[2].as_holder.set_leased(true, c.now);
    c.drain(2);
    CHECK_FALSE(c[2].as_holder.has("a", c[2].granted[0].token));
    c.run();
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE(
    "a grant that arrives without a lease is given back, and asked for again when the lease "
    "returns") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    c[2].as_holder.set_leased(false, c.now);
    c.drain(2);
    c.run();
    CHECK(c[2].granted.empty());
    CHECK(c[1].as_owner.holds().empty());
    c[2].as_holder.set_leased(true, c.now);
    c.drain(2);
    c.run();
    CHECK(c[2].granted.size() == 1);
}

TEST_CASE("BREAK-1: a break is reported as lost and releases") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto t = c[2].granted[0].token;
    c.deliver({peer(1), peer(2), break_hold{"a", t, {1}}});
    REQUIRE(c[2].lost.size() == 1);
    CHECK(c[2].lost[0].why == errc::broken);
    c.run();
    CHECK(c[1].as_owner.holds().empty());
}

TEST_CASE("BREAK-1: a break that overtakes the grant ends the request, and its caller is told") {
    cluster c;
    const auto number = c.acquire(2, "a");
    c.deliver(c.take<request>());
    const auto late = c.take<grant>();
    c.deliver({peer(1), peer(2), break_hold{"a", the<grant>(late.what).token, number}});
    REQUIRE(c[2].failed.size() == 1);
    CHECK(c[2].failed[0].why == errc::broken);
    c.deliver(late);
    CHECK(c[2].granted.empty());
    c.run();
    CHECK(c[1].as_owner.holds().empty());
}

TEST_CASE("HOLD-3: a release is sent until a serving owner acks, across a move") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto s = c.next_view(3, {});
    c.install_at(1, s);
    c.release(2, "a", c[2].granted[0].token);
    c.run();  // reaches peer 1, which serves no more
    c.install_at(3, s);
    c.install_at(2, s);
    c.pass(200ms);
    CHECK(c[3].as_owner.holds().empty());
    CHECK(c[2].as_holder.has_released_all());
}

TEST_CASE("two locks of two owners may have the same token") {
    cluster c;
    c.map = std::make_shared<const base::slot_map>(
        base::slot_map{{peer(1), peer(2)}, {0, 1, 0, 0, 0, 0, 0, 0, 0, 0}});
    auto s = c.next_view(1, {});
    s.map = std::make_shared<const base::slot_map>(
        base::slot_map{{peer(1), peer(2)}, {0, 1, 0, 0, 0, 0, 0, 0, 0, 0}});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    c.run();
    c.acquire(3, "0");
    c.acquire(3, "1");
    c.run();
    REQUIRE(c[3].granted.size() == 2);
    REQUIRE(c[3].granted[0].token == c[3].granted[1].token);
    c.release(3, "1", c[3].granted[1].token);
    CHECK(c[3].as_holder.has("0", c[3].granted[0].token));
    CHECK_FALSE(c[3].as_holder.has("1", c[3].granted[1].token));
}

// ---- asked again although queued, and watching: no message is lost in these, and no request
// waits for ever

TEST_CASE("QUEUED: who was queued in a tenure that ended asks again: an owner two views behind") {
    cluster c;
    c.acquire(1, "a");
    c.run();
    const auto held = c[1].granted.at(0).token;
    const auto v2 = c.next_view(2, {});
    const auto v3 = c.next_view(1, {});
    const auto v4 = c.next_view(2, {});
    // 2 knows view 2 only and waits for a table; 3 is at view 4 and asks it.
    c.install_at(2, v2);
    for (const auto& s : {v2, v3, v4}) {
        c.install_at(3, s);
    }
    c.acquire(3, "a");
    c.run();
    c.install_at(2, v3);
    c.install_at(2, v4);
    for (const auto& s : {v2, v3, v4}) {
        c.install_at(1, s);
    }
    c.pass(3s);
    c.release(1, "a", held);
    c.pass(3s);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE(
    "QUEUED: who was queued in a tenure that ended asks again: a new owner that came and went") {
    cluster c;
    c.acquire(1, "a");
    c.run();
    const auto held = c[1].granted.at(0).token;
    c.acquire(3, "a");
    c.run();
    // The slot goes to 2 and, with 2 removed, back to 1, who has seen neither view when 3 asks it
    // again.
    const auto v2 = c.next_view(2, {});
    const auto v3 = c.next_view(1, {2});
    c.kill(2);
    c.install_at(3, v2);
    c.install_at(3, v3);
    c.run();
    c.install_at(1, v2);
    c.install_at(1, v3);
    c.pass(3s);
    c.release(1, "a", held);
    c.pass(3s);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE(
    "WATCH-1: what an owner of an earlier view tells does not end the registration at the new "
    "one") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.run();
    const auto v2 = c.next_view(2, {});
    c.install_at(3, v2);  // 2 has not installed it yet, and drops the word
    c.run();
    c.acquire(1, "a");  // 1 is still in view 1 and tells 3
    c.run();
    REQUIRE_FALSE(c[3].states.back().summary.held.empty());
    c.install_at(1, v2);
    c.install_at(2, v2);
    c.pass(1s);
    c.release(1, "a", c[1].granted.at(0).token);
    c.pass(1s);
    CHECK(c[3].states.back().summary.held.empty());
    c.acquire(2, "a");
    c.pass(1s);
    REQUIRE_FALSE(c[3].states.back().summary.held.empty());
    CHECK(c[3].states.back().summary.held.front().holder == made_up::peer(2));
}

TEST_CASE("WATCH-1: a lock freed while its owner may not grant is told free") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.run();
    const auto number = c.acquire(3, "a");
    c.run();
    c[1].as_owner.set_leased(false, c.now);
    c.release(2, "a", c[2].granted.at(0).token);
    c.run();
    CHECK(c[3].states.back().summary.held.empty());
    c[3].as_holder.cancel(number, c.now);
    c.drain(3);
    c.run();
    c[1].as_owner.set_leased(true, c.now);
    c.drain(1);
    c.pass(1s);
    CHECK(c[3].states.back().summary.held.empty());
}

TEST_CASE("HOLD-1: a promise above the holder's own view is not made") {
    cluster c;
    const auto v2 = c.next_view(1, {2}, 0ms);
    c.install_at(3, v2);
    c.deliver({made_up::peer(1), made_up::peer(3), gather{c.v.number, {0xffffffff}, 1, {{0}}}});
    CHECK(c.count<report>() == 0);
    c.deliver({made_up::peer(1), made_up::peer(3), gather{c.v.number, c.v.epoch, 1, {{0}}}});
    CHECK(c.count<report>() == 1);
}
