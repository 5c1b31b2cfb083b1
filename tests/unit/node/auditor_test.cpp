#include "node/auditor.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/message_groups.hpp"
#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

lock::hold_info held() {
    lock::hold_info h;
    h.name = "a";
    h.token = {7};
    h.holder = peer(5);
    return h;
}

/// p1 to p3 fill the seats and p4 is the operator's peer; p1 owns every name.
struct auditor_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.retry = 100ms;
        return s;
    }();
    base::pace pace{settings, 1};
    lock::query_client query_client{settings, pace, [](std::string_view) { return slot{}; }};
    node::auditor mine{settings, peer(4), query_client};
    view v = made_up::first_view(3, 2);
    base::time_point now = at(0s);

    std::vector<std::pair<std::uint64_t, lock::store_record>> records;  // to which voter
    std::vector<lock::revoke_request> demands;
    std::optional<node::audit_ended> ended;
    std::optional<node::audit_log_read> read;
    std::vector<node::record_written> written;
    std::size_t may_act = 0;

    auditor_fixture() { install(v); }
    void install(const view& after) {
        base::slot_map map;
        map.owners = {peer(1)};
        map.owner_index.assign(after.slots, 0);
        const auto shared = std::make_shared<const view>(after);
        query_client.install(
            {shared, nullptr, std::make_shared<const base::slot_map>(std::move(map)), {}, true},
            now);
        mine.installed(shared, now);
        drain();
    }
    base::moment moment() const { return {now, 1000}; }
    void drain() {
        while (auto o = query_client.next()) {
            if (const auto* s = std::get_if<lock::send>(&*o)) {
                if (const auto* k = base::get_message_if<lock::store_record>(s->what)) {
                    records.emplace_back(s->to.low, *k);
                } else if (const auto* d = base::get_message_if<lock::revoke_request>(s->what)) {
                    demands.push_back(*d);
                } else if (const auto* l = base::get_message_if<lock::inspect_request>(s->what)) {
                    looked_at = l->number;
                } else if (const auto* r = base::get_message_if<lock::read_records>(s->what)) {
                    reads.emplace_back(s->to.low, r->number);
                }
            } else if (const auto* a = std::get_if<lock::answered>(&*o)) {
                CHECK(mine.hear(*a, now));
            } else {
                CHECK(mine.hear(std::get<lock::unanswered>(*o), now));
            }
        }
        while (auto o = mine.next()) {
            if (const auto* e = std::get_if<node::audit_ended>(&*o)) {
                ended = *e;
            } else if (const auto* r = std::get_if<node::audit_log_read>(&*o)) {
                read = *r;
            } else if (const auto* w = std::get_if<node::record_written>(&*o)) {
                written.push_back(*w);
            } else {
                ++may_act;
            }
        }
    }
    void answer(std::uint64_t from, const lock::to_asker& what) {
        query_client.handle(peer(from), what, now);
        drain();
    }
    /// `voters` keep what they were last asked to keep.
    void keep(std::initializer_list<std::uint64_t> voters) {
        const auto asked = std::exchange(records, {});
        for (const auto n : voters) {
            for (const auto& [to, k] : asked) {
                if (to == n) {
                    answer(n, lock::record_stored{k.number});
                }
            }
        }
    }
    void see_holder() {
        lock::inspect_reply seen{looked_at, lock::tenure_state::serves, {}, 1, {}, 0};
        lock::seen_hold one;
        one.what = held();
        one.holder_name = "five";
        seen.held.push_back(one);
        answer(1, seen);
    }
    void pass(base::duration d) {
        now += d;
        query_client.tick(now);
        mine.tick(now);
        drain();
    }
    std::uint64_t breaks() {
        const auto number = mine.revoke(
            {lock::revoke_kind::break_hold, "a", {7}, {"me", "why"}, {}}, now + 10s, moment());
        drain();
        return number;
    }

    std::uint64_t looked_at = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> reads;
};

}  // namespace

TEST_CASE_METHOD(auditor_fixture,
                 "RECORD-1: a hold is broken once a majority has the record, not before") {
    const auto number = breaks();
    see_holder();
    REQUIRE(records.size() == 3);
    const auto first = records[0].second.what;
    CHECK(first.what == admin_action::broke);
    CHECK(first.whom == peer(5));
    CHECK(first.whom_name == "five");
    CHECK(first.revision == 0);
    keep({1});
    CHECK(demands.empty());
    pass(130ms);  // p2 and p3 are asked again
    keep({3});
    REQUIRE(demands.size() == 1);
    CHECK(demands[0].token == token{7});
    REQUIRE(written.size() == 1);
    CHECK(written[0].at == std::vector{peer(1), peer(3)});
    CHECK_FALSE(ended);
    SECTION("what came of it is recorded, too, and then told") {
        records.clear();
        answer(1, lock::revoke_reply{demands[0].number,
                                     {break_stage::ended, end_reason::broken, 0, 0}});
        REQUIRE(records.size() == 3);
        CHECK(records[0].second.what.revision == 1);
        CHECK(records[0].second.what.outcome.stage == break_stage::ended);
        CHECK(records[0].second.what.took == 130ms);
        keep({1, 2});
        REQUIRE(ended);
        CHECK(ended->number == number);
        CHECK_FALSE(ended->failure);
        CHECK(ended->outcome.stage == break_stage::ended);
        CHECK(written.size() == 2);
    }
    SECTION("also if that cannot be recorded") {
        records.clear();
        answer(1, lock::revoke_reply{demands[0].number,
                                     {break_stage::refused, end_reason::none, 0, 0}});
        pass(1s);
        REQUIRE(ended);
        CHECK_FALSE(ended->failure);
        CHECK(ended->outcome.stage == break_stage::refused);
    }
}

