// Looking at locks (LOOK-1), asking for holds back and breaking them (BREAK-1, BREAK-2), and holds
// that end by themselves.
#include "fixture.hpp"

using namespace lock_test;

namespace {

token granted_to(cluster& c, std::uint64_t n, const std::string& name, acquire_params wanted = {}) {
    const auto before = c[n].granted.size();
    c.acquire(n, name, std::move(wanted));
    c.run();
    REQUIRE(c[n].granted.size() == before + 1);
    return c[n].granted.back().token;
}

revoke_request for_hold(const std::string& name, token t, revoke_kind how,
                        const std::string& who = "ann") {
    return {0, name, t, how, who, "it hangs", 5s};
}

const inspect_reply& last_look(const participant& p) {
    REQUIRE_FALSE(p.answers.empty());
    return std::get<inspect_reply>(p.answers.back().what);
}

const break_outcome& last_outcome(const participant& p) {
    REQUIRE_FALSE(p.answers.empty());
    return std::get<revoke_reply>(p.answers.back().what).so_far;
}

}  // namespace

// ---- looking

TEST_CASE("LOOK-1: a look shows who holds, since when, and who waits") {
    cluster c;
    acquire_params noted;
    noted.terms.note = "nightly run";
    const auto t = granted_to(c, 2, "a", noted);
    c.acquire(3, "a");
    c.run();
    c.pass(200ms);
    c.ask(3, inspect_request{0, "a"});
    c.run();
    const auto& seen = last_look(c[3]);
    CHECK(seen.is == tenure_state::serves);
    REQUIRE(seen.held.size() == 1);
    CHECK(seen.held[0].what.token == t);
    CHECK(seen.held[0].what.terms.note == "nightly run");
    CHECK(seen.held[0].known_for == 200ms);
    CHECK(seen.held[0].is_since_grant);
    REQUIRE(seen.queue.size() == 1);
    CHECK(seen.queue[0].peer == peer(3));
    CHECK(seen.waiting == 1);
    c.ask(3, inspect_request{0, "not requested"});
    c.run();
    CHECK(last_look(c[3]).held.empty());
}

TEST_CASE(
    "LOOK-1: an owner without a lease, or that gathers, has no last word; it is asked again") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    SECTION("without a lease") {
        c[1].as_owner.set_leased(false, c.now);
        c.ask(3, inspect_request{0, "a"});
        c.run();
        CHECK(c[3].answers.empty());
        c[1].as_owner.set_leased(true, c.now);
        c.pass(100ms);
        REQUIRE(last_look(c[3]).held.size() == 1);
        CHECK(last_look(c[3]).held[0].what.token == t);
    }
    SECTION("never again: the end of the time tells what it was doing") {
        c[1].as_owner.set_leased(false, c.now);
        c.ask(3, inspect_request{0, "a"}, 300ms);
        c.pass(400ms);
        REQUIRE(c[3].silences.size() == 1);
        CHECK(c[3].silences[0].why == errc::timed_out);
        CHECK(std::get<inspect_reply>(c[3].silences[0].so_far.value()).is ==
              tenure_state::unleased);
    }
    SECTION("the owner is lost") {
        c.kill(1);
        c.ask(3, inspect_request{0, "a"});
        c.run();
        const auto s = c.next_view(3, {1}, 500ms);
        c.install_at(2, s);
        c.install_at(3, s);
        c.run();
        CHECK(c[3].answers.empty());
        c.pass(1s);
        REQUIRE(last_look(c[3]).held.size() == 1);
        CHECK(last_look(c[3]).held[0].what.token == t);
        CHECK_FALSE(last_look(c[3]).held[0].is_since_grant);
    }
}

