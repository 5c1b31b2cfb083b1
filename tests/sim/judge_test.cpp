// The judge, fed with made-up histories: it must object to each broken promise, and to nothing
// else.
#include "catch.hpp"

#include "sim/judge.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

constexpr peer_id alice{1, 1};
constexpr peer_id bob{2, 2};
constexpr peer_id carol{3, 3};

token at(std::uint32_t epoch_value, std::uint32_t sequence) {
    return token::make(epoch{epoch_value}, sequence);
}

/// Three seats, filled by alice (run 1), bob (2) and carol (3), who hear one another until they are
/// told not to.
struct story {
    explicit story(judge::rules r = {.lease = 1s}) : judged{r, {"a", "b"}} {
        judged.started(1, alice, "alice", 3, 0);
        judged.started(2, bob, "bob", 3, 1);
        judged.started(3, carol, "carol", 3, 2);
        for (judge::run r1 = 1; r1 <= 3; ++r1) {
            judged.installed(r1, view_of(1, 100), {alice}, 0s);
        }
        all_hear(0s);
    }

    static view view_of(std::uint64_t number, std::uint32_t epoch_value,
                        cluster_id cluster = {7, 7}) {
        view v;
        v.cluster = cluster;
        v.number = {number};
        v.epoch = {epoch_value};
        v.seats = {{{}, alice}, {{}, bob}, {{}, carol}};
        v.members = {{alice, "", {}, 1, false, {}},
                     {bob, "", {}, 1, false, {}},
                     {carol, "", {}, 1, false, {}}};
        return v;
    }
    void all_hear(instant now) {
        for (judge::run r = 1; r <= 3; ++r) {
            for (std::size_t seat = 0; seat < 3; ++seat) {
                judged.heard(r, seat, now);
            }
        }
    }
    /// `owner` grants, and `to` hears of it and has a lease until then.
    void grant(judge::run owner, judge::run to, const peer_id& id, token t, instant now,
               instant lease_ends, view_number in = {1}, std::uint64_t number = 0) {
        judged.owner_granted(owner, 0, t, id, {number == 0 ? ++numbers : number}, in, now);
        judged.lease(owner, now + 500ms, now);
        judged.granted(to, 0, t, {}, now);
        judged.lease(to, lease_ends, now);
    }
    [[nodiscard]] std::vector<guarantee> broken() const {
        std::vector<guarantee> out;
        for (const auto& v : judged.violations()) {
            out.push_back(v.broken);
        }
        return out;
    }

    judge judged;
    std::uint64_t numbers = 0;
};

using broken = std::vector<guarantee>;

TEST_CASE("the judge is content with one holder after another", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.released(2, 0, at(100, 1));
    s.grant(1, 3, carol, at(100, 2), 200ms, 700ms);
    s.judged.lease(3, 700ms, 800ms);
    s.all_hear(800ms);
    s.judged.lost(3, 0, at(100, 2), errc::lease_lost, 800ms);
    s.grant(1, 2, bob, at(100, 3), 900ms, 1400ms);
    s.judged.finish(1s);
    CHECK(s.broken() == broken{});
    CHECK(s.judged.grants() == 3);
}

TEST_CASE("LEASE: where nothing goes wrong but that datagrams are lost, no lease ends", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    CHECK(s.broken() == broken{});
    s.judged.lost_its_lease(2, 600ms);
    CHECK(s.broken() == broken{guarantee::lease});
}

TEST_CASE("MUTEX: two holders valid at one instant", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.grant(1, 3, carol, at(100, 2), 200ms, 700ms);
    CHECK(s.broken() == broken{guarantee::mutex});
}

TEST_CASE("MUTEX: also within one process", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.owner_granted(1, 0, at(100, 2), bob, {99}, {1}, 200ms);
    s.judged.lease(1, 700ms, 200ms);
    s.judged.granted(2, 0, at(100, 2), {}, 200ms);
    s.judged.lease(2, 600ms, 200ms);
    CHECK(!s.broken().empty());
    CHECK(s.broken().front() == guarantee::mutex);
}

TEST_CASE("MUTEX: a hold that ran out does not conflict", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.all_hear(650ms);
    s.grant(1, 3, carol, at(100, 2), 650ms, 900ms);
    CHECK(s.broken() == broken{});
}

TEST_CASE("MUTEX: a hold that ran out must not count again (LEASE-5)", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.all_hear(700ms);
    s.judged.lease(2, 1200ms, 700ms);
    CHECK(s.broken() == broken{guarantee::mutex});
}