TEST_CASE_METHOD(auditor_fixture, "RECORD-1: what cannot be recorded is not done") {
    (void)breaks();
    see_holder();
    keep({1});
    pass(10s);
    REQUIRE(ended);
    CHECK(ended->failure == errc::no_quorum);
    CHECK(demands.empty());
}

TEST_CASE_METHOD(auditor_fixture,
                 "RECORD-1: an owner that does not say who holds it holds nothing up") {
    (void)breaks();
    CHECK(records.empty());
    pass(400ms);
    REQUIRE(records.size() == 3);
    CHECK(records[0].second.what.whom.is_nil());
}

TEST_CASE_METHOD(auditor_fixture,
                 "VIEW-8: an eviction is done when it is recorded, and over with a view") {
    const auto number = mine.evict(peer(5), {"me", {}}, now + 10s, moment());
    drain();
    CHECK_FALSE(mine.act(number, views::proof::none, now));  // not recorded yet
    keep({1, 2});
    REQUIRE(may_act == 1);
    const auto wanted = mine.act(number, views::proof::fenced, now);
    REQUIRE(wanted);
    CHECK(wanted->whom == peer(5));
    CHECK_FALSE(mine.act(number, views::proof::fenced, now));  // once
    records.clear();
    SECTION("it is none of the members any more") {
        auto after = v;
        after.number = {2};
        after.members.pop_back();
        install(after);
        REQUIRE(records.size() == 3);
        CHECK(records[0].second.what.what == admin_action::fenced);
        CHECK(records[0].second.what.outcome.stage == break_stage::ended);
        keep({2, 3});
        REQUIRE(ended);
        CHECK_FALSE(ended->failure);
    }
    SECTION("or its time is up") {
        CHECK(mine.deadline() == at(10s));
        pass(10s);
        CHECK(records[0].second.what.outcome.stage == break_stage::sent);
        keep({2, 3});
        REQUIRE(ended);
        CHECK(ended->failure == errc::timed_out);
    }
}

TEST_CASE_METHOD(auditor_fixture, "VIEW-8: an eviction that is never set off ends with its time") {
    const auto number = mine.evict(peer(5), {"me", {}}, now + 10s, moment());
    drain();
    keep({1, 2});
    REQUIRE(may_act == 1);
    CHECK(mine.deadline() == at(10s));
    pass(10s);
    CHECK_FALSE(mine.act(number, views::proof::none, now));
    REQUIRE(records.size() == 3);
    CHECK(records[0].second.what.revision == 1);
    CHECK(records[0].second.what.outcome.stage == break_stage{});
    keep({2, 3});
    REQUIRE(ended);
    CHECK(ended->failure == errc::timed_out);
    CHECK_FALSE(mine.deadline());
}

TEST_CASE_METHOD(auditor_fixture,
                 "RECORD-1: what the policy of a hold does is recorded while it is done") {
    mine.record_break({held(), std::string(500, 'x'), "why"}, moment());
    drain();
    REQUIRE(records.size() == 3);
    CHECK(records[0].second.what.who.size() == base::limits::who);
    CHECK(records[0].second.what.whom_name == "p5");
    keep({1, 3});
    CHECK(written.size() == 1);
    CHECK_FALSE(ended);  // nothing waits for it
}

TEST_CASE_METHOD(auditor_fixture, "RECORD-1: a reader hears a majority of the seats") {
    const auto number = mine.read(now + 1s, moment());
    drain();
    REQUIRE(reads.size() == 3);
    audit_record old;
    old.by = peer(9);
    old.number = 1;
    auto later = old;
    later.revision = 1;
    answer(1, lock::records_read{reads[0].second, {later}, 300});
    CHECK_FALSE(read);
    answer(3, lock::records_read{reads[2].second, {old}, 500});
    REQUIRE(read);
    CHECK(read->number == number);
    // as the less whole of the two
    CHECK(read->what == audit_history{{later}, 500});
}

TEST_CASE_METHOD(auditor_fixture,
                 "VIEW-8: a peer that evicts itself has succeeded when its PeerId ends") {
    const auto number = mine.evict(peer(4), {"me", {}}, now + 10s, moment());
    drain();
    keep({1, 2});
    REQUIRE(mine.act(number, views::proof::none, now));
    mine.end(errc::not_a_member);
    drain();
    REQUIRE(ended);
    CHECK_FALSE(ended->failure);
    CHECK(ended->outcome.stage == break_stage::ended);
}

TEST_CASE_METHOD(auditor_fixture, "RECORD-1: what was done stays done when the PeerId ends") {
    const auto number = mine.evict(peer(5), {"me", {}}, now + 10s, moment());
    drain();
    keep({1, 2});
    REQUIRE(mine.act(number, views::proof::none, now));
    auto after = v;
    after.number = {2};
    after.members.pop_back();
    install(after);
    CHECK_FALSE(ended);  // its outcome is being recorded
    mine.end(errc::not_a_member);
    drain();
    REQUIRE(ended);
    CHECK_FALSE(ended->failure);
    CHECK(ended->outcome.stage == break_stage::ended);
}

TEST_CASE_METHOD(auditor_fixture, "everything that an operator wants ends with the PeerId") {
    (void)breaks();
    mine.end(errc::not_a_member);
    drain();
    REQUIRE(ended);
    CHECK(ended->failure == errc::not_a_member);
    CHECK_FALSE(query_client.deadline());  // no question is left
}
