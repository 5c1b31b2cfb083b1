// Shared locks and semaphores (MODES, LIMIT, OWN-10, HOLD-4).
#include "fixture.hpp"

using namespace lock_test;

namespace {

constexpr auto shared = lock_mode::shared();

request_number ask(cluster& c, std::uint64_t n, lock_mode mode, bool is_try = false) {
    const auto number = c.acquire(n, "a", is_try, {}, mode);
    c.run();
    return number;
}

}  // namespace

TEST_CASE("MODES: which holds go together") {
    const auto exclusive = lock_mode::exclusive();
    CHECK_FALSE(exclusive.is_compatible_with(exclusive));
    CHECK_FALSE(exclusive.is_compatible_with(shared));
    CHECK_FALSE(shared.is_compatible_with(exclusive));
    CHECK(shared.is_compatible_with(shared));
    CHECK(lock_mode::permit(2).is_compatible_with(lock_mode::permit(2)));
    CHECK_FALSE(lock_mode::permit(1).is_compatible_with(lock_mode::permit(1)));
    CHECK_FALSE(lock_mode::permit(2).is_compatible_with(lock_mode::permit(3)));
    CHECK_FALSE(lock_mode::permit(2).is_compatible_with(shared));
    CHECK_FALSE(lock_mode::permit(2).is_compatible_with(exclusive));
    CHECK(lock_mode::permit(2).contradicts(lock_mode::permit(3)));
    CHECK_FALSE(lock_mode::permit(2).contradicts(lock_mode::permit(2)));
    CHECK_FALSE(lock_mode::permit(2).contradicts(exclusive));
}

TEST_CASE(
    "MODES: shared holds stand together, each with a token of its own; an exclusive one waits for "
    "all of them") {
    cluster c;
    ask(c, 2, shared);
    ask(c, 3, shared);
    REQUIRE(c[2].granted.size() == 1);
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[2].granted[0].token < c[3].granted[0].token);
    ask(c, 1, {});
    CHECK(c[1].granted.empty());
    c.give_back(2);
    CHECK(c[1].granted.empty());
    c.give_back(3);
    REQUIRE(c[1].granted.size() == 1);
    CHECK(c[3].granted[0].token < c[1].granted[0].token);
}

TEST_CASE("OWN-10: who asks for a shared hold after a waiting exclusive request waits behind it") {
    cluster c;
    ask(c, 2, shared);
    const auto writer = ask(c, 3, {});
    ask(c, 1, shared);
    CHECK(c[1].granted.empty());
    SECTION("and is granted after it") {
        c.give_back(2);
        REQUIRE(c[3].granted.size() == 1);
        CHECK(c[1].granted.empty());
        c.give_back(3);
        CHECK(c[1].granted.size() == 1);
    }
    SECTION("and at once when it is cancelled") {
        c[3].as_holder.cancel(writer, c.now);
        c.drain(3);
        c.run();
        CHECK(c[1].granted.size() == 1);
        CHECK(c[1].as_owner.holds().size() == 2);
    }
    SECTION("as do those that try") {
        ask(c, 2, shared, true);
        REQUIRE(c[2].failed.size() == 1);
        CHECK(c[2].failed[0].why == errc::would_block);
    }
}

TEST_CASE(
    "MODES: a semaphore has as many holds as its limit, and one more when one is given back") {
    cluster c;
    const auto permit = lock_mode::permit(2);
    ask(c, 2, permit);
    ask(c, 3, permit);
    ask(c, 1, permit);
    CHECK(c[2].granted.size() + c[3].granted.size() == 2);
    CHECK(c[1].granted.empty());
    ask(c, 2, permit, true);
    REQUIRE(c[2].failed.size() == 1);
    REQUIRE(c[2].failed[0].summary);
    CHECK(c[2].failed[0].summary->holders == 2);
    CHECK(c[2].failed[0].summary->waiting == 1);
    CHECK(c[2].failed[0].summary->held[0].holder == peer(2));
    c.give_back(3);
    CHECK(c[1].granted.size() == 1);
    // One process may have several.
    c.give_back(1);
    ask(c, 2, permit);
    CHECK(c[2].granted.size() == 2);
}

