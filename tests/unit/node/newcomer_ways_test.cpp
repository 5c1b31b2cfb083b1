#include "node/newcomer_ways.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using made_up::peer;

namespace {

/// Voter 1, which peer 9 asks to let it in.
struct asked_voter {
    base::settings settings;
    node::newcomer_ways ways{settings, made_up::address(1), 7};
    base::time_point now = made_up::at(0s);

    std::uint64_t ask() { return ways.asks(peer(9), now).value().what.number; }
    bool answers(std::uint64_t number, bool by_stream) {
        return ways.answered(peer(9), {number, 0}, by_stream, now);
    }
};

constexpr bool by_stream = true;
constexpr bool by_datagram = false;

}  // namespace

TEST_CASE_METHOD(asked_voter, "JOIN-2: a joiner has shown both ways when its number came by both") {
    const auto number = ask();
    CHECK_FALSE(ways.has_shown(peer(9), now));
    CHECK_FALSE(answers(number, by_stream));
    CHECK_FALSE(ways.has_shown(peer(9), now));
    CHECK_FALSE(answers(number, by_stream));
    CHECK(answers(number, by_datagram));
    CHECK(ways.has_shown(peer(9), now));
    CHECK_FALSE(ways.has_shown(peer(8), now));
    CHECK_FALSE(answers(number, by_datagram));  // no news
}

TEST_CASE_METHOD(asked_voter, "JOIN-2: datagrams alone show nothing") {
    const auto number = ask();
    CHECK_FALSE(answers(number, by_datagram));
    CHECK_FALSE(ways.has_shown(peer(9), now));
}

TEST_CASE_METHOD(asked_voter, "JOIN-2: a number that was not asked for shows nothing") {
    const auto number = ask();
    (void)answers(number + 1, by_stream);
    (void)answers(number + 1, by_datagram);
    CHECK_FALSE(ways.has_shown(peer(9), now));
    CHECK_FALSE(ways.answered(peer(8), {number, 0}, by_stream, now));
}

TEST_CASE_METHOD(asked_voter, "JOIN-2: the number stays while a joiner asks, however far it is") {
    const auto number = ask();
    now += settings.lease - 1ns;
    const auto again = ways.asks(peer(9), now);
    REQUIRE(again);
    CHECK(again->copy_age > 0s);
    CHECK(again->what.number == number);
    now += settings.lease;
    const auto anew = ways.asks(peer(9), now);
    REQUIRE(anew);
    CHECK(anew->copy_age == 0s);
    CHECK(anew->what.number != number);
    (void)answers(number, by_stream);
    (void)answers(number, by_datagram);
    CHECK_FALSE(ways.has_shown(peer(9), now));
}

TEST_CASE_METHOD(asked_voter,
                 "JOIN-2: what was shown counts for A, and not for who is in the view") {
    const auto number = ask();
    (void)answers(number, by_stream);
    (void)answers(number, by_datagram);
    SECTION("time passes") {
        now += settings.lease - 1ns;
        CHECK(ways.has_shown(peer(9), now));
        now += 1ns;
    }
    SECTION("it is let in") {
        auto v = made_up::first_view(3);
        v.members.push_back(made_up::member(9));
        ways.installed(v);
    }
    CHECK_FALSE(ways.has_shown(peer(9), now));
}

TEST_CASE_METHOD(asked_voter, "JOIN-1: a joiner is told what was seen of it") {
    const auto number = ask();
    (void)answers(number, by_stream);
    const auto told = ways.asks(peer(9), now);
    REQUIRE(told);
    CHECK(told->what.is_seen_by_stream);
    CHECK_FALSE(told->what.is_seen_by_datagram);
    CHECK(told->what.seat == made_up::address(1));
    CHECK_FALSE(ways.probe(peer(8), now));
}

TEST_CASE_METHOD(asked_voter, "a voter remembers no more joiners than a view has members") {
    for (std::uint64_t n = 0; n < base::limits::members; ++n) {
        CHECK(ways.asks(peer(100 + n), now));
    }
    CHECK_FALSE(ways.asks(peer(9), now));
    CHECK(ways.asks(peer(100), now));
    ways.invariants();
    now += settings.lease;
    CHECK(ways.asks(peer(9), now));
}
