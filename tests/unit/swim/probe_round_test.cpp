#include "swim/probe_round.hpp"

#include <algorithm>
#include <set>

#include "fixture.hpp"

using namespace swim_test;

TEST_CASE("a round names each peer once, and the next round has another order") {
    base::settings settings;
    roster peers{settings};
    for (std::uint64_t n = 2; n <= 9; ++n) {
        (void)peers.apply(about(n, condition::alive), at(0s));
    }
    base::random_source random{1};
    probe_round round;
    const auto one_round = [&] {
        std::vector<peer_id> out;
        for (int i = 0; i < 8; ++i) {
            const auto id = round.next(peers, random);
            REQUIRE(id);
            out.push_back(*id);
        }
        CHECK(std::set<peer_id>(out.begin(), out.end()).size() == 8);
        return out;
    };
    const auto first = one_round();
    CHECK(one_round() != first);
}

TEST_CASE("a round names no peer that is not to be probed, and ends when there is none") {
    base::settings settings;
    roster peers{settings};
    base::random_source random{1};
    probe_round round;
    CHECK_FALSE(round.next(peers, random));
    (void)peers.apply(about(2, condition::alive), at(0s));
    (void)peers.apply(about(3, condition::alive), at(0s));
    (void)peers.apply(about(3, condition::dead), at(0s));
    for (int i = 0; i < 5; ++i) {
        CHECK(round.next(peers, random) == peer(2));
    }
    (void)peers.apply(about(2, condition::dead), at(0s));
    CHECK_FALSE(round.next(peers, random));
}

TEST_CASE("a newcomer is named in the round that runs if its place is still to come, and once") {
    base::settings settings;
    int in_this_round = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        roster peers{settings};
        for (std::uint64_t n = 2; n <= 5; ++n) {
            (void)peers.apply(about(n, condition::alive), at(0s));
        }
        base::random_source random{seed};
        probe_round round;
        std::multiset<peer_id> named{*round.next(peers, random), *round.next(peers, random)};
        (void)peers.apply(about(9, condition::alive), at(0s));
        round.enter(peer(9), peers, random);
        round.enter(peer(9), peers, random);  // again: it has its place
        for (int i = 0; i < 2; ++i) {
            named.insert(*round.next(peers, random));
        }
        if (named.contains(peer(9))) {
            named.insert(*round.next(peers, random));
            ++in_this_round;
        }
        for (std::uint64_t n = 2; n <= 5; ++n) {
            CHECK(named.count(peer(n)) == 1);
        }
        CHECK(named.count(peer(9)) <= 1);
    }
    CHECK(in_this_round > 30);
    CHECK(in_this_round < 90);
}

TEST_CASE("LOAD-6: who has become a member has its place, however long it was known") {
    int in_time = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        lone f;
        f.seed = seed;
        f.all_answer();
        f.start(9);
        f.mine->become(role::member);
        f.receive(2, gossip{{about(20, condition::alive)}});
        f.run_for(60 * f.settings.probe_period);
        f.said.clear();
        f.mine->know(peer(20), name(20), address(20), f.now);
        f.run_for(9 * f.settings.probe_period);
        const auto& all = f.said;
        in_time += std::any_of(all.begin(), all.end(), [](const auto& s) { return s.to == 20; });
    }
    CHECK(in_time >= 15);  // in the round that is running, or the next: one takes nine periods
}
