// One test for each sentence of DESIGN section 3 that the detector keeps. Where the sentence names
// Lifeguard or SWIM, so does the test.
#include "swim/detector.hpp"

#include <algorithm>
#include <cmath>

#include "fixture.hpp"
#include "swim/suspicion.hpp"

using namespace swim_test;

namespace {

/// The first rumour in `what` about `n`, and where it stands.
std::optional<std::size_t> place_of(std::uint64_t n, const message& what) {
    const auto told = carried(what);
    const auto found =
        std::find_if(told.begin(), told.end(), [&](const auto& r) { return r.about == peer(n); });
    return found == told.end() ? std::nullopt
                               : std::optional{static_cast<std::size_t>(found - told.begin())};
}

}  // namespace

// ---- probes

TEST_CASE_METHOD(lone,
                 "round robin: each member is probed once in a round, before any is probed twice") {
    everybody_answers();
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
        f.everybody_answers();
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

TEST_CASE("a newcomer enters the round at a random place, and nobody loses his turn by it") {
    // of the newcomer among the next 6 probes; 6: not in this round
    std::map<std::size_t, int> places;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        lone f;
        f.seed = seed;
        f.everybody_answers();
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
    everybody_answers();
    start(4);
    run_for(20s);
    const auto all = pings();
    REQUIRE(all.size() > 15);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].what.target == peer(all[i].to));
        CHECK(all[i].what.sender == intro(1));
        if (i > 0) {
            CHECK(all[i].when - all[i - 1].when == settings.probe_period);
            CHECK(all[i].what.sequence > all[i - 1].what.sequence);
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
    everybody_answers_but(2);
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
    CHECK(belief(p.to) == condition::suspect);
}

TEST_CASE_METHOD(lone,
                 "a ping is answered by the one it is for, and by whoever is at the address if it "
                 "names nobody") {
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
    group, "a network that loses every datagram makes nobody a suspect, as long as streams work") {
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
    everybody_answers();
    run_for(10s);
    CHECK(all<nack>().empty());
    CHECK(all<ack>().size() == 1);
}

TEST_CASE_METHOD(lone,
                 "a helper that hears nothing says nack at 80 % of the timeout, and still passes "
                 "on a late ack") {
    start(4);
    everybody_answers_but(3);
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
    everybody_answers_but(3);
    start(4);
    receive(2, ping_request{77, peer(3), address(3), intro(2), {}});
    const auto sequence = pings().at(0).what.sequence;
    run_for(settings.probe_period);
    receive(3, ack{sequence, intro(3), {}});
    CHECK(all<ack>().empty());
}

// ---- local health (Lifeguard IV.A)

TEST_CASE("a failed probe raises local health by the helpers that said neither ack nor nack") {
    for (std::size_t nacks = 0; nacks <= 4; ++nacks) {
        CAPTURE(nacks);
        lone f;
        f.settings.indirect_probes = 3;
        f.start(8);
        REQUIRE(f.run_to_next_ping());
        const auto p = f.pings().front();
        f.run_until(p.when + f.settings.probe_timeout);
        for (std::size_t i = 0; i < nacks; ++i) {
            f.receive(f.all<ping_request>().at(std::min<std::size_t>(i, 2)).to,
                      nack{p.what.sequence});
        }
        f.run_until(p.when + f.settings.probe_period - 1ns);
        CHECK(f.mine->local_health() == 0);
        // so that it could fall: one nack too many must not help
        f.receive(2, gossip{{about(1, condition::suspect, 1, 2)}});
        f.run_until(p.when + f.settings.probe_period);
        CHECK(f.mine->local_health() == (nacks < 3 ? 4 - nacks : 1));
    }
}

TEST_CASE_METHOD(lone, "with nobody to help, a failed probe raises local health by one") {
    start(2);
    REQUIRE(run_to_next_ping());
    run_until(pings()[0].when + settings.probe_period);
    CHECK(mine->local_health() == 1);
    receive(2, nack{pings()[0].what.sequence});  // nobody was asked, and that probe is over
    CHECK(mine->local_health() == 1);
}

