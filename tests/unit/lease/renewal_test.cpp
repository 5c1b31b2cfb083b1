#include "lease/renewal.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lease;
using made_up::at;
using made_up::moment;
using made_up::peer;
using made_up::right;
using namespace std::chrono_literals;

TEST_CASE("LEASE-2: a lease runs from the Q-th newest send time, shortened by the drift") {
    CHECK_FALSE(lease_end({}, 2, 1s, 0.01));
    CHECK_FALSE(lease_end({right(0s)}, 2, 1s, 0.01));
    const auto end = lease_end({right(100ms), right(300ms), right(200ms)}, 2, 1s, 0.01);
    REQUIRE(end);
    CHECK(*end <= right(200ms + 990ms));
    CHECK(*end > right(200ms + 989ms));
}

namespace {

struct renewal_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    renewal mine{settings, 1};

    std::vector<renewal::send> sent() {
        std::vector<renewal::send> out;
        while (auto s = mine.next()) {
            out.push_back(*s);
        }
        return out;
    }
};

}  // namespace

TEST_CASE_METHOD(renewal_fixture,
                 "a member asks every voter at once, and then every fifth of the lease") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    CHECK(sent().size() == 3);
    CHECK(mine.deadline() == at(200ms));
    mine.tick(moment(199ms));
    CHECK(sent().empty());
    mine.tick(moment(200ms));
    CHECK(sent().size() == 3);
}

TEST_CASE_METHOD(renewal_fixture,
                 "LEASE-8: of five renewals one goes by stream, to one voter at a time") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    std::map<peer_id, std::vector<base::time_point>> by_stream;
    for (auto now = at(0s); now < at(2s); now += 200ms) {
        mine.tick({now});
        const auto all = sent();
        REQUIRE(all.size() == 3);
        for (const auto& s : all) {
            if (s.by_stream) {
                by_stream[s.to].push_back(now);
            }
        }
    }
    CHECK(by_stream[peer(1)] == std::vector{at(600ms), at(1600ms)});
    CHECK(by_stream[peer(2)] == std::vector{at(400ms), at(1400ms)});
    CHECK(by_stream[peer(3)] == std::vector{at(200ms), at(1200ms)});
}

TEST_CASE_METHOD(renewal_fixture,
                 "NET-4: where no datagram is answered, of five renewals four go by stream") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    std::map<peer_id, std::size_t> by_stream;
    std::map<peer_id, std::size_t> by_datagram;
    bool do_datagrams_pass = false;
    const auto pass = [&](base::duration first, base::duration last) {
        by_stream.clear();
        by_datagram.clear();
        for (auto now = first; now < last; now += 200ms) {
            mine.tick(moment(now));
            for (const auto& s : sent()) {
                ++(s.by_stream ? by_stream : by_datagram)[s.to];
                if (s.by_stream || do_datagrams_pass) {
                    mine.handle(s.to, ack{{1}, s.what.sent_at}, moment(now), s.by_stream);
                }
            }
        }
    };
    pass(0s, 1s);
    CHECK(by_stream[peer(1)] == 1);
    pass(1s, 3s);
    for (const std::uint64_t voter : {1, 2, 3}) {
        CHECK(by_stream[peer(voter)] == 8);
        CHECK(by_datagram[peer(voter)] == 2);
    }
    CHECK(mine.end() > right(3700ms));
    do_datagrams_pass = true;
    pass(3s, 4s);
    pass(4s, 6s);
    for (const std::uint64_t voter : {1, 2, 3}) {
        CHECK(by_stream[peer(voter)] == 2);
        CHECK(by_datagram[peer(voter)] == 8);
    }
}

TEST_CASE_METHOD(renewal_fixture, "NET-4: that no datagram comes is known also when seats change") {
    auto v = made_up::first_view(3, 1);
    mine.installed(v, moment(0s));
    const auto count_streams = [&](base::duration first, base::duration last) {
        std::size_t streams = 0;
        for (auto now = first; now < last; now += 200ms) {
            mine.tick(moment(now));
            for (const auto& s : sent()) {
                if (s.by_stream) {
                    ++streams;
                    mine.handle(s.to, ack{v.seats_since, s.what.sent_at}, moment(now), true);
                }
            }
        }
        return streams;
    };
    CHECK(count_streams(0s, 1s) == 3);
    CHECK(count_streams(1s, 3s) == 24);
    v.number = v.seats_since = {2};
    SECTION("of voters that stay") {
        mine.installed(v, moment(3s));
        CHECK(count_streams(3s, 4s) == 12);
    }
    SECTION("and not of a voter that was none before") {
        v.seats[2].filled_by = peer(4);
        mine.installed(v, moment(3s));
        CHECK(count_streams(3s, 4s) == 9);
    }
}

