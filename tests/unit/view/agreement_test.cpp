#include "view/agreement.hpp"

#include "lone.hpp"

using namespace view_test;

TEST_CASE_METHOD(lone, "a peer without a view asks the other seats to let it in, again and again") {
    start();
    tick();
    CHECK(said<join>().size() == 2);  // not its own
    forget();
    receive(2, join_shown{{1, 1}, {9}}, 0);
    REQUIRE(said<join>().size() == 2);
    CHECK(said<join>()[0].shown == view_number{9});
    forget();
    REQUIRE(mine->deadline());
    now = std::max(now + 3 * settings.retry, *mine->deadline());
    tick();
    CHECK(said<join>().size() >= 2);
}

TEST_CASE_METHOD(lone, "WIRE-2: a joiner says which version it speaks") {
    settings.wire_version = 7;
    start();
    tick();
    REQUIRE_FALSE(said<join>().empty());
    CHECK(said<join>()[0].self.wire_version == 7);
}

TEST_CASE_METHOD(lone, "a welcome is the first view; a second one changes nothing") {
    start();
    receive(2, start_of_all());
    REQUIRE(told<installed>().size() == 1);
    CHECK(told<installed>()[0].what.is_first);
    CHECK(mine->current()->number == view_number{2});
    CHECK(mine->epochs().agreed() == mine->current()->epoch);
    const auto first = mine->current();
    receive(3, start_of_all());
    CHECK(mine->current() == first);
    CHECK(told<installed>().size() == 1);
}

TEST_CASE_METHOD(lone, "VIEW-3: a stale PeerId is over, other refusals are told and tried again") {
    start();
    receive(2, join_refused{refusal::times_differ, "text"}, 0);
    REQUIRE(told<problem>().size() == 1);
    CHECK(told<problem>()[0].why == errc::times_differ);
    receive(2, join_refused{refusal::stale, ""}, 0);
    REQUIRE(told<evicted>().size() == 1);
    CHECK(told<evicted>()[0].why == errc::evicted);
    CHECK_FALSE(mine->deadline());
    receive(2, start_of_all());
    CHECK(mine->current() == nullptr);
}

TEST_CASE_METHOD(lone, "an acceptor answers members with a seat, about the next view only") {
    start_in_view_2();
    const ballot of_2{1, 1, peer(2)};
    receive(4, prepare{third, of_2});  // no voter
    receive(2, prepare{third.next(), of_2});
    receive(2, prepare{{2}, of_2});
    CHECK(sent.empty());
    receive(2, prepare{third, of_2});
    REQUIRE(said<promise>().size() == 1);
    CHECK(said<promise>()[0].ballot == of_2);
    CHECK(said<promise>()[0].wall_s == 1000);
    CHECK_FALSE(said<promise>()[0].accepted);
}

TEST_CASE_METHOD(lone, "HEARSAY: a promise names those that asked this voter to be added") {
    start_in_view_2();
    auto asked = asked_by(9, settings);
    asked.shown = view_number{2};
    receive(9, asked, 0);
    receive(2, prepare{third, {1, 1, peer(2)}});
    REQUIRE(said<promise>().size() == 1);
    REQUIRE(said<promise>()[0].joiners.size() == 1);
    CHECK(said<promise>()[0].joiners[0].id == peer(9));
}

TEST_CASE_METHOD(lone, "JOIN-2: the ways to who asks to join are tried, unless it is refused") {
    start_in_view_2();
    auto asked = asked_by(9, settings);
    asked.shown.reset();
    receive(9, asked, 0);
    REQUIRE(told<newcomer>().size() == 1);
    CHECK(told<newcomer>()[0].id == peer(9));
    CHECK(told<newcomer>()[0].at == address(9));
    asked.shown = view_number{2};
    receive(9, asked, 0);
    CHECK(told<newcomer>().size() == 2);
    asked.seeds.pop_back();
    receive(9, asked, 0);
    receive(4, asked_by(4, settings), 0);  // a member
    CHECK(told<newcomer>().size() == 2);
}

