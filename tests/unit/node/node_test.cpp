#include "node/node.hpp"

#include <algorithm>
#include <set>

#include "base/message_groups.hpp"
#include "catch.hpp"
#include "node/stream_ends.hpp"
#include "node/told_epoch.hpp"
#include "small_cluster.hpp"

using namespace node_test;

TEST_CASE("a peer without seeds is a cluster of its own, and locks without a message") {
    small_cluster c{0};
    c.start(1);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1}); }));
    c.acquire(1, "a");
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    c.release(1, "a", c.all[1].granted[0].token);
    c.acquire(1, "a");
    CHECK(c.all[1].granted.size() == 2);  // at once: the owner is here
    CHECK(c.all[1].granted[0].token < c.all[1].granted[1].token);
}

TEST_CASE("three seats and two more form one cluster and lock") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    for (std::uint64_t i = 1; i <= 5; ++i) {
        c.acquire(i, "a");
    }
    for (std::size_t turn = 1; turn <= 5; ++turn) {
        std::size_t granted = 0;
        REQUIRE(c.run_until([&] {
            granted = 0;
            for (const auto& [i, p] : c.all) {
                granted += p.granted.size();
            }
            return granted == turn;
        }));
        for (std::uint64_t i = 1; i <= 5; ++i) {
            for (const auto& g : c.all[i].granted) {
                c.release(i, "a", g.token);
            }
        }
    }
}

TEST_CASE("NOW-2: a node whose machine was suspended has something to notice, at once") {
    small_cluster c{1};
    REQUIRE(c.form({1}));
    c.acquire(1, "a");
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    const auto held = c.all[1].granted[0].token;
    auto woken = c.moment();
    REQUIRE(c[1].holds("a", held, woken));
    REQUIRE_FALSE(c[1].is_due(woken));
    woken.suspended = 1100ms;
    CHECK_FALSE(c[1].holds("a", held, woken));
    CHECK(c[1].is_due(woken));
    c[1].tick(woken);
    CHECK_FALSE(c[1].is_due(woken));
    std::vector<node::hold_lost> lost;
    while (auto o = c[1].next()) {
        if (auto* l = std::get_if<node::hold_lost>(&*o)) {
            lost.push_back(*l);
        }
    }
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].why == errc::lease_lost);
}

TEST_CASE("a killed seat is removed; its locks go on at another owner, with higher tokens") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(2);
    c.acquire(4, name);
    REQUIRE(c.run_until([&] { return c.all[4].granted.size() == 1; }));
    const auto first = c.all[4].granted[0].token;
    c.kill(2);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 3, 4, 5}); }));
    CHECK(c[4].holds(name, first, c.moment()));  // NO-LOSS
    c.acquire(5, name);
    c.run_for(1500ms);
    CHECK(c.all[5].granted.empty());
    c.release(4, name, first);
    REQUIRE(c.run_until([&] { return c.all[5].granted.size() == 1; }));
    CHECK(first < c.all[5].granted[0].token);
}

TEST_CASE("a seat that restarts is another peer, replaced at its address in one view") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    const auto former = c[2].self();
    c.run_for(2500ms);  // SEAT-3: not sooner than 2A after the seat was filled
    c.kill(2);
    c.start(2);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }));
    CHECK(c[1].installed()->find_former(former));
    CHECK(c[1].installed()->is_voter(c[2].self()));
}

TEST_CASE("MINORITY: a seat cut off loses its holds by itself, and comes back as another peer") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.acquire(3, "a");
    REQUIRE(c.run_until([&] { return c.all[3].granted.size() == 1; }));
    c.cut(3, 1);
    c.cut(3, 2);
    const auto cut_at = c.now;
    REQUIRE(c.run_until([&] { return c.all[3].lost.size() == 1; }));
    CHECK(c.all[3].lost[0].why == errc::lease_lost);
    CHECK(c.now - cut_at <= 1s);
    c.acquire(1, "a");
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    c.mend();
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }, 60s));
    CHECK(c.all[3].restarted == errc::evicted);
}

TEST_CASE("LEAVE-1: who leaves hands its slots over and is removed with nothing to wait for") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto name = c.name_at(4);
    c.acquire(1, name);
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    c.leave(4);
    REQUIRE(c.run_until([&] { return c.all[4].has_left; }, 3s));
    c.kill(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }, 1s));
    CHECK(c[1].holds(name, c.all[1].granted[0].token, c.moment()));
    c.release(1, name, c.all[1].granted[0].token);
    c.acquire(2, name);
    CHECK(c.run_until([&] { return c.all[2].granted.size() == 1; }, 200ms));
}

TEST_CASE("OWN-11: a joiner owns slots once it has renewed for a lease, and not before") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.start(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    const auto joined = c.now;
    CHECK_FALSE(c[1].map()->owns_any(c[4].self()));
    REQUIRE(c.run_until([&] { return c.is_settled({4}); }, 5s));
    CHECK(c.now - joined >= c.settings.lease);
    CHECK(c[1].map()->owns_any(c[4].self()));
}

