#include "swim/roster.hpp"

#include <algorithm>

#include "fixture.hpp"

using namespace swim_test;

namespace {

constexpr condition conditions[] = {condition::alive, condition::suspect, condition::dead,
                                    condition::left};

struct roster_fixture {
    base::settings settings;
    holdfast::swim::roster mine{settings};

    holdfast::swim::roster::effect hears(const rumour& told, base::duration when = 0s) {
        return mine.apply(told, at(when));
    }
    void has_members(std::uint64_t last) {
        for (std::uint64_t n = 2; n <= last; ++n) {
            hears(about(n, condition::alive));
        }
    }
};

using effect = holdfast::swim::roster::effect;

// SWIM section 4.2, one line for each pair of conditions. Two departures from the paper: a death of
// an earlier incarnation does not count (a peer may come back from the dead), and who left has left
// for good.
bool overrides(const rumour& told, const rumour& believed) {
    if (believed.state == condition::left) {
        return false;
    }
    const bool is_later = told.incarnation > believed.incarnation;
    const bool is_same = told.incarnation == believed.incarnation;
    switch (told.state) {
        case condition::alive:
            return is_later;
        case condition::suspect:
            return is_later || (is_same && believed.state == condition::alive);
        case condition::dead:
            return is_later || (is_same && (believed.state == condition::alive ||
                                            believed.state == condition::suspect));
        case condition::left:
            return is_later || is_same;
    }
    return false;
}

}  // namespace

TEST_CASE("which rumour overrides which (SWIM 4.2)") {
    for (const auto believed : conditions) {
        for (const auto told : conditions) {
            for (std::uint64_t i = 1; i <= 3; ++i) {
                for (std::uint64_t j = 1; j <= 3; ++j) {
                    CAPTURE(static_cast<int>(believed), i, static_cast<int>(told), j);
                    roster_fixture f;
                    f.has_members(5);
                    f.hears(about(9, believed, i, 2));
                    const auto before = f.mine.find(peer(9))->told;
                    const auto news = about(9, told, j, 2);
                    const auto what = f.hears(news);
                    const auto& after = f.mine.find(peer(9))->told;
                    REQUIRE(after == (overrides(news, before) ? news : before));
                    REQUIRE((what == effect::none) == !overrides(news, before));
                }
            }
        }
    }
}

TEST_CASE_METHOD(roster_fixture, "what a rumour did is told: added, changed, renewed, or nothing") {
    CHECK(hears(about(2, condition::alive, 1)) == effect::added);
    CHECK(hears(about(2, condition::alive, 1)) == effect::none);
    CHECK(hears(about(2, condition::alive, 2)) == effect::renewed);
    CHECK(hears(about(2, condition::suspect, 1)) == effect::none);  // stale
    CHECK(hears(about(2, condition::suspect, 2)) == effect::changed);
    auto moved = about(2, condition::alive, 3);
    moved.address = address(99);
    hears(about(2, condition::alive, 3));
    moved.incarnation = 4;
    CHECK(hears(moved) == effect::changed);  // an address is news too
    CHECK(mine.has_alive_at(address(99)));
    CHECK_FALSE(mine.has_alive_at(address(2)));
}

TEST_CASE_METHOD(roster_fixture,
                 "a suspicion runs for the time of the group's size, shorter with each peer, "
                 "each counted once") {
    settings.suspicion_confirmations = 3;
    has_members(9);
    hears(about(9, condition::suspect, 1, 2), 10s);
    const auto members = mine.alive();
    CHECK(members == 9);  // ourselves and the suspect counted
    const auto shortest = shortest_suspicion(settings, members);
    const auto longest = shortest * 6;
    CHECK(mine.next_overdue() == at(10s) + longest);
    CHECK(hears(about(9, condition::suspect, 1, 2), 11s) == effect::none);
    CHECK(mine.next_overdue() == at(10s) + longest);
    std::size_t confirmations = 0;
    for (const std::uint64_t suspecting : {3, 4, 5}) {
        CHECK(hears(about(9, condition::suspect, 1, suspecting), 12s) == effect::confirmed);
        CHECK(hears(about(9, condition::suspect, 1, suspecting), 12s) == effect::none);
        CHECK(mine.next_overdue() ==
              at(10s) + suspicion_time(shortest, longest, ++confirmations, 3));
    }
    // more than K change nothing and are not passed on
    CHECK(hears(about(9, condition::suspect, 1, 6), 12s) == effect::none);
    CHECK(mine.next_overdue() == at(10s) + shortest);
    CHECK(mine.overdue(at(10s) + shortest - 1ns).empty());
    REQUIRE(mine.overdue(at(10s) + shortest).size() == 1);
    CHECK(mine.overdue(at(10s) + shortest)[0].about == peer(9));
}

