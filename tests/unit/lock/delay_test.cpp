// DELAY: what owners tell the voters of holds with a delay, and what the next owner makes of it.
#include "fixture.hpp"

using namespace lock_test;

namespace {

acquire_params with_delay() {
    acquire_params w;
    w.terms.delay = 500ms;
    return w;
}

token held_with_delay(cluster& c, std::uint64_t n) {
    const auto before = c[n].granted.size();
    c.acquire(n, "a", with_delay());
    c.run();
    REQUIRE(c[n].granted.size() == before + 1);
    return c[n].granted.back().token;
}

/// The first owner is gone.
void lose_owner(cluster& c, std::uint64_t next_owner, base::duration void_in = 300ms) {
    c.kill(1);
    const auto s = c.next_view(next_owner, {1}, void_in);
    for (const std::uint64_t n : {2, 3}) {
        c.install_at(n, s);
    }
    c.run();
}

/// It asks once the next owner serves: how long must it wait then?
base::duration waits_for(cluster& c, std::uint64_t n) {
    const auto begin = c.now;
    const auto before = c[n].granted.size();
    c.acquire(n, "a");
    c.run();
    while (c[n].granted.size() == before && c.now < begin + 2s) {
        c.pass(10ms);
    }
    return c.now - begin;
}

}  // namespace

TEST_CASE("DELAY: a hold with a delay is granted when a quorum of the voters keeps that") {
    cluster c;
    c.acquire(2, "a", with_delay());
    c.deliver(c.take<request>());
    REQUIRE(c.count<keep_delays>() == 3);
    CHECK(c.count<grant>() == 0);
    c.deliver(c.take<keep_delays>());
    const auto answer = c.take<delays_kept>();
    c.deliver(answer);
    CHECK(c.count<grant>() == 0);
    SECTION("not when one answers twice") {
        c.deliver(answer);
        CHECK(c.count<grant>() == 0);
        c.run();
        CHECK(c[2].granted.size() == 1);
    }
    SECTION("not when it is asked for again") {
        c.now += 60ms;
        c.tick();
        c.deliver(c.take<request>());
        CHECK(c.count<grant>() == 0);
    }
    SECTION("at the second answer") {
        c.deliver(c.take<keep_delays>());
        c.deliver(c.take<delays_kept>());
        CHECK(c.count<grant>() == 1);
        c.run();
        CHECK(c[2].granted.size() == 1);
    }
}

TEST_CASE("DELAY: a hold without a delay costs the voters no message") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    CHECK(c.count<keep_delays>() == 0);
    CHECK(c.count<grant>() == 1);
}

TEST_CASE("DELAY: voters are told until each has answered, and then no more") {
    cluster c;
    c.acquire(2, "a", with_delay());
    c.deliver(c.take<request>());
    c.deliver(c.take<keep_delays>());
    c.deliver(c.take<keep_delays>());
    REQUIRE(c.take<keep_delays>().to == peer(3));  // and it is lost
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    c.now += 40ms;
    c.tick();
    CHECK(c.count<keep_delays>() == 0);
    c.now += 20ms;
    c.tick();
    REQUIRE(c.count<keep_delays>() == 1);
    CHECK(the<keep_delays>(c.wire.front().what).what.front().is == delay_stage::held);
    CHECK(c.wire.front().to == peer(3));
    c.run();
    c.now += 1s;
    c.tick();
    CHECK(c.count<keep_delays>() == 0);
}

TEST_CASE("DELAY: what happens in one call is told in one message") {
    cluster c;
    const auto t = held_with_delay(c, 2);
    c.acquire(3, "a", with_delay());
    c.run();
    c.release(2, "a", t);
    c.deliver(c.take<release>());
    REQUIRE(c.count<keep_delays>() == 3);
    const auto told = the<keep_delays>(c.take<keep_delays>().what);
    REQUIRE(told.what.size() == 2);
    CHECK(told.what[0].token == t);
    CHECK(told.what[0].is == delay_stage::over);
    CHECK(told.what[1].is == delay_stage::held);
    CHECK(told.what[1].left == 500ms);
}

