// Members that say what cannot be: it is dropped and counted, and no invariant breaks.
#include "fixture.hpp"

using namespace lock_test;

namespace {

hold_info hold_of(std::uint64_t by, std::uint32_t in_epoch, std::uint32_t sequence) {
    return {"a", token::make({in_epoch}, sequence), peer(by), {by}, {}, true};
}

}  // namespace

TEST_CASE("HOLD-4: of a table that lies, impossible holds are dropped and conflicts broken") {
    cluster c;
    const auto s = c.next_view(2, {});
    c.install_at(2, s);
    const auto now = c.v.epoch.value;
    const auto before = now - 1;
    auto of_no_member = hold_of(9, before, 3);
    of_no_member.holder = {};
    slot_table lie{{0}, {}, {}, {}, true, {}};
    lie.holds = {hold_of(3, now, 1), hold_of(3, before, 1), hold_of(3, before, 1),
                 hold_of(1, before, 2), of_no_member};
    lie.queue = {{"a", peer(1), {5}, {}, 0},
                 {"a", peer(3), {6}, {}, 7},
                 {"a", peer(1), {5}, {}, 9},
                 {"a", peer(9), {7}, {}, 0}};
    const auto counted = c[2].as_owner.counted();
    c.deliver({peer(1), peer(2), table{s.now->number, {lie}}});
    const auto held = c[2].as_owner.holds();
    REQUIRE(held.size() == 1);
    CHECK(held[0].token == token::make({before}, 1));
    CHECK(c[2].as_owner.counted().dropped == counted.dropped + 2);
    CHECK(c[2].as_owner.counted().conflicts == counted.conflicts + 1);
    CHECK(the<break_hold>(c.take<break_hold>().what).token == token::make({before}, 2));
    // The waiters are queued once each, by priority.
    c.deliver({peer(3), peer(2), release{"a", held[0].token, ending::released, true, false, {}}});
    CHECK(the<grant>(c.take<grant>().what).number == request_number{6});
}

TEST_CASE("OWN-4: of a report that lies, impossible holds are dropped") {
    cluster c;
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.pass_until_asked();
    const auto ask = the<gather>(c.take<gather>().what);
    report lie{ask.named, ask.serial, 1, false, {}};
    lie.holds = {hold_of(3, c.v.epoch.value, 1), hold_of(2, c.v.epoch.value - 1, 1)};
    c.wire.clear();
    const auto dropped = c[2].as_owner.counted().dropped;
    c.deliver({peer(3), peer(2), lie});
    c.deliver({peer(2), peer(2), report{ask.named, ask.serial, 1, false, {}}});
    CHECK(c[2].as_owner.counted().dropped == dropped + 1);  // the other is not its own hold
    CHECK(c[2].as_owner.holds().empty());
}

TEST_CASE("HOLD-3: a token that was given up is not taken when its grant comes after all") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    const auto late = c.take<grant>();
    const auto token = the<grant>(late.what).token;
    c.deliver({peer(1), peer(2), hold_probe{"a", token}});
    REQUIRE(c.count<release>() == 1);
    c.deliver(late);
    CHECK(c[2].granted.empty());
    CHECK_FALSE(c[2].as_holder.has("a", token));
    c.pass(2s);
    REQUIRE(c[2].granted.size() == 1);  // its request goes on
    CHECK(c[2].granted[0].token != token);
}