TEST_CASE("NET-4: a member that no voter can dial owns nothing, and is one all the same") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    bool can_dial = false;
    c.lose = [&](const node::message& what) {
        const auto* asked = base::get_message_if<swim::ping>(what);
        return !can_dial && asked != nullptr && asked->target.is_nil();
    };
    c.start(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    c.run_for(10s);
    CHECK_FALSE(c.is_settled({4}));
    CHECK_FALSE(c[1].map()->owns_any(c[4].self()));
    CHECK(c.is_leased(4));
    REQUIRE(c.all[4].problems.size() == 1);  // in ten seconds
    CHECK(c.all[4].problems[0].why == errc::io_error);
    CHECK(c.all[4].problems[0].text.find(to_string(made_up::address(4))) != std::string::npos);
    CHECK(c.all[1].problems.empty());
    can_dial = true;
    CHECK(c.run_until([&] { return c.is_settled({4}); }, 3s));
}

TEST_CASE("OWN-11: a peer that crashes within a lease of each start owns nothing, and waits") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    for (int life = 0; life < 3; ++life) {
        c.start(4);
        REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
        c.run_for(c.settings.lease / 4);
        CHECK_FALSE(c[1].map()->owns_any(c[4].self()));
        c.kill(4);
        REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }));
    }
    c.start(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    const auto joined = c.now;
    REQUIRE(c.run_until([&] { return c.is_settled({4}); }, 30s));
    CHECK(c.now - joined >= 8 * c.settings.lease);
}

namespace {

/// A seat of three leaves, and a new process takes its place.
void replace(small_cluster& c, std::uint64_t seat) {
    c.leave(seat);
    REQUIRE(c.run_until([&] { return c.all[seat].has_left; }));
    c.kill(seat);
    c.start(seat);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }));
}

}  // namespace

TEST_CASE("OWN-11: seats that are replaced one by one all own slots again") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    for (const std::uint64_t seat : {1, 2, 3}) {
        replace(c, seat);
        REQUIRE(c.run_until([&] { return c.is_settled({1, 2, 3}); }, 10s));
    }
    for (const std::uint64_t seat : {1, 2, 3}) {
        CHECK(c[2].map()->owns_any(c[seat].self()));
    }
}

TEST_CASE(
    "OWN-11: seats that are replaced faster than they are settled leave no lock without owner") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    for (const std::uint64_t seat : {1, 2, 3}) {
        replace(c, seat);
        c.acquire(seat, "a");
        REQUIRE(c.run_until([&] { return c.all[seat].granted.size() == 1; }, 2s));
        c.release(seat, "a", c.all[seat].granted[0].token);
    }
    CHECK(c.run_until([&] { return c.is_settled({1, 2, 3}); }, 10s));
}

TEST_CASE(
    "FOUND-6: two of three seats that restart together found again, and the third joins them") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.acquire(3, "a");
    REQUIRE(c.run_until([&] { return c.all[3].granted.size() == 1; }));
    const auto before = c.all[3].granted[0].token;
    const auto first = c[3].installed()->cluster;
    c.kill(1);
    c.kill(2);
    c.start(1);
    c.start(2);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }, 60s));
    CHECK(c[3].installed()->cluster != first);
    c.acquire(1, "a");
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    CHECK(before < c.all[1].granted[0].token);  // FENCE over the founding
}

TEST_CASE("FOUND-6: a voter that hears no peer does not hold the others up") {
    small_cluster c{5};
    REQUIRE(c.form({1, 2, 3}));
    c.lose_to = [](std::uint64_t to, bool) { return to == 2; };
    c.run_for(2500ms);  // no lease is left, so no peer can be let in any more
    c.start(4);
    c.start(5);
    REQUIRE(c.run_until([&] { return c.is_leased(4) && c.is_leased(5); }, 30s));
    for (const auto i : {1, 3, 4, 5}) {
        const auto wanted = static_cast<std::uint64_t>(i);
        c.acquire(wanted, "a");
        REQUIRE(c.run_until([&] { return c.all[wanted].granted.size() == 1; }, 30s));
        c.release(wanted, "a", c.all[wanted].granted[0].token);
    }
}

TEST_CASE("FOUND-3: who asks by stream is answered there, although its address is known to none") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto former = c[4].self();
    for (const std::uint64_t seat : {1, 2, 3}) {
        c.kill(seat);
        c.cut(seat, 4);
    }
    for (const std::uint64_t seat : {1, 2, 3}) {
        c.start(seat);
    }
    REQUIRE(c.run_until([&] { return c.is_leased(1) && c.is_leased(2) && c.is_leased(3); }, 20s));
    c.lose = [](const node::message& what) { return std::holds_alternative<swim::message>(what); };
    c.lose_from = [](std::uint64_t from, bool stream) { return from == 4 && !stream; };
    c.mend();
    CHECK(c.run_until([&] { return c[4].self() != former; }, 5s));
    CHECK(c.all[4].restarted == errc::wrong_cluster);
}

