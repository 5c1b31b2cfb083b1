#include "node/failing_voters.hpp"

#include <string>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using made_up::at;
using made_up::peer;

namespace {

/// As a member knows the voters of three seats.
struct three_voters {
    view v = made_up::first_view(3);
    node::failing_voters failing{1s};

    bool names(const std::string& text, std::uint64_t voter) const {
        return text.find(to_string(v.find(peer(voter))->address)) != std::string::npos;
    }
};

}  // namespace

TEST_CASE_METHOD(three_voters, "NET-4: voters that fail are named when the others are no quorum") {
    failing.set_failing(peer(1), true, at(0s));
    CHECK_FALSE(failing.to_complain_of(v, at(10s)));
    failing.set_failing(peer(2), true, at(10s));
    CHECK_FALSE(failing.to_complain_of(v, at(14900ms)));
    const auto who = failing.to_complain_of(v, at(15s));
    REQUIRE(who);
    CHECK(names(*who, 1));
    CHECK(names(*who, 2));
    CHECK_FALSE(names(*who, 3));
    CHECK_FALSE(failing.to_complain_of(v, at(74s)));
    CHECK(failing.to_complain_of(v, at(75s)));
}

TEST_CASE_METHOD(three_voters, "NET-4: voters that fail for a moment are not complained of") {
    for (auto now = 0s; now < 20s; now += 5s) {
        for (const auto voter : {1, 2, 3}) {
            failing.set_failing(peer(voter), true, at(now));
        }
        CHECK_FALSE(failing.to_complain_of(v, at(now + 4900ms)));
        for (const auto voter : {1, 2, 3}) {
            failing.set_failing(peer(voter), false, at(now + 4900ms));
        }
    }
}

TEST_CASE_METHOD(three_voters,
                 "NET-4: a former voter fails no more, a vacant seat does not count") {
    failing.set_failing(peer(1), true, at(0s));
    failing.set_failing(peer(2), true, at(0s));
    v.members.push_back(made_up::member(4));
    v.members.push_back(made_up::member(5));
    v.seats[1].filled_by = {};
    v.seats[2].filled_by = peer(4);
    CHECK(failing.to_complain_of(v, at(5s)));
    v.seats[1].filled_by = peer(5);
    CHECK_FALSE(failing.to_complain_of(v, at(100s)));
    v.seats[1].filled_by = peer(2);
    CHECK_FALSE(failing.to_complain_of(v, at(200s)));  // it began anew
}
