// Probes: in which order, with whose help, and what this peer does to help others.
#include "swim/detector.hpp"

#include <algorithm>

#include "fixture.hpp"

using namespace swim_test;

// ---- probes

TEST_CASE_METHOD(lone,
                 "round robin: each member is probed once in a round, before any is probed twice") {
    all_answer();
    start(9);
    run_for(60s);
    const auto all = pings();
    REQUIRE(all.size() >= 48);
    std::set<std::vector<std::uint64_t>> orders;
    for (std::size_t round = 0; round < 6; ++round) {
        std::vector<std::uint64_t> order;
        for (std::size_t i = 0; i < 8; ++i) {
            order.push_back(all[round * 8 + i].to);
        }
        orders.insert(order);
        std::sort(order.begin(), order.end());
        CHECK(order == std::vector<std::uint64_t>{2, 3, 4, 5, 6, 7, 8, 9});
    }
    CHECK(orders.size() > 3);  // shuffled anew for each round
}

TEST_CASE("different peers probe in different orders") {
    std::set<std::vector<std::uint64_t>> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        lone f;
        f.seed = seed;
        f.all_answer();
        f.start(9);
        f.run_for(9s);
        std::vector<std::uint64_t> order;
        for (std::size_t i = 0; i < 8; ++i) {
            order.push_back(f.pings().at(i).to);
        }
        orders.insert(order);
    }
    CHECK(orders.size() >= 19);
}

TEST_CASE("a newcomer enters the round at a random place, and no peer loses its turn by it") {
    // of the newcomer among the next 6 probes; 6: not in this round
    std::map<std::size_t, int> places;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        lone f;
        f.seed = seed;
        f.all_answer();
        f.start(11);
        while (f.pings().size() < 5) {
            REQUIRE(f.run_to_next_ping());
        }
        f.receive(50, gossip{{about(12, condition::alive)}});
        while (f.pings().size() < 11) {
            REQUIRE(f.run_to_next_ping());
        }
        std::vector<std::uint64_t> round;
        for (const auto& p : f.pings()) {
            round.push_back(p.to);
        }
        const auto newcomer = std::find(round.begin() + 5, round.end(), 12);
        ++places[static_cast<std::size_t>(newcomer - round.begin()) - 5];
        // The ten that were there have had their turns once all the same, with or without the
        // newcomer between.
        std::erase(round, 12);
        round.resize(10);
        std::sort(round.begin(), round.end());
        REQUIRE(std::unique(round.begin(), round.end()) == round.end());
    }
    CHECK(places.size() == 7);
    for (const auto& [place, times] : places) {
        CAPTURE(place);
        CHECK(times < 150);
        CHECK(times > 3);
    }
}

TEST_CASE_METHOD(
    lone, "one probe in each period, by a direct ping that names its target and its sender") {
    all_answer();
    start(4);
    run_for(20s);
    const auto all = pings();
    REQUIRE(all.size() > 15);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].what.target == peer(all[i].to));
        CHECK(all[i].what.sender == intro(1));
        if (i > 0) {
            CHECK(all[i].when - all[i - 1].when == settings.probe_period);
            CHECK(all[i].what.sequence != all[i - 1].what.sequence);
        }
    }
    CHECK(this->all<ping_request>().empty());
    CHECK(beliefs.empty());
}

TEST_CASE_METHOD(lone, "the first probes of peers that start together are spread over the period") {
    std::set<time_point> when;
    for (seed = 1; seed <= 20; ++seed) {
        now = at(0s);
        said.clear();
        start(2);
        REQUIRE(run_to_next_ping());
        CHECK(pings()[0].when <= at(0s) + settings.probe_period);
        when.insert(pings()[0].when);
    }
    CHECK(when.size() > 15);
}

TEST_CASE_METHOD(
    lone,
    "after probe_timeout k others are asked to ping, and the target is pinged over a stream") {
    settings.indirect_probes = 3;
    start(8);
    REQUIRE(run_to_next_ping());
    const auto direct = pings().front();
    run_until(direct.when + settings.probe_timeout - 1ns);
    CHECK(all<ping_request>().empty());
    run_until(direct.when + settings.probe_timeout);
    const auto asked = all<ping_request>();
    std::set<std::uint64_t> helpers;
    for (const auto& r : asked) {
        helpers.insert(r.to);
        CHECK(r.what.target == peer(direct.to));
        CHECK(r.what.target_address == address(direct.to));
        CHECK(r.what.sequence == direct.what.sequence);
    }
    CHECK(helpers.size() == 3);
    CHECK_FALSE(helpers.contains(direct.to));
    auto last_resort = all<ping>();
    std::erase_if(last_resort, [](const auto& p) { return !p.stream; });
    REQUIRE(last_resort.size() == 1);
    CHECK(last_resort[0].to == direct.to);
    CHECK(last_resort[0].what.sequence == direct.what.sequence);
}

TEST_CASE_METHOD(lone, "only who seems alive is asked to help, and no more than there are") {
    settings.indirect_probes = 3;
    all_answer_but(2);
    start(5);
    receive(2, gossip{{about(3, condition::dead, 1, 2), about(4, condition::suspect, 1, 2)}});
    while (pings().empty() || pings().back().to != 2) {
        REQUIRE(run_to_next_ping());
    }
    said.clear();
    run_for(settings.probe_timeout);
    REQUIRE(all<ping_request>().size() == 1);
    CHECK(all<ping_request>()[0].to == 5);
}