TEST_CASE("NET-4: a ballot whose datagrams are lost goes by stream, and the other way round") {
    const bool is_stream_lost = GENERATE(false, true);
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.lose_sent = [&](const node::send& s) {
        const bool is_of_ballot = base::holds_message<views::prepare>(s.what) ||
                                  base::holds_message<views::promise>(s.what) ||
                                  base::holds_message<views::accept>(s.what) ||
                                  base::holds_message<views::accepted>(s.what);
        return is_of_ballot && s.stream == is_stream_lost;
    };
    c.start(4);
    CHECK(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 5s));
}

TEST_CASE("LEAVE-1: a peer that leaves a cluster that is over waits for no peer") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    for (const std::uint64_t seat : {1, 2, 3}) {
        c.kill(seat);
        c.cut(seat, 4);
    }
    c.start(1);
    c.start(2);
    c.start(3);
    REQUIRE(
        c.run_until([&] { return c.is_leased(3) && c[3].installed()->members.size() == 3; }, 10s));
    c.run_for(1s);
    SECTION("when it meets the cluster that is there now (FOUND-3)") { c.mend(); }
    SECTION("also when it hears no peer") {}
    c.leave(4);
    CHECK(c.all[4].has_left);
}

TEST_CASE("LEAVE-1: without a quorum a peer has left when its own lease is over") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.kill(1);
    c.kill(2);
    const auto killed = c.now;
    c.leave(3);
    CHECK_FALSE(c.all[3].has_left);
    CHECK(c.run_until([&] { return c.all[3].has_left; }, 6s));
    CHECK(c.now - killed <= 1100ms);  // its lease of a second; without its end it took five
}

TEST_CASE("NET-1: a member that cannot reach one owner is served round by the voters") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(5);
    c.cut(4, 5);
    c.acquire(4, name);
    REQUIRE(c.run_until([&] { return c.all[4].granted.size() == 1; }, 5s));
    c.release(4, name, c.all[4].granted[0].token);
    c.acquire(1, name);
    CHECK(c.run_until([&] { return c.all[1].granted.size() == 1; }, 5s));
}

TEST_CASE("what an operator wants of a node that is in no cluster fails at once") {
    base::settings s;
    s.address = made_up::address(1);
    s.seeds = {made_up::address(2)};  // a seat that is not there
    const base::moment now{time_point{100s}, 0};
    node::node n{s, {1, 1}, 7, now};
    const auto eviction = n.evict({2, 2}, {"an operator", {}}, now.now + 30s, now);
    const auto revocation =
        n.revoke({lock::revoke_kind::request_release, "a", {1}, {}, {}}, now.now + 30s, now);
    const auto reading = n.read_audit_log(now.now + 30s, now);
    std::map<std::uint64_t, errc> failed;
    while (auto o = n.next()) {
        if (const auto* e = std::get_if<node::audit_ended>(&*o)) {
            failed[e->number] = e->failure.value();
        } else if (const auto* r = std::get_if<node::audit_log_read>(&*o)) {
            failed[r->number] = r->failure.value();
        }
    }
    CHECK(failed == std::map<std::uint64_t, errc>{{eviction, errc::not_a_member},
                                                  {revocation, errc::not_a_member},
                                                  {reading, errc::not_a_member}});
}

TEST_CASE("an eviction that is asked of a node in no cluster leaves nothing that stays due") {
    base::settings s;
    s.address = made_up::address(1);
    s.seeds = {made_up::address(2)};  // a seat that is not there
    base::moment now{time_point{100s}, 0};
    node::node n{s, {1, 1}, 7, now};
    const auto end = now.now + 40s;
    (void)n.evict({2, 2}, {"an operator", {}}, now.now + 30s, now);
    for (int ticks = 0; now.now < end; ++ticks) {
        while (n.next()) {
        }
        const auto due = n.deadline();
        REQUIRE(due);
        now.now = std::max(now.now, *due);
        n.tick(now);
        REQUIRE(ticks < 10'000);  // as in the driver, which would never sleep
    }
}

namespace {

/// Four peers on one machine; p4 holds a lock that p1 owns.
struct on_one_machine {
    small_cluster c{3};
    std::string name;

    on_one_machine() {
        c.machine = 7;
        REQUIRE(c.form({1, 2, 3, 4}));
        name = c.name_at(1);
        c.acquire(4, name);
        REQUIRE(c.run_until([&] { return c.all[4].granted.size() == 1; }));
    }
};

}  // namespace

TEST_CASE_METHOD(
    on_one_machine,
    "CERT-1: the lease of a member whose process is seen to be gone is not waited for") {
    const auto lost = c[4].self();
    c.kill(4);
    REQUIRE(c.run_until([&] { return !c.all[2].checks.empty(); }));
    CHECK(c.all[2].checks[0].peer == lost);
    CHECK(c.all[2].checks[0].process == process_identity{7, 4, 1});
    c.end_streams_of(lost);  // CERT-3: voters know that themselves
    c.process_is_gone(2, lost);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }, 2s));
    c.acquire(3, name);
    CHECK(c.run_until([&] { return c.all[3].granted.size() == 1; }, 50ms));
}

