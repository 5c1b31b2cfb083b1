#include "view/membership_hints.hpp"

#include "catch.hpp"
#include "fixture.hpp"

using namespace view_test;

namespace {

/// What voter 1 would change; three seats and one more member, if the test sets no other view.
struct wishing {
    base::settings settings;
    set_environment surroundings;
    membership_hints hints{settings, surroundings};
    view current = made_up::first_view(3, 1);
    base::time_point now = at(1h);

    std::optional<change> draft(const std::set<peer_id>& agreed = {}) {
        return hints.draft(current, agreed, now);
    }
    std::vector<peer_id> removals() { return hints.removals(current, peer(1), now); }
    void ask_to_join(std::uint64_t n) { hints.asks_to_join(asked_by(n, settings), now); }
    /// Process `n` has the address of seat `seat`, counted from 0.
    void ask_to_join_at_seat(std::uint64_t n, std::uint64_t seat) {
        auto asked = asked_by(n, settings);
        asked.self.address = address(seat + 1);
        hints.asks_to_join(asked, now);
    }
};

}  // namespace

TEST_CASE_METHOD(wishing, "without a hint there is nothing to change") {
    CHECK_FALSE(draft());
    CHECK(removals().empty());
    CHECK_FALSE(hints.has_any(current, peer(1), now));
}

TEST_CASE_METHOD(wishing, "a joiner is added as long as its request is fresh") {
    ask_to_join(9);
    const auto c = draft();
    REQUIRE(c);
    REQUIRE(c->added.size() == 1);
    CHECK(c->added[0].id == peer(9));
    CHECK(c->cluster == current.cluster);
    CHECK(c->number == current.number.next());
    now += settings.lease;
    CHECK_FALSE(draft());
}

TEST_CASE_METHOD(wishing, "VIEW-3: neither a member nor a former one is added") {
    ask_to_join(4);
    CHECK_FALSE(draft());
    current.former_members.push_back({peer(9), {1}, {1}});
    ask_to_join(9);
    CHECK_FALSE(draft());
}

TEST_CASE_METHOD(wishing, "HEARSAY: another voter's joiner is added, but not passed on") {
    hints.hears_of(made_up::member(9), now);
    CHECK(draft());
    CHECK(hints.asked_here(now).empty());
    ask_to_join(9);
    REQUIRE(hints.asked_here(now).size() == 1);
    hints.hears_of(made_up::member(9), now);  // does not make it hearsay again
    CHECK(hints.asked_here(now).size() == 1);
}

TEST_CASE_METHOD(wishing, "JOIN-2: a voter names only whom it saw on both ways, or was told of") {
    surroundings.way_fails = {peer(9)};
    ask_to_join(9);
    CHECK_FALSE(draft());
    CHECK_FALSE(hints.has_any(current, peer(1), now));
    CHECK(hints.asked_here(now).empty());
    SECTION("it is seen on both") {
        surroundings.way_fails.clear();
        CHECK(draft());
        CHECK(hints.asked_here(now).size() == 1);
    }
    SECTION("another voter saw it (HEARSAY), which is not passed on") {
        hints.hears_of(made_up::member(9), now);
        CHECK(draft());
        ask_to_join(9);
        CHECK(draft());
        CHECK(hints.asked_here(now).empty());
        now += settings.lease;
        ask_to_join(9);
        CHECK_FALSE(draft());
    }
}

TEST_CASE_METHOD(wishing, "who leaves is marked once, unless it is removed") {
    hints.asks_to_leave(peer(4));
    CHECK(draft()->leaving == std::vector{peer(4)});
    const auto with_removal = draft({peer(4)});
    CHECK(with_removal->leaving.empty());
    CHECK(with_removal->removed == std::vector{peer(4)});
    current.members[3].leaving = true;
    CHECK_FALSE(draft());
}

TEST_CASE_METHOD(wishing, "VIEW-9: who was found mute is to go, though it is vouched for") {
    surroundings.vouched_for = {peer(3), peer(4)};
    CHECK(hints.objects_to_removal(current, peer(4), now));
    surroundings.mute = {peer(4)};
    CHECK(removals() == std::vector{peer(4)});
    CHECK_FALSE(hints.objects_to_removal(current, peer(4), now));
    CHECK(hints.objects_to_removal(current, peer(3), now));
}

