// What a node does about peers that it reaches late, or not (LOAD-4, OWN-8, VIEW-9).
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "base/message_groups.hpp"
#include "catch.hpp"
#include "node/early_messages.hpp"
#include "small_cluster.hpp"

using namespace node_test;
using made_up::peer;

namespace {

/// Straight, or by a voter.
bool has_grant(const node::message& what) {
    const auto* round = std::get_if<node::relayed>(&what);
    return base::holds_message<lock::grant>(what) ||
           (round != nullptr && base::holds_message<lock::grant>(round->what));
}

}  // namespace

TEST_CASE("LOAD-4: what a lost stream may have carried is sent again at once") {
    small_cluster c{3};
    c.settings.retry = 400ms;  // nothing is repeated sooner by itself
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto name = c.name_at(1);
    bool is_lost = true;
    c.lose = [&](const node::message& what) {
        return is_lost && base::holds_message<lock::request>(what);
    };
    c.acquire(4, name);
    c.run_for(20ms);
    is_lost = false;
    SECTION("its own") {
        c.stream_lost(4, c[1].self());
        CHECK(c.run_until([&] { return c.all[4].granted.size() == 1; }, 20ms));
    }
    SECTION("not for the stream of another") {
        c.stream_lost(4, c[2].self());
        c.run_for(200ms);
        CHECK(c.all[4].granted.empty());
        CHECK(c.run_until([&] { return c.all[4].granted.size() == 1; }, 2s));
    }
}

TEST_CASE("LOAD-4: a peer whose streams are lost in a row is sent everything again once a retry") {
    small_cluster c{3};
    c.settings.retry = 400ms;
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto name = c.name_at(1);
    std::size_t sent = 0;
    c.lose = [&](const node::message& what) { return base::holds_message<lock::request>(what); };
    c.see = [&](std::uint64_t from, const node::send& s) {
        sent += from == 4 && base::holds_message<lock::request>(s.what) ? 1 : 0;
    };
    c.acquire(4, name);
    c.run_for(20ms);
    REQUIRE(sent == 1);
    c.stream_lost(4, peer(99));  // no member
    c.run_for(1ms);
    CHECK(sent == 1);
    for (int i = 0; i < 5; ++i) {
        c.stream_lost(4, c[1].self());
        c.run_for(1ms);
        CHECK(sent == 2);
    }
    c.run_for(390ms);
    CHECK(sent == 2);
    c.run_for(10ms);
    CHECK(sent == 3);
}

TEST_CASE("LOAD-4: a repeat is compared with what is as old as the former copy, at least") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto name = c.name_at(1);
    c.lose = [&](const node::message& what) {
        return base::holds_message<lock::request>(what) ||
               std::holds_alternative<node::relayed>(what);
    };
    std::vector<base::duration> ages;
    c.see = [&](std::uint64_t from, const node::send& s) {
        if (from == 4 && base::holds_message<lock::request>(s.what)) {
            ages.push_back(s.copy_age);
        }
    };
    c.acquire(4, name);
    c.run_for(5s);
    REQUIRE(ages.size() >= 7);
    ages.resize(7);
    CHECK(ages == std::vector<base::duration>{0ms, 50ms, 100ms, 200ms, 400ms, 625ms, 875ms});
}

TEST_CASE("LOAD-4: what goes by voters is left out like what goes straight") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(4);
    c.lose = [](const node::message& what) {
        const auto* round = std::get_if<node::relayed>(&what);
        return base::holds_message<lock::grant>(what) ||
               (round != nullptr && round->is_echo &&
                base::holds_message<lock::grant>(round->what));
    };
    std::size_t by_owner = 0;
    std::size_t by_voters = 0;
    c.see = [&](std::uint64_t from, const node::send& s) {
        const auto* round = std::get_if<node::relayed>(&s.what);
        if (round != nullptr && !round->is_echo && base::holds_message<lock::grant>(round->what)) {
            ++(from == 4 ? by_owner : by_voters);
            CHECK(s.copy_age > 0s);
        }
    };
    c.acquire(5, name);
    c.run_for(4s);
    CHECK(by_owner > 0);
    CHECK(by_voters > 0);
}

TEST_CASE("LOAD-4: on a way on which all takes long a copy goes at last") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(4);
    c.lose = has_grant;
    std::optional<time_point> first;
    base::duration last_age{};
    c.see = [&](std::uint64_t, const node::send& s) {
        if (base::holds_message<lock::grant>(s.what)) {
            CHECK((s.copy_age == 0s) == !first);
            first = first.value_or(c.now);
            CHECK(s.copy_age <= c.now - *first);
            CHECK(3 * s.copy_age >= c.now - *first);
            last_age = s.copy_age;
        }
    };
    c.acquire(5, name);
    c.run_for(2500ms);
    CHECK(last_age > c.settings.lease / 2);
}

