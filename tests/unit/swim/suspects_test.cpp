// Suspicions: how long one lasts, what confirms and what refutes it, and who is told first.
#include "swim/detector.hpp"

#include "fixture.hpp"
#include "swim/suspicion.hpp"

using namespace swim_test;

// ---- suspicion

TEST_CASE_METHOD(lone,
                 "who does not answer becomes a suspect at the end of the period, and dead when "
                 "its time is over") {
    settings.suspicion_mult = 4;
    all_answer_but(2);
    start(3);
    while (pings().empty() || pings().back().to != 2) {
        REQUIRE(run_to_next_ping());
    }
    const auto end = pings().back().when + settings.probe_period;
    run_until(end - 1ns);
    CHECK(liveness(2) == condition::alive);
    run_until(end);
    CHECK(liveness(2) == condition::suspect);
    CHECK(mine->seems_alive(peer(2)));  // a suspect is not dead
    // Of three, one could confirm it and does not.
    const auto time =
        suspicion_time(shortest_suspicion(settings, 3), shortest_suspicion(settings, 3) * 6, 0, 1);
    run_until(end + time - 1ns);
    CHECK(liveness(2) == condition::suspect);
    run_until(end + time);
    CHECK(liveness(2) == condition::dead);
    CHECK_FALSE(mine->seems_alive(peer(2)));
    REQUIRE(beliefs.size() == 2);
    CHECK(beliefs[0].state == condition::suspect);
    CHECK(beliefs[1].state == condition::dead);
    CHECK(beliefs[1].peer == peer(2));
    CHECK(beliefs[1].address == address(2));
    REQUIRE(last_told(2));
    CHECK(last_told(2)->state == condition::dead);
    CHECK(last_told(2)->by == peer(1));
}

TEST_CASE("independent confirmations shorten a running suspicion; one peer counts once") {
    for (const std::uint64_t suspecting : {1, 2, 3, 4}) {
        CAPTURE(suspecting);
        lone f;
        // the suspect too, but without a later incarnation: so we never accuse it ourselves
        f.all_answer();
        f.start(8);
        for (std::uint64_t i = 0; i < 12; ++i) {
            f.receive(3, gossip{{about(8, condition::suspect, 1, 2 + i % suspecting)}});
        }
        const auto shortest = shortest_suspicion(f.settings, 8);
        const auto ends = f.now + suspicion_time(shortest, shortest * 6, suspecting - 1, 3);
        f.run_until(ends - 1ns);
        CHECK(f.liveness(8) == condition::suspect);
        f.run_until(ends);
        CHECK(f.liveness(8) == condition::dead);
    }
}

TEST_CASE_METHOD(lone,
                 "our own failed probe of a suspect is a confirmation, and is passed on as such") {
    start(8);
    all_answer_but(8);
    receive(3, gossip{{about(8, condition::suspect, 1, 2)}});
    const auto begun = now;
    const auto shortest = shortest_suspicion(settings, 8);
    run_until(begun + 10s);  // a round is over: we have tried it too
    CHECK(last_told(8)->by == peer(1));
    run_until(begun + suspicion_time(shortest, shortest * 6, 1, 3));
    CHECK(liveness(8) == condition::dead);
}

TEST_CASE_METHOD(lone,
                 "a suspect that answers with a higher incarnation is alive again (SWIM 4.2); with "
                 "the same it is not") {
    start(4);
    receive(3, gossip{{about(2, condition::suspect, 5, 3)}});
    CHECK(liveness(2) == condition::suspect);
    receive(2, ack{999, intro(2, 5), {}});
    receive(2, gossip{{about(2, condition::alive, 5)}});
    CHECK(liveness(2) == condition::suspect);
    receive(2, ack{999, intro(2, 6), {}});
    CHECK(liveness(2) == condition::alive);
    REQUIRE(beliefs.size() == 2);
    CHECK(beliefs[1].state == condition::alive);
    all_answer();
    run_for(60s);
    CHECK(beliefs.size() == 2);  // the suspicion has ended with it
    CHECK(last_told(2)->incarnation == 6);
}