TEST_CASE_METHOD(roster_fixture,
                 "no more confirmations are waited for than there are others to confirm") {
    has_members(3);  // with us three: neither the suspect nor the peer that suspects it can confirm
    hears(about(3, condition::suspect, 1, 1));
    hears(about(3, condition::suspect, 1, 2));
    CHECK(mine.next_overdue() == at(0s) + shortest_suspicion(settings, 3));
    holdfast::swim::roster two{settings};
    two.apply(about(2, condition::suspect, 1, 1), at(0s));
    CHECK(two.next_overdue() == at(0s) + shortest_suspicion(settings, 2));
}

TEST_CASE_METHOD(roster_fixture,
                 "a later incarnation refutes a suspicion; the same or an earlier one does not") {
    has_members(5);
    hears(about(5, condition::suspect, 4, 2));
    hears(about(5, condition::alive, 4));
    hears(about(5, condition::alive, 3));
    CHECK(mine.next_overdue());
    CHECK(mine.find(peer(5))->told.state == condition::suspect);
    hears(about(5, condition::alive, 5));
    CHECK_FALSE(mine.next_overdue());
    CHECK(mine.find(peer(5))->told.state == condition::alive);
}

TEST_CASE_METHOD(roster_fixture, "a suspicion of a later incarnation starts anew") {
    has_members(5);
    hears(about(5, condition::suspect, 1, 2), 0s);
    hears(about(5, condition::suspect, 1, 3), 1s);
    const auto longest = shortest_suspicion(settings, 5) * 6;
    CHECK(*mine.next_overdue() < at(0s) + longest);
    CHECK(hears(about(5, condition::suspect, 2, 2), 2s) == effect::renewed);
    CHECK(mine.next_overdue() == at(2s) + longest);
}

TEST_CASE_METHOD(
    roster_fixture,
    "the dead and those that left are forgotten after forget_dead_after, the living never") {
    settings.forget_dead_after = 1h;
    has_members(5);
    hears(about(3, condition::dead), 10min);
    hears(about(4, condition::left), 20min);
    hears(about(5, condition::suspect), 10min);
    mine.forget_old(at(70min));
    CHECK(mine.all().size() == 4);
    mine.forget_old(at(70min + 1ns));
    CHECK(mine.find(peer(3)) == nullptr);
    CHECK(mine.find(peer(4)) != nullptr);
    mine.forget_old(at(1000h));
    CHECK(mine.all().size() == 2);
    CHECK(mine.find(peer(2)) != nullptr);
    CHECK(mine.find(peer(5)) != nullptr);
}

TEST_CASE_METHOD(roster_fixture, "that one is dead again does not make it younger") {
    settings.forget_dead_after = 1h;
    hears(about(2, condition::alive, 1), 0s);
    hears(about(2, condition::dead, 1), 0s);
    CHECK(hears(about(2, condition::dead, 2), 50min) == effect::renewed);
    mine.forget_old(at(61min));
    CHECK(mine.find(peer(2)) == nullptr);
}