TEST_CASE_METHOD(on_one_machine,
                 "CERT-3: a process that is gone is replaced at once, one that lives is not") {
    c.run_for(2s);  // views come at one in a second
    const auto holder = c[4].self();
    SECTION("that lives") {
        c.process_is_gone(2, holder);  // a clone of its machine says so
        c.run_for(2s);
        CHECK(c.is_member_everywhere({1, 2, 3, 4}));
    }
    SECTION("that is gone") {
        c.kill(4);
        c.run_for(5ms);  // what was under way arrives
        c.end_streams_of(holder);
        c.process_is_gone(2, holder);
        c.acquire(3, name);
        CHECK(c.run_until([&] { return c.all[3].granted.size() == 1; }, 200ms));
    }
}

TEST_CASE_METHOD(
    on_one_machine,
    "CERT-3: the lease of a holder that lives is waited for, though a clone of its machine says "
    "that it is gone and an operator evicts it") {
    c.run_for(2s);  // views come at one in a second
    const auto holder = c[4].self();
    for (const std::uint64_t i : {1, 2, 3}) {
        c.cut(4, i);
    }
    REQUIRE(c.is_leased(4));
    c.process_is_gone(2, holder);
    (void)c[2].evict(holder, {"an operator", {}}, c.now + 30s, c.moment());
    c.acquire(3, name);
    REQUIRE(c.run_until([&] { return c.all[3].granted.size() == 1; }));
    CHECK_FALSE(c.is_leased(4));
}

TEST_CASE("CERT-3: the next holder after a crash does not wait for what is batched") {
    small_cluster c{3};
    c.machine = 7;
    c.settings.batch_wait = 200ms;
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto name = c.name_at(1);
    c.acquire(4, name);
    REQUIRE(c.run_until([&] { return c.all[4].granted.size() == 1; }));
    c.acquire(3, name);
    c.run_for(2s);  // views come at one in a second
    const auto holder = c[4].self();
    c.kill(4);
    c.run_for(5ms);  // what was under way arrives
    c.end_streams_of(holder);
    c.process_is_gone(2, holder);
    CHECK(c.run_until([&] { return c.all[3].granted.size() == 1; }, 150ms));
}

TEST_CASE("CERT-1: a process is asked for, and taken for gone, on its own machine only") {
    small_cluster c{3};
    c.machine = GENERATE(0, 7);
    REQUIRE(c.form({1, 2, 3}));
    c.machine = 8;
    c.start(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    c.process_is_gone(1, c[4].self());
    c.run_for(1s);
    CHECK(c.is_member_everywhere({1, 2, 3, 4}));
    c.kill(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }));
    CHECK(c.all[1].checks.empty());
}

TEST_CASE("a wait that runs out says why") {
    small_cluster c{3};
    c.start(1);
    c.acquire(1, "a", 500ms);
    REQUIRE(c.run_until([&] { return c.all[1].failed.size() == 1; }));
    CHECK(c.all[1].failed[0].why == errc::not_a_member);
    c.start(2);
    c.start(3);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }));
    c.kill(2);
    c.kill(3);
    c.run_for(1500ms);
    c.acquire(1, "a", 200ms);
    REQUIRE(c.run_until([&] { return c.all[1].failed.size() == 2; }));
    CHECK(c.all[1].failed[1].why == errc::no_quorum);
}

TEST_CASE("FOUND-2: a joiner with other seeds is refused, and both sides say so") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.settings.seeds.pop_back();
    c.start(9);
    REQUIRE(c.run_until([&] { return !c.all[9].problems.empty(); }));
    CHECK(c.all[9].problems[0].why == errc::seeds_differ);
    CHECK((!c.all[1].problems.empty() || !c.all[2].problems.empty()));
}

TEST_CASE("FOUND-5: the epoch is persisted before it is accepted, and goes on from there") {
    small_cluster c{3};
    c.settings.keeps_epochs = true;
    REQUIRE(c.form({1, 2, 3}));
    REQUIRE_FALSE(c.all[1].persisted.empty());
    CHECK(c.written(1) >= c[1].installed()->epoch);
}