TEST_CASE("a question is repeated under its number, and what answers another question is ignored") {
    cluster c;
    const auto number = c.ask(2, inspect_request{0, "a"});
    c.wire.clear();
    c.pass(80ms);
    REQUIRE(c[2].answers.size() == 1);
    CHECK(c[2].answers[0].number == number);
    const auto next = c.ask(2, inspect_request{0, "b"});
    c.wire.clear();
    // not the owner
    c.deliver({peer(3), peer(2), inspect_reply{next, tenure_state::serves, {}, 0, {}, 0}});
    // no answer to that question
    c.deliver({peer(1), peer(2), listed{next, {}, true, 0}});
    c.deliver({peer(1), peer(2), inspect_reply{next + 1, tenure_state::serves, {}, 0, {}, 0}});
    CHECK(c[2].answers.size() == 1);
    c[2].as_query_client.forget(next);
    c.pass(80ms);
    CHECK(c[2].answers.size() == 1);
    CHECK_FALSE(c[2].as_query_client.deadline());
}

TEST_CASE("an owner lists its locks in the order of their names") {
    cluster c;
    granted_to(c, 2, "b");
    granted_to(c, 2, "1a");
    granted_to(c, 3, "c");
    c.acquire(2, "c");
    c.run();
    c.ask(3, list_locks{0, ""}, 1s, peer(1));
    c.run();
    const auto& all = std::get<listed>(c[3].answers.back().what);
    REQUIRE(all.locks.size() == 3);
    CHECK(all.locks[0].name == "1a");
    CHECK(all.locks[2].name == "c");
    CHECK(all.locks[2].summary.waiting == 1);
    CHECK(all.is_all);
    c.ask(3, list_locks{0, "b"}, 1s, peer(1));
    c.run();
    CHECK(std::get<listed>(c[3].answers.back().what).locks.size() == 1);
}

// ---- asking back

TEST_CASE(
    "a holder is told once that its hold is wanted back, and the caller that it was, and when it "
    "is gone") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c.ask(3, for_hold("a", t, revoke_kind::request_release));
    c.run();
    REQUIRE(c[2].release_requests.size() == 1);
    CHECK(c[2].release_requests[0].what.who == "ann");
    CHECK(c[2].release_requests[0].what.why == "it hangs");
    CHECK(c[2].release_requests[0].what.grace == 5s);
    CHECK(c[3].answers.empty());  // heard is not the last word
    c.pass(3s);
    CHECK(c[2].release_requests.size() == 1);
    c.ask(1, inspect_request{0, "a"});
    c.run();
    CHECK(last_look(c[1]).held[0].is_release_requested);
    c.release(2, "a", t);
    c.run();
    CHECK(last_outcome(c[3]).stage == break_stage::ended);
    CHECK(last_outcome(c[3]).how == end_reason::released);
}

TEST_CASE("who asks for a hold that it does not get back is told that it was heard") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c.ask(3, for_hold("a", t, revoke_kind::request_release), 300ms);
    c.pass(400ms);
    REQUIRE(c[3].silences.size() == 1);
    CHECK(std::get<revoke_reply>(c[3].silences[0].so_far.value()).so_far.stage ==
          break_stage::delivered);
    CHECK(c[2].lost.empty());
}

// ---- breaking

TEST_CASE(
    "BREAK-1: a hold is broken by demand: the holder gives it up first, then the next is granted") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c.acquire(3, "a");
    c.run();
    c.ask(3, for_hold("a", t, revoke_kind::break_hold));
    while (c.count<break_hold>() == 0) {
        const auto k = c.wire.front();
        c.wire.pop_front();
        c.deliver(k);
    }
    CHECK(c[2].lost.empty());
    CHECK(c[3].granted.empty());
    c.run();
    REQUIRE(c[2].lost.size() == 1);
    CHECK(c[2].lost[0].why == errc::broken);
    CHECK(c[2].lost[0].broken_by == "ann");
    CHECK(c[2].lost[0].broken_for == "it hangs");
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[3].granted[0].before.how == end_reason::broken);
    CHECK(last_outcome(c[3]).stage == break_stage::ended);
    CHECK(last_outcome(c[3]).how == end_reason::broken);
    CHECK(c[1].as_owner.holds().size() == 1);
}