TEST_CASE("MUTEX: a crashed process holds nothing", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.crashed(2);
    s.grant(1, 3, carol, at(100, 2), 200ms, 700ms);
    CHECK(s.broken() == broken{});
}

TEST_CASE("MUTEX: the gate refuses a valid hold", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.owner_granted(1, 0, at(100, 2), carol, {50}, {1}, 200ms);
    CHECK(s.judged.wrote(0, at(100, 2), 200ms));
    CHECK_FALSE(s.judged.wrote(0, at(100, 1), 210ms));
    CHECK(s.broken() == broken{guarantee::mutex});
}

TEST_CASE("the gate refuses a late write, which breaks nothing", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.released(2, 0, at(100, 1));
    s.grant(1, 3, carol, at(100, 2), 200ms, 700ms);
    CHECK(s.judged.wrote(0, at(100, 2), 210ms));
    CHECK_FALSE(s.judged.wrote(0, at(100, 1), 220ms));
    CHECK(s.broken() == broken{});
}

TEST_CASE("FENCE: one token for two requests", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.owner_granted(1, 0, at(100, 1), carol, {77}, {1}, 200ms);
    CHECK(s.broken() == broken{guarantee::fence});
}

TEST_CASE("FENCE: the same grant told again is no second grant", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms, {1}, 5);
    s.judged.owner_granted(1, 0, at(100, 1), bob, {5}, {1}, 200ms);
    CHECK(s.broken() == broken{});
}

TEST_CASE("FENCE: a lower token later", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 5), 100ms, 600ms);
    s.judged.released(2, 0, at(100, 5));
    s.judged.owner_granted(1, 0, at(100, 4), carol, {9}, {1}, 200ms);
    CHECK(s.broken() == broken{guarantee::fence});
}