TEST_CASE_METHOD(lone, "JOIN-2: a joiner that was seen on both ways is proposed at once") {
    start_in_view_2();
    surroundings.way_fails = {peer(9)};
    auto asked = asked_by(9, settings);
    asked.shown = view_number{2};
    receive(9, asked, 0);
    now += settings.lease / 2;
    tick();
    CHECK(said<prepare>().empty());
    surroundings.way_fails.clear();
    mine->surroundings_changed(now);
    drain();
    for (int i = 0; i < 100 && said<prepare>().empty(); ++i) {
        REQUIRE(mine->deadline());
        now = *mine->deadline();
        tick();
    }
    CHECK(now < at(1h) + settings.lease);
    CHECK_FALSE(said<prepare>().empty());
}

TEST_CASE_METHOD(lone, "JOIN-1: a peer that tests the ways asks to be let in when they work") {
    settings.removals_without_lease = 1;
    start();
    tick();
    receive(2, join_shown{{1, 1}, {9}}, 0);
    REQUIRE(said<join>().size() == 2);
    CHECK_FALSE(said<join>()[1].shown);
    mine->surroundings_changed(now);
    CHECK(mine->deadline() > now);
    surroundings.seats_are_reached = true;
    mine->surroundings_changed(now);
    REQUIRE(mine->deadline() == now);
    tick();
    REQUIRE(said<join>().size() == 4);
    CHECK(said<join>()[3].shown == view_number{9});
}

TEST_CASE_METHOD(lone, "SEAL-2: a join that came as a datagram is not heard, nor who has stopped") {
    start_in_view_2();
    auto asked = asked_by(9, settings);
    asked.shown = view_number{2};
    asked.stopped_being = peer(4);
    receive_from(address(9), 9, asked, 0);
    receive(2, prepare{third, {1, 1, peer(2)}});
    REQUIRE(said<promise>().size() == 1);
    CHECK(said<promise>()[0].joiners.empty());
    asked.shown.reset();
    forget();
    receive_from(address(9), 9, asked, 0);
    CHECK(sent.empty());
    receive(9, asked, 0);
    CHECK(said<join_shown>().size() == 1);
}

TEST_CASE_METHOD(lone, "LEASE-4: an accept says how long ago each removed peer was acked") {
    start_in_view_2();
    auto c = next_change();
    c.removed = {peer(4)};
    surroundings.silences[peer(4)] = 3s;
    receive(2, accept{third, {1, 1, peer(2)}, c});
    REQUIRE(said<accepted>().size() == 1);
    CHECK(said<accepted>()[0].silences == std::vector{silence{peer(4), 3s, false}});
    CHECK(mine->blocks_lease_of(peer(4)));
    // and a later ballot hears of it
    receive(3, prepare{third, {2, 2, peer(3)}});
    REQUIRE(said<promise>().size() == 1);
    REQUIRE(said<promise>()[0].accepted);
    CHECK(said<promise>()[0].accepted->value == c);
}

TEST_CASE_METHOD(lone,
                 "FOUND-9: a founding a year past the clock is for who knows of such epochs") {
    constexpr std::uint32_t year = 366 * 24 * 3600;
    const auto is_accepted = [&](std::uint32_t epoch) {
        founding_value value{{1, 1}, {epoch}, 16, {}};
        for (std::uint8_t s = 0; s < 3; ++s) {
            value.founders.push_back({made_up::member(s + 1u), s});
        }
        forget();
        receive(2, found_accept{{1, 1, peer(2)}, value}, 0);
        return said<found_accepted>().size() == 1;
    };
    SECTION("by the clock alone") {
        start();
        CHECK_FALSE(is_accepted(1000 + year + 1));
        REQUIRE(told<problem>().size() == 1);
        CHECK(told<problem>()[0].why == errc::clock_wrong);
        CHECK(is_accepted(1000 + year));
    }
    SECTION("what others say changes nothing") {
        start();
        mine->hear_of_epoch({1000 + year});
        CHECK_FALSE(is_accepted(1000 + year + 1));
    }
    SECTION("its own file, or a person") {
        settings.epochs.highest = {1000 + year};
        start();
        CHECK(is_accepted(1000 + year + 1));
    }
    SECTION("a clock from before this library was built says nothing") {
        settings.built_at_s = 1001;
        start();
        CHECK(is_accepted(1000 + year + 1));
    }
}

