#include "lock/roll_calls.hpp"

#include <algorithm>

#include "fixture.hpp"
#include "lock/orphans.hpp"

using namespace lock_test;

namespace {

/// Ten slots, four members; the first was removed, and its slots, 0 to 4, went to 2 and 3.
struct call_of_view_five {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.retry = 80ms;
        return s;
    }();
    view v = made_up::first_view(3, 1, 10);
    view_change step;
    roll_calls calls{settings, peer(3)};  // 5 % 2 of the voters 2 and 3
    base::time_point now = at(0s);

    call_of_view_five() {
        v.number = {5};
        v.members.erase(v.members.begin());
        v.seats[0].filled_by = {};
        step.map_before = std::make_shared<const base::slot_map>(
            base::slot_map{{peer(1), peer(2)}, {0, 0, 0, 0, 0, 1, 1, 1, 1, 1}});
        step.map = std::make_shared<const base::slot_map>(
            base::slot_map{{peer(2), peer(3)}, {0, 0, 1, 1, 1, 0, 0, 0, 0, 1}});
        step.now = std::make_shared<const view>(v);
        step.removed = {{peer(1), {1}, at(1s)}};
    }
    void say(std::uint64_t who, std::vector<peer_id> except = {}, view_number named = {5}) {
        calls.heard(peer(who), {named, std::move(except)}, now);
    }
    /// Who was told since, and of whom.
    std::vector<std::pair<peer_id, std::vector<peer_id>>> told() {
        std::vector<std::pair<peer_id, std::vector<peer_id>>> out;
        while (auto s = calls.next()) {
            const auto& what = the<no_holds_of>(s->what);
            CHECK(what.named == view_number{5});
            out.emplace_back(s->to, what.members);
        }
        return out;
    }
    using words = std::vector<std::pair<peer_id, std::vector<peer_id>>>;
};

}  // namespace

TEST_CASE_METHOD(call_of_view_five, "OWN-12: orphaned are the slots of the removed alone") {
    CHECK(orphans_of(step) == orphaned_slots{{peer(2), {{0}, {1}}}, {peer(3), {{2}, {3}, {4}}}});
    CHECK(told_unasked(step, peer(3)) == std::vector<slot>{{2}, {3}, {4}});
    CHECK(told_unasked(step, peer(4)).empty());
    CHECK(collector_of(v) == peer(3));
    SECTION("not without the map before") { step.is_first = true; }
    SECTION("not when it owned nothing") { step.removed = {{peer(9), {1}, at(1s)}}; }
    CHECK(orphans_of(step).empty() == (step.is_first || step.removed[0].id == peer(9)));
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: without a voter nothing is told unasked") {
    for (auto& s : v.seats) {
        s.filled_by = {};
    }
    step.now = std::make_shared<const view>(v);
    CHECK(collector_of(v).is_nil());
    CHECK(told_unasked(step, peer(3)).empty());
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: who joins with the view does not collect") {
    v.members[1].since = {5};  // peer 3
    CHECK(collector_of(v) == peer(2));
    v.members[0].since = {5};
    CHECK(collector_of(v).is_nil());
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: what all have said goes to each new owner at once") {
    calls.installed(step, now);
    say(2);
    say(4);
    say(4);
    CHECK(told().empty());
    say(3);
    CHECK(told() ==
          words{{peer(2), {peer(2), peer(4), peer(3)}}, {peer(3), {peer(2), peer(4), peer(3)}}});
    CHECK_FALSE(calls.deadline());
    say(2);
    CHECK(told().empty());
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: the late are not waited for, and come later") {
    calls.installed(step, now);
    say(2);
    CHECK(calls.deadline() == at(10ms));
    now = at(10ms);
    calls.tick(now);
    CHECK(told() == words{{peer(2), {peer(2)}}, {peer(3), {peer(2)}}});
    CHECK_FALSE(calls.deadline());
    say(4);
    CHECK(calls.deadline() == at(30ms));  // twice as long
    say(3);
    CHECK(told() == words{{peer(2), {peer(4), peer(3)}}, {peer(3), {peer(4), peer(3)}}});
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: who holds something of an owner is not told to it") {
    calls.installed(step, now);
    say(2, {peer(3)});
    say(3, {peer(2), peer(3)});
    say(4);
    CHECK(told() == words{{peer(2), {peer(2), peer(4)}}, {peer(3), {peer(4)}}});
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: what members say before the view is kept") {
    say(2);
    say(9);  // no member
    say(4, {}, {4});
    say(4, {}, {7});  // the latest is kept
    calls.installed(step, now);
    say(4);
    say(3);
    CHECK(told() ==
          words{{peer(2), {peer(2), peer(4), peer(3)}}, {peer(3), {peer(2), peer(4), peer(3)}}});
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: of a member one word is kept, and none of any size") {
    settings.max_owners = 2;
    for (std::uint64_t n = 6; n < 100; ++n) {
        say(2, {}, {n});
    }
    say(2, {peer(1), peer(2), peer(3)});
    say(2, {peer(2), peer(3)});
    calls.installed(step, now);
    say(3);
    say(4);
    CHECK(told() == words{{peer(2), {peer(3), peer(4)}}, {peer(3), {peer(3), peer(4)}}});
}

