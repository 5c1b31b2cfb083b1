// Gossip: on how many messages a rumour rides, and on which.
#include "swim/detector.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "fixture.hpp"

using namespace swim_test;

TEST_CASE("a rumour rides on at most ceil(mult * log10(n + 1)) messages, of every kind") {
    for (const std::uint64_t n : {3, 9, 30}) {
        CAPTURE(n);
        lone f;
        f.all_answer_but(2);
        f.settings.suspicion_mult = 1000;
        f.start(n);
        f.run_for(1h);
        f.said.clear();
        f.receive(3, gossip{{about(99, condition::left, 1)}});
        for (int i = 0; i < 5; ++i) {
            f.receive(3, ping{static_cast<std::uint64_t>(i), peer(1), intro(3), {}});
            f.receive(
                3, ping_request{static_cast<std::uint64_t>(i), peer(4), address(4), intro(3), {}});
            f.run_for(150ms);
        }
        f.run_for(1h);
        const auto limit =
            static_cast<std::size_t>(std::ceil(4 * std::log10(static_cast<double>(n) + 1)));
        CHECK(f.times_told(99, condition::left) == limit);
    }
}

TEST_CASE_METHOD(lone, "rumours ride on pings, acks, requests for help and gossip") {
    all_answer_but(2);
    settings.retransmit_mult = 1000;
    start(6);
    receive(3, gossip{{about(99, condition::dead, 1)}});
    receive(3, ping{1, peer(1), intro(3), {}});
    receive(3, ping_request{1, peer(4), address(4), intro(3), {}});
    run_for(10s);
    CHECK(place_of(99, all<ack>().at(0).what));
    CHECK(place_of(99, all<ping_request>().at(0).what));
    CHECK(place_of(99, all<gossip>().at(0).what));
    std::size_t pings_with = 0;
    for (const auto& p : all<ping>()) {
        pings_with += place_of(99, p.what) ? 1 : 0;
    }
    CHECK(pings_with == all<ping>().size());
}

TEST_CASE_METHOD(
    lone, "between probes news goes to a few others each gossip_period, and silence follows") {
    settings.gossip_period = 200ms;
    settings.gossip_nodes = 3;
    all_answer();
    start(30);
    run_for(2min);  // until no peer's first answer is news any more
    said.clear();
    receive(2, gossip{{about(99, condition::dead, 1)}});
    run_for(10s);
    const auto all_gossip = all<gossip>();
    REQUIRE(all_gossip.size() >= 3);
    std::map<time_point, std::set<std::uint64_t>> rounds;
    for (const auto& g : all_gossip) {
        rounds[g.when].insert(g.to);
    }
    CHECK(rounds.begin()->second.size() == 3);
    for (auto r = rounds.begin(); std::next(r) != rounds.end(); ++r) {
        CHECK(std::next(r)->first - r->first == 200ms);
    }
    said.clear();
    run_for(10s);
    CHECK(all<gossip>().empty());
}

TEST_CASE_METHOD(lone, "NET-4: asking who lives at an address uses up no rumours") {
    start(3);
    receive(2, gossip{{about(9, condition::alive, 4)}});
    said.clear();
    for (std::uint64_t n = 50; n < 80; ++n) {
        mine->find_out(address(n), now);
    }
    drain();
    CHECK(all<ping>().size() == 30);
    CHECK(times_told(9, condition::alive) == 0);
    run_for(2s);
    const auto told = all<gossip>();
    CHECK(std::any_of(told.begin(), told.end(),
                      [](const auto& g) { return place_of(9, g.what).has_value(); }));
}

TEST_CASE_METHOD(lone, "a refutation is passed on by those that never heard the suspicion") {
    all_answer();
    start(6);
    receive(3, gossip{{about(2, condition::alive, 1)}});
    run_for(30s);
    said.clear();
    beliefs.clear();
    receive(3, gossip{{about(2, condition::alive, 2)}});
    run_for(10s);
    CHECK(times_told(2, condition::alive) > 0);
    CHECK(last_told(2)->incarnation == 2);
    CHECK(beliefs.empty());  // passed on, but no news for the layers above
}