TEST_CASE("BREAK-1: the demand names a token, so that a late one does not break the next holder") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c.release(2, "a", t);
    c.run();
    granted_to(c, 2, "a");
    c.ask(3, for_hold("a", t, revoke_kind::break_hold));
    c.run();
    CHECK(last_outcome(c[3]).stage == break_stage::ended);
    CHECK(c[2].lost.empty());
}

TEST_CASE("BREAK-1: a demand outlives the owner that heard it") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c.ask(3, for_hold("a", t, revoke_kind::break_hold));
    c.wire.clear();
    c.kill(1);
    const auto s = c.next_view(3, {1}, 500ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.pass(2s);
    REQUIRE(c[2].lost.size() == 1);
    CHECK(last_outcome(c[3]).stage == break_stage::ended);
}

TEST_CASE("BREAK-1: a silent holder keeps its hold until its lease is void") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c.acquire(3, "a");
    c.run();
    c.kill(2);
    c.ask(1, for_hold("a", t, revoke_kind::break_hold));
    c.pass(3s);
    CHECK(c[3].granted.empty());
    CHECK(c[1].answers.empty());
    const auto s = c.next_view(1, {2}, 500ms);
    c.install_at(1, s);
    c.install_at(3, s);
    c.pass(400ms);
    CHECK(c[3].granted.empty());
    c.pass(200ms);
    CHECK(c[3].granted.size() == 1);
    CHECK(last_outcome(c[1]).how == end_reason::died);
}

// ---- who may (BREAK-2)

TEST_CASE("BREAK-2: a holder may keep operators from breaking its hold, but not from asking") {
    cluster c;
    acquire_params own;
    own.terms.policy.by_operators = false;
    const auto t = granted_to(c, 2, "a", own);
    c.ask(3, for_hold("a", t, revoke_kind::break_hold));
    c.run();
    CHECK(last_outcome(c[3]).stage == break_stage::refused);
    CHECK(c[2].lost.empty());
    c.ask(3, for_hold("a", t, revoke_kind::request_release));
    c.run();
    CHECK(c[2].release_requests.size() == 1);
}

TEST_CASE("BREAK-2: so many different operators must ask for it as the policy says") {
    cluster c;
    acquire_params own;
    own.terms.policy.approvals = 2;
    const auto t = granted_to(c, 2, "a", own);
    c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"));
    c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"), 300ms);
    c.run();
    CHECK(c[2].lost.empty());
    c.pass(400ms);
    REQUIRE(c[3].silences.size() == 1);
    const auto so_far = std::get<revoke_reply>(c[3].silences[0].so_far.value()).so_far;
    CHECK(so_far.stage == break_stage::needs_approval);
    CHECK(so_far.approvals == 1);
    CHECK(so_far.needed == 2);
    c.ask(1, for_hold("a", t, revoke_kind::break_hold, "bob"));
    c.run();
    CHECK(c[2].lost.size() == 1);
    CHECK(last_outcome(c[1]).stage == break_stage::ended);
    c.pass(1s);  // the later one of ann's took the place of her first, which asks again by then
    CHECK(last_outcome(c[3]).stage == break_stage::ended);
}

TEST_CASE("BREAK-2: however often one operator asks, the second one is heard") {
    cluster c;
    acquire_params own;
    own.terms.policy.approvals = 2;
    const auto t = granted_to(c, 2, "a", own);
    for (int i = 0; i < 64; ++i) {
        c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"));
    }
    c.run();
    CHECK(c[2].lost.empty());
    c.ask(1, for_hold("a", t, revoke_kind::break_hold, "bob"));
    c.run();
    CHECK(c[2].lost.size() == 1);
}

