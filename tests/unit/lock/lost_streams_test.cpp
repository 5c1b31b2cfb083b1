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

/// How many messages of a kind are sent within a lease.
template <class Kind>
std::size_t sent_in_a_lease(cluster& c) {
    std::size_t sent = 0;
    for (int i = 0; i < 100; ++i) {
        c.now += 10ms;
        c.tick();
        sent += c.count<Kind>();
        c.run();
    }
    return sent;
}

/// Peer 2 has a hold, and peer 3 gathers until the lease of the first owner is void.
token held_while_gathered(cluster& c) {
    c.acquire(2, "a");
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    c.kill(1);
    const auto s = c.next_view(3, {1});
    c.install_at(2, s);
    c.install_at(3, s);
    c.run();
    return c[2].granted.back().token;
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

TEST_CASE("LOAD-4: what voters are told of delays is sent again, too") {
    cluster c;
    acquire_params with_delay;
    with_delay.terms.delay = 500ms;
    c.acquire(2, "a", with_delay);
    c.deliver(c.take<request>());
    CHECK(sent_again<keep_delays>(c, 1, 9) == 0);  // no voter
    CHECK(sent_again<keep_delays>(c, 1, 3) == 3);  // all that do not keep it yet
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    CHECK(sent_again<keep_delays>(c, 1, 3) == 0);
}

TEST_CASE("LOAD-4: what voters are told for the first time does not go with repeats") {
    base::settings settings;
    base::pace pace{settings, 1};
    told_delays mine{pace};
    owner_outbox out;
    hold_info h;
    h.terms.delay = 500ms;
    const auto add = [&](const std::string& name, base::time_point now) {
        h.name = name;
        mine.add({0}, h, false, now);
    };
    mine.install(made_up::first_view(3), at(0s));
    add("a", at(0s));
    mine.tell({1}, at(0s), out);
    while (out.next()) {
    }
    mine.make_due(peer(1), at(1ms));
    add("b", at(1ms));
    mine.tell({1}, at(1ms), out);
    for (std::uint64_t voter = 1; voter <= 3; ++voter) {
        for (const unsigned attempt : {0u, 1u}) {
            const auto o = out.next();
            REQUIRE(o);
            const auto& s = std::get<lock::send>(*o);
            CHECK(s.to == peer(voter));
            CHECK(s.attempt == attempt);
            const auto& told = the<keep_delays>(s.what);
            REQUIRE(told.what.size() == 1);
            CHECK(told.what[0].name == (attempt == 0 ? "b" : "a"));
        }
    }
    CHECK_FALSE(out.next());
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
    c.wire.clear();
    c.now += 200ms;
    c.deliver({peer(2), peer(3), no_holds_of{c.v.number, {peer(3)}}});
    c.now += 200ms;
    c.tick();
    CHECK(c.count<gather>() == 0);
    c.now += 60ms;
    c.tick();
    CHECK(c.count<gather>() == 1);
}

TEST_CASE("LOAD-5: what an owner that gathers ignores is heard soon after") {
    cluster c;
    const auto t = held_while_gathered(c);
    SECTION("a release") {
        c.release(2, "a", t);
        c.run();
        CHECK(sent_in_a_lease<release>(c) >= 5);
        c.pass(280ms);  // 10 ms until it serves
        CHECK(c[3].as_owner.holds().empty());
    }
    SECTION("a request to revoke") {
        c.ask(2, revoke_request{0, "a", t, revoke_kind::break_hold, "ann", "", 0s});
        c.run();
        CHECK(sent_in_a_lease<revoke_request>(c) >= 5);
        c.pass(280ms);
        CHECK(c[2].lost.size() == 1);
    }
    SECTION("a cancel") {
        const auto number = c.acquire(2, "b");
        c.run();
        c[2].as_holder.cancel(number, c.now);
        c.drain(2);
        c.run();
        CHECK(sent_in_a_lease<cancel>(c) >= 5);
        c.pass(280ms);
        CHECK(sent_in_a_lease<cancel>(c) == 0);
    }
}

TEST_CASE("LOAD-5: how long a report takes says nothing of the round trip") {
    cluster c;
    c.kill(1);
    const auto s = c.next_view(3, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.now += 60ms;
    c.run();
    CHECK(c[3].pace.pause(peer(2), 0) <= 63ms);  // the least, and what chance adds
}

TEST_CASE("LOAD-4: a report that is asked for again is a repeat") {
    cluster c;
    const auto attempt_on = [&](std::uint64_t serial) {
        c[3].as_holder.handle(peer(1), gather{c.v.number, c.v.epoch, serial, {{0}}}, c.now);
        const auto o = c[3].as_holder.next();
        REQUIRE(o);
        const auto& answer = std::get<lock::send>(*o);
        CHECK(the<report>(answer.what).serial == serial);
        return answer.attempt;
    };
    CHECK(attempt_on(1) == 0);
    CHECK(attempt_on(1) == 1);
    CHECK(attempt_on(1) == 2);
    CHECK(attempt_on(2) == 0);
}

TEST_CASE("LOAD-4: what joins a table that is on its way makes all of it a first copy") {
    base::settings settings;
    base::pace pace{settings, 1};
    transfers mine{pace};
    owner_outbox out;
    const auto attempt_of_next = [&] {
        const auto o = out.next();
        REQUIRE(o);
        return std::get<lock::send>(*o).attempt;
    };
    mine.give_none({2}, peer(2), {1}, false, at(0s));
    mine.send_due(at(0s), out);
    CHECK(attempt_of_next() == 0);
    mine.make_due(peer(2), at(1ms));
    mine.send_due(at(1ms), out);
    CHECK(attempt_of_next() == 1);
    mine.give_none({2}, peer(2), {2}, false, at(2ms));
    mine.send_due(at(2ms), out);
    CHECK(attempt_of_next() == 0);
    CHECK_FALSE(out.next());
}
