// Very many waiters and watches of one member (LOAD-1, LOAD-3).
#include "fixture.hpp"

using namespace lock_test;

namespace {

void wait_all(cluster& c, std::uint64_t n, std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i) {
        c.acquire(n, "a");
    }
    c.run();
}

}  // namespace

TEST_CASE("LOAD-1: ten thousand waiters are asked after in one message per lease") {
    const quick_checks quick;
    cluster c;
    wait_all(c, 1, 1);
    wait_all(c, 2, 10'000);
    c.pass(1s);
    std::size_t asked = 0;
    std::size_t others = 0;
    for (int i = 0; i < 300; ++i) {
        c.now += 10ms;
        c.tick();
        asked += c.count<still_waiting>();
        others += c.count<request>() + c.count<queued>();
        c.run();
    }
    CHECK(asked == 3);  // a lease is 1 s
    CHECK(others == 0);
}

TEST_CASE("QUEUED: what an owner does not know is asked again, what it granted is granted again") {
    cluster c;
    wait_all(c, 1, 1);
    const auto first = c.acquire(2, "a");
    const auto second = c.acquire(2, "a");
    c.run();
    SECTION("the owner answers") {
        c.deliver({peer(2), peer(1), still_waiting{"a", {first, {77}, second}}});
        CHECK(the<still_queued>(c.take<still_queued>().what).unknown ==
              std::vector<request_number>{{77}});
        CHECK(c.wire.empty());
    }
    SECTION("the waiter asks again") {
        c.deliver({peer(1), peer(2), still_queued{"a", {second, {77}}}});
        CHECK(the<request>(c.take<request>().what).number == second);
        CHECK(c.wire.empty());
    }
    SECTION("nobody else's word counts") {
        c.deliver({peer(3), peer(2), still_queued{"a", {second}}});
        CHECK(c.wire.empty());
    }
    SECTION("one was granted meanwhile") {
        c.release(1, "a", c[1].granted.at(0).token);
        c.run();
        REQUIRE(c[2].granted.size() == 1);
        c.deliver({peer(2), peer(1), still_waiting{"a", {first, second}}});
        CHECK(the<grant>(c.take<grant>().what).number == first);
        CHECK(the<still_queued>(c.take<still_queued>().what).unknown.empty());
    }
    SECTION("no member asks") {
        c.deliver({peer(9), peer(1), still_waiting{"a", {first}}});
        CHECK(c.wire.empty());
    }
}

TEST_CASE("QUEUED: an answer that is lost is asked for again, and nothing else is") {
    cluster c;
    wait_all(c, 1, 1);
    wait_all(c, 2, 3);
    c.now += 1s;
    c.tick();
    CHECK(c.count<still_waiting>() == 1);
    c.wire.clear();
    c.now += 49ms;
    c.tick();
    CHECK(c.wire.empty());
    c.now += 14ms;
    c.tick();
    CHECK(c.count<still_waiting>() == 1);
    CHECK(c.wire.size() == 1);
}

TEST_CASE("LOAD-1: a queue of a hundred thousand is filled, walked and emptied") {
    const quick_checks quick;  // where each step takes time in its length, this takes minutes
    cluster c;
    wait_all(c, 1, 1);
    auto& all = c[1].as_owner;
    constexpr std::uint64_t most = 99'999;
    for (std::uint64_t n = 1; n <= most; ++n) {
        const auto priority = static_cast<std::int32_t>(n % 100);
        all.handle(peer(2), request{{n}, "a", {}, false, {1}, priority}, c.now);
    }
    CHECK(c[1].as_owner.used_by(peer(2)).waiting == most);
    for (std::uint64_t n = most; n >= 1; --n) {
        all.handle(peer(2), cancel{"a", {n}}, c.now);
    }
    CHECK(c[1].as_owner.used_by(peer(2)).waiting == 0);
}

TEST_CASE("LOAD-1: of a hundred thousand watches only those that are not answered are repeated") {
    const quick_checks quick;
    cluster c;
    for (int i = 0; i < 99'999; ++i) {
        c[2].as_holder.watch_lock("w" + std::to_string(i), c.now);
    }
    c.drain(2);
    c.run();
    CHECK(c[2].states.size() == 99'999);
    c[2].as_holder.watch_lock("one more", c.now);
    c.drain(2);
    c.wire.clear();  // it is lost
    c.now += 63ms;
    c.tick();
    CHECK(c.count<watch>() == 1);
    CHECK(c.wire.size() == 1);
}

// ---- quotas

TEST_CASE("LOAD-3: who has too many requests waiting is refused one more, and others are not") {
    cluster c;
    wait_all(c, 1, 1);
    c.settings.quota.waiting = 3;
    wait_all(c, 2, 5);
    REQUIRE(c[2].failed.size() == 2);
    CHECK(c[2].failed[0].why == errc::too_many_requests);
    CHECK(c[2].failed[0].number == request_number{4});
    CHECK(c[1].as_owner.used_by(peer(2)).refused == 2);
    CHECK(c[1].as_owner.counted().refused == 2);
    wait_all(c, 3, 2);
    CHECK(c[3].failed.empty());
    c.deliver({peer(2), peer(1), request{{1}, "a", {}, false, {1}, 0}});  // known, and so not new
    CHECK(the<queued>(c.take<queued>().what).number == request_number{1});
    c.release(1, "a", c[1].granted.at(0).token);
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    wait_all(c, 2, 1);  // there is room again
    CHECK(c[2].failed.size() == 2);
}

TEST_CASE("LOAD-3: names and notes count, and what is held") {
    cluster c;
    acquire_params noted;
    noted.terms.note = std::string(900, 'n');
    SECTION("bytes") {
        c.settings.quota.bytes = 2000;
        c.acquire(2, "a", noted);
        c.acquire(2, "b", noted);
        c.acquire(2, "c", noted);
    }
    SECTION("holds") {
        c.settings.quota.holds = 2;
        c.acquire(2, "a");
        c.acquire(2, "b");
        c.acquire(2, "c");
    }
    c.run();
    CHECK(c[2].granted.size() == 2);
    REQUIRE(c[2].failed.size() == 1);
    CHECK(c[2].failed[0].why == errc::too_many_requests);
    c.release(2, "a", c[2].granted.at(0).token);
    c.run();
    c.acquire(2, "c");
    c.run();
    CHECK(c[2].granted.size() == 3);
}

TEST_CASE("LOAD-3: what is agreed on is never refused: reports, tables, and who waits there") {
    cluster c;
    c.acquire(2, "a");
    c.acquire(2, "b");
    c.run();
    REQUIRE(c[2].granted.size() == 2);
    c.acquire(2, "a");
    c.acquire(2, "b");
    c.run();
    c.settings.quota = {.waiting = 0, .holds = 0, .bytes = 0, .watches = 0};
    const auto to_third = c.next_view(3, {});
    for (const auto& [n, p] : c.all) {
        c.install_at(n, to_third);
    }
    c.run();
    CHECK(c[3].as_owner.used_by(peer(2)).holds == 2);
    CHECK(c[3].as_owner.used_by(peer(2)).waiting == 2);
    CHECK(c[1].as_owner.used_by(peer(2)).holds == 0);
    c.kill(3);
    const auto to_first = c.next_view(1, {3}, 100ms);
    c.install_at(1, to_first);
    c.install_at(2, to_first);
    c.pass(500ms);
    CHECK(c[1].as_owner.holds().size() == 2);
    CHECK(c[1].as_owner.used_by(peer(2)).holds == 2);
}

TEST_CASE("LOAD-3: requests put off until the owner serves count as well") {
    cluster c;
    c.settings.quota.waiting = 2;
    c.kill(1);
    const auto s = c.next_view(2, {1}, 500ms);
    c.install_at(2, s);
    c.install_at(3, s);
    wait_all(c, 3, 4);
    CHECK(c[3].failed.size() == 2);
    CHECK(c[2].as_owner.used_by(peer(3)).waiting == 2);
    c.pass(1s);
    CHECK(c[3].granted.size() == 1);
    CHECK(c[2].as_owner.used_by(peer(3)).waiting == 1);
    CHECK(c[2].as_owner.used_by(peer(3)).holds == 1);
}

TEST_CASE("LOAD-3: a watch too many is refused, and asked for again once per lease") {
    cluster c;
    c.settings.quota.watches = 1;
    for (const auto* name : {"a", "b"}) {
        c[2].as_holder.watch_lock(name, c.now);
        c.drain(2);
    }
    c.run();
    CHECK(c[2].states.size() == 1);
    CHECK(c[1].as_owner.used_by(peer(2)).refused == 1);
    c.now += 500ms;
    c.tick();
    CHECK(c.count<watch>() == 0);
    c.run();
    c[2].as_holder.unwatch_lock("a", c.now);
    c.drain(2);
    c.pass(600ms);
    REQUIRE(c[2].states.size() == 2);
    CHECK(c[2].states[1].name == "b");
    CHECK(c[1].as_owner.used_by(peer(2)).watches == 1);
}