TEST_CASE("FOUND-9: peers tell the highest epoch that they agreed to, and no mark") {
    small_cluster c{3};
    c.settings.keeps_epochs = true;
    std::set<std::uint32_t> told;
    c.lose = [&](const node::message& m) {
        told.insert(node::told_epoch(m).value);
        return false;
    };
    REQUIRE(c.form({1, 2, 3}));
    c.run_for(2s);
    const auto epoch = c[1].installed()->epoch.value;
    CHECK(told.contains(epoch));
    CHECK(*told.rbegin() == epoch);
    CHECK(c.written(1).value > epoch + 3000);
    // Nor is a mark that was found: the first founding is above it, and no higher.
    std::set<std::uint32_t> marks;
    for (const auto i : {1u, 2u, 3u}) {
        const auto mark = c.written(i);
        marks.insert(mark.value);
        c.kill(i);
        c.start(i, mark);
    }
    told.clear();
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3}); }, 60s));
    CHECK(c[1].installed()->epoch.value > epoch + 3000);
    CHECK(*told.rbegin() == c[1].installed()->epoch.value);
    CHECK(std::none_of(told.begin(), told.end(),
                       [&](std::uint32_t one) { return marks.contains(one); }));
}

TEST_CASE("FOUND-9: seats that restart without a state_dir hear the epoch from who lives on") {
    small_cluster c{3};
    c.start(1, epoch{13'700});  // the clocks of the others say less
    for (const auto i : {2u, 3u, 4u, 5u}) {
        c.start(i);
    }
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4, 5}); }));
    const auto before = c[4].installed()->epoch;
    REQUIRE(before > epoch{13'700});
    c.kill(1), c.kill(2), c.kill(3);
    c.run_for(500ms);
    c.start(2), c.start(3);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({2, 3, 4, 5}); }, 60s));
    CHECK(c[4].installed()->epoch > before);
}

TEST_CASE("WATCH-1: a watcher sees the note of the holder, through a crash of the owner") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(2);
    c.watch(1, name);
    c.acquire(4, name);
    REQUIRE(c.run_until(
        [&] { return !c.all[1].watched.empty() && c.all[1].watched.back().summary.holders; }));
    CHECK(c.all[1].watched.back().summary.held.front().terms.note == "note of p4");
    c.kill(2);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 3, 4, 5}); }));
    c.release(4, name, c.all[4].granted[0].token);
    REQUIRE(c.run_until([&] { return !c.all[1].watched.back().summary.holders; }));
}

TEST_CASE("LEASE-6: a peer with another lease does not join, and both sides say why") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.settings.lease *= 4;
    c.start(4);
    REQUIRE(c.run_until([&] { return !c.all[4].problems.empty() && !c.all[1].problems.empty(); }));
    CHECK(c.all[4].problems[0].why == errc::times_differ);
    CHECK(c.all[1].problems[0].why == errc::times_differ);
    c.run_for(5s);
    CHECK_FALSE(c[4].installed());
    CHECK(c[1].installed()->members.size() == 3);
}

TEST_CASE("a founder that does not hear that view 1 was chosen is told when it asks to join") {
    small_cluster c{3};
    // Seat 3 is down; what says that view 1 was chosen is lost on its way to the other founder.
    c.lose = [](const node::message& what) { return base::holds_message<views::founded>(what); };
    c.start(1);
    c.start(2);
    REQUIRE(c.run_until([&] { return c[1].installed() || c[2].installed(); }));
    c.lose = {};
    CHECK(c.run_until([&] { return c.is_member_everywhere({1, 2}); }, 3s));
}

TEST_CASE("LEASE-7: a member that hears no views any more is acked no more, and removed") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(5);
    // From now on only datagrams reach 4: pings and leases, but no views, tables and asks for
    // reports.
    c.lose_to = [&](std::uint64_t to, bool stream) { return to == 4 && stream; };
    c.kill(5);
    c.acquire(1, name);
    REQUIRE(c.run_until([&] { return c.all[1].granted.size() == 1; }));
    CHECK(c[1].installed()->members.size() == 3);
}

TEST_CASE(
    "LEASE-8: a member that hears no streams says so, stops and is removed, not before 15 s") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    c.run_for(1s);  // the slots of 4 are handed over: no owner waits for it (VIEW-9)
    const auto former = c[4].self();
    c.lose_to = [](std::uint64_t to, bool stream) { return to == 4 && stream; };
    c.run_for(14s);
    CHECK(c.is_leased(4));
    CHECK(c.all[4].problems.empty());
    REQUIRE(c.run_until([&] { return !c.is_leased(4); }, 4s));
    const auto& told = c.all[4].problems;
    const auto says = std::find_if(told.begin(), told.end(),
                                   [](const auto& p) { return p.why == errc::no_quorum; });
    REQUIRE(says != told.end());
    CHECK(says->text.find("TCP") != std::string::npos);
    // two of the three are enough to stop
    CHECK((says->text.find("p1 (") != std::string::npos ||
           says->text.find("p2 (") != std::string::npos));
    CHECK(c.run_until([&] { return !c[1].installed()->has(former); }, 5s));
    CHECK(c.is_leased(1));
}