TEST_CASE("VIEW-9: a member that hears and cannot speak on its streams is removed in time") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto former = c[4].self();
    const auto name = c.name_at(4);
    c.lose_from = [](std::uint64_t from, bool stream) { return from == 4 && stream; };
    c.acquire(5, name);  // the grant is not heard
    c.run_for(4s);
    CHECK(c.is_leased(4));
    CHECK(c[1].installed()->has(former));
    // LEASE-8 would take 15 s
    REQUIRE(c.run_until([&] { return !c[1].installed()->has(former); }, 3s));
    CHECK(c.run_until([&] { return c.all[5].granted.size() == 1; }, 4s));
    for (const std::uint64_t i : {1, 2, 3, 5}) {
        CHECK(c.is_leased(i));
        CHECK_FALSE(c.all[i].restarted);
    }
    const auto& told = c.all[1].problems;
    CHECK(std::any_of(told.begin(), told.end(), [](const node::problem& p) {
        return p.why == errc::io_error && p.text.find("VIEW-9") != std::string::npos;
    }));
}

TEST_CASE("VIEW-9: who waits in vain for members that answer the voters costs none its place") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(4);
    std::size_t asked = 0;
    bool loses_answers = true;
    c.lose = [&](const node::message& what) {
        const auto* l = std::get_if<lease::message>(&what);
        asked += l != nullptr && std::holds_alternative<lease::way_question>(*l) ? 1 : 0;
        const bool is_answer = l != nullptr && std::holds_alternative<lease::way_answer>(*l);
        return (is_answer && loses_answers) || has_grant(what);
    };
    std::set<std::tuple<std::uint64_t, peer_id, std::uint64_t>> answered;
    std::size_t again = 0;
    c.see = [&](std::uint64_t from, const node::send& s) {
        const auto* l = std::get_if<lease::message>(&s.what);
        if (const auto* a = l == nullptr ? nullptr : std::get_if<lease::way_answer>(l)) {
            const bool is_first = answered.insert({from, s.head.to, a->number}).second;
            again += is_first ? 0 : 1;
            CHECK((s.copy_age == 0s) == is_first);  // LOAD-4
        }
    };
    c.acquire(5, name);
    REQUIRE(c.run_until([&] { return again > 0; }, 10s));
    loses_answers = false;
    c.run_for(1s);
    CHECK(asked > 0);
    for (const std::uint64_t i : {1, 2, 3, 4, 5}) {
        CHECK(c.is_leased(i));
        CHECK_FALSE(c.all[i].restarted);
    }
    c.lose = {};
    CHECK(c.run_until([&] { return c.all[5].granted.size() == 1; }, 2s));
}

namespace {

/// Whether it is one of a new owner's asks, or of the reports that answer them.
bool is_of_gather(const node::message& what) {
    return base::holds_message<lock::gather>(what) || base::holds_message<lock::report>(what);
}

}  // namespace

namespace {

/// Of peers 1, 2 and 3.
view view_of(std::uint64_t number) {
    auto v = made_up::first_view(3);
    v.number = {number};
    return v;
}

}  // namespace

TEST_CASE("OWN-8: what a new owner asks too early is kept until its view is installed") {
    node::early_messages mine;
    const auto serial_of = [](const auto& kept) {
        return std::get<lock::gather>(std::get<lock::to_holder>(kept.second)).serial;
    };
    CHECK(mine.keep(peer(1), lock::gather{{3}, {30}, 7, {{1}}}, {2}));
    CHECK(mine.keep(peer(2), lock::gather{{4}, {40}, 8, {{2}}}, {2}));
    CHECK(mine.keep(peer(1), lock::gather{{3}, {30}, 9, {{3}}}, {2}));
    CHECK_FALSE(mine.keep(peer(1), lock::gather{{2}, {30}, 10, {{3}}}, {2}));
    CHECK(mine.take(view_of(2)).empty());
    const auto first = mine.take(view_of(3));
    REQUIRE(first.size() == 2);
    CHECK(first[0].first == peer(1));
    CHECK(serial_of(first[0]) == 7);
    CHECK(serial_of(first[1]) == 9);
    REQUIRE(mine.take(view_of(5)).size() == 1);
    CHECK(mine.take(view_of(5)).empty());
}