TEST_CASE_METHOD(renewal_fixture, "NET-4: a voter that acks nothing is asked by datagrams") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    std::size_t by_stream = 0;
    for (auto now = 0ms; now < 5s; now += 200ms) {
        mine.tick(moment(now));
        for (const auto& s : sent()) {
            by_stream += s.by_stream ? 1 : 0;
        }
    }
    CHECK(by_stream == 15);
}

TEST_CASE_METHOD(renewal_fixture,
                 "LEASE-8: with voters that are mute it asks by stream, while it lasts") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    (void)sent();
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(1ms));
    mine.handle(peer(2), ack{{1}, right(0s)}, moment(1ms));
    mine.set_muted(true);
    std::vector<base::time_point> asked;
    for (auto now = at(200ms); now < at(2s); now += 10ms) {
        mine.tick({now});
        for (const auto& s : sent()) {
            CHECK(s.by_stream);
            asked.push_back(now);
        }
    }
    CHECK(asked == std::vector{at(200ms), at(400ms), at(600ms)});
    mine.set_muted(false);
    mine.tick(moment(2s));
    CHECK(sent().size() == 3);
}

TEST_CASE_METHOD(renewal_fixture, "send time counts, not the ack's arrival") {
    mine.installed(made_up::first_view(3), moment(0s));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(900ms));
    CHECK_FALSE(mine.is_running(right(900ms)));  // one ack is no quorum
    mine.handle(peer(2), ack{{1}, right(0s)}, moment(900ms));
    CHECK(mine.is_running(right(900ms)));
    CHECK_FALSE(mine.is_running(right(990ms)));
}

TEST_CASE_METHOD(renewal_fixture, "LEASE-2: a majority is one of all seats, vacant ones counted") {
    auto v = made_up::first_view(5);
    v.seats[3].filled_by = v.seats[4].filled_by = {};
    mine.installed(v, moment(0s));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(10ms));
    mine.handle(peer(2), ack{{1}, right(0s)}, moment(10ms));
    CHECK_FALSE(mine.is_running(right(10ms)));
    mine.handle(peer(3), ack{{1}, right(0s)}, moment(10ms));
    CHECK(mine.is_running(right(10ms)));
}

TEST_CASE_METHOD(renewal_fixture, "duplicates, strangers and times never sent do not count") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(10ms));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(10ms));
    mine.handle(peer(4), ack{{1}, right(0s)}, moment(10ms));    // no voter
    mine.handle(peer(2), ack{{1}, right(50ms)}, moment(60ms));  // later than anything we sent
    mine.handle(peer(3), ack{{2}, right(0s)}, moment(60ms));    // other seats
    CHECK_FALSE(mine.is_running(right(60ms)));
}

TEST_CASE_METHOD(renewal_fixture,
                 "acks under different seats are not mixed, and an end once reached stands") {
    auto v = made_up::first_view(3, 1);
    mine.installed(v, moment(0s));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(10ms));
    mine.handle(peer(2), ack{{1}, right(0s)}, moment(10ms));
    const auto end = mine.end();
    REQUIRE(end);
    v.number = {2};
    v.seats_since = {2};
    v.seats[2] = {made_up::address(4), peer(4)};
    mine.installed(v, moment(300ms));
    CHECK(mine.end() == end);
    mine.handle(peer(4), ack{{2}, right(300ms)}, moment(310ms));
    CHECK(mine.end() == end);  // one ack under the new seats
    mine.handle(peer(1), ack{{2}, right(300ms)}, moment(310ms));
    CHECK(*mine.end() > *end);
}

TEST_CASE_METHOD(renewal_fixture, "a stopped lease does not come back") {
    mine.installed(made_up::first_view(1), moment(0s));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(1ms));
    CHECK(mine.is_running(right(1ms)));
    mine.stop();
    CHECK_FALSE(mine.is_running(right(1ms)));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(2ms));
    CHECK_FALSE(mine.is_running(right(2ms)));
    CHECK_FALSE(mine.deadline());
}