TEST_CASE_METHOD(
    lone,
    "alive, suspect, dead and left are spread with name and address, and told upwards once each") {
    all_answer();
    start(6);
    const rumour steps[] = {about(9, condition::alive, 1), about(9, condition::suspect, 1, 3),
                            about(9, condition::dead, 1, 3), about(9, condition::alive, 2),
                            about(9, condition::left, 2)};
    on_ping = [this](const auto& p) {
        if (p.to != 9) {
            answer(p);
        }
    };
    for (const auto& step : steps) {
        said.clear();
        beliefs.clear();
        receive(3, gossip{{step}});
        receive(4, gossip{{step}});
        run_for(400ms);
        REQUIRE(last_told(9));
        CHECK(*last_told(9) == step);
        REQUIRE(beliefs.size() == 1);
        CHECK(beliefs[0].peer == peer(9));
        CHECK(beliefs[0].state == step.state);
        CHECK(beliefs[0].name == name(9));
        CHECK(beliefs[0].address == address(9));
        CHECK(liveness(9) == step.state);
        CHECK(mine->address_of(peer(9)) == address(9));
    }
}

TEST_CASE_METHOD(lone,
                 "a peer that speaks to us is known from then on, and is heard; one only spoken of "
                 "is known and not heard") {
    start();
    receive(2, ping{1, peer(1), intro(2), {}});
    receive(3, ack{1, intro(3), {}});
    receive(4, ping_request{1, peer(2), address(2), intro(4), {}});
    receive(5, push_pull{false, intro(5), {}}, true);
    receive(5, gossip{{about(6, condition::alive)}});
    for (std::uint64_t n = 2; n <= 6; ++n) {
        CHECK(liveness(n) == condition::alive);
    }
    CHECK(heard_from.empty());  // no question of ours was answered (SEAL-3)
    for (std::size_t times = 1; times <= 2; ++times) {
        receive(2, ping{2, peer(1), intro(2), {}}, base::way{{}, address(2)});
        REQUIRE(heard_from.size() == times);  // every time
        CHECK(heard_from.back().peer == peer(2));
        CHECK(heard_from.back().address == address(2));
    }
    CHECK(beliefs.size() == 5);  // once
}

TEST_CASE_METHOD(
    lone, "another PeerId at an address: the one before it is dead, and that is spread (SEAT-1)") {
    start(4);
    receive(9, ping{1, {}, {1, name(9), address(2)}, {}}, base::way{{}, address(2)});
    CHECK(liveness(2) == condition::dead);
    CHECK(liveness(9) == condition::alive);
    run_for(400ms);
    CHECK(last_told(2)->state == condition::dead);
    receive(3, gossip{{{condition::alive, peer(77), 1, peer(77), "me before", address(1)}}});
    // a former process at our own address is no peer to probe
    CHECK_FALSE(mine->liveness(peer(77)));
}

TEST_CASE_METHOD(lone,
                 "what the view removed is believed dead, spread as such, and probed no more") {
    all_answer();
    start(4);
    run_for(10s);
    said.clear();
    mine->forget(peer(2), now);
    drain();
    CHECK(liveness(2) == condition::dead);
    run_for(30s);
    CHECK(last_told(2)->state == condition::dead);
    for (const auto& p : pings()) {
        CHECK(p.to != 2);
    }
}

TEST_CASE_METHOD(lone,
                 "LOAD-6: a member neither probes, tells nor asks for help one that is none") {
    all_answer_but(2);
    settings.gossip_period = 200ms;
    start(4);
    mine->become(role::member);
    receive(3, gossip{{about(8, condition::alive), about(9, condition::alive)}});
    run_for(1min);
    CHECK(all<ping_request>().size() > 0);
    CHECK(std::none_of(said.begin(), said.end(), [](const auto& s) { return s.to >= 8; }));
    CHECK(mine->seems_alive(peer(8)));  // until a voter says otherwise
    SECTION("a voter does") {
        mine->become(role::voter);
        run_for(1min);
        CHECK(std::any_of(said.begin(), said.end(), [](const auto& s) { return s.to == 8; }));
    }
    SECTION("and once it is a member, too") {
        mine->know(peer(8), name(8), address(8), now);
        run_for(1min);
        CHECK(std::any_of(said.begin(), said.end(), [](const auto& s) { return s.to == 8; }));
        CHECK(std::none_of(said.begin(), said.end(), [](const auto& s) { return s.to == 9; }));
    }
}

TEST_CASE_METHOD(lone, "rosters are not exchanged by all members at the same moments") {
    settings.push_pull_period = 10s;
    all_answer();
    std::set<base::time_point> times;
    for (seed = 1; seed <= 20; ++seed) {
        now = at(0s);
        said.clear();
        start(2);
        run_for(20s);
        const auto all_of_one = all<push_pull>();
        REQUIRE(all_of_one.size() >= 3);
        times.insert(all_of_one[2].when);
    }
    CHECK(times.size() == 20);
}
