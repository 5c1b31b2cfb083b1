#include "lease/relayed_waits.hpp"

#include <chrono>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using lease::relayed_waits;
using made_up::at;
using made_up::peer;

namespace {

/// Voter 1 of three, in a view of six members. Owner 4 waits for member 5, and says so each A/2.
struct carrying_voter {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    view v = made_up::first_view(3, 3);
    relayed_waits mine{settings, peer(1)};

    carrying_voter() { mine.installed(v); }

    /// `carry` is called before each word.
    template <class Carry>
    void wait(base::duration first, base::duration last, Carry&& carry) {
        for (auto now = first; now <= last; now += 500ms) {
            carry(now);
            mine.told(peer(4), {peer(5)}, v, at(now));
        }
    }
    void wait(base::duration first, base::duration last) {
        wait(first, last, [](auto) {});
    }
};

}  // namespace

TEST_CASE_METHOD(carrying_voter,
                 "VIEW-9: whose questions do not come by a voter is mute after 3A") {
    wait(0s, 3s);
    CHECK_FALSE(mine.is_mute(peer(4), at(2999ms)));
    CHECK(mine.is_mute(peer(4), at(3s)));
    CHECK_FALSE(mine.is_mute(peer(5), at(3s)));
    CHECK(mine.newly_found(at(3s)) == std::vector{peer(4)});
    CHECK(mine.newly_found(at(3s)).empty());
    mine.asked(peer(4), peer(5), at(3s));
    CHECK_FALSE(mine.is_mute(peer(4), at(3s)));
}

TEST_CASE_METHOD(carrying_voter,
                 "VIEW-9: who was asked by a voter and does not answer is mute after 2A") {
    wait(0s, 3s, [&](auto now) {
        if (now >= 1s) {
            mine.asked(peer(4), peer(5), at(now));
        }
    });
    CHECK_FALSE(mine.is_mute(peer(5), at(2999ms)));
    CHECK(mine.is_mute(peer(5), at(3s)));
    CHECK_FALSE(mine.is_mute(peer(4), at(3s)));
    SECTION("until it answers") {
        mine.answered(peer(5), peer(4), at(3s));
        CHECK_FALSE(mine.is_mute(peer(5), at(3s)));
    }
    SECTION("until the owner waits no more") { CHECK_FALSE(mine.is_mute(peer(5), at(4500ms))); }
    SECTION("until it is removed") {
        std::erase_if(v.members, [](const member& m) { return m.id == peer(5); });
        mine.installed(v);
        CHECK(mine.is_empty());
    }
    SECTION("another's answer is none") {
        mine.answered(peer(6), peer(4), at(3s));
        mine.answered(peer(5), peer(6), at(3s));
        CHECK(mine.is_mute(peer(5), at(3s)));
    }
}

TEST_CASE_METHOD(carrying_voter,
                 "VIEW-9: who answers what a voter carries is not mute, nor who asks") {
    wait(0s, 9s, [&](auto now) {
        mine.asked(peer(4), peer(5), at(now));
        mine.answered(peer(5), peer(4), at(now + 100ms));
    });
    CHECK_FALSE(mine.is_mute(peer(4), at(9s)));
    CHECK_FALSE(mine.is_mute(peer(5), at(9s)));
}

TEST_CASE_METHOD(carrying_voter, "VIEW-9: of whom parts come is slow, whoever waits") {
    wait(0s, 5s, [&](auto now) {
        if (now == 1s) {
            mine.asked(peer(4), peer(5), at(now));
        }
        mine.brought_part(peer(5), at(now));
    });
    CHECK_FALSE(mine.is_mute(peer(5), at(5s)));
}

TEST_CASE_METHOD(carrying_voter, "VIEW-9: what is asked of a voter itself it does not carry") {
    for (auto now = 0ms; now <= 5s; now += 500ms) {
        mine.told(peer(4), {peer(1)}, v, at(now));
    }
    CHECK(mine.is_empty());
    CHECK_FALSE(mine.is_mute(peer(4), at(5s)));
}

TEST_CASE_METHOD(carrying_voter, "VIEW-9: a voter that waits itself has asked") {
    for (auto now = 0ms; now <= 2s; now += 500ms) {
        mine.told(peer(1), {peer(5)}, v, at(now));
    }
    CHECK_FALSE(mine.is_mute(peer(5), at(1999ms)));
    CHECK(mine.is_mute(peer(5), at(2s)));
    CHECK_FALSE(mine.is_mute(peer(1), at(2s)));
    mine.answered(peer(5), peer(1), at(2s));
    CHECK_FALSE(mine.is_mute(peer(5), at(2s)));
}

TEST_CASE_METHOD(carrying_voter,
                 "VIEW-9: who is no member waits for none, and who is no voter carries nothing") {
    mine.told(peer(9), {peer(5)}, v, at(0s));
    mine.told(peer(4), {peer(9)}, v, at(0s));
    CHECK(mine.is_empty());
    mine.told(peer(4), {peer(5)}, v, at(0s));
    CHECK_FALSE(mine.is_empty());
    v.seats[0].filled_by = {};
    mine.installed(v);
    CHECK(mine.is_empty());
}