TEST_CASE_METHOD(lone, "FOUND-9: epochs that were agreed are told, and no others") {
    settings.epochs = {{5000}, {700}, {5000}};  // a mark, and what a former PeerId installed
    start();
    mine->hear_of_epoch({6000});
    CHECK(mine->epochs().agreed() == epoch{700});
    CHECK(mine->epochs().named() == epoch{6000});
    CHECK(mine->epochs().own() == epoch{5000});
    receive(2, start_of_all());
    REQUIRE(mine->current());
    CHECK(mine->epochs().agreed() == epoch{700});
    CHECK(mine->to_remember() == base::remembered_epochs{{5000}, {700}, {5000}});
}

TEST_CASE_METHOD(lone, "what is below a promise is rejected, with the ballot in the way") {
    start_in_view_2();
    const ballot low{1, 1, peer(2)};
    const ballot high{1, 2, peer(3)};
    receive(3, prepare{third, high});
    receive(2, prepare{third, low});
    receive(2, accept{third, low, next_change()});
    const auto no = said<rejected>();
    REQUIRE(no.size() == 2);
    CHECK(no[0].promised == high);
    CHECK(no[1].ballot == low);
    CHECK(said<accepted>().empty());
    CHECK_FALSE(mine->blocks_lease_of(peer(2)));
}

TEST_CASE_METHOD(lone, "FINISH: a voter that hears of no decision finishes what it accepted") {
    start_in_view_2();
    const auto c = next_change();
    receive(2, accept{third, {1, 1, peer(2)}, c});
    forget();
    for (int i = 0; i < 1000 && said<prepare>().empty(); ++i) {
        REQUIRE(mine->deadline());
        now = *mine->deadline();
        tick();
    }
    const auto asked = said<prepare>();
    REQUIRE_FALSE(asked.empty());
    const auto of_1 = asked.back().ballot;
    CHECK(of_1.proposer == peer(1));
    forget();
    receive(1, promise{third, of_1, accepted_change{{1, 1, peer(2)}, c}, 1000, {}});
    receive(3, promise{third, of_1, {}, 1000, {}});
    REQUIRE_FALSE(said<accept>().empty());
    CHECK(said<accept>()[0].value == c);
}

TEST_CASE_METHOD(lone, "a decision is sent to all members, the removed too, and then installed") {
    start_in_view_2();
    const auto of_1 = proposes_to_remove_4();
    receive(2, accepted{third, of_1, {{peer(4), 1s}}});
    receive(3, accepted{third, of_1, {{peer(4), 2s}}});
    CHECK(mine->current()->number == third);
    CHECK_FALSE(mine->current()->has(peer(4)));
    std::vector<peer_id> to;
    for (const auto& s : sent) {
        if (base::holds_message<steps>(s.what)) {
            to.push_back(s.to);
        }
    }
    CHECK(to == std::vector{peer(2), peer(3), peer(4)});
    REQUIRE_FALSE(said<steps>().empty());
    // LEASE-4: by the voter that acked it last
    REQUIRE(said<steps>()[0].in_order[0].leases.size() == 1);
    CHECK(said<steps>()[0].in_order[0].leases[0].lease == settings.full_lease() - 1s);
}