TEST_CASE("FENCE: a later view with a lower token, whichever was granted first", "[judge]") {
    story s;
    s.judged.owner_granted(2, 0, at(101, 1), bob, {9}, {2}, 100ms);
    s.judged.lease(2, 600ms, 100ms);
    SECTION("rising with the view") {
        s.judged.owner_granted(1, 0, at(100, 7), carol, {9}, {1}, 110ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("an earlier view with a higher one") {
        s.judged.owner_granted(1, 0, at(102, 1), carol, {9}, {1}, 110ms);
        CHECK(s.broken() == broken{guarantee::fence});
    }
    SECTION("a later view with a lower one") {
        s.judged.owner_granted(1, 0, at(100, 9), carol, {9}, {3}, 110ms);
        CHECK(s.broken() == broken{guarantee::fence});
    }
    SECTION("two owners in one view") {
        s.judged.owner_granted(1, 0, at(101, 2), carol, {9}, {2}, 110ms);
        CHECK(s.broken() == broken{guarantee::fence});
    }
}

TEST_CASE("FENCE: a token that no owner gave, or that was given to another", "[judge]") {
    story s;
    SECTION("no owner") { s.judged.granted(2, 0, at(100, 3), {}, 100ms); }
    SECTION("another") {
        s.judged.owner_granted(1, 0, at(100, 3), carol, {9}, {1}, 100ms);
        s.judged.granted(2, 0, at(100, 3), {}, 100ms);
    }
    CHECK(s.broken() == broken{guarantee::fence});
}

TEST_CASE("FENCE over a total restart", "[judge]") {
    const auto restarted = [](judge::rules r, instant second_grant) {
        story s{r};
        s.judged.wall_clocks_differ_by(1s);
        s.grant(1, 2, bob, at(200, 1), 100ms, 600ms);
        for (judge::run old = 1; old <= 3; ++old) {
            s.judged.crashed(old);
        }
        s.judged.started(4, {4, 4}, "alice.2", 3, 0);
        auto v = story::view_of(1, 150, {8, 8});
        v.members.erase(v.members.begin());
        v.members.push_back({{4, 4}, "", {}, 1, false, {}});
        v.seats[0].filled_by = {4, 4};
        s.judged.installed(4, v, {{4, 4}}, second_grant);
        s.judged.heard(4, 1, second_grant);
        s.judged.owner_granted(4, 0, at(150, 1), {4, 4}, {1}, {1}, second_grant);
        s.judged.lease(4, second_grant + 500ms, second_grant);
        return s.broken();
    };
    SECTION("soon after, without a state_dir: the documented exception") {
        CHECK(restarted({.lease = 1s}, 3s) == broken{});
    }
    SECTION("long after") { CHECK(restarted({.lease = 1s}, 5s) == broken{guarantee::fence}); }
    SECTION("with a state_dir always") {
        CHECK(restarted({.lease = 1s, .has_state_dir = true}, 3s) == broken{guarantee::fence});
    }
}

TEST_CASE("FENCE: epochs that do not rise", "[judge]") {
    story s;
    s.judged.installed(1, story::view_of(2, 100), {alice}, 1s);
    CHECK(s.broken() == broken{guarantee::fence});
}

TEST_CASE("ONE-VIEW: two views under one number", "[judge]") {
    story s;
    s.judged.installed(1, story::view_of(2, 101), {alice}, 1s);
    SECTION("the same") {
        s.judged.installed(2, story::view_of(2, 101), {alice}, 1s);
        CHECK(s.broken() == broken{});
    }
    SECTION("another epoch") {
        s.judged.installed(2, story::view_of(2, 102), {alice}, 1s);
        CHECK(s.broken() == broken{guarantee::one_view});
    }
    SECTION("another slot map") {
        s.judged.installed(2, story::view_of(2, 101), {bob}, 1s);
        CHECK(s.broken() == broken{guarantee::one_view});
    }
    SECTION("a step left out") {
        s.judged.installed(2, story::view_of(3, 103), {alice}, 1s);
        CHECK(s.broken() == broken{guarantee::one_view});
    }
    SECTION("a second cluster") {
        s.judged.installed(2, story::view_of(2, 102, {8, 8}), {alice}, 1s);
        CHECK(s.broken() == broken{guarantee::one_view});
    }
    SECTION("a view without oneself") {
        auto v = story::view_of(2, 101);
        v.members.erase(v.members.begin() + 1);
        v.seats[1].filled_by = {};
        story other;
        other.judged.installed(2, v, {alice}, 1s);
        CHECK(other.broken() == broken{guarantee::one_view});
    }
}

TEST_CASE("LIVE: fewer filled seats than a quorum (VIEW-6)", "[judge]") {
    story s;
    auto v = story::view_of(2, 101);
    v.seats[1].filled_by = v.seats[2].filled_by = {};
    s.judged.installed(1, v, {alice}, 1s);
    CHECK(s.broken() == broken{guarantee::live});
}

TEST_CASE("NO-LOSS: lost while the lease ran", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    SECTION("too early") {
        s.judged.lost(2, 0, at(100, 1), errc::lease_lost, 500ms);
        CHECK(s.broken() == broken{guarantee::no_loss});
    }
    SECTION("after its end") {
        s.judged.lost(2, 0, at(100, 1), errc::lease_lost, 600ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("on leaving") {
        s.judged.asked_to_leave(2);
        s.judged.lost(2, 0, at(100, 1), errc::shutting_down, 500ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("broken without an order") {
        s.judged.lost(2, 0, at(100, 1), errc::broken, 500ms);
        CHECK(s.broken() == broken{guarantee::no_loss});
    }
    SECTION("evicted, and then still a member") {
        s.judged.lost(2, 0, at(100, 1), errc::evicted, 500ms);
        s.judged.installed(1, story::view_of(2, 101), {alice}, 550ms);
        s.judged.finish(1s);
        CHECK(s.broken() == broken{guarantee::no_loss});
    }
    SECTION("evicted indeed") {
        s.judged.lost(2, 0, at(100, 1), errc::evicted, 500ms);
        auto v = story::view_of(2, 101);
        v.members.erase(v.members.begin() + 1);
        v.seats[1].filled_by = {};
        s.judged.installed(1, v, {alice}, 550ms);
        s.judged.finish(1s);
        CHECK(s.broken() == broken{});
    }
    SECTION("not reported at the end of a PeerId") {
        s.judged.gave_up(2, 500ms);
        CHECK(s.broken() == broken{guarantee::no_loss});
    }
}

TEST_CASE("MINORITY: a lease that no quorum can have given", "[judge]") {
    story s;
    SECTION("within what was heard") {
        s.judged.lease(1, 1000ms, 500ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("beyond it") {
        s.judged.lease(1, 1001ms, 500ms);
        CHECK(s.broken() == broken{guarantee::minority});
    }
    SECTION("one voter is not a quorum, but with oneself it is") {
        s.judged.heard(1, 1, 400ms);
        s.judged.lease(1, 1400ms, 500ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("a peer in no seat needs two of three") {
        s.judged.started(4, {4, 4}, "dora", 3, std::nullopt);
        s.judged.heard(4, 0, 400ms);
        s.judged.lease(4, 600ms, 500ms);
        CHECK(s.broken() == broken{guarantee::minority});
    }
}

TEST_CASE("MINORITY: a grant by an owner that is cut off", "[judge]") {
    story s;
    SECTION("its lease has run out") {
        s.judged.lease(1, 400ms, 100ms);
        s.judged.owner_granted(1, 0, at(100, 1), bob, {1}, {1}, 500ms);
        s.judged.lease(1, 400ms, 500ms);
        CHECK(s.broken() == broken{guarantee::minority});
    }
    SECTION("no voter can have renewed it") {
        s.judged.owner_granted(1, 0, at(100, 1), bob, {1}, {1}, 1500ms);
        CHECK(s.broken() == broken{guarantee::minority});
    }
}

TEST_CASE("STUCK: an owner keeps a hold without a holder", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.is_kept(1, 0, at(100, 1), 200ms);
    CHECK(s.broken() == broken{});
    s.judged.released(2, 0, at(100, 1));
    s.judged.is_kept(1, 0, at(100, 1), 200ms);
    CHECK(s.broken() == broken{guarantee::stuck});
}

TEST_CASE("clocks beyond the bound excuse MUTEX, never FENCE", "[judge]") {
    story s{{.lease = 1s, .clocks_keep_the_bound = false}};
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.grant(1, 3, carol, at(100, 2), 200ms, 700ms);
    CHECK(s.broken() == broken{});
    CHECK(s.judged.excused()[static_cast<std::size_t>(guarantee::mutex)] == 1);
    s.judged.owner_granted(1, 0, at(100, 1), carol, {77}, {1}, 200ms);
    CHECK(s.broken() == broken{guarantee::fence});
}

TEST_CASE("WATCH-1: a watcher must know the state as it is", "[judge]") {
    story s;
    s.judged.watches(3, 0);
    s.judged.check_watchers(50ms);
    CHECK(s.broken() == broken{guarantee::watch});  // it was told nothing
    s.judged.told(3, 0, {});
    s.judged.check_watchers(60ms);
    CHECK(s.broken().size() == 1);
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.check_watchers(150ms);
    CHECK(s.broken().size() == 2);
    s.judged.told(3, 0, {{at(100, 1)}, 0});
    s.judged.check_watchers(160ms);
    CHECK(s.broken().size() == 2);
    s.judged.unwatches(3, 0);
    s.judged.released(2, 0, at(100, 1));
    s.judged.check_watchers(200ms);
    CHECK(s.broken().size() == 2);
}

TEST_CASE("BREAK-1: a hold is lost while its lease runs only if it was broken", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    SECTION("by one") {
        s.judged.is_to_break(0, at(100, 1));
        s.judged.lost(2, 0, at(100, 1), errc::broken, 200ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("by none") {
        s.judged.lost(2, 0, at(100, 1), errc::broken, 200ms);
        CHECK(s.broken() == broken{guarantee::no_loss});
    }
}

TEST_CASE("HOLD-7: a grant is told only while the lease runs", "[judge]") {
    story s;
    s.judged.owner_granted(1, 0, at(100, 1), bob, {1}, {1}, 100ms);
    s.judged.lease(1, 600ms, 100ms);
    s.judged.granted(2, 0, at(100, 1), {}, 100ms);
    s.judged.lease(2, std::nullopt, 100ms);
    CHECK(s.broken() == broken{guarantee::mutex});
}

TEST_CASE("OWN-10: who was queued is not overtaken by who asked later", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms, {1}, 1);
    s.judged.asked(3, 0, {1}, {}, 110ms);
    s.judged.queued(1, carol, {1}, 120ms);
    s.judged.released(2, 0, at(100, 1));
    SECTION("in turn") {
        s.grant(1, 3, carol, at(100, 2), 200ms, 700ms, {1}, 1);
        CHECK(s.broken() == broken{});
    }
    SECTION("overtaken") {
        s.judged.asked(2, 0, {2}, {}, 130ms);
        s.grant(1, 2, bob, at(100, 2), 200ms, 700ms, {1}, 2);
        CHECK(s.broken() == broken{guarantee::order});
    }
    SECTION("by who had asked before it was queued") {
        s.judged.asked(2, 0, {2}, {}, 115ms);
        s.grant(1, 2, bob, at(100, 2), 200ms, 700ms, {1}, 2);
        CHECK(s.broken() == broken{});
    }
    SECTION("after it gave up") {
        s.judged.request_ended(3, {1});
        s.judged.asked(2, 0, {2}, {}, 130ms);
        s.grant(1, 2, bob, at(100, 2), 200ms, 700ms, {1}, 2);
        CHECK(s.broken() == broken{});
    }
    SECTION("after another owner came between") {
        s.judged.owns_no_more(1, 0);
        s.judged.asked(2, 0, {2}, {}, 130ms);
        s.grant(1, 2, bob, at(100, 2), 200ms, 700ms, {1}, 2);
        CHECK(s.broken() == broken{});
    }
}

TEST_CASE("ALL-1: all of several or none", "[judge]") {
    story s;
    s.judged.asked(2, 0, {1}, {.together = 7}, 50ms);
    s.judged.owner_granted(1, 0, at(100, 1), bob, {1}, {1}, 100ms);
    s.judged.lease(1, 600ms, 100ms);
    s.judged.granted(2, 0, at(100, 1), {1}, 100ms);
    s.judged.lease(2, 600ms, 100ms);
    SECTION("it has the one that it wanted") {
        s.judged.has_all(2, 7, 1, 110ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("one was never granted") {
        s.judged.has_all(2, 7, 2, 110ms);
        CHECK(s.broken() == broken{guarantee::all});
    }
    SECTION("one is lost") {
        s.judged.is_to_break(0, at(100, 1));
        s.judged.lost(2, 0, at(100, 1), errc::broken, 105ms);
        s.judged.has_all(2, 7, 1, 110ms);
        CHECK(s.broken() == broken{guarantee::all});
    }
    SECTION("none, and the one is released") {
        s.judged.released(2, 0, at(100, 1));
        s.judged.has_none(2, 7, 110ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("none, and the one is kept") {
        s.judged.has_none(2, 7, 110ms);
        CHECK(s.broken() == broken{guarantee::all});
    }
}

TEST_CASE("RECORD-1: what a majority of the seats kept is read", "[judge]") {
    story s;
    const judge::record_key one{carol, 1};
    s.judged.records().has_recorded(one, 1, {alice, bob}, 3, 1s);
    SECTION("by a process that hears a majority") {
        s.judged.records().reads_records(3, 1, {alice, bob, carol}, 3);
        s.judged.records().has_read_records(3, 1, {{one, 1}}, 1s);
        CHECK(s.broken() == broken{});
        s.judged.records().reads_records(3, 2, {alice, bob, carol}, 3);
        s.judged.records().has_read_records(3, 2, {}, 1s);
        CHECK(s.broken() == broken{guarantee::record});
    }
    SECTION("in no earlier state") {
        s.judged.records().reads_records(3, 1, {alice, bob, carol}, 3);
        s.judged.records().has_read_records(3, 1, {{one, 0}}, 1s);
        CHECK(s.broken() == broken{guarantee::record});
    }
    SECTION("after a restart of all, if their disks have what they said they keep") {
        s.judged.records().goes_on(alice, {4, 4});
        s.judged.records().goes_on(bob, {5, 5});
        s.judged.records().has_recorded({carol, 2}, 0, {alice, bob}, 3, 1s);  // heard of late
        s.judged.records().reads_records(3, 1, {{4, 4}, {5, 5}, {6, 6}}, 3);
        s.judged.records().has_read_records(3, 1, {{one, 1}, {{carol, 2}, 0}}, 1s);
        CHECK(s.broken() == broken{});
        s.judged.records().reads_records(3, 2, {{4, 4}, {5, 5}, {6, 6}}, 3);
        s.judged.records().has_read_records(3, 2, {{one, 1}}, 1s);
        CHECK(s.broken() == broken{guarantee::record});
    }
    SECTION("in an earlier state, if only that is kept") {
        const judge::record_key two{carol, 2};
        s.judged.records().has_recorded(two, 0, {alice, bob}, 3, 1s);
        s.judged.records().has_recorded(two, 1, {bob, carol}, 3, 1s);
        s.judged.records().goes_on(alice, {4, 4});
        s.judged.records().goes_on(bob, {5, 5});
        s.judged.records().reads_records(3, 1, {{4, 4}, {5, 5}, {6, 6}}, 3);
        s.judged.records().has_read_records(3, 1, {{one, 1}, {two, 0}}, 1s);
        CHECK(s.broken() == broken{});
    }
    SECTION("if it had it when it was asked for") {
        s.judged.records().reads_records(3, 1, {alice, bob, carol}, 3);
        s.judged.records().has_recorded({carol, 2}, 0, {alice, bob}, 3, 1s);
        s.judged.records().has_read_records(3, 1, {{one, 1}}, 1s);
        CHECK(s.broken() == broken{});
    }
    SECTION("a majority has to say so before it counts as kept") {
        s.judged.records().has_recorded({carol, 2}, 0, {alice}, 3, 1s);
        CHECK(s.broken() == broken{guarantee::record});
    }
    SECTION("and what is done has a record") {
        s.judged.records().was_done(3, one, 1s);
        CHECK(s.broken() == broken{});
        s.judged.records().was_done(3, {carol, 2}, 1s);
        CHECK(s.broken() == broken{guarantee::record});
    }
    SECTION("also what an owner does by the policy of a hold") {
        s.judged.records().breaks_by_policy(2, at(100, 1));
        s.judged.records().breaks_by_policy(3, at(100, 2));
        s.judged.records().sends_record(3, at(100, 2));
        s.judged.records().step_is_over(3, 1s);
        CHECK(s.broken() == broken{});
        s.judged.records().step_is_over(2, 1s);
        CHECK(s.broken() == broken{guarantee::record});
        CHECK_FALSE(s.judged.records().is_waiting());
    }
    SECTION("but not from two that came later") {
        s.judged.records().reads_records(3, 1, {alice, {4, 4}, {5, 5}}, 3);
        s.judged.records().has_read_records(3, 1, {}, 1s);
        CHECK(s.broken() == broken{});
    }
}

TEST_CASE("MAX-HOLD: holds that end by themselves", "[judge]") {
    story s;
    s.judged.asked(2, 0, {1}, {.longest = 300ms, .longest_stuck = 200ms}, 50ms);
    s.judged.owner_granted(1, 0, at(100, 1), bob, {1}, {1}, 100ms);
    s.judged.lease(1, 600ms, 100ms);
    s.judged.granted(2, 0, at(100, 1), {1}, 100ms);
    s.judged.lease(2, 900ms, 100ms);
    SECTION("a program that does not get on") {
        s.judged.lease(2, 900ms, 299ms);
        CHECK(s.broken() == broken{});
        s.judged.lease(2, 900ms, 310ms);
        CHECK(s.broken() == broken{guarantee::ends});
    }
    SECTION("however it gets on") {
        s.judged.progressed(2, 0, at(100, 1), 250ms);
        s.judged.lease(2, 900ms, 399ms);
        CHECK(s.broken() == broken{});
        s.judged.lease(2, 900ms, 410ms);
        CHECK(s.broken() == broken{guarantee::ends});
    }
    SECTION("not while it is paused, and a moment longer") {
        s.judged.paused(2);
        s.judged.lease(2, 900ms, 500ms);
        s.judged.resumed(2, 550ms);
        s.judged.lease(2, 900ms, 550ms);
        CHECK(s.broken() == broken{});
    }
}

TEST_CASE("LOOK-1: what was seen no more does not come back", "[judge]") {
    story s;
    s.grant(1, 2, bob, at(100, 1), 100ms, 600ms);
    s.judged.looks(3, 0, 1, 150ms);
    s.judged.has_seen(3, 1, {at(100, 1)}, 160ms);
    s.judged.looks(3, 0, 2, 200ms);
    s.judged.released(2, 0, at(100, 1));
    SECTION("gone it is, and stays so") {
        s.judged.has_seen(3, 2, {}, 210ms);
        s.judged.looks(1, 0, 1, 220ms);
        s.judged.has_seen(1, 1, {}, 230ms);
        CHECK(s.broken() == broken{});
    }
    SECTION("gone, and seen again") {
        s.judged.has_seen(3, 2, {}, 210ms);
        s.judged.looks(1, 0, 1, 220ms);
        s.judged.has_seen(1, 1, {at(100, 1)}, 230ms);
        CHECK(s.broken() == broken{guarantee::look});
    }
    SECTION("two looks at one time may be answered in either order") {
        s.judged.looks(1, 0, 1, 205ms);
        s.judged.has_seen(3, 2, {}, 210ms);
        s.judged.has_seen(1, 1, {at(100, 1)}, 230ms);
        CHECK(s.broken() == broken{});
    }
}

}  // namespace
}  // namespace holdfast::sim