TEST_CASE_METHOD(call_of_view_five, "OWN-12: another voter collects nothing") {
    roll_calls other{settings, peer(2)};
    other.installed(step, now);
    for (const std::uint64_t n : {2, 3, 4}) {
        other.heard(peer(n), {{5}, {}}, now);
    }
    CHECK_FALSE(other.next());
    CHECK_FALSE(other.deadline());
}

// ---- owners and holders

TEST_CASE("OWN-12: a new owner knows the holds of a removed one's slots without asking") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    CHECK(c.count<gather>() == 0);
    c.run();
    REQUIRE(c[2].as_owner.holds().size() == 1);
    CHECK(c[2].as_owner.holds()[0].holder == peer(3));
    CHECK(c[2].as_owner.counted().slots_gathered == 10);
}

TEST_CASE("OWN-12: who has said that it holds nothing takes no grant of before (HOLD-1)") {
    cluster c;
    c.acquire(3, "a");
    c.deliver(c.take<request>());
    const auto late = c.take<grant>();
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.deliver(late);
    CHECK(c[3].granted.empty());
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[3].granted[0].token.of_epoch() == c.v.epoch);
}

TEST_CASE(
    "OWN-12: the word of a voter counts for slots that have lost their owner, and no others") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    // The owner of view 2 loses its table before it comes: the next one asks.
    c.install_at(2, c.next_view(2, {}));
    c.kill(1);
    c.wire.clear();
    c.install_at(2, c.next_view(2, {1}, 0ms));
    c.deliver({peer(3), peer(2), no_holds_of{c.v.number, {peer(2), peer(3)}}});
    CHECK(c[2].as_owner.counted().slots_gathered == 0);
    CHECK(c.count<gather>() > 0);
}

TEST_CASE("OWN-12: only a voter's word counts") {
    cluster c;
    c.kill(1);
    auto s = c.next_view(2, {1}, 0ms);
    c.v.seats[2].filled_by = {};
    s.now = std::make_shared<const view>(c.v);
    c.install_at(2, s);
    c.wire.clear();
    c.deliver({peer(3), peer(2), no_holds_of{c.v.number, {peer(2), peer(3)}}});
    CHECK(c[2].as_owner.counted().slots_gathered == 0);
    c.deliver({peer(2), peer(2), no_holds_of{c.v.number, {peer(2), peer(3)}}});
    CHECK(c[2].as_owner.counted().slots_gathered == 10);
}

TEST_CASE("OWN-12: members whose word does not come are asked after A/4") {
    cluster c;
    c.is_mute_voter = true;
    c.kill(1);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass(240ms);
    CHECK(c[2].as_owner.counted().slots_gathered == 0);
    c.pass(20ms);
    CHECK(c[2].as_owner.counted().slots_gathered == 10);
}
