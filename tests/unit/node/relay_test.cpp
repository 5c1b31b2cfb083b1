#include "node/relay.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;
using action = node::relay::action;

namespace {

struct relay_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    node::relay mine{settings, peer(4)};  // no voter
    view v = made_up::first_view(3, 2);

    std::vector<node::relay::detour> detours(unsigned attempt, base::time_point now) {
        return mine.detours(v, {peer(5), lock::grant_ack{"a", {1}}, attempt}, now);
    }
    action receive(std::uint64_t from, std::uint64_t origin, std::uint64_t destination,
                   base::time_point now, bool is_echo = false) {
        return mine.receive(v, peer(from),
                            {peer(origin), peer(destination), is_echo, lock::queued{{1}}}, now);
    }
};

}  // namespace

TEST_CASE_METHOD(relay_fixture, "NET-1: after two tries and A/4 copies go by the next two voters") {
    CHECK(detours(0, at(0s)).empty());
    CHECK(detours(1, at(50ms)).empty());
    CHECK(detours(2, at(299ms)).empty());
    CHECK(detours(1, at(10s)).empty());
    for (const unsigned attempt : {2u, 3u, 4u, 5u}) {
        const auto by = detours(attempt, at(300ms));
        REQUIRE(by.size() == 2);
        const auto before = 2 * (attempt - 2);
        CHECK(by[0].by == peer(1 + before % 3));
        CHECK(by[1].by == peer(1 + (before + 1) % 3));
        for (const auto& copy : by) {
            CHECK(copy.what.origin == peer(4));
            CHECK(copy.what.destination == peer(5));
            CHECK_FALSE(copy.what.is_echo);
        }
    }
}

TEST_CASE_METHOD(relay_fixture,
                 "LOAD-5: of what is sent to a peer that speaks on its stream no copies go") {
    CHECK(detours(1, at(0s)).empty());
    mine.heard(peer(6));
    mine.heard(peer(5));
    CHECK(detours(2, at(1s)).empty());
    CHECK(detours(3, at(1249ms)).empty());
    CHECK(detours(4, at(1250ms)).size() == 2);
    mine.installed(v);
    CHECK(detours(5, at(1250ms)).size() == 2);
    auto without = v;
    std::erase_if(without.members, [](const member& m) { return m.id == peer(5); });
    mine.installed(without);
    CHECK(detours(6, at(1250ms)).empty());
}

TEST_CASE_METHOD(relay_fixture,
                 "LOAD-5: who has asked for a report again is not taken for silent") {
    CHECK(mine.detours(v, {peer(5), lock::report{}, 1}, at(0s)).empty());
    CHECK(detours(2, at(10s)).empty());
    CHECK(detours(3, at(10250ms)).size() == 2);
}

TEST_CASE_METHOD(relay_fixture, "VIEW-9: what is waited for too long goes by the voters too") {
    mine.heard(peer(5));
    const lock::send again{peer(5), lock::grant_ack{"a", {1}}, 2};
    CHECK(mine.detours(v, again, at(0s)).empty());
    CHECK(mine.detours(v, again, at(0s), true).size() == 2);
    const lock::send first{peer(5), lock::grant_ack{"a", {1}}, 1};
    CHECK(mine.detours(v, first, at(0s), true).empty());
}

TEST_CASE("NET-1: neither the sender nor the receiver is the voter that a copy goes by") {
    base::settings settings;
    const auto v = made_up::first_view(3);
    node::relay mine{settings, peer(1)};
    CHECK(mine.detours(v, {peer(2), lock::grant_ack{"a", {1}}, 1}, at(0s)).empty());
    for (const unsigned attempt : {2u, 3u, 4u}) {
        const auto by = mine.detours(v, {peer(2), lock::grant_ack{"a", {1}}, attempt}, at(1s));
        REQUIRE(by.size() == 1);
        CHECK(by[0].by == peer(3));
    }
    const auto alone = made_up::first_view(1, 1);
    CHECK(mine.detours(alone, {peer(2), lock::grant_ack{"a", {1}}, 2}, at(1s)).empty());
}

TEST_CASE_METHOD(relay_fixture,
                 "NET-1: what came round is answered the same way for A, as an echo") {
    REQUIRE(receive(2, 5, 4, at(0s)) == action::take);
    const auto back = detours(0, at(999ms));
    REQUIRE(back.size() == 1);
    CHECK(back[0].by == peer(2));
    CHECK(back[0].what.is_echo);
    CHECK(detours(0, at(1s)).empty());
    SECTION("an echo is taken, but does not make its receiver do the same") {
        REQUIRE(receive(3, 5, 4, at(2s), true) == action::take);
        CHECK(detours(0, at(2s)).empty());
    }
}

TEST_CASE_METHOD(relay_fixture,
                 "NET-1: what comes round is taken from voters only, for members only") {
    CHECK(receive(5, 1, 4, at(0s)) == action::refuse);  // peer 5 is no voter
    CHECK(receive(1, 9, 4, at(0s)) == action::refuse);  // peer 9 is no member
    CHECK(receive(1, 4, 4, at(0s)) == action::ignore);  // our own
    CHECK(detours(0, at(0s)).empty());
}

TEST_CASE_METHOD(relay_fixture, "NET-1: a message is passed on for its origin, to members") {
    CHECK(receive(5, 5, 1, at(0s)) == action::forward);
    CHECK(receive(3, 5, 1, at(0s)) == action::ignore);  // peer 3 is not its origin
    CHECK(receive(5, 5, 9, at(0s)) == action::ignore);
}
