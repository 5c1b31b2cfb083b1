#include "lease/way_watch.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lease;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

/// A voter of three, in a view of six members.
struct asking {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    view v = made_up::first_view(3, 3);
    way_watch mine{settings, peer(1)};

    asking() { mine.installed(v); }

    void tell(std::uint64_t by, std::set<std::uint64_t> whom, base::duration now,
              std::uint64_t bytes = 0) {
        waits_for what;
        for (const auto n : whom) {
            what.whom.push_back(peer(n));
        }
        what.bytes = bytes;
        mine.told(peer(by), what, v, at(now));
    }
    /// Who is asked; `answer` do, at once.
    std::vector<peer_id> ask(base::duration now, std::set<std::uint64_t> answer = {}) {
        std::vector<peer_id> out;
        for (const auto& q : mine.due(at(now))) {
            out.push_back(q.to);
            if (answer.contains(q.to.low)) {
                mine.heard(q.to, {q.what.number, q.what.filler}, at(now));
            }
        }
        return out;
    }
    /// Peer 4 tells of peer 5 all the while; `answer` do.
    void pass(base::duration first, base::duration last, std::set<std::uint64_t> answer) {
        for (auto now = first; now <= last; now += 500ms) {
            tell(4, {5}, now);
            (void)ask(now, answer);
        }
    }
};

}  // namespace

TEST_CASE_METHOD(asking, "VIEW-9: asked are those named, who named them, and two more") {
    tell(4, {5}, 0s);
    CHECK(ask(0s) == std::vector{peer(2), peer(4), peer(5), peer(6)});
    CHECK(ask(499ms).empty());
    CHECK(mine.deadline() == at(500ms));
}

TEST_CASE_METHOD(asking, "VIEW-9: a voter that waits itself asks others too, and not itself") {
    tell(1, {4}, 0s);
    CHECK(ask(0s) == std::vector{peer(2), peer(3), peer(4)});
}

TEST_CASE_METHOD(asking, "VIEW-9: who names more than a third of the others is looked at alone") {
    SECTION("two of five") {
        tell(4, {2, 3}, 0s);
        CHECK(ask(0s) == std::vector{peer(4), peer(5), peer(6)});
    }
    SECTION("two of six") {
        v = made_up::first_view(3, 4);
        tell(4, {2, 3}, 0s);
        CHECK(ask(0s) == std::vector{peer(2), peer(3), peer(4), peer(5), peer(6)});
    }
    SECTION("the only other one but this voter") {
        v = made_up::first_view(1, 2);
        tell(2, {3}, 0s);
        CHECK(ask(0s) == std::vector{peer(2), peer(3)});
    }
}

TEST_CASE_METHOD(asking, "VIEW-9: a stranger tells nothing, and none is asked") {
    tell(9, {5}, 0s);
    tell(4, {9}, 0s);
    CHECK(ask(0s) == std::vector{peer(4), peer(5), peer(6)});
}

TEST_CASE_METHOD(asking, "VIEW-9: who is silent for 2A while others answer is mute") {
    pass(0s, 1500ms, {2, 4, 6});
    CHECK_FALSE(mine.is_mute(peer(5), at(1999ms)));
    pass(2s, 2s, {2, 4, 6});
    CHECK(mine.is_mute(peer(5), at(2s)));
    CHECK_FALSE(mine.is_mute(peer(4), at(2s)));
    CHECK_FALSE(mine.is_mute(peer(3), at(2s)));  // it was not asked
    CHECK(mine.newly_found(at(2s)) == std::vector{peer(5)});
    CHECK(mine.newly_found(at(2s)).empty());
    pass(2500ms, 2500ms, {2, 4, 5, 6});
    CHECK_FALSE(mine.is_mute(peer(5), at(2500ms)));
}

TEST_CASE_METHOD(asking, "VIEW-9: who tells of others may be mute itself") {
    pass(0s, 2s, {2, 5, 6});
    CHECK(mine.is_mute(peer(4), at(2s)));
    CHECK_FALSE(mine.is_mute(peer(5), at(2s)));
}

TEST_CASE_METHOD(asking, "VIEW-9: a voter that hears no answer at all finds no member mute") {
    pass(0s, 10s, {});
    CHECK_FALSE(mine.is_mute(peer(5), at(10s)));
    pass(10500ms, 10500ms, {6});
    CHECK(mine.is_mute(peer(5), at(10500ms)));
}