TEST_CASE(
    "LIMIT: while a semaphore is held or waited for, another limit is refused, whether it tries or "
    "waits") {
    cluster c;
    ask(c, 2, lock_mode::permit(2));
    const bool is_try = GENERATE(false, true);
    ask(c, 3, lock_mode::permit(3), is_try);
    REQUIRE(c[3].failed.size() == 1);
    CHECK(c[3].failed[0].why == errc::limit_differs);
    CHECK(c[1].as_owner.holds().size() == 1);
    c.give_back(2);
    ask(c, 3, lock_mode::permit(3), is_try);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("LIMIT: the limit of a waiter counts, too") {
    cluster c;
    ask(c, 2, {});
    ask(c, 3, lock_mode::permit(3));
    ask(c, 1, lock_mode::permit(2));
    REQUIRE(c[1].failed.size() == 1);
    CHECK(c[1].failed[0].why == errc::limit_differs);
    CHECK(c[3].failed.empty());
}

TEST_CASE("a release frees the hold of its token and no other") {
    cluster c;
    ask(c, 2, shared);
    ask(c, 2, shared);
    REQUIRE(c[2].granted.size() == 2);
    c.release(2, "a", c[2].granted[0].token);
    c.run();
    const auto left = c[1].as_owner.holds();
    REQUIRE(left.size() == 1);
    CHECK(left[0].token == c[2].granted[1].token);
}

TEST_CASE("OWN-3: shared holds and waiters move with their modes") {
    cluster c;
    ask(c, 2, shared);
    ask(c, 3, shared);
    ask(c, 1, {});
    const auto s = c.next_view(2, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    c.run();
    CHECK(c[2].as_owner.holds().size() == 2);
    ask(c, 2, shared);
    CHECK(c[2].granted.size() == 1);  // behind the one that waits
    c.give_back(2);
    c.give_back(3);
    REQUIRE(c[1].granted.size() == 1);
    CHECK(c[2].granted.size() == 1);
}

TEST_CASE("OWN-4: reports bring the modes along") {
    cluster c;
    const auto mode = GENERATE(lock_mode::shared(), lock_mode::permit(2));
    ask(c, 2, mode);
    ask(c, 3, mode);
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.run();
    c.pass(1200ms);
    CHECK(c[2].as_owner.counted().conflicts == 0);
    const auto holds = c[2].as_owner.holds();
    REQUIRE(holds.size() == 2);
    CHECK(holds[0].terms.mode == mode);
    CHECK(holds[0].token < holds[1].token);
    c.acquire(3, "a");
    c.run();
    CHECK(c[3].granted.size() == 1);  // neither does it go with an exclusive one
    ask(c, 2, mode, true);
    CHECK(c[2].failed.size() == 1);
}

TEST_CASE("HOLD-4: of reports that conflict what goes with the higher tokens stays") {
    cluster c;
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass_until_asked();
    const auto ask = the<gather>(c.take<gather>().what);
    c.wire.clear();
    report of_2{ask.named, ask.serial, 9, false, {}};
    of_2.holds.push_back({"a", token::make({100}, 9), peer(2), {1}, {"", shared}, true});
    of_2.holds.push_back({"a", token::make({100}, 7), peer(2), {2}, {"", shared}, true});
    report of_3{ask.named, ask.serial, 9, false, {}};
    of_3.holds.push_back({"a", token::make({100}, 8), peer(3), {3}, {}, true});
    c.deliver({peer(2), peer(2), of_2});
    c.deliver({peer(3), peer(2), of_3});
    REQUIRE(c.count<break_hold>() == 1);
    CHECK(c.take<break_hold>().to == peer(3));
    CHECK(c[2].as_owner.holds().size() == 2);
    CHECK(c[2].as_owner.counted().conflicts == 1);
}

TEST_CASE("WATCH-1: a watcher is told how many hold and how many wait") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.run();
    ask(c, 1, shared);
    ask(c, 2, shared);
    CHECK(c[3].states.back().summary.holders == 2);
    const auto number = ask(c, 2, {});
    CHECK(c[3].states.back().summary.waiting == 1);
    c[2].as_holder.cancel(number, c.now);
    c.drain(2);
    c.run();
    CHECK(c[3].states.back().summary.waiting == 0);
    CHECK(c[3].states.back().summary.holders == 2);
}