TEST_CASE_METHOD(wishing, "NET-4: who cannot be dialled may not be settled") {
    surroundings.renewing[peer(4)] = settings.lease;
    CHECK(hints.may_settle(current, peer(4), now));
    surroundings.undialled = {peer(4)};
    CHECK_FALSE(hints.may_settle(current, peer(4), now));
    CHECK(hints.to_settle(current, now).empty());
}

TEST_CASE_METHOD(wishing, "OWN-11: who is agreed to have renewed is settled, unless it goes") {
    const auto settles = [&](const std::set<peer_id>& removals = {}) {
        const auto c = hints.draft(current, removals, now, {peer(4)});
        return c ? c->settled : std::vector<peer_id>{};
    };
    CHECK(settles() == std::vector{peer(4)});
    CHECK(settles({peer(4)}).empty());
    SECTION("no weight") { current.members[3].weight = 0; }
    SECTION("it is settled") { current.members[3].is_settled = true; }
    SECTION("it leaves with a view") { current.members[3].leaving = true; }
    SECTION("it asks to leave") { hints.asks_to_leave(peer(4)); }
    CHECK(settles().empty());
}

TEST_CASE_METHOD(wishing, "OWN-11: whom this voter would settle") {
    surroundings.renewing = {{peer(2), 1h}, {peer(4), settings.lease}};
    current.members[1].is_settled = true;
    CHECK(hints.to_settle(current, now) == std::vector{peer(4)});
    SECTION("not for so long") { surroundings.renewing[peer(4)] -= 1ns; }
    SECTION("no weight") { current.members[3].weight = 0; }
    SECTION("it leaves") { current.members[3].leaving = true; }
    SECTION("gossip believes it gone") { hints.set_suspected(peer(4), true); }
    CHECK(hints.to_settle(current, now).empty());
}

TEST_CASE_METHOD(wishing, "OWN-11: the first that is settled waits for a lease, whatever failed") {
    auto before = current;
    current.number = current.number.next();
    current.members.push_back(made_up::member(9));
    hints.installed(current, &before, now);
    before = current;
    current.members.pop_back();
    current.number = current.number.next();
    hints.installed(current, &before, now);
    before = current;
    current.members.push_back(made_up::member(9));
    current.members.back().id = peer(10);
    hints.installed(current, &before, now);
    surroundings.renewing[peer(10)] = settings.lease;
    CHECK(hints.to_settle(current, now) == std::vector{peer(10)});
    current.members[0].is_settled = true;
    CHECK(hints.to_settle(current, now).empty());
    surroundings.renewing[peer(10)] = 2 * settings.lease;
    CHECK(hints.to_settle(current, now) == std::vector{peer(10)});
    surroundings.renewing[peer(10)] = settings.lease;
    current.members[0].leaving = true;
    CHECK(hints.to_settle(current, now) == std::vector{peer(10)});
}

TEST_CASE_METHOD(wishing, "a new epoch is made of an empty change, and only once") {
    hints.wants_new_epoch(current.number);
    const auto c = draft();
    REQUIRE(c);
    CHECK((c->added.empty() && c->removed.empty() && c->leaving.empty() && c->seats.empty()));
    current.number = current.number.next();
    CHECK_FALSE(draft());
}

TEST_CASE_METHOD(wishing, "each reason to remove a member, and who is never removed by itself") {
    SECTION("gossip believes it gone") {
        hints.set_suspected(peer(4), true);
        CHECK(removals() == std::vector{peer(4)});
        hints.set_suspected(peer(4), false);
    }
    SECTION("VIEW-8: it was evicted, as long as that is repeated") {
        hints.evict(peer(4), now);
        CHECK(removals() == std::vector{peer(4)});
        now += settings.lease;
    }
    SECTION("VIEW-5: it was not acked for 2A") {
        surroundings.silences[peer(4)] = 2 * settings.lease;
        CHECK(removals() == std::vector{peer(4)});
        surroundings.silences[peer(4)] -= 1ns;
    }
    SECTION("SEAT-1: another process answers at its address") {
        surroundings.replaced = {peer(4)};
        CHECK(removals() == std::vector{peer(4)});
        surroundings.replaced.clear();
    }
    SECTION("this voter itself") { hints.set_suspected(peer(1), true); }
    CHECK(removals().empty());
}