TEST_CASE("OWN-8: of what comes too early the latest are kept") {
    node::early_messages mine;
    for (std::uint64_t i = 0; i < node::early_messages::most + 3; ++i) {
        CHECK(mine.keep(peer(1), lock::gather{{3}, {30}, i, {{1}}}, {2}));
    }
    const auto kept = mine.take(view_of(3));
    REQUIRE(kept.size() == node::early_messages::most);
    CHECK(std::get<lock::gather>(std::get<lock::to_holder>(kept.front().second)).serial == 3);
}

TEST_CASE("OWN-12: what a new owner is told too early is kept, of each member the latest") {
    node::early_messages mine;
    lock::report given{{3}, 0, 1, false, {}};
    given.holds.resize(2);
    CHECK(mine.keep(peer(1), given, {2}));
    CHECK(mine.keep(peer(2), lock::no_holds_of{{3}, {peer(3)}}, {2}));
    CHECK_FALSE(mine.keep(peer(1), lock::release{}, {2}));
    CHECK_FALSE(mine.keep(peer(1), given, {3}));
    given.holds.resize(3);
    CHECK(mine.keep(peer(1), given, {2}));
    CHECK(mine.keep(peer(9), given, {2}));  // no member
    const auto kept = mine.take(view_of(3));
    REQUIRE(kept.size() == 2);
    const auto& last = std::get<lock::to_owner>(kept[1].second);
    CHECK(std::get<lock::report>(last).holds.size() == 3);
    CHECK(mine.take(view_of(9)).empty());
}

TEST_CASE("OWN-12: of early reports no more is kept than so many holds") {
    node::early_messages mine;
    lock::report given{{3}, 0, 1, false, {}};
    given.holds.resize(node::early_messages::most_reported / 2 - 1);
    CHECK(mine.keep(peer(1), given, {2}));
    CHECK(mine.keep(peer(2), given, {2}));
    CHECK(mine.keep(peer(3), given, {2}));  // in vain
    CHECK(mine.keep(peer(2), given, {2}));  // in place of its own
    CHECK(mine.take(view_of(3)).size() == 2);
}

TEST_CASE("OWN-12: after a crash each member speaks once, and so does a voter to each new owner") {
    small_cluster c{3};
    c.settings.retry = 80ms;
    REQUIRE(c.form({1, 2, 3, 4, 5, 6, 7, 8}));
    c.run_for(1s);  // the tables are handed over
    std::size_t asked = 0, said = 0, told = 0, relayed = 0;
    c.lose = [&](const node::message& what) {
        asked += is_of_gather(what) ? 1 : 0;
        said += base::holds_message<lock::no_holds>(what) ? 1 : 0;
        told += base::holds_message<lock::no_holds_of>(what) ? 1 : 0;
        relayed += std::holds_alternative<node::relayed>(what) ? 1 : 0;
        return false;
    };
    c.kill(8);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4, 5, 6, 7}); }));
    c.run_for(2s);
    CHECK(said == 6);  // the voter itself sends nothing to itself
    CHECK(told > 0);
    CHECK(told <= 6);
    CHECK(asked == 0);
    CHECK(relayed == 0);
}

TEST_CASE("OWN-12: who holds something reports it unasked, and keeps it") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(5);
    c.acquire(4, name);
    REQUIRE(c.run_until([&] { return c.all[4].granted.size() == 1; }));
    std::size_t asked = 0, reported = 0;
    c.lose = [&](const node::message& what) {
        asked += base::holds_message<lock::gather>(what) ? 1 : 0;
        reported += base::holds_message<lock::report>(what) ? 1 : 0;
        return false;
    };
    c.kill(5);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    c.acquire(1, name);
    c.run_for(2s);
    CHECK(asked == 0);
    CHECK(reported <= 1);  // none if its new owner is the holder
    CHECK(c.all[1].granted.empty());
    c.release(4, name, c.all[4].granted[0].token);
    CHECK(c.run_until([&] { return c.all[1].granted.size() == 1; }, 200ms));
}

TEST_CASE("OWN-12: that a new owner has thousands of slots makes no difference") {
    small_cluster c{3};
    c.settings.slots = 16384;
    REQUIRE(c.form({1, 2, 3}));
    const auto name = c.name_at(3);
    c.acquire(1, name);
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    std::size_t asked = 0;
    c.lose = [&](const node::message& what) {
        asked += base::holds_message<lock::gather>(what) ? 1 : 0;
        return false;
    };
    c.kill(3);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2}); }));
    c.acquire(2, name);
    c.run_for(2s);
    CHECK(asked == 0);
    CHECK(c.all[2].granted.empty());
    c.release(1, name, c.all[1].granted[0].token);
    CHECK(c.run_until([&] { return c.all[2].granted.size() == 1; }, 200ms));
}