TEST_CASE("BREAK-2: a request to release takes no approval back, nor does an old copy") {
    cluster c;
    acquire_params own;
    own.terms.policy.approvals = 2;
    const auto t = granted_to(c, 2, "a", own);
    c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"));
    c.ask(3, for_hold("a", t, revoke_kind::request_release, "ann"));
    c.run();
    CHECK(c[2].release_requests.size() == 1);
    c.ask(1, for_hold("a", t, revoke_kind::break_hold, "bob"));
    c.run();
    CHECK(c[2].lost.size() == 1);
}

TEST_CASE("BREAK-2: an approval lapses when it was not heard for so long") {
    cluster c;
    c.settings.demands_last = 5s;
    acquire_params own;
    own.terms.policy.approvals = 2;
    const auto t = granted_to(c, 2, "a", own);
    SECTION("from an operator that waits no more") {
        c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"), 300ms);
        c.run();
        c.pass(6s);
        c.ask(1, for_hold("a", t, revoke_kind::break_hold, "bob"), 300ms);
        c.pass(400ms);
        CHECK(c[2].lost.empty());
        REQUIRE(c[1].silences.size() == 1);
        CHECK(std::get<revoke_reply>(c[1].silences[0].so_far.value()).so_far.approvals == 1);
    }
    SECTION("not from one that waits") {
        c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"), 20s);
        c.run();
        c.pass(6s);
        c.ask(1, for_hold("a", t, revoke_kind::break_hold, "bob"));
        c.run();
        CHECK(c[2].lost.size() == 1);
    }
}

TEST_CASE("LOAD-3: one member speaks for so many operators on a hold, and others are heard") {
    cluster c;
    c.settings.quota.demands = 2;
    acquire_params own;
    own.terms.policy.approvals = 4;
    const auto t = granted_to(c, 2, "a", own);
    for (const auto* who : {"o1", "o2", "o3", "o4"}) {
        c.ask(3, for_hold("a", t, revoke_kind::break_hold, who), 300ms);
    }
    c.pass(400ms);
    CHECK(c[2].lost.empty());
    REQUIRE(c[3].silences.size() == 4);
    using last = revoke_reply;
    CHECK(std::get<last>(c[3].silences[1].so_far.value()).so_far.approvals == 2);
    CHECK(std::get<last>(c[3].silences[2].so_far.value()).so_far.stage == break_stage::no_answer);
    CHECK(c[1].as_owner.used_by(peer(3)).refused == 2);
    c.ask(1, for_hold("a", t, revoke_kind::break_hold, "o5"));
    c.ask(1, for_hold("a", t, revoke_kind::break_hold, "o6"));
    c.run();
    CHECK(c[2].lost.size() == 1);
}

TEST_CASE("BREAK-2: where operators are named, others are refused") {
    cluster c;
    c.settings.operators = {"ann"};
    const auto t = granted_to(c, 2, "a");
    c.ask(3, for_hold("a", t, revoke_kind::break_hold, "eve"));
    c.ask(3, for_hold("a", t, revoke_kind::request_release, "eve"));
    c.run();
    REQUIRE(c[3].answers.size() == 2);
    CHECK(last_outcome(c[3]).stage == break_stage::refused);
    CHECK(c[2].release_requests.empty());
    CHECK(c[2].lost.empty());
    c.ask(3, for_hold("a", t, revoke_kind::break_hold, "ann"));
    c.run();
    CHECK(c[2].lost.size() == 1);
}

TEST_CASE("BREAK-2: who waits first in the queue for as long as the policy says has it broken") {
    cluster c;
    acquire_params own;
    own.terms.policy.waited_for = 500ms;
    const auto t = granted_to(c, 2, "a", own);
    c.acquire(3, "a");
    c.run();
    c.pass(450ms);
    CHECK(c[2].lost.empty());
    c.pass(100ms);
    REQUIRE(c[2].lost.size() == 1);
    CHECK(c[2].lost[0].token == t);
    CHECK(c[2].lost[0].why == errc::broken);
    CHECK(c[3].granted.size() == 1);
    REQUIRE(c[1].policy.size() == 1);
    CHECK(c[1].policy[0].what.token == t);
}