TEST_CASE_METHOD(lone,
                 "local health stretches the period and the timeout, up to a limit, and falls with "
                 "each success") {
    settings.max_local_health = 3;
    settings.suspicion_mult = 1000;  // the target stays a suspect
    start(2);
    std::vector<time_point> when;
    for (int i = 0; i < 7; ++i) {
        REQUIRE(run_to_next_ping());
        when.push_back(pings().back().when);
        const auto health = static_cast<int>(mine->local_health());
        CHECK(health == std::min(i, 3));
        const auto streams_before = all<ping>().size() - pings().size();
        run_until(when.back() + settings.probe_timeout * (health + 1) - 1ns);
        CHECK(all<ping>().size() - pings().size() == streams_before);
        run_until(when.back() + settings.probe_timeout * (health + 1));
        CHECK(all<ping>().size() - pings().size() == streams_before + 1);
    }
    for (std::size_t i = 0; i + 1 < when.size(); ++i) {
        CHECK(when[i + 1] - when[i] ==
              settings.probe_period * static_cast<int>(std::min<std::size_t>(i, 3) + 1));
    }
    everybody_answers();
    for (std::size_t health = 3; health > 0; --health) {
        REQUIRE(run_to_next_ping());
        CHECK(mine->local_health() == health - 1);
    }
    REQUIRE(run_to_next_ping());
    CHECK(mine->local_health() == 0);  // and not below
}

TEST_CASE_METHOD(lone, "being suspected raises local health: it may be we who are slow") {
    start(3);
    receive(2, gossip{{about(1, condition::suspect, 1, 2)}});
    CHECK(mine->local_health() == 1);
    receive(2, gossip{{about(1, condition::suspect, 1, 3)}});  // answered already
    CHECK(mine->local_health() == 1);
    receive(2, gossip{{about(1, condition::dead, 2, 3)}});
    CHECK(mine->local_health() == 2);
}

TEST_CASE_METHOD(
    group,
    "a death does not make the healthy believe that they are ill: their helpers say nack in time") {
    start_knowing({1, 2, 3, 4, 5});
    run_for(10s);
    kill(5);
    for (int i = 0; i < 600; ++i) {
        run_for(100ms);
        for (const auto& [n, d] : all) {
            REQUIRE(d->local_health() == 0);
        }
    }
    CHECK(everybody_believes(5, condition::dead));
}

// ---- suspicion

