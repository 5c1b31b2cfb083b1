#include "node/overdue.hpp"

#include <vector>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

struct waiting_owner {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    node::overdue mine{settings};

    /// Sends `what` to peer 5 again twice in A, and looks when it is due; what was told last.
    std::optional<node::overdue::word> send(const lock::message& what, base::duration first,
                                            base::duration last) {
        std::optional<node::overdue::word> told;
        for (auto now = first; now <= last; now += 500ms) {
            mine.sent({peer(5), what, 1}, at(now));
            if (mine.is_due(at(now))) {
                told = mine.look(at(now));
            }
        }
        return told;
    }
};

const lock::gather asks{{2}, {100}, 1, {{3}}};
const lock::grant gives{{7}, "a", {1}, false, {}};

}  // namespace

TEST_CASE_METHOD(waiting_owner, "VIEW-9: who has not answered for 3A is told of, by turns") {
    CHECK_FALSE(mine.deadline());
    CHECK_FALSE(send(asks, 0s, 2500ms));
    CHECK_FALSE(mine.is_long(peer(5), at(1999ms)));
    CHECK(mine.is_long(peer(5), at(2s)));
    const auto told = send(asks, 3s, 3s);
    REQUIRE(told);
    CHECK(told->what.whom == std::vector{peer(5)});
    CHECK_FALSE(told->by_stream);
    CHECK(send(asks, 3500ms, 3500ms)->by_stream);
    CHECK_FALSE(send(asks, 4s, 4s)->by_stream);
}

TEST_CASE_METHOD(waiting_owner, "VIEW-9: with each piece the time begins anew") {
    CHECK_FALSE(send(gives, 0s, 2500ms));
    mine.heard(peer(6), lock::grant_ack{"a", {1}}, at(2800ms));
    mine.heard(peer(5), lock::request{}, at(2800ms));  // says nothing of what is waited for
    SECTION("a report") { mine.heard(peer(5), lock::report{}, at(2700ms)); }
    SECTION("an answer to a grant") { mine.heard(peer(5), lock::grant_ack{}, at(2700ms)); }
    SECTION("a grant that is declined") { mine.heard(peer(5), lock::release{}, at(2700ms)); }
    SECTION("a table") { mine.heard(peer(5), lock::table{}, at(2700ms)); }
    SECTION("an answer to a table") { mine.heard(peer(5), lock::table_ack{}, at(2700ms)); }
    CHECK_FALSE(mine.is_long(peer(5), at(3s)));
    CHECK_FALSE(send(gives, 3s, 5500ms));
    CHECK(send(gives, 6s, 6s));
}

TEST_CASE_METHOD(waiting_owner, "VIEW-9: what is not sent again is not waited for") {
    CHECK_FALSE(send(asks, 0s, 2500ms));
    mine.sent({peer(5), lock::message{asks}, 0}, at(3s));  // to another gather: a first try
    CHECK_FALSE(mine.look(at(3500ms)));
    CHECK_FALSE(mine.deadline());
    CHECK_FALSE(send(lock::request{}, 4s, 10s));
    CHECK_FALSE(mine.deadline());
}

TEST_CASE_METHOD(waiting_owner, "VIEW-9: what is sent again seldom is waited for all the same") {
    settings.retry = settings.lease;
    std::optional<base::duration> told;
    for (auto now = 0ms; now <= 5s && !told; now += 100ms) {
        if (now % 1200ms == 0ms) {
            mine.sent({peer(5), asks, 1}, at(now));
        }
        if (mine.is_due(at(now)) && mine.look(at(now))) {
            told = now;
        }
    }
    CHECK(told == 3s);
}

TEST_CASE_METHOD(waiting_owner, "VIEW-9: for a table nothing is sent, and it is waited for") {
    std::optional<node::overdue::word> told;
    for (auto now = 0ms; now <= 3s; now += 500ms) {
        mine.waits_for_tables_of({peer(5)}, at(now));
        told = mine.is_due(at(now)) ? mine.look(at(now)) : std::nullopt;
        CHECK(told.has_value() == (now >= 3s));
    }
}

TEST_CASE_METHOD(waiting_owner, "VIEW-9: how large it is goes with it, and members only are told") {
    lock::hold_info held;
    held.name = std::string(500, 'n');
    const lock::table given{{2}, {{{3}, {held, held}, {}, {}, true}}};
    const auto told = send(given, 0s, 3s);
    REQUIRE(told);
    CHECK(told->what.bytes >= 1000);
    CHECK(told->what.bytes < 2000);
    mine.installed(made_up::first_view(3, 1));
    CHECK_FALSE(mine.look(at(3500ms)));
    CHECK_FALSE(mine.deadline());
}