TEST_CASE_METHOD(
    lone, "CERT-3: the lease of a removed peer is not waited for if a quorum says it is gone") {
    start_in_view_2();
    surroundings.silences[peer(4)] = 1s;
    const auto number_says = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
    const auto b = proposes_to_remove_4();
    receive(2, accepted{third, b, {{peer(4), 1s, number_says > 0}}});
    receive(3, accepted{third, b, {{peer(4), 2s, number_says > 1}}});
    REQUIRE_FALSE(said<steps>().empty());
    const auto leases = said<steps>()[0].in_order[0].leases;
    REQUIRE(leases.size() == 1);
    CHECK(leases[0].lease ==
          (number_says > 1 ? base::duration::zero() : settings.full_lease() - 1s));
}

TEST_CASE_METHOD(lone, "VIEW-4: a peer is over when a step removes it, or it is outdated") {
    start_in_view_2();
    SECTION("a step removes it") {
        auto c = next_change();
        c.removed = {peer(1)};
        c.seats = {{0, {}}};
        receive(2, steps{{{c, {}}}}, 3);
    }
    SECTION("it is outdated") { receive(2, outdated{{2}}); }
    REQUIRE(told<evicted>().size() == 1);
    CHECK(told<evicted>()[0].why == errc::evicted);
    CHECK_FALSE(mine->deadline());
    tick();
    receive(3, prepare{third, {1, 2, peer(3)}});
    CHECK(said<promise>().empty());
}

TEST_CASE_METHOD(lone, "that a peer is outdated counts only for the view it is in") {
    start_in_view_2();
    receive(2, outdated{{1}});
    CHECK(told<evicted>().empty());
}

TEST_CASE_METHOD(lone, "steps are installed in order; for what is missing between it asks") {
    start_in_view_2();
    const auto c3 = next_change();
    auto c4 = c3;
    c4.number = c3.number.next();
    c4.epoch = {c3.epoch.value + 1};
    c4.checksum = c4.number.value;
    receive(2, steps{{{c4, {}}}}, 4);
    REQUIRE(said<want_steps>().size() == 1);
    CHECK(said<want_steps>()[0].after == view_number{2});
    receive(2, steps{{{c3, {}}, {c4, {}}}}, 4);
    CHECK(mine->current()->number == view_number{4});
    CHECK(told<installed>().size() == 2);
    receive(2, steps{{{c3, {}}, {c4, {}}}}, 4);  // again
    CHECK(told<installed>().size() == 2);
}

TEST_CASE_METHOD(lone, "CHECKSUM: a decided step that gives another view here ends this peer") {
    start_in_view_2();
    auto c = next_change();
    ++c.checksum;
    receive(2, steps{{{c, {}}}}, 3);
    REQUIRE(told<evicted>().size() == 1);
    CHECK(told<evicted>()[0].why == errc::internal_error);
    CHECK(told<problem>().size() == 1);
}

TEST_CASE_METHOD(lone, "CERT-1, CERT-3: whose word that a process is gone counts, and when") {
    auto given = start_of_all();
    given.added_by.what.added[1].process.machine = 5;
    given.added_by.what.added[2].process.machine = 6;
    given.added_by.what.added[3].process.machine = 5;
    start();
    receive(2, given);
    surroundings.vouched_for = {peer(4)};
    forget();
    const auto opinion_of_1 = [&] {
        forget();
        receive(2, opinion_ask{third, {peer(4)}});
        return said<opinion>().at(0);
    };
    CHECK(opinion_of_1().objects == std::vector{peer(4)});
    surroundings.ended = {peer(4)};
    receive(3, certificate{peer(4)});  // of another machine
    CHECK(opinion_of_1().objects == std::vector{peer(4)});
    receive(2, certificate{peer(4)});
    CHECK(opinion_of_1().consents == std::vector{peer(4)});
    surroundings.ended = {};  // something of it came since
    CHECK(opinion_of_1().objects == std::vector{peer(4)});
    surroundings.ended = {peer(4)};
    auto c = next_change();
    c.removed = {peer(4)};
    receive(2, accept{third, {1, 1, peer(2)}, c});
    REQUIRE(said<accepted>().size() == 1);
    CHECK(said<accepted>()[0].silences == std::vector{silence{peer(4), 0s, true}});
}