TEST_CASE_METHOD(wishing, "VIEW-2: a voter objects to the removal of a member it vouches for") {
    CHECK_FALSE(hints.objects_to_removal(current, peer(4), now));
    surroundings.vouched_for = {peer(4)};
    CHECK(hints.objects_to_removal(current, peer(4), now));
    SECTION("unless its lease ended, as it says itself") { hints.lease_ended(peer(4)); }
    SECTION("unless it was evicted") { hints.evict(peer(4), now); }
    SECTION("unless another process has its address") { surroundings.replaced = {peer(4)}; }
    SECTION("unless it is no member") {
        surroundings.vouched_for = {peer(77)};
        CHECK_FALSE(hints.objects_to_removal(current, peer(77), now));
        return;
    }
    CHECK_FALSE(hints.objects_to_removal(current, peer(4), now));
}

TEST_CASE_METHOD(wishing, "a voter is removed while a quorum of seats stays filled") {
    auto c = draft({peer(3)});
    REQUIRE(c);
    CHECK(c->removed == std::vector{peer(3)});
    CHECK(c->seats == std::vector{seat_change{2, {}}});
    // VIEW-6: one of two has to wait
    surroundings.dead = {peer(2), peer(3)};
    c = draft({peer(2), peer(3)});
    REQUIRE(c);
    CHECK(c->removed == std::vector{peer(2)});
    CHECK(c->seats == std::vector{seat_change{1, {}}});
}

TEST_CASE_METHOD(wishing, "one live voter at most is replaced in a step") {
    ask_to_join_at_seat(12, 1);
    ask_to_join_at_seat(13, 2);
    // Their former processes count as gone: others were found at their addresses (SEAL-3).
    surroundings.replaced = {peer(2), peer(3)};
    auto c = draft({peer(2), peer(3)});
    REQUIRE(c);
    CHECK(c->removed == std::vector{peer(2), peer(3)});
    CHECK(c->seats == std::vector{seat_change{1, peer(12)}, seat_change{2, peer(13)}});
    // If they only seem alive, the second one waits for the next step.
    surroundings.replaced.clear();
    membership_hints other{settings, surroundings};
    other.hears_of(made_up::member(14), now);
    c = other.draft(made_up::first_view(5), {peer(2), peer(3)}, now);
    REQUIRE(c);
    CHECK(c->removed == std::vector{peer(2)});
}

TEST_CASE_METHOD(wishing, "a vacant seat is filled by who has its address") {
    current.seats[2].filled_by = {};
    SECTION("a member that seems alive") {
        CHECK(draft()->seats == std::vector{seat_change{2, peer(3)}});
        surroundings.dead = {peer(3)};
        CHECK_FALSE(draft());
    }
    SECTION("a joiner rather than a member, and the latest of two") {
        ask_to_join_at_seat(13, 2);
        now += 1ms;
        ask_to_join_at_seat(12, 2);
        CHECK(draft()->seats == std::vector{seat_change{2, peer(12)}});
    }
    SECTION("no member that leaves") {
        current.members[2].leaving = true;
        CHECK_FALSE(draft());
    }
}

TEST_CASE_METHOD(wishing, "SEAT-3: a seat just filled is not filled again for 2A") {
    auto before = current;
    before.seats[2].filled_by = {};
    hints.installed(current, &before, now);
    current.seats[2].filled_by = {};
    CHECK_FALSE(draft());
    now += 2 * settings.lease;
    CHECK(draft()->seats == std::vector{seat_change{2, peer(3)}});
}

TEST_CASE_METHOD(wishing, "an installed view ends the hints it has answered") {
    ask_to_join(9);
    hints.asks_to_leave(peer(4));
    hints.set_suspected(peer(4), true);
    hints.wants_new_epoch(current.number);
    auto next = current;
    next.number = {2};
    next.members.pop_back();
    next.members.push_back(made_up::member(9));
    hints.installed(next, &current, now);
    CHECK_FALSE(hints.draft(next, {}, now));
    CHECK(hints.removals(next, peer(1), now).empty());
    // and they do not come back with the peer
    CHECK(hints.removals(current, peer(1), now).empty());
}