TEST_CASE("OWN-12: where the voter's word is lost, members are asked after A/4") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(5);
    const bool is_members_word = GENERATE(true, false);
    std::size_t asked = 0;
    c.lose = [&](const node::message& what) {
        asked += base::holds_message<lock::gather>(what) ? 1 : 0;
        return is_members_word ? base::holds_message<lock::no_holds>(what)
                               : base::holds_message<lock::no_holds_of>(what);
    };
    c.kill(5);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    CHECK(asked == 0);
    c.acquire(1, name);
    CHECK(c.run_until([&] { return c.all[1].granted.size() == 1; }, 2s));
    c.run_for(1s);
    CHECK(asked > 0);
}

TEST_CASE("LOAD-5: a new owner and a member exchange two datagrams, and make no stream for it") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    std::size_t by_stream = 0, by_datagram = 0;
    c.lose_sent = [&](const node::send& s) {
        (s.stream ? by_stream : by_datagram) += is_of_gather(s.what) ? 1 : 0;
        return base::holds_message<lock::no_holds>(s.what);
    };
    c.kill(5);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    c.run_for(2s);
    CHECK(by_datagram > 0);
    CHECK(by_stream == 0);
}

TEST_CASE("LOAD-5: a gather whose datagram is lost goes by stream, and its report, too") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const bool are_gathers = GENERATE(true, false);
    std::size_t gathers = 0, reports = 0, late = 0;
    c.lose_sent = [&](const node::send& s) {
        if (s.stream) {
            if (base::holds_message<lock::gather>(s.what) && ++gathers == 1) {
                CHECK(s.copy_age == 0ms);  // LOAD-4: no other copy is under way on the stream
            }
            reports += base::holds_message<lock::report>(s.what) ? 1 : 0;
        } else if (gathers > 0 && is_of_gather(s.what)) {
            ++late;
        }
        const bool is_lost = are_gathers ? base::holds_message<lock::gather>(s.what)
                                         : base::holds_message<lock::report>(s.what);
        return (!s.stream && is_lost) || base::holds_message<lock::no_holds>(s.what);
    };
    c.kill(5);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    REQUIRE(c.run_until([&] { return gathers > 0; }));
    CHECK(c.run_until([&] { return reports >= gathers; }, 500ms));  // half a lease
    CHECK(late == 0);
}

TEST_CASE("LOAD-5: for a moment voters alone tell who is behind, and then any member does") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5, 6}));
    const auto is_voter = [&](const peer_id& id) {
        return id == c[1].self() || id == c[2].self() || id == c[3].self();
    };
    const auto behind = c[5].self();
    const bool are_lost = GENERATE(false, true);
    std::optional<base::time_point> first, by_member;
    c.lose_sent = [&](const node::send& s) {
        if (!base::holds_message<views::steps>(s.what) || s.head.to != behind) {
            return false;
        }
        first = first.value_or(c.now);
        by_member = is_voter(s.head.from) ? by_member : by_member.value_or(c.now);
        return are_lost && is_voter(s.head.from);
    };
    c.kill(6);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4, 5}); }));
    REQUIRE(first);
    CHECK(by_member.has_value() == are_lost);
    CHECK((!by_member || *by_member - *first >= c.settings.lease / 5));
}

TEST_CASE("LOAD-6: a peer that waits to be let in is monitored by voters, and monitors seats") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    c.lose = [](const node::message& what) { return base::holds_message<views::join>(what); };
    c.start(6);
    const auto is_seat = [](const endpoint& at) { return at.ip[15] <= 3; };
    std::map<peer_id, std::pair<int, int>>
        pings;  // of the one that waits, or of members by it; of seats
    c.lose_sent = [&](const node::send& s) {
        const auto* gossip = std::get_if<swim::message>(&s.what);
        const auto* p = gossip != nullptr ? std::get_if<swim::ping>(gossip) : nullptr;
        if (p != nullptr && !p->target.is_nil()) {
            auto& [of_the_other, of_seats] = pings[s.head.from];
            of_the_other +=
                s.head.from == c[6].self() ? !is_seat(s.address) : p->target == c[6].self();
            of_seats += is_seat(s.address);
        }
        return false;
    };
    c.run_for(10s);
    for (const std::uint64_t i : {1, 2, 3}) {
        CHECK(pings[c[i].self()].first > 0);
    }
    for (const std::uint64_t i : {4, 5, 6}) {
        CHECK(pings[c[i].self()].first == 0);
        CHECK(pings[c[i].self()].second > 0);
    }
    // So does a seat without a lease: no voter is left.
    c.kill(1);
    c.kill(2);
    REQUIRE(c.run_until([&] { return !c.is_leased(3); }));
    pings.clear();
    c.run_for(5s);
    CHECK(pings[c[3].self()].first > 0);
}