TEST_CASE_METHOD(lone,
                 "who does not answer becomes a suspect at the end of the period, and dead when "
                 "its time is over") {
    settings.suspicion_mult = 4;
    everybody_answers_but(2);
    start(3);
    while (pings().empty() || pings().back().to != 2) {
        REQUIRE(run_to_next_ping());
    }
    const auto end = pings().back().when + settings.probe_period;
    run_until(end - 1ns);
    CHECK(belief(2) == condition::alive);
    run_until(end);
    CHECK(belief(2) == condition::suspect);
    CHECK(mine->seems_alive(peer(2)));  // a suspect is not dead
    // Of three, one could confirm it and does not.
    const auto time =
        suspicion_time(shortest_suspicion(settings, 3), shortest_suspicion(settings, 3) * 6, 0, 1);
    run_until(end + time - 1ns);
    CHECK(belief(2) == condition::suspect);
    run_until(end + time);
    CHECK(belief(2) == condition::dead);
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

TEST_CASE("independent confirmations shorten a running suspicion; one accuser counts once") {
    for (const std::uint64_t accusers : {1, 2, 3, 4}) {
        CAPTURE(accusers);
        lone f;
        // the suspect too, but without a later incarnation: so we never accuse it ourselves
        f.everybody_answers();
        f.start(8);
        for (std::uint64_t i = 0; i < 12; ++i) {
            f.receive(3, gossip{{about(8, condition::suspect, 1, 2 + i % accusers)}});
        }
        const auto shortest = shortest_suspicion(f.settings, 8);
        const auto ends = f.now + suspicion_time(shortest, shortest * 6, accusers - 1, 3);
        f.run_until(ends - 1ns);
        CHECK(f.belief(8) == condition::suspect);
        f.run_until(ends);
        CHECK(f.belief(8) == condition::dead);
    }
}

TEST_CASE_METHOD(lone,
                 "our own failed probe of a suspect is a confirmation, and is passed on as such") {
    start(8);
    everybody_answers_but(8);
    receive(3, gossip{{about(8, condition::suspect, 1, 2)}});
    const auto begun = now;
    const auto shortest = shortest_suspicion(settings, 8);
    run_until(begun + 10s);  // a round is over: we have tried it too
    CHECK(last_told(8)->by == peer(1));
    run_until(begun + suspicion_time(shortest, shortest * 6, 1, 3));
    CHECK(belief(8) == condition::dead);
}

TEST_CASE_METHOD(lone,
                 "a suspect that answers with a higher incarnation is alive again (SWIM 4.2); with "
                 "the same it is not") {
    start(4);
    receive(3, gossip{{about(2, condition::suspect, 5, 3)}});
    CHECK(belief(2) == condition::suspect);
    receive(2, ack{999, intro(2, 5), {}});
    receive(2, gossip{{about(2, condition::alive, 5)}});
    CHECK(belief(2) == condition::suspect);
    receive(2, ack{999, intro(2, 6), {}});
    CHECK(belief(2) == condition::alive);
    REQUIRE(beliefs.size() == 2);
    CHECK(beliefs[1].state == condition::alive);
    everybody_answers();
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
            f.everybody_answers();
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
    everybody_answers();
    start(4);
    receive(2, gossip{{about(3, condition::alive, 5)}});
    run_for(30s);
    said.clear();
    beliefs.clear();
    receive(2, gossip{{about(3, condition::suspect, 4, 2), about(3, condition::dead, 4, 2),
                       about(3, condition::left, 4), about(3, condition::alive, 4)}});
    run_for(30s);
    CHECK(belief(3) == condition::alive);
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
    everybody_answers_but(2);
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
    "a suspect hears of it in the next ping and refutes at once: nobody ever believes it dead") {
    start_knowing({1, 2, 3, 4});
    run_for(5s);
    all[1]->handle(peer(2), address(2), gossip{{about(4, condition::suspect, 1, 2)}}, now);
    run_for(5s);
    CHECK(was_believed(4, condition::suspect));
    CHECK(everybody_believes(4, condition::alive));
    run_for(100s);
    CHECK_FALSE(was_believed(4, condition::dead));
    CHECK(all_alive());
}

// ---- spreading

TEST_CASE("a rumour rides on at most ceil(mult * log10(n + 1)) messages, of every kind") {
    for (const std::uint64_t n : {3, 9, 30}) {
        CAPTURE(n);
        lone f;
        f.everybody_answers_but(2);
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
    everybody_answers_but(2);
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
    everybody_answers();
    start(30);
    run_for(2min);  // until everybody's first answer is no news any more
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

TEST_CASE_METHOD(lone, "a refutation is passed on by those that never heard the suspicion") {
    everybody_answers();
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
    everybody_answers();
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
        CHECK(belief(9) == step.state);
        CHECK(mine->address_of(peer(9)) == address(9));
    }
}

TEST_CASE_METHOD(lone,
                 "whoever speaks to us is known from then on, and is heard; who is only spoken of "
                 "is known and not heard") {
    start();
    receive(2, ping{1, peer(1), intro(2), {}});
    receive(3, ack{1, intro(3), {}});
    receive(4, ping_request{1, peer(2), address(2), intro(4), {}});
    receive(5, push_pull{false, intro(5), {}}, true);
    receive(5, gossip{{about(6, condition::alive)}});
    for (std::uint64_t n = 2; n <= 6; ++n) {
        CHECK(belief(n) == condition::alive);
    }
    REQUIRE(heard_from.size() == 4);
    for (std::uint64_t n = 2; n <= 5; ++n) {
        CHECK(heard_from[n - 2].peer == peer(n));
        CHECK(heard_from[n - 2].address == address(n));
    }
    receive(2, ping{2, peer(1), intro(2), {}});
    CHECK(heard_from.size() == 5);  // every time
    CHECK(beliefs.size() == 5);     // once
}

TEST_CASE_METHOD(
    lone, "another PeerId at an address: the one before it is dead, and that is spread (SEAT-1)") {
    start(4);
    receive(9, ping{1, {}, {1, name(9), address(2)}, {}});
    CHECK(belief(2) == condition::dead);
    CHECK(belief(9) == condition::alive);
    run_for(400ms);
    CHECK(last_told(2)->state == condition::dead);
    receive(3, gossip{{{condition::alive, peer(77), 1, peer(77), "me before", address(1)}}});
    // a former process at our own address is nobody to probe
    CHECK_FALSE(mine->belief(peer(77)));
}

TEST_CASE_METHOD(lone,
                 "what the view removed is believed dead, spread as such, and probed no more") {
    everybody_answers();
    start(4);
    run_for(10s);
    said.clear();
    mine->forget(peer(2), now);
    drain();
    CHECK(belief(2) == condition::dead);
    run_for(30s);
    CHECK(last_told(2)->state == condition::dead);
    for (const auto& p : pings()) {
        CHECK(p.to != 2);
    }
}

// ---- push-pull

TEST_CASE_METHOD(lone,
                 "push-pull at the join, again a second later, and periodically, over the stream, "
                 "with all that is believed") {
    settings.push_pull_period = 30s;
    settings.seeds = {address(1), address(2), address(3)};
    start();
    mine->tick(now);
    drain();
    // at once, to a seed other than ourselves: nobody else is known yet
    REQUIRE(all<push_pull>().size() == 1);
    CHECK((all<push_pull>()[0].to == 2 || all<push_pull>()[0].to == 3));
    receive(2,
            push_pull{true,
                      intro(2),
                      {about(2, condition::alive), about(4, condition::alive),
                       about(5, condition::dead, 3, 2)}},
            true);
    CHECK(belief(4) == condition::alive);
    CHECK(belief(5) == condition::dead);
    everybody_answers();
    run_until(at(125s));
    const auto each = all<push_pull>();
    REQUIRE(each.size() == 6);
    const base::duration when[] = {0s, 1s, 31s, 61s, 91s, 121s};
    for (std::size_t i = 0; i < each.size(); ++i) {
        CHECK(each[i].when == at(when[i]));
        CHECK(each[i].stream);
        CHECK_FALSE(each[i].what.is_answer);
        CHECK(each[i].what.sender == intro(1));
        CHECK(place_of(1, each[i].what) == 0);
        if (i > 0) {
            CHECK(place_of(2, each[i].what));
            CHECK(place_of(4, each[i].what));
            CHECK((each[i].to == 2 || each[i].to == 4));  // never to the dead
        }
    }
}

TEST_CASE_METHOD(
    lone, "a push-pull is answered once with the whole roster, and an answer is not answered") {
    everybody_answers();
    start(4);
    receive(3, gossip{{about(4, condition::suspect, 1, 3)}});
    said.clear();
    receive(9, push_pull{false, intro(9), {about(8, condition::alive)}}, true);
    REQUIRE(all<push_pull>().size() == 1);
    const auto answer = all<push_pull>()[0];
    CHECK(answer.to == 9);
    CHECK(answer.stream);
    CHECK(answer.what.is_answer);
    auto told = answer.what.roster;
    CHECK(told.size() == 6);  // 1, 2, 3, 4 and what it just told: 8 and 9
    CHECK(std::any_of(told.begin(), told.end(),
                      [](const auto& r) { return r == about(4, condition::suspect, 1, 3); }));
    CHECK(belief(8) == condition::alive);
    receive(9, push_pull{true, intro(9), {about(7, condition::alive)}}, true);
    CHECK(all<push_pull>().size() == 1);
    CHECK(belief(7) == condition::alive);
}

TEST_CASE_METHOD(
    group, "a joiner knows everybody, and is known by everybody, within the second push-pull") {
    settings.seeds = {address(1)};
    start_knowing({1, 2, 3, 4, 5});
    run_for(100s);
    start(6);
    run_for(2s);
    CHECK(all_alive());
}

// ---- the dead, and seats

TEST_CASE_METHOD(lone,
                 "the dead are probed in turn, one in each dead_probe_period, with the news that "
                 "they are dead") {
    settings.dead_probe_period = 4s;
    everybody_answers();
    start(6);
    receive(2, gossip{{about(4, condition::dead, 1, 2), about(5, condition::dead, 1, 2),
                       about(6, condition::left, 1)}});
    on_ping = [this](const auto& p) {
        if (p.to < 4) {
            answer(p);
        }
    };
    run_until(at(41s));
    std::vector<sent<ping>> knocks = pings();
    std::erase_if(knocks, [](const auto& p) { return p.to < 4; });
    REQUIRE(knocks.size() == 11);
    for (std::size_t i = 0; i < knocks.size(); ++i) {
        CHECK(knocks[i].when == at(4s * static_cast<int>(i)));
        CHECK(knocks[i].what.target == peer(knocks[i].to));
        CHECK(place_of(knocks[i].to, knocks[i].what) == 0);
        CHECK(knocks[i].to != 6);  // who left has left
        if (i > 0) {
            CHECK(knocks[i].to != knocks[i - 1].to);
        }
    }
    CHECK(mine->local_health() == 0);  // that the dead do not answer says nothing about us
    receive(4, ack{knocks.back().what.sequence, intro(4, 2), {}});
    CHECK(belief(4) == condition::alive);
}

TEST_CASE_METHOD(lone,
                 "the dead are forgotten after forget_dead_after, and until then they are probed") {
    settings.dead_probe_period = 4s;
    settings.forget_dead_after = 1h;
    everybody_answers_but(2);
    start(3);
    receive(3, gossip{{about(2, condition::dead, 1, 3)}});
    const auto died = now;
    run_until(died + 1h);
    CHECK(belief(2) == condition::dead);
    const auto last = pings();
    const auto to_dead =
        std::find_if(last.rbegin(), last.rend(), [](const auto& p) { return p.to == 2; });
    REQUIRE(to_dead != last.rend());
    CHECK(to_dead->when >= died + 1h - settings.dead_probe_period);
    run_until(died + 1h + settings.dead_probe_period);
    CHECK_FALSE(belief(2));
    said.clear();
    run_for(1h);
    for (const auto& p : pings()) {
        CHECK(p.to == 3);
    }
}

TEST_CASE_METHOD(lone, "a seat where nobody seems alive is probed for ever, without a name") {
    settings.dead_probe_period = 4s;
    settings.forget_dead_after = 1min;
    settings.seeds = {address(1), address(2), address(3)};
    everybody_answers_but(3);
    start(3);
    run_for(24h);
    CHECK_FALSE(belief(3));  // the PeerId there is long forgotten
    said.clear();
    run_for(1min);
    std::size_t knocks = 0;
    for (const auto& p : pings()) {
        CHECK((p.to == 2 || p.to == 3));
        knocks += p.to == 3 ? 1 : 0;
        CHECK(p.what.target == (p.to == 3 ? peer_id{} : peer(2)));
    }
    CHECK(knocks == 15);
    on_ping = [this](const auto& p) {  // somebody new answers there
        if (p.to == 3) {
            receive(33, ack{p.what.sequence, {1, name(33), address(3)}, {}});
        } else {
            answer(p);
        }
    };
    run_for(10s);
    said.clear();
    run_for(1min);
    for (const auto& p : pings()) {
        CHECK_FALSE(p.what.target.is_nil());
    }
}

TEST_CASE_METHOD(group, "a healed partition merges by itself: the dead are probed") {
    start_knowing({1, 2, 3, 4});  // and no seats at all
    run_for(5s);
    cut_off({3, 4});
    run_for(5min);
    CHECK(belief(1, 3) == condition::dead);
    CHECK(belief(3, 2) == condition::dead);
    CHECK(belief(3, 4) == condition::alive);
    mend();
    run_for(1min);
    CHECK(all_alive());
}

TEST_CASE_METHOD(group,
                 "a partition of any length merges by itself: seats are probed although their "
                 "PeerIds are forgotten") {
    settings.seeds = {address(1), address(2), address(3)};
    settings.forget_dead_after = 2min;
    start_knowing({1, 2, 3, 4});
    run_for(5s);
    cut_off({3, 4});
    run_for(12h);
    CHECK(everybody_believes(1, condition::alive) == false);
    CHECK_FALSE(belief(1, 3));
    CHECK_FALSE(belief(4, 1));
    mend();
    run_for(1min);
    CHECK(all_alive());
}

TEST_CASE_METHOD(group,
                 "a group forgets its dead, although each forgets them at a time of its own") {
    settings.forget_dead_after = 2min;
    // many chances to hand the dead to somebody who has just forgotten them
    settings.push_pull_period = 500ms;
    start_knowing({1, 2, 3, 4, 5});
    run_for(10s);
    kill(5);
    run_for(1min);
    CHECK(everybody_believes(5, condition::dead));
    run_for(4min);
    CHECK(everybody_believes(5, std::nullopt));
    run_for(10min);
    CHECK(everybody_believes(5, std::nullopt));
}

TEST_CASE_METHOD(lone,
                 "who was dead before we heard of it is probed but not told on in a push-pull") {
    settings.dead_probe_period = 4s;
    start();
    receive(2, push_pull{true, intro(2), {about(5, condition::dead, 1, 2)}}, true);
    receive(3, push_pull{false, intro(3), {}}, true);
    CHECK_FALSE(place_of(5, all<push_pull>().back().what));
    run_for(10s);
    const auto all_pings = pings();
    CHECK(std::any_of(all_pings.begin(), all_pings.end(), [](const auto& p) { return p.to == 5; }));
    receive(2, gossip{{about(5, condition::alive, 2), about(5, condition::dead, 2, 2)}});
    receive(3, push_pull{false, intro(3), {}}, true);
    CHECK(place_of(5, all<push_pull>().back().what));
}

// ---- leaving

TEST_CASE_METHOD(lone, "leaving is told to a few at once, as left, by ourselves") {
    everybody_answers();
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
    "who leaves answers, but probes and accuses nobody, and does not refute that it has left") {
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
    CHECK(belief(2) == condition::suspect);
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
    CHECK(everybody_believes(6, condition::left));
    CHECK_FALSE(was_believed(6, condition::suspect));
    CHECK_FALSE(was_believed(6, condition::dead));
}

TEST_CASE_METHOD(
    lone, "who has left is gone for good: no later rumour and no late packet brings it back") {
    everybody_answers();
    start(4);
    receive(2, gossip{{about(2, condition::left, 1)}});
    receive(2, ping{1, peer(1), intro(2, 9), {}});
    receive(3, gossip{{about(2, condition::alive, 10), about(2, condition::dead, 11, 3)}});
    CHECK(belief(2) == condition::left);
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
        f.everybody_answers_but(3);
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