TEST_CASE(
    "told that we are a suspect or dead, we refute it with a higher incarnation, and spread that") {
    for (const auto state : {condition::suspect, condition::dead, condition::left}) {
        for (const std::uint64_t incarnation : {1, 2, 41}) {
            CAPTURE(static_cast<int>(state), incarnation);
            lone f;
            f.all_answer();
            f.start(4);
            f.receive(2, gossip{{about(1, state, incarnation, 2)}});
            f.run_for(1s);
            std::set<std::uint64_t> told;  // between probes, some others at once
            for (const auto& g : f.all<gossip>()) {
                if (const auto place = place_of(1, g.what)) {
                    CHECK(g.what.rumours[*place] == about(1, condition::alive, incarnation + 1));
                    told.insert(g.to);
                }
            }
            CHECK(told.size() == 3);
            f.receive(3, ping{7, peer(1), intro(3), {}});
            CHECK(f.all<ack>().back().what.sender.incarnation == incarnation + 1);
        }
    }
}

TEST_CASE_METHOD(lone,
                 "an accusation of an earlier incarnation, or that we are alive, changes nothing") {
    start(4);
    receive(2, gossip{{about(1, condition::suspect, 7, 2)}});
    CHECK(mine->roster()[0].incarnation == 8);
    run_for(30s);
    const auto health = mine->local_health();
    said.clear();
    for (const std::uint64_t incarnation : {0, 1, 7}) {
        receive(2, gossip{{about(1, condition::suspect, incarnation, 2),
                           about(1, condition::dead, incarnation, 2)}});
    }
    receive(2, gossip{{about(1, condition::alive, 100, 2)}});
    CHECK(mine->roster()[0].incarnation == 8);
    CHECK(mine->local_health() == health);
    CHECK(said.empty());
}

TEST_CASE_METHOD(lone, "stale incarnations change nothing and are not passed on") {
    all_answer();
    start(4);
    receive(2, gossip{{about(3, condition::alive, 5)}});
    run_for(30s);
    said.clear();
    beliefs.clear();
    receive(2, gossip{{about(3, condition::suspect, 4, 2), about(3, condition::dead, 4, 2),
                       about(3, condition::left, 4), about(3, condition::alive, 4)}});
    run_for(30s);
    CHECK(liveness(3) == condition::alive);
    CHECK(beliefs.empty());
    for (const auto state :
         {condition::alive, condition::suspect, condition::dead, condition::left}) {
        CHECK(times_told(3, state) == 0);
    }
}

// ---- prioritised notice (Lifeguard IV.C)

TEST_CASE_METHOD(lone,
                 "whatever is sent to a suspect tells it first of the suspicion, however often "
                 "that was told already") {
    settings.suspicion_mult = 1000;
    all_answer_but(2);
    start(3);
    receive(3, gossip{{about(2, condition::suspect, 1, 3), about(9, condition::dead, 1, 3)}});
    receive(2, ping{5, peer(1), intro(2), {}});
    CHECK(place_of(2, all<ack>().back().what) == 0);
    receive(2, ping_request{5, peer(3), address(3), intro(2), {}});
    run_for(60s);
    std::size_t told = 0;
    for (const auto& p : all<ping>()) {
        if (p.to == 2) {
            CHECK(place_of(2, p.what) == 0);
            told += p.when > at(30s) ? 1 : 0;
        } else if (p.when > at(30s)) {
            CHECK_FALSE(place_of(2, p.what));  // for others the rumour is used up by then
        }
    }
    CHECK(told > 4);
    const auto streams = all<ping>().size() - pings().size();
    CHECK(streams > 0);
}

TEST_CASE_METHOD(
    group,
    "a suspect hears of it in the next ping and refutes at once: no peer ever believes it dead") {
    start_knowing({1, 2, 3, 4});
    run_for(5s);
    all[1]->handle(peer(2), {address(2), {}}, gossip{{about(4, condition::suspect, 1, 2)}}, now);
    run_for(5s);
    CHECK(was_believed(4, condition::suspect));
    CHECK(all_believe(4, condition::alive));
    run_for(100s);
    CHECK_FALSE(was_believed(4, condition::dead));
    CHECK(all_alive());
}