TEST_CASE(
    "BREAK-2: the policy is known to the next owner, by report and by table, and patience begins "
    "anew") {
    cluster c;
    acquire_params own;
    own.terms.policy.waited_for = 500ms;
    granted_to(c, 2, "a", own);
    c.acquire(3, "a");
    c.run();
    c.pass(300ms);
    const bool by_table = GENERATE(true, false);
    if (!by_table) {
        c.kill(1);
    }
    const auto s = c.next_view(
        3, by_table ? std::vector<std::uint64_t>{} : std::vector<std::uint64_t>{1}, 100ms);
    for (const auto& [n, p] : c.all) {
        c.install_at(n, s);
    }
    c.run();
    c.pass(400ms);
    CHECK(c[2].lost.empty());
    c.pass(400ms);
    CHECK(c[2].lost.size() == 1);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("BREAK-2: what a policy says of a waiter with a long name fits its message") {
    cluster c;
    auto s = c.next_view(1, {});
    for (auto& m : c.v.members) {
        m.name = std::string(base::limits::member_name, 'n');
    }
    s.now = std::make_shared<const view>(c.v);
    for (const auto& [n, p] : c.all) {
        c.install_at(n, s);
    }
    c.run();
    acquire_params own;
    own.terms.policy.waited_for = 500ms;
    granted_to(c, 2, "a", own);
    c.acquire(3, "a");
    c.run();
    while (c.count<break_hold>() == 0) {
        c.run();
        c.now += 10ms;
        c.tick();
        REQUIRE(c.now < at(10s));
    }
    const auto sent = c.take<break_hold>();
    CHECK(the<break_hold>(sent.what).who.size() <= base::limits::who);
}

TEST_CASE("a former owner does not say that a hold is gone which another has granted") {
    cluster c;
    // 1 is cut off from 2 (majority = 2 and another), lease lost; 3 still at view 1 asks 1.
    c[1].as_owner.set_leased(false, c.now);
    const auto s = c.next_view(2, {1}, 0ms);
    c.install_at(2, s);
    c.wire.clear();
    // 3 knows the new owner's token by other means (a log)
    const auto t = token::make({s.now->epoch}, 1);
    c.ask(3, revoke_request{0, "a", t, revoke_kind::break_hold, "ann", "", 0s});
    c.run();
    CHECK(c[3].answers.empty());
}

TEST_CASE("sixty-four asks do not keep an operator from breaking") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    for (int i = 0; i < 64; ++i) {
        const auto n = c.ask(
            3, revoke_request{0, "a", t, revoke_kind::request_release, "cron", "", 0s}, 100ms);
        c.run();
        c[3].as_query_client.forget(n);
    }
    c.ask(3, revoke_request{0, "a", t, revoke_kind::break_hold, "ann", "it hangs", 5s});
    c.run();
    CHECK(c[2].lost.size() == 1);
}