TEST_CASE("LEASE-8: voters that lack descriptors say so, and no lease ends for want of streams") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    c.lose_to = [](std::uint64_t, bool stream) { return stream; };
    for (const std::uint64_t i : {1, 2, 3}) {
        c[i].set_lacking_descriptors(true, c.moment());
    }
    c.run_for(40s);
    CHECK(c.is_leased(4));
    CHECK(c.all[4].problems.empty());
    CHECK(c.all[1].problems.size() == 1);
}

TEST_CASE("CERT-3: a peer with streams from two hosts is told of, here and there") {
    small_cluster c{3};
    c.machine = 5;
    REQUIRE(c.form({1, 2, 3, 4}));
    c[1].seen_at_two_hosts(c[4].self(), c.moment());
    c[1].seen_at_two_hosts(c[4].self(), c.moment());
    c.run_for(1s);
    CHECK(c.all[1].problems.size() == 1);
    CHECK(c.all[4].problems.size() == 1);
    CHECK(c.all[2].problems.empty());
    CHECK(c.is_leased(4));
}

TEST_CASE("CERT-3: no end counts on a machine that was cloned, before and after that is seen") {
    auto v = made_up::first_view(3, 2);
    for (auto& m : v.members) {
        m.process = {m.id == made_up::peer(5) ? std::uint64_t{6} : std::uint64_t{5}, 1, 1};
    }
    node::stream_ends ends;
    ends.installed(v);
    ends.ended(made_up::peer(3));
    CHECK(ends.has_ended(made_up::peer(3)));
    CHECK(ends.seen_at_two_hosts(made_up::peer(4), v));
    CHECK_FALSE(ends.seen_at_two_hosts(made_up::peer(4), v));
    CHECK_FALSE(ends.has_ended(made_up::peer(3)));
    ends.ended(made_up::peer(2));
    CHECK_FALSE(ends.has_ended(made_up::peer(2)));
    ends.ended(made_up::peer(5));
    CHECK(ends.has_ended(made_up::peer(5)));
}

TEST_CASE("LEASE-8: in a cluster that rests none is mute") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    c.run_for(60s);
    for (const std::uint64_t i : {1, 2, 3, 4}) {
        CHECK(c.is_leased(i));
        CHECK(c.all[i].problems.empty());
        CHECK_FALSE(c.all[i].restarted);
    }
}

TEST_CASE(
    "SEAT-2: a peer without seeds that meets a cluster of its name with seats is in error and "
    "stops") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.kill(1);
    auto with_seeds = std::exchange(c.settings.seeds, {});
    c.stays_down = 1;
    c.start(1);  // its seeds were forgotten
    REQUIRE(c.run_until([&] { return c.all[1].restarted.has_value(); }));
    CHECK(c.all[1].restarted == errc::seeds_differ);
    REQUIRE_FALSE(c.all[1].problems.empty());
    CHECK(c.all[1].problems[0].why == errc::seeds_differ);
}

TEST_CASE("NET-1: two peers stop going round by the voters once their link has healed") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto name = c.name_at(4);
    const auto lock_some = [&](int times) {
        for (int i = 0; i < times; ++i) {
            const auto before = c.all[5].granted.size();
            c.acquire(5, name);
            REQUIRE(c.run_until([&] { return c.all[5].granted.size() > before; }, 5s));
            c.release(5, name, c.all[5].granted.back().token);
            c.run_for(200ms);
        }
    };
    lock_some(3);
    c.cut(4, 5);
    lock_some(3);
    c.mend();
    lock_some(10);  // 2 s: twice as long as what came round is remembered
    std::size_t relayed = 0;
    c.lose = [&](const node::message& what) {
        relayed += std::holds_alternative<node::relayed>(what) ? 1 : 0;
        return false;
    };
    lock_some(10);
    CHECK(relayed == 0);
}

TEST_CASE("a decided value with a wrong checksum is accepted by no member") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    const auto& v = *c[2].installed();
    views::change wrong;
    wrong.cluster = v.cluster;
    wrong.number = v.number.next();
    wrong.epoch = {v.epoch.value + 1};
    wrong.checksum = 4711;
    std::size_t accepted = 0;
    c.lose = [&](const node::message& what) {
        accepted += base::holds_message<views::accepted>(what) ? 1 : 0;
        return false;
    };
    const node::envelope head{c[1].self(), c[2].self(), v.cluster, v.number, true};
    c.inject(1, 2, head,
             views::message{views::accept{wrong.number, {1'000'000, 0, c[1].self()}, wrong}});
    c.run_for(3s);
    CHECK(accepted == 0);
    CHECK(c.is_member_everywhere({1, 2, 3}));
}