TEST_CASE_METHOD(lone,
                 "an answer in time, direct, by a helper or over the stream, leaves no suspicion") {
    start(5);
    REQUIRE(run_to_next_ping());
    const auto p = pings().front();
    const auto sequence = p.what.sequence;
    SECTION("direct and late") {
        run_until(p.when + settings.probe_period - 1ns);
        receive(p.to, ack{sequence, intro(p.to), {}});
    }
    SECTION("by a helper") {
        run_until(p.when + settings.probe_timeout + 100ms);
        const auto helper = all<ping_request>().at(0).to;
        receive(helper, ack{sequence, intro(helper), {}});
    }
    SECTION("over the stream") {
        run_until(p.when + settings.probe_timeout + 100ms);
        receive(p.to, ack{sequence, intro(p.to), {}}, true);
    }
    on_ping = [this](const auto& next) { answer(next); };
    run_until(p.when + 3s);
    CHECK(beliefs.empty());
    CHECK(mine->local_health() == 0);
}

TEST_CASE_METHOD(lone, "an answer to another probe is none") {
    start(3);
    REQUIRE(run_to_next_ping());
    const auto p = pings().front();
    receive(p.to, ack{p.what.sequence + 1, intro(p.to), {}});
    run_until(p.when + settings.probe_period);
    CHECK(liveness(p.to) == condition::suspect);
}

TEST_CASE_METHOD(lone,
                 "a ping is answered by the one it is for, and by any peer at the address if it "
                 "names none") {
    start();
    receive(2, ping{7, peer(1), intro(2), {}});
    REQUIRE(all<ack>().size() == 1);
    CHECK(all<ack>()[0].to == 2);
    CHECK(all<ack>()[0].what.sequence == 7);
    CHECK(all<ack>()[0].what.sender == intro(1));
    receive(2, ping{8, {}, intro(2), {}});
    CHECK(all<ack>().size() == 2);
    receive(2, ping{9, peer(3), intro(2), {}});
    CHECK(all<ack>().size() == 2);
}

TEST_CASE_METHOD(
    lone,
    "a ping over a stream is answered over the stream: its sender's datagrams may not arrive") {
    start();
    receive(2, ping{7, peer(1), intro(2), {}}, true);
    receive(2, ping{8, peer(1), intro(2), {}}, false);
    REQUIRE(all<ack>().size() == 2);
    CHECK(all<ack>()[0].stream);
    CHECK_FALSE(all<ack>()[1].stream);
}

TEST_CASE_METHOD(
    group, "a network that loses every datagram makes no peer a suspect, as long as streams work") {
    start_knowing({1, 2, 3});
    is_lost = [](auto, auto, bool stream) { return !stream; };
    run_for(60s);
    for (const std::uint64_t n : {1, 2, 3}) {
        CHECK_FALSE(was_believed(n, condition::suspect));
    }
}

TEST_CASE_METHOD(
    group,
    "two that cannot reach each other do not suspect each other while a third reaches both") {
    start_knowing({1, 2, 3});
    is_lost = [](auto a, auto b, auto) { return a + b == 3; };
    run_for(60s);
    CHECK_FALSE(was_believed(1, condition::suspect));
    CHECK_FALSE(was_believed(2, condition::suspect));
    kill(3);
    run_for(20s);
    CHECK(was_believed(1, condition::suspect));  // it was the third that made the difference
}

// ---- helping, and nack

TEST_CASE_METHOD(
    lone,
    "a helper pings the target under a number of its own and passes the ack on under the asker's") {
    start(4);
    receive(2, ping_request{77, peer(3), address(3), intro(2), {}});
    const auto favours = pings();
    REQUIRE(favours.size() == 1);
    CHECK(favours[0].to == 3);
    CHECK(favours[0].what.target == peer(3));
    CHECK(all<ack>().empty());
    receive(3, ack{favours[0].what.sequence, intro(3), {}});
    REQUIRE(all<ack>().size() == 1);
    CHECK(all<ack>()[0].to == 2);
    CHECK(all<ack>()[0].what.sequence == 77);
    all_answer();
    run_for(10s);
    CHECK(all<nack>().empty());
    CHECK(all<ack>().size() == 1);
}

TEST_CASE_METHOD(lone,
                 "a helper that hears nothing says nack at 80 % of the timeout, and still passes "
                 "on a late ack") {
    start(4);
    all_answer_but(3);
    receive(2, ping_request{77, peer(3), address(3), intro(2), {}});
    const auto sequence = pings().at(0).what.sequence;
    const auto asked = now;
    run_until(asked + settings.probe_timeout * 4 / 5 - 1ns);
    CHECK(all<nack>().empty());
    run_until(asked + settings.probe_timeout * 4 / 5);
    REQUIRE(all<nack>().size() == 1);
    CHECK(all<nack>()[0].to == 2);
    CHECK(all<nack>()[0].what.sequence == 77);
    run_until(asked + settings.probe_timeout);
    receive(3, ack{sequence, intro(3), {}});
    CHECK(all<ack>().size() == 1);
    run_for(30s);
    CHECK(all<nack>().size() == 1);  // once
}

TEST_CASE_METHOD(lone, "a helper forgets a favour after a period") {
    all_answer_but(3);
    start(4);
    receive(2, ping_request{77, peer(3), address(3), intro(2), {}});
    const auto sequence = pings().at(0).what.sequence;
    run_for(settings.probe_period);
    receive(3, ack{sequence, intro(3), {}});
    CHECK(all<ack>().empty());
}
