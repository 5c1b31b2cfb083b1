// Lifeguard, section IV.A: a peer that is slow itself waits longer.
#include "swim/detector.hpp"

#include <algorithm>

#include "fixture.hpp"

using namespace swim_test;

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

TEST_CASE_METHOD(lone, "with no peer to help, a failed probe raises local health by one") {
    start(2);
    REQUIRE(run_to_next_ping());
    run_until(pings()[0].when + settings.probe_period);
    CHECK(mine->local_health() == 1);
    receive(2, nack{pings()[0].what.sequence});  // no peer was asked, and that probe is over
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
    all_answer();
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
    CHECK(all_believe(5, condition::dead));
}