TEST_CASE_METHOD(asking, "VIEW-9: others that answered before do not show that others answer") {
    pass(0s, 0s, {2, 4, 6});
    pass(500ms, 3s, {});
    CHECK_FALSE(mine.is_mute(peer(5), at(3s)));
}

TEST_CASE_METHOD(asking, "VIEW-9: who brings a part of a message is slow, not mute") {
    pass(0s, 1500ms, {2, 4, 6});
    mine.brought_part(peer(5), at(1700ms));
    pass(2s, 3500ms, {2, 4, 6});
    CHECK_FALSE(mine.is_mute(peer(5), at(3699ms)));
    CHECK(mine.is_mute(peer(5), at(3700ms)));
}

TEST_CASE_METHOD(asking, "VIEW-9: a question is the same until it is answered") {
    tell(4, {5}, 0s);
    const auto first = mine.due(at(0s));
    CHECK(first[2].copy_age == 0s);
    const auto again = mine.due(at(500ms));
    REQUIRE(again[2].to == peer(5));
    CHECK(again[2].copy_age > 0s);
    CHECK(again[2].what == first[2].what);
    mine.heard(peer(5), {first[1].what.number, {}}, at(600ms));  // the question to another
    CHECK(mine.due(at(1s))[2].copy_age > 0s);
    mine.heard(peer(5), {first[2].what.number, {}}, at(1100ms));
    const auto next = mine.due(at(1500ms));
    CHECK(next[2].copy_age == 0s);
    CHECK(next[2].what.number != first[2].what.number);
}

TEST_CASE_METHOD(asking, "VIEW-9: questions are as large as what is waited for, within bounds") {
    tell(4, {5}, 0s);
    CHECK(mine.due(at(0s))[2].what.filler.size() == way_watch::least_size);
    tell(6, {5}, 0s, 50'000);
    CHECK(mine.due(at(500ms))[3].what.filler.size() == 50'000);
    tell(4, {5}, 500ms, 1u << 30);
    CHECK(mine.due(at(1s))[3].what.filler.size() == most_filler);
}

TEST_CASE_METHOD(asking, "VIEW-9: who is asked much has longer to take it") {
    for (auto now = 0ms; now <= 4s; now += 500ms) {
        tell(4, {5}, now, 1u << 30);
        (void)ask(now, {2, 4, 6});
    }
    CHECK_FALSE(mine.is_mute(peer(5), at(2s)));  // 128 KiB: 1.7 s more
    CHECK_FALSE(mine.is_mute(peer(5), at(3700ms)));
    CHECK(mine.is_mute(peer(5), at(3800ms)));
}

TEST_CASE_METHOD(asking,
                 "VIEW-9: a large question is not repeated before the former can be there") {
    tell(4, {5}, 0s, 1u << 30);
    CHECK(ask(0s, {2, 4, 6}).size() == 4);
    CHECK(ask(1700ms).empty());
    CHECK(ask(1800ms).size() == 4);
}

TEST_CASE_METHOD(asking, "VIEW-9: if many are to be asked, each is asked less") {
    v = made_up::first_view(3, 97);
    mine.installed(v);
    std::set<std::uint64_t> named;
    for (std::uint64_t n = 10; n < 40; ++n) {
        named.insert(n);
    }
    tell(4, named, 0s, 1u << 30);
    std::size_t bytes = 0;
    const auto asked = mine.due(at(0s));
    for (const auto& q : asked) {
        bytes += q.what.filler.size();
    }
    CHECK(asked.size() == 33);
    CHECK(bytes <= 8 * most_filler);
    CHECK(bytes > 7 * most_filler);
}

TEST_CASE_METHOD(asking, "VIEW-9: none is asked any more when none has waited for 2A") {
    pass(0s, 500ms, {2, 4, 6});
    CHECK(ask(2499ms).size() == 4);
    CHECK(ask(2500ms).empty());
    CHECK_FALSE(mine.deadline());
    CHECK_FALSE(mine.is_mute(peer(5), at(2500ms)));
}

TEST_CASE_METHOD(asking, "VIEW-9: who is no member is not asked, and only voters ask") {
    tell(4, {5}, 0s);
    SECTION("a member is gone") {
        std::erase_if(v.members, [](const member& m) { return m.id == peer(5); });
        mine.installed(v);
        CHECK(ask(0s) == std::vector{peer(2), peer(4), peer(6)});
    }
    SECTION("this peer fills no seat any more") {
        v.seats[0].filled_by = peer(6);
        mine.installed(v);
        CHECK(ask(0s).empty());
    }
}
