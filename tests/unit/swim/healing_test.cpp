// What heals a partition: push-pull, and probes of the dead and of the seats.
#include "swim/detector.hpp"

#include <algorithm>

#include "fixture.hpp"

using namespace swim_test;

// ---- push-pull

TEST_CASE_METHOD(lone,
                 "push-pull at the join, again a second later, and periodically, over the stream, "
                 "with all that is believed") {
    settings.push_pull_period = 30s;
    settings.seeds = {address(1), address(2), address(3)};
    start();
    mine->tick(now);
    drain();
    // at once, to a seed other than ourselves: no other peer is known yet
    REQUIRE(all<push_pull>().size() == 1);
    CHECK((all<push_pull>()[0].to == 2 || all<push_pull>()[0].to == 3));
    receive(2,
            push_pull{true,
                      intro(2),
                      {about(2, condition::alive), about(4, condition::alive),
                       about(5, condition::dead, 3, 2)}},
            true);
    CHECK(liveness(4) == condition::alive);
    CHECK(liveness(5) == condition::dead);
    all_answer();
    run_until(at(125s));
    const auto each = all<push_pull>();
    REQUIRE(each.size() >= 5);
    CHECK(each[0].when == at(0s));
    CHECK(each[1].when == at(1s));
    for (std::size_t i = 2; i < each.size(); ++i) {
        const auto pause = each[i].when - each[i - 1].when;
        CHECK((pause >= 22500ms && pause <= 37500ms));
    }
    for (std::size_t i = 0; i < each.size(); ++i) {
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
    all_answer();
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
    CHECK(liveness(8) == condition::alive);
    receive(9, push_pull{true, intro(9), {about(7, condition::alive)}}, true);
    CHECK(all<push_pull>().size() == 1);
    CHECK(liveness(7) == condition::alive);
}

TEST_CASE_METHOD(group, "a joiner knows all peers, and is known by all, within seconds") {
    settings.seeds = {address(1)};
    start_knowing({1, 2, 3, 4, 5});
    run_for(100s);
    start(6);
    run_for(5s);  // two push-pulls, and then gossip
    CHECK(all_alive());
}

// ---- the dead, and seats

TEST_CASE_METHOD(lone,
                 "the dead are probed in turn, one in each dead_probe_period, with the news that "
                 "they are dead") {
    settings.dead_probe_period = 4s;
    all_answer();
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
    CHECK(liveness(4) == condition::alive);
}

TEST_CASE_METHOD(lone,
                 "the dead are forgotten after forget_dead_after, and until then they are probed") {
    settings.dead_probe_period = 4s;
    settings.forget_dead_after = 1h;
    all_answer_but(2);
    start(3);
    receive(3, gossip{{about(2, condition::dead, 1, 3)}});
    const auto died = now;
    run_until(died + 1h);
    CHECK(liveness(2) == condition::dead);
    const auto last = pings();
    const auto to_dead =
        std::find_if(last.rbegin(), last.rend(), [](const auto& p) { return p.to == 2; });
    REQUIRE(to_dead != last.rend());
    CHECK(to_dead->when >= died + 1h - settings.dead_probe_period);
    run_until(died + 1h + settings.dead_probe_period);
    CHECK_FALSE(liveness(2));
    said.clear();
    run_for(1h);
    for (const auto& p : pings()) {
        CHECK(p.to == 3);
    }
}

TEST_CASE_METHOD(lone, "a seat where no peer seems alive is probed for ever, without a name") {
    settings.dead_probe_period = 4s;
    settings.forget_dead_after = 1min;
    settings.seeds = {address(1), address(2), address(3)};
    all_answer_but(3);
    start(3);
    run_for(24h);
    CHECK_FALSE(liveness(3));  // the PeerId there is long forgotten
    said.clear();
    run_for(1min);
    std::size_t knocks = 0;
    for (const auto& p : all<ping>()) {
        CHECK((p.to == 2 || p.to == 3));
        knocks += p.to == 3 ? 1 : 0;
        CHECK(p.what.target == (p.to == 3 ? peer_id{} : peer(2)));
        CHECK(p.stream == (p.to == 3));  // SEAL-2: to no peer in particular
    }
    CHECK(knocks == 15);
    on_ping = [this](const auto& p) {  // a new peer answers there
        if (p.to == 3) {
            const ack answer{p.what.sequence, {1, name(33), address(3)}, {}};
            receive(33, answer, base::way{p.stream ? endpoint{} : address(3), address(3)});
        } else {
            answer(p);
        }
    };
    run_for(10s);
    said.clear();
    run_for(1min);
    for (const auto& p : all<ping>()) {
        CHECK_FALSE(p.what.target.is_nil());
    }
}

TEST_CASE_METHOD(lone, "a peer that does not knock at seats leaves a silent one alone") {
    settings.dead_probe_period = 4s;
    settings.seeds = {address(1), address(2), address(3)};
    all_answer_but(3);
    start(2);
    mine->become(role::member);
    run_for(1min);
    for (const auto& p : all<ping>()) {
        CHECK(p.to == 2);
    }
}

// ---- who lives at an address (SEAL-3)

TEST_CASE_METHOD(lone,
                 "SEAL-3: a peer that claims the address of another is believed when it answers "
                 "there, and not before") {
    start(3);
    const introduction at_the_same{1, name(22), address(2)};
    const auto is_unharmed = [&] {
        return liveness(2) == condition::alive && heard_from.empty() && beliefs.size() == 1;
    };
    said.clear();
    SECTION("by what it says, from wherever") {
        receive(22, ping{7, {}, at_the_same, {}}, base::way{address(2), {}});
        CHECK(is_unharmed());
        receive(22, ping{8, peer(1), at_the_same, {}}, base::way{});
        receive(22, push_pull{true, at_the_same, {}}, base::way{});
        receive(22, ack{9, at_the_same, {}}, base::way{address(2), {}});
        CHECK(is_unharmed());
        // but we ask there, once for all of these
        REQUIRE(all<ping>().size() == 1);
        CHECK(all<ping>()[0].to == 2);
        CHECK(all<ping>()[0].stream);
        CHECK(all<ping>()[0].what.target.is_nil());
    }
    SECTION("when a stream that we dialled there brings its word") {
        receive(22, ping{7, peer(1), at_the_same, {}}, base::way{{}, address(2)});
        CHECK(liveness(2) == condition::dead);
        REQUIRE(heard_from.size() == 1);
        CHECK(heard_from[0].peer == peer(22));
    }
}

TEST_CASE_METHOD(lone,
                 "SEAL-3: an answer shows where its sender lives if it is to our question and "
                 "comes from where we asked") {
    start(2);
    REQUIRE(run_to_next_ping());
    const auto asked = pings().back().what.sequence;
    SECTION("it does") {
        receive(2, ack{asked, intro(2), {}});
        CHECK(heard_from.size() == 1);
        receive(2, ack{asked, intro(2), {}});  // once
        CHECK(heard_from.size() == 1);
    }
    SECTION("from elsewhere") {
        receive(2, ack{asked, intro(2), {}}, base::way{address(9), {}});
        CHECK(heard_from.empty());
    }
    SECTION("by a stream that it dialled") {
        receive(2, ack{asked, intro(2), {}}, true);
        CHECK(heard_from.empty());
    }
    SECTION("to another question") {
        receive(2, ack{asked + 1, intro(2), {}});
        CHECK(heard_from.empty());
    }
    SECTION("a lease later") {
        now += settings.lease;
        receive(2, ack{asked, intro(2), {}});
        CHECK(heard_from.empty());
    }
}

TEST_CASE_METHOD(group, "a healed partition merges by itself: the dead are probed") {
    start_knowing({1, 2, 3, 4});  // and no seats at all
    run_for(5s);
    cut_off({3, 4});
    run_for(5min);
    CHECK(liveness(1, 3) == condition::dead);
    CHECK(liveness(3, 2) == condition::dead);
    CHECK(liveness(3, 4) == condition::alive);
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
    CHECK(all_believe(1, condition::alive) == false);
    CHECK_FALSE(liveness(1, 3));
    CHECK_FALSE(liveness(4, 1));
    mend();
    run_for(1min);
    CHECK(all_alive());
}

TEST_CASE_METHOD(group,
                 "a group forgets its dead, although each forgets them at a time of its own") {
    settings.forget_dead_after = 2min;
    // many chances to tell a peer of the dead that it has just forgotten
    settings.push_pull_period = 500ms;
    start_knowing({1, 2, 3, 4, 5});
    run_for(10s);
    kill(5);
    run_for(1min);
    CHECK(all_believe(5, condition::dead));
    run_for(4min);
    CHECK(all_believe(5, std::nullopt));
    run_for(10min);
    CHECK(all_believe(5, std::nullopt));
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