TEST_CASE_METHOD(renewal_fixture,
                 "NOW-2: a lease ends earlier for the time that its machine was suspended") {
    mine.installed(made_up::first_view(1), moment(0s));
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(1ms));
    CHECK(mine.is_running(moment(100ms).for_rights()));
    CHECK_FALSE(mine.is_running(moment(100ms, 900ms).for_rights()));
    SECTION("what is asked for after a suspend counts from then") {
        mine.tick(moment(200ms, 900ms));
        mine.handle(peer(1), ack{{1}, right(1100ms)}, moment(201ms, 900ms));
        CHECK(mine.end() > right(1100ms + 989ms));
        CHECK(mine.is_running(moment(1100ms, 900ms).for_rights()));
    }
    SECTION("and what was asked for before it counts from before it") {
        mine.tick(moment(200ms));
        mine.handle(peer(1), ack{{1}, right(200ms)}, moment(201ms, 900ms));
        CHECK(mine.end() <= right(200ms + 990ms));
        CHECK_FALSE(mine.is_running(moment(290ms, 900ms).for_rights()));
    }
    SECTION("and no suspend changes when to ask again, which is a wait") {
        CHECK(mine.deadline() == at(200ms));
        mine.tick(moment(199ms, 900ms));
        CHECK(mine.deadline() == at(200ms));
    }
}

namespace {

struct repeating : renewal_fixture {
    repeating() { settings.retry = 50ms; }
    /// To whom it sends at each moment of a span.
    std::map<base::time_point, std::vector<peer_id>> sent_from(base::duration first,
                                                               base::duration last) {
        std::map<base::time_point, std::vector<peer_id>> out;
        for (auto now = at(first); now <= at(last); now += 10ms) {
            mine.tick(moment(now - at(0s)));
            for (const auto& s : sent()) {
                out[now].push_back(s.to);
                CHECK(s.what.sent_at == right(now - at(0s)));  // a fresh number
            }
        }
        return out;
    }
};

}  // namespace

TEST_CASE_METHOD(repeating, "LEASE-9: who has not acked is asked again, twice as long each time") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    CHECK(sent().size() == 3);
    mine.handle(peer(1), ack{{1}, right(0s)}, moment(10ms));
    const auto first = sent_from(10ms, 190ms);
    CHECK(first == std::map<base::time_point, std::vector<peer_id>>{
                       {at(50ms), {peer(2), peer(3)}}, {at(150ms), {peer(2), peer(3)}}});
    // What was sent later counts from then.
    mine.handle(peer(2), ack{{1}, right(150ms)}, moment(190ms));
    mine.handle(peer(1), ack{{1}, right(150ms)}, moment(190ms));
    CHECK(mine.is_running(right(150ms + 985ms)));
    CHECK(sent_from(200ms, 240ms).at(at(200ms)).size() == 3);
    for (const auto voter : {1, 2, 3}) {
        mine.handle(peer(static_cast<std::uint64_t>(voter)), ack{{1}, right(200ms)}, moment(240ms));
    }
    CHECK(mine.deadline() == at(400ms));  // nothing is left to repeat
}

TEST_CASE_METHOD(repeating, "LEASE-9: who acked nothing for A is asked at each fifth only") {
    mine.installed(made_up::first_view(3, 1), moment(0s));
    for (auto now = 0ms; now < 1s; now += 10ms) {
        mine.tick(moment(now));
        for (const auto& s : sent()) {
            if (s.to != peer(3)) {
                mine.handle(s.to, ack{{1}, s.what.sent_at}, moment(now));
            }
        }
    }
    for (const auto& [when, to] : sent_from(1s, 2s)) {
        const bool asks_all = (when - at(0s)) % 200ms == 0ms;
        CHECK((asks_all || std::find(to.begin(), to.end(), peer(3)) == to.end()));
    }
    // Heard again, it is asked like the others.
    mine.handle(peer(3), ack{{1}, right(2s)}, moment(2010ms));
    const auto after = sent_from(2200ms, 2390ms);
    REQUIRE(after.contains(at(2250ms)));
    CHECK(std::find(after.at(at(2250ms)).begin(), after.at(at(2250ms)).end(), peer(3)) !=
          after.at(at(2250ms)).end());
}
