#include "fixture.hpp"

using namespace lock_test;

namespace {

/// Peer 3 watches "a", and has been told.
void watch_at_third(cluster& c) {
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.run();
    REQUIRE(c[3].states.size() == 1);
}

/// Peer 2 has only just joined, with this view.
void begin_with(cluster& c, view_change s) {
    c.all[2] = std::make_unique<participant>(c.settings, 2);
    c[2].as_owner.set_leased(true, c.now);
    s.is_first = true;
    c.install_at(2, s);
}

}  // namespace

TEST_CASE("WATCH-1: a state that was lost is told again, as it is by then") {
    cluster c;
    watch_at_third(c);
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    (void)c.take<lock_state>();
    c.now += 40ms;
    c.tick();
    CHECK(c.count<lock_state>() == 0);  // not before its time
    c.run();
    c.pass(60ms);
    REQUIRE(c[3].states.size() == 2);
    CHECK(c[3].states.back().summary.held.front().holder == peer(2));
    c.pass(1s);
    CHECK(c[3].states.size() == 2);  // it was seen
}

TEST_CASE("WATCH-1: an old copy of an earlier watch changes nothing") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    const auto old = c.take<watch>();
    c[3].as_holder.unwatch_lock("a", c.now);
    c.drain(3);
    c.wire.clear();
    watch_at_third(c);
    c.deliver(old);
    CHECK(c.count<lock_state>() == 0);
    c.acquire(2, "a");
    c.run();
    CHECK(c[3].states.size() == 2);
}

TEST_CASE("WATCH-1: who was removed is told nothing any more, and others still are") {
    cluster c;
    watch_at_third(c);
    c[2].as_holder.watch_lock("a", c.now);
    c.drain(2);
    c.run();
    const auto s = c.next_view(1, {3});
    c.kill(3);
    c.install_at(1, s);
    c.install_at(2, s);
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    REQUIRE(c.count<lock_state>() == 1);
    CHECK(c.take<lock_state>().to == peer(2));
}

TEST_CASE("WATCH-1: a watch from before the first view is sent when there is one") {
    cluster c;
    participant early{c.settings, 3};
    early.as_holder.watch_lock("5", c.now);
    CHECK_FALSE(early.as_holder.next());
    early.as_holder.install({std::make_shared<const view>(c.v), nullptr, c.map, {}, true}, c.now);
    const auto o = early.as_holder.next();
    REQUIRE(o.has_value());
    CHECK(base::holds_message<watch>(std::get<send>(*o).what));
    CHECK(std::get<send>(*o).to == peer(1));
}

TEST_CASE("OWN-8: a report about slots that were not asked for brings nothing in") {
    cluster c;
    const auto s = c.next_view(2, {1}, 0ms);
    c.kill(1);
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass_until_asked();
    const auto asked = c.take<gather>();
    const auto& ask = the<gather>(asked.what);
    report answer{ask.named, ask.serial, 1, false, {}};
    // of another holder
    answer.holds.push_back({"a", token::make({100}, 7), peer(2), {1}, {}, true});
    c.wire.clear();
    c.deliver({peer(3), peer(2), answer});
    c.pass(1200ms);
    CHECK(c[2].as_owner.holds().empty());
}

TEST_CASE("HOLD-4: a break is not repeated once its holder's lease has ended") {
    cluster c;
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass_until_asked();
    const auto ask = the<gather>(c.take<gather>().what);
    c.wire.clear();
    // Two members say that they hold the same lock; 3 has the lower token.
    for (const std::uint64_t n : {2, 3}) {
        report answer{ask.named, ask.serial, 9, false, {}};
        answer.holds.push_back(
            {"a", token::make({100}, 9 - static_cast<std::uint32_t>(n)), peer(n), {n}, {}, true});
        c.deliver({peer(n), peer(2), answer});
    }
    REQUIRE(c.count<break_hold>() == 1);
    CHECK(c.take<break_hold>().to == peer(3));
    c.kill(3);
    c.install_at(2, c.next_view(2, {3}, 200ms));
    c.wire.clear();
    c.now += 100ms;
    c.tick();
    CHECK(c.count<break_hold>() == 1);
    c.wire.clear();
    c.now += 120ms;
    c.tick();
    CHECK(c.count<break_hold>() == 0);
    CHECK(c[2].as_owner.holds().size() == 1);
}

TEST_CASE("OWN-4 (c): an owner that joined waits for the leases of before its time") {
    cluster c;
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    begin_with(c, s);
    c.install_at(3, s);
    c.acquire(3, "a");
    c.pass(1000ms);  // every member has reported long ago
    CHECK(c[3].granted.empty());
    c.pass(50ms);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("OWN-5: the hold of a peer that its owner never knew ends with the leases of before") {
    cluster c;
    const auto s = c.next_view(2, {});
    begin_with(c, s);
    const hold_info unknown{"a", token::make({100}, 1), peer(9), {1}, {}, true};
    c.deliver({peer(1), peer(2), table{s.now->number, {{{0}, {unknown}, {}, {}, true, {}}}}});
    CHECK(c[2].as_owner.holds().size() == 1);
    c.pass(1000ms);
    CHECK(c[2].as_owner.holds().size() == 1);
    c.pass(50ms);
    CHECK(c[2].as_owner.holds().empty());
}