TEST_CASE(
    "FORCE-1: a peer gives its cluster up only without a lease, and goes on an hour past its clock "
    "if that is written down") {
    small_cluster c{3};
    c.settings.keeps_epochs = GENERATE(true, false);
    REQUIRE(c.form({1, 2, 3, 4}));
    CHECK_FALSE(c.force(4, {4}));
    const auto before = c[4].installed()->cluster;
    const auto wall = c.moment().wall_s;
    for (const auto i : {1u, 2u, 3u}) {
        c.kill(i);
    }
    c.run_for(100ms);
    CHECK_FALSE(c.force(4, {4}));  // it still runs
    c.run_for(2s);
    REQUIRE(c.force(4, {4}));
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({4}); }, 60s));
    CHECK(c[4].installed()->cluster != before);
    CHECK((!c.settings.keeps_epochs || c.written(4) >= c[4].installed()->epoch));
    CHECK((std::int64_t{c[4].installed()->epoch.value} > wall + 3600) == c.settings.keeps_epochs);
}

namespace {
token granted_at(small_cluster& c, std::uint64_t i) {
    c.acquire(i, "a");
    REQUIRE(c.run_until([&] { return !c.all[i].granted.empty(); }, 60s));
    return c.all[i].granted[0].token;
}
}  // namespace

TEST_CASE(
    "FORCE-1: tokens rise over a restart of all the new seats, before they have founded and after "
    "it") {
    const bool keeps_epochs = GENERATE(true, false);
    small_cluster c{3};
    c.settings.keeps_epochs = keeps_epochs;
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto before = granted_at(c, 4);
    const auto wall = c.moment().wall_s;
    c.kill(1), c.kill(2), c.kill(3);
    c.run_for(3s);
    REQUIRE(c.force(4, {4}));
    auto on_disk = keeps_epochs ? c.written(4) : epoch{};
    c.kill(4);
    c.start(4, on_disk);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({4}); }, 60s));
    CHECK((std::int64_t{c[4].installed()->epoch.value} > wall + 3600) == keeps_epochs);
    const auto after = granted_at(c, 4);
    CHECK(before < after);
    c.run_for(5s);
    on_disk = keeps_epochs ? std::max(on_disk, c.written(4)) : epoch{};
    c.kill(4);
    c.start(4, on_disk);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({4}); }, 60s));
    CHECK(after < granted_at(c, 4));
}

TEST_CASE(
    "FORCE-1: tokens rise over a second forced view, too, although it begins with a peer that was "
    "cut off in between") {
    small_cluster c{5};
    c.settings.keeps_epochs = true;
    for (const auto i : {1u, 2u, 3u, 4u, 6u}) {
        c.ahead[i] = 120;  // than p5's
    }
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    c.kill(1), c.kill(2), c.kill(3);
    c.run_for(3s);
    REQUIRE(c.force(4, {4, 5, 6}));
    REQUIRE(c.force(5, {4, 5, 6}));
    c.start(6);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({4, 5, 6}); }, 60s));
    c.cut(5, 4), c.cut(5, 6);
    REQUIRE(c.run_until([&] { return c[4].installed()->members.size() == 2; }, 60s));
    const auto first = granted_at(c, 4);
    c.kill(4), c.kill(6);
    c.run_for(3s);
    c.mend();
    REQUIRE(c.force(5, {5}));
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({5}); }, 60s));
    CHECK(first < granted_at(c, 5));
}

TEST_CASE("RECORD-1: who is forced into a new cluster says that its log is whole since then") {
    small_cluster c{3};
    c.settings.keeps_epochs = true;
    REQUIRE(c.form({1, 2, 3}));
    c.kill(1), c.kill(2);
    c.run_for(3s);
    const auto wall = node::wall_ms(c.moment(3));
    REQUIRE(c[3].kept_records().whole_since_ms < wall);
    c.stays_down = 3;
    REQUIRE(c.force(3, {3}));
    REQUIRE(c.all[3].restarted == errc::no_quorum);
    CHECK(c[3].kept_records().whole_since_ms == wall);  // this is handed to the next PeerId
    REQUIRE_FALSE(c.all[3].record_writes.empty());
    CHECK(c.all[3].record_writes.back().what.whole_since_ms == wall);
}

namespace {
bool is_reading(const node::message& m) {
    const auto* round = std::get_if<node::relayed>(&m);
    const auto* l = round != nullptr ? &round->what : std::get_if<lock::message>(&m);
    return l != nullptr && base::holds_message<lock::records_read>(*l);
}
}  // namespace