TEST_CASE(
    "BREAK-2: an owner whose lease is over breaks nothing for a waiter that is not there any "
    "more") {
    cluster c;
    acquire_params w;
    w.terms.policy.waited_for = 3s;
    const auto t = granted_to(c, 2, "a", w);
    const auto n = c.acquire(3, "a");
    c.run();
    // 1 is cut off from the seats; 2 is the owner for the rest
    c[1].as_owner.set_leased(false, c.now);
    const auto s = c.next_view(2, {1}, 1010ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.run();
    c.pass(1500ms);
    // 3 wants it no more; its cancel goes to the new owner
    c[3].as_holder.cancel(n, c.now);
    c.drain(3);
    c.run();
    c.pass(3s);
    CHECK(c[2].as_holder.has("a", t));
    CHECK(c[2].lost.empty());
}

TEST_CASE(
    "BREAK-1: a break of a token that was given back does not end the request that waits on") {
    cluster c;
    const auto number = c.acquire(2, "a");
    while (!c.wire.empty() && c.count<grant>() == 0) {
        const auto k = c.wire.front();
        c.wire.pop_front();
        c.deliver(k);
    }
    const auto late = c.take<grant>();
    const auto t = the<grant>(late.what).token;
    c.wire.clear();
    c.ask(3, revoke_request{0, "a", t, revoke_kind::break_hold, "ann", "", 0s});
    c.deliver(c.take<revoke_request>());
    const auto late_break = c.take<break_hold>();
    c.wire.clear();
    // 1 is lost
    c.kill(1);
    const auto s = c.next_view(3, {1}, 1010ms);
    c.install_at(3, s);
    c.install_at(2, s);
    c.run();          // 2 reports nothing and promises
    c.deliver(late);  // below the promise: given back, the request waits on
    CHECK(c[2].failed.empty());
    c.deliver(late_break);
    CHECK(c[2].failed.empty());
    c.run();
    c.pass(2s);
    REQUIRE(c[2].granted.size() == 1);
    CHECK(c[2].granted[0].number == number);
}

// ---- holds that end by themselves

TEST_CASE("max_hold: a hold is given up after so long") {
    cluster c;
    acquire_params own;
    own.max_hold = 300ms;
    granted_to(c, 2, "a", own);
    c.acquire(3, "a");
    c.run();
    c.pass(290ms);
    CHECK(c[2].lost.empty());
    c.pass(30ms);
    REQUIRE(c[2].lost.size() == 1);
    CHECK(c[2].lost[0].why == errc::broken);
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[3].granted[0].before.how == end_reason::broken);
}

TEST_CASE(
    "progress_every: a hold whose program does not get on is told of, asked for or given up") {
    cluster c;
    acquire_params own;
    own.progress_timeout = 300ms;
    own.on_stall =
        GENERATE(stall_action::report, stall_action::request_release, stall_action::break_hold);
    const auto t = granted_to(c, 2, "a", own);
    c.pass(250ms);
    c[2].as_holder.progress("a", t, c.now);
    c.pass(250ms);
    CHECK(c[2].stuck.empty());
    c.pass(100ms);
    CHECK(c[2].stuck.size() == 1);
    CHECK(c[2].release_requests.size() == (own.on_stall == stall_action::request_release ? 1 : 0));
    CHECK(c[2].lost.size() == (own.on_stall == stall_action::break_hold ? 1 : 0));
    c.pass(1s);
    CHECK(c[2].stuck.size() == 1);  // once, until it gets on again
    if (own.on_stall != stall_action::break_hold) {
        c[2].as_holder.progress("a", t, c.now);
        c.pass(400ms);
        CHECK(c[2].stuck.size() == 2);
    }
}

TEST_CASE("progress is asked only of holds that promise it") {
    cluster c;
    const auto t = granted_to(c, 2, "a");
    c[2].as_holder.progress("a", t, c.now);
    c.pass(5s);
    CHECK(c[2].stuck.empty());
    CHECK(c[2].lost.empty());
}

TEST_CASE("records: a later state of one replaces it, an earlier one does not") {
    archive kept;
    audit_record r;
    r.by = peer(1);
    r.number = 1;
    r.why = "first";
    kept.keep(r);
    r.revision = 1;
    r.why = "second";
    kept.keep(r);
    r.revision = 0;
    CHECK_FALSE(kept.keep(r));
    r.number = 2;
    CHECK(kept.keep(r));
    CHECK(kept.whole_since_ms(-5) == -5);
    REQUIRE(kept.all().size() == 2);
    CHECK(kept.all()[0].why == "second");
    for (std::uint64_t n = 3; n < 2000; ++n) {
        r.number = n;
        kept.keep(r);
    }
    CHECK(kept.all().size() == archive::most);
    CHECK(kept.all().back().number == 1999);
    CHECK(kept.whole_since_ms(-5) == 1);
    r.number = 2000;
    r.at_ms = -1;  // by a clock that is behind all others
    kept.keep(r);
    CHECK(kept.all().back().number == 2000);
    CHECK(kept.all().size() == archive::most);
}
