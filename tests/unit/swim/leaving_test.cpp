// Leaving, and that the same messages give the same answers.
#include "swim/detector.hpp"

#include "fixture.hpp"

using namespace swim_test;

TEST_CASE_METHOD(lone, "leaving is told to a few at once, as left, by ourselves") {
    all_answer();
    start(8);
    run_for(5s);
    said.clear();
    mine->leave(now);
    drain();
    const auto told = all<gossip>();
    REQUIRE(told.size() == settings.gossip_nodes);
    for (const auto& g : told) {
        REQUIRE(place_of(1, g.what));
        CHECK(carried(g.what)[*place_of(1, g.what)] == about(1, condition::left, 1));
    }
    CHECK(mine->roster()[0].state == condition::left);
}

TEST_CASE_METHOD(
    lone,
    "a peer that leaves answers, but probes and suspects none, and does not refute that it left") {
    start(4);
    receive(3, gossip{{about(2, condition::suspect, 1, 3)}});
    REQUIRE(run_to_next_ping());
    mine->leave(now);
    drain();
    said.clear();
    beliefs.clear();
    receive(3, gossip{{about(1, condition::suspect, 1, 3), about(1, condition::left, 1)}});
    run_for(10min);
    CHECK(pings().empty());
    CHECK(beliefs.empty());
    CHECK(liveness(2) == condition::suspect);
    CHECK(times_told(1, condition::alive) == 0);
    CHECK(mine->roster()[0] == about(1, condition::left, 1));
    receive(3, ping{7, peer(1), intro(3), {}});
    CHECK(all<ack>().size() == 1);
}

TEST_CASE_METHOD(group, "a leave spreads as left and is never taken for a failure") {
    start_knowing({1, 2, 3, 4, 5, 6});
    run_for(10s);
    all[6]->leave(now);
    run_for(1s);
    kill(6);
    run_for(5min);
    CHECK(all_believe(6, condition::left));
    CHECK_FALSE(was_believed(6, condition::suspect));
    CHECK_FALSE(was_believed(6, condition::dead));
}

TEST_CASE_METHOD(
    lone, "who has left is gone for good: no later rumour and no late packet brings it back") {
    all_answer();
    start(4);
    receive(2, gossip{{about(2, condition::left, 1)}});
    receive(2, ping{1, peer(1), intro(2, 9), {}});
    receive(3, gossip{{about(2, condition::alive, 10), about(2, condition::dead, 11, 3)}});
    CHECK(liveness(2) == condition::left);
    said.clear();
    run_for(1min);
    for (const auto& p : pings()) {
        CHECK(p.to != 2);
    }
}

TEST_CASE("the same seed and the same messages give the same words") {
    const auto words = [](std::uint64_t seed) {
        lone f;
        f.seed = seed;
        f.settings.dead_probe_period = 4s;
        f.settings.push_pull_period = 30s;
        f.all_answer_but(3);
        f.start(9);
        f.run_for(3min);
        std::vector<std::pair<time_point, std::uint64_t>> out;
        for (const auto& s : f.said) {
            out.emplace_back(s.when, s.to);
        }
        return out;
    };
    CHECK(words(5) == words(5));
    CHECK(words(5) != words(6));
}