TEST_CASE_METHOD(
    roster_fixture,
    "who was dead when we first heard of it is hearsay, until it is heard of as alive") {
    hears(about(2, condition::dead));
    CHECK(mine.find(peer(2))->is_hearsay);
    hears(about(2, condition::dead, 2));
    CHECK(mine.find(peer(2))->is_hearsay);
    hears(about(2, condition::alive, 3));
    CHECK_FALSE(mine.find(peer(2))->is_hearsay);
    hears(about(2, condition::dead, 3));
    CHECK_FALSE(mine.find(peer(2))->is_hearsay);
    hears(about(3, condition::left));
    CHECK(mine.find(peer(3))->is_hearsay);
}

TEST_CASE_METHOD(roster_fixture, "alive counts ourselves, the alive and the suspects") {
    CHECK(mine.alive() == 1);
    hears(about(2, condition::alive));
    hears(about(3, condition::suspect));
    hears(about(4, condition::dead));
    hears(about(5, condition::left));
    CHECK(mine.alive() == 3);
    CHECK(mine.has_alive_at(address(2)));
    CHECK_FALSE(mine.has_alive_at(address(3)));  // a suspect's seat is knocked at
    CHECK_FALSE(mine.has_alive_at(address(4)));
}

TEST_CASE(
    "LOAD-6: voters monitor all, members the members, and outsiders the members and the seats") {
    base::settings settings;
    settings.seeds = {address(1), address(2)};
    roster peers{settings};
    for (std::uint64_t n = 2; n <= 5; ++n) {
        (void)peers.apply(about(n, condition::alive), at(0s));
    }
    peers.add_member(peer(3));
    peers.add_member(peer(4));
    peers.add_member(peer(9));  // of which no rumour came
    peers.remove_member(peer(4));
    base::random_source random{1};
    const auto monitored = [&](role what) {
        peers.become(what);
        const auto all = peers.some_alive(10, {}, random);
        return std::set<peer_id>(all.begin(), all.end());
    };
    CHECK(monitored(role::voter) == std::set{peer(2), peer(3), peer(4), peer(5)});
    CHECK(monitored(role::member) == std::set{peer(3)});
    CHECK(monitored(role::outsider) == std::set{peer(2), peer(3)});
}

TEST_CASE("rosters are exchanged with a seat, as long as one seems alive, else with any peer") {
    base::settings settings;
    settings.seeds = {address(2), address(3)};
    roster peers{settings};
    base::random_source random{1};
    CHECK_FALSE(peers.alive_seat_or_other(random));
    (void)peers.apply(about(7, condition::alive), at(0s));
    CHECK(peers.alive_seat_or_other(random) == peer(7));
    for (std::uint64_t n = 2; n <= 6; ++n) {
        (void)peers.apply(about(n, condition::alive), at(0s));
    }
    std::set<peer_id> partners;
    for (int i = 0; i < 30; ++i) {
        partners.insert(*peers.alive_seat_or_other(random));
    }
    CHECK(partners == std::set{peer(2), peer(3)});
    (void)peers.apply(about(2, condition::suspect), at(0s));
    (void)peers.apply(about(3, condition::dead), at(0s));
    CHECK(partners.count(*peers.alive_seat_or_other(random)) == 0);
}

TEST_CASE("who is probed at an address is known whatever became of it") {
    base::settings settings;
    roster peers{settings};
    const auto at_two = [&] { return peers.others_at(address(2), {}).size(); };
    (void)peers.apply(about(2, condition::alive), at(0s));
    auto same_place = about(3, condition::alive);
    same_place.address = address(2);
    (void)peers.apply(same_place, at(0s));
    CHECK(at_two() == 2);
    CHECK(peers.others_at(address(2), peer(3)).size() == 1);
    CHECK(peers.alive() == 3);
    (void)peers.apply(about(2, condition::suspect), at(0s));
    CHECK(at_two() == 2);
    (void)peers.apply(about(3, condition::alive, 2), at(0s));  // it has moved
    CHECK(at_two() == 1);
    CHECK_FALSE(peers.has_alive_at(address(2)));
    CHECK(peers.has_alive_at(address(3)));
    (void)peers.apply(about(2, condition::dead), at(0s));
    CHECK(at_two() == 0);
    CHECK(peers.alive() == 2);
    peers.invariants();
}