TEST_CASE(
    "RECORD-1: who comes to fill a seat does not answer for it before it has taken over what the "
    "others have") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    audit_record what;
    what.by = c[4].self();
    what.number = 1;
    for (const auto i : {1u, 2u, 3u}) {
        c.ask(4, lock::store_record{0, what}, c[i].self());
    }
    REQUIRE(c.run_until([&] { return c.all[4].answered.size() == 3; }));
    c.kill(1);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({2, 3, 4}); }, 60s));
    bool is_lost = true;
    c.lose = [&](const node::message& m) { return is_lost && is_reading(m); };
    c.start(1);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 60s));
    c.all[4].answered.clear();
    c.ask(4, lock::read_records{}, c[1].self());
    c.run_for(1s);
    CHECK(c.all[4].answered.empty());
    is_lost = false;
    REQUIRE(c.run_until([&] { return c.all[4].answered.size() == 1; }));
    const auto* read = std::get_if<lock::records_read>(&c.all[4].answered[0].what);
    REQUIRE(read != nullptr);
    CHECK(read->records == std::vector<audit_record>{what});
}

TEST_CASE(
    "RECORD-1: who cannot reach the others answers for its seat all the same when the time for "
    "that is up") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    c.kill(1);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({2, 3, 4}); }, 60s));
    bool is_lost = true;
    c.lose = [&](const node::message& m) { return is_lost && is_reading(m); };
    c.start(1);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 60s));
    c.run_for(2 * c.settings.lease + 100ms);
    is_lost = false;
    c.ask(4, lock::read_records{}, c[1].self());
    CHECK(c.run_until([&] { return c.all[4].answered.size() == 1; }, 1s));
}

TEST_CASE(
    "RECORD-1: who still takes over what the others have asks those who come to fill a seat "
    "meanwhile, too") {
    small_cluster c{5};
    REQUIRE(c.form({1, 2, 3, 4, 5, 6}));
    c.run_for(2500ms);  // SEAT-3
    audit_record what;
    what.by = c[6].self();
    what.number = 1;
    for (const auto i : {1u, 2u, 3u}) {
        c.ask(6, lock::store_record{0, what}, c[i].self());
    }
    REQUIRE(c.run_until([&] { return c.all[6].answered.size() == 3; }));
    c.lose = [&](const node::message& m) { return std::holds_alternative<node::relayed>(m); };
    c.kill(1);
    c.cut(1, 2), c.cut(1, 3);
    c.start(1);
    REQUIRE(c.run_until([&] { return c[1].installed() && c[1].installed()->is_voter(c[1].self()); },
                        30s));
    const auto since = c.now;
    c.mend();
    c.cut(1, 3);
    c.kill(2);
    c.start(2);
    REQUIRE(c.run_until([&] { return c[1].installed()->is_voter(c[2].self()) && c[2].installed(); },
                        30s));
    REQUIRE(c.now - since < 2 * c.settings.lease);  // so p1 still asks
    c.run_for(5s);
    c.all[6].answered.clear();
    c.ask(6, lock::read_records{}, c[1].self());
    REQUIRE(c.run_until([&] { return c.all[6].answered.size() == 1; }, 5s));
    CHECK(std::get<lock::records_read>(c.all[6].answered[0].what).records ==
          std::vector<audit_record>{what});
}

TEST_CASE("RECORD-1: after a restart of all seats they have what their disks have") {
    small_cluster c{3};
    c.settings.keeps_epochs = true;
    REQUIRE(c.form({1, 2, 3, 4}));
    audit_record what;
    what.by = c[4].self();
    what.number = 1;
    for (const auto i : {1u, 2u, 3u}) {
        c.ask(4, lock::store_record{0, what}, c[i].self());
    }
    REQUIRE(c.run_until([&] { return c.all[4].answered.size() == 3; }));
    const auto before = c[1].kept_records();
    CHECK(before.records == std::vector<audit_record>{what});
    std::map<std::uint64_t, epoch> marks;
    std::map<std::uint64_t, audit_history> files;
    for (const auto i : {1u, 2u, 3u}) {
        marks[i] = c.written(i);
        for (const auto& w : c.all[i].record_writes) {
            files[i].whole_since_ms = w.what.whole_since_ms;
            auto& records = files[i].records;
            records.insert(records.end(), w.what.records.begin(), w.what.records.end());
        }
    }
    for (const auto i : {1u, 2u, 3u, 4u}) {
        c.kill(i);
    }
    for (const auto i : {1u, 2u, 3u}) {
        c.start(i, marks[i]);
        c[i].take_over(files[i], true, c.moment(i));
    }
    c.start(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 60s));
    c.ask(4, lock::read_records{}, c[1].self());
    REQUIRE(c.run_until([&] { return c.all[4].answered.size() == 1; }));
    const auto& read = std::get<lock::records_read>(c.all[4].answered[0].what);
    CHECK(read.records == before.records);
    CHECK(read.whole_since_ms == before.whole_since_ms);
}