TEST_CASE("DELAY: it is waited for after the loss of the holder that was the owner, too") {
    cluster c;
    (void)held_with_delay(c, 1);
    lose_owner(c, 2);
    c.acquire(3, "a");
    c.run();
    c.pass(750ms);  // 300 until the lease is void, then 500
    CHECK(c[3].granted.empty());
    c.pass(100ms);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("DELAY: one that runs goes on at the owner that gathers") {
    cluster c;
    (void)held_with_delay(c, 2);
    c[2].as_holder.set_leased(false, c.now);
    c.drain(2);
    c.run();
    c.pass(200ms);
    lose_owner(c, 3, 100ms);
    c.acquire(3, "a");
    c.run();
    c.pass(250ms);
    CHECK(c[3].granted.empty());
    c.pass(100ms);
    CHECK(c[3].granted.size() == 1);  // not 500 ms from when it serves
}

TEST_CASE("DELAY: after a release, and after a delay that is over, the next owner waits for none") {
    cluster c;
    const auto t = held_with_delay(c, 3);
    SECTION("released") {
        c.release(3, "a", t);
        c.run();
    }
    SECTION("over") {
        c[3].as_holder.set_leased(false, c.now);
        c.drain(3);
        c.run();
        c.pass(600ms);
    }
    lose_owner(c, 2);
    c.pass(310ms);
    CHECK(waits_for(c, 2) == 0ms);
}

TEST_CASE("DELAY: a hold that is reported goes on, and its release ends what the voters keep") {
    cluster c;
    const auto t = held_with_delay(c, 3);
    lose_owner(c, 2);
    c.pass(310ms);
    REQUIRE(c[2].as_owner.holds().size() == 1);
    c.release(3, "a", t);
    c.run();
    CHECK(waits_for(c, 2) == 0ms);
}

TEST_CASE("DELAY: what an owner tells a member that has reported to the next one is not kept") {
    cluster c;
    c.acquire(3, "a", with_delay());
    c.deliver(c.take<request>());
    std::vector<packet> late;
    for (int i = 0; i < 3; ++i) {
        late.push_back(c.take<keep_delays>());
    }
    // The first is cut off, and stays a member. The next owner is lost before it has its table.
    const auto second = c.next_view(2, {});
    c.install_at(2, second);
    c.install_at(3, second);
    c.kill(2);
    c.install_at(3, c.next_view(3, {2}, 300ms));
    c.run();  // it reports to itself
    for (const auto& k : late) {
        c.deliver(k);
    }
    REQUIRE(c.count<delays_kept>() == 1);
    const auto answer = c.take<delays_kept>();
    CHECK(answer.from == peer(1));
    c.deliver(answer);
    CHECK(c.count<grant>() == 0);
    CHECK(c[3].granted.empty());
}

TEST_CASE("DELAY: what a peer that is no member tells is not kept") {
    cluster c;
    const keep_delays told{c.v.epoch, 1, {{"a", 500ms, {}, delay_stage::held}}};
    c[2].as_holder.handle(peer(9), told, c.now);
    c.drain(2);
    CHECK(c.count<delays_kept>() == 0);
    c[2].as_holder.handle(peer(1), told, c.now);
    c.drain(2);
    CHECK(c.count<delays_kept>() == 1);
}

TEST_CASE("DELAY: a copy that comes late brings nothing back") {
    cluster c;
    c.acquire(2, "a", with_delay());
    c.deliver(c.take<request>());
    const auto old = c.take<keep_delays>();
    c.deliver(old);
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    c.release(2, "a", c[2].granted[0].token);
    c.run();
    c.deliver(old);
    CHECK(c.count<delays_kept>() == 0);
}

TEST_CASE("DELAY: a voter that comes is told of what is held") {
    cluster c;
    (void)held_with_delay(c, 1);
    auto s = c.next_view(1, {3}, 0ms);
    auto fourth = made_up::member(4);
    fourth.since = c.v.number;
    c.v.members.push_back(fourth);
    c.v.seats[2].filled_by = peer(4);
    s.now = std::make_shared<const view>(c.v);
    c.kill(3);
    c.all[4] = std::make_unique<participant>(c.settings, 4);
    c[4].as_owner.set_leased(true, c.now);
    c[4].as_holder.set_leased(true, c.now);
    c.install_at(1, s);
    c.install_at(2, s);
    s.is_first = true;
    c.install_at(4, s);
    REQUIRE(c.count<keep_delays>() == 1);
    CHECK(c.take<keep_delays>().to == peer(4));
    c.pass(1100ms);  // it is told again; and the leases from before its first view are over
    c.kill(1);
    c.kill(2);
    c.install_at(4, c.next_view(4, {1, 2}, 300ms));
    c.run();
    c.pass(310ms);
    CHECK(waits_for(c, 4) > 450ms);
}

TEST_CASE("DELAY: one that runs goes with the table, however much else voters are to be told") {
    std::vector<delay> told;
    const std::string tail(base::limits::name - 8, 'x');
    const auto many = 2 * bytes_in_a_message / base::limits::name;
    for (std::size_t i = 0; i < many; ++i) {
        told.push_back({std::to_string(i) + tail, {}, {}, delay_stage::over});
    }
    told.push_back({"z", 500ms, {}, delay_stage::running});
    const auto given = table_of({0}, {}, told, former_holds{1}).delays;
    CHECK(given.size() < many);
    CHECK(std::count(given.begin(), given.end(), told.back()) == 1);
}

TEST_CASE(
    "DELAY: a hold whose grant was never sent ends with its request, and nothing is waited for") {
    cluster c;
    const auto number = c.acquire(2, "a", with_delay());
    c.deliver(c.take<request>());
    REQUIRE(c[1].as_owner.holds().size() == 1);
    c.wire.clear();  // no voter hears of it
    SECTION("it is cancelled") {
        c[2].as_holder.cancel(number, c.now);
        c.drain(2);
        c.deliver(c.take<cancel>());
        CHECK(c.count<cancelled>() == 1);
        CHECK(c[1].as_owner.holds().empty());
        c.acquire(3, "a");
    }
    SECTION("its member is removed") {
        c.kill(2);
        const auto s = c.next_view(1, {2}, 300ms);
        c.install_at(1, s);
        c.install_at(3, s);
        c.wire.clear();  // nor do those that are left
        c.acquire(3, "a");
        c.deliver(c.take<request>());
        c.now += 310ms;
        c.tick();
    }
    c.run();
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("DELAY: a cancel ends no hold that an owner before may have granted") {
    cluster c;
    const auto number = c.acquire(2, "a", with_delay());
    c.deliver(c.take<request>());
    c.wire.clear();
    const auto s = c.next_view(3, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    c.deliver(c.take<table>());
    REQUIRE(c[3].as_owner.holds().size() == 1);
    c[2].as_holder.cancel(number, c.now);
    c.drain(2);
    c.deliver(c.take<cancel>());
    CHECK(c[3].as_owner.holds().size() == 1);
    c.run();  // it is granted, and given back
    CHECK(c[3].as_owner.holds().empty());
}
