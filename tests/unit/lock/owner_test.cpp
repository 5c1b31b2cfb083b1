#include "fixture.hpp"

using namespace lock_test;

TEST_CASE("FOUND-1: nothing is granted before every lease of an earlier life has ended") {
    cluster c;
    // The constructor has waited; a cluster that has not:
    cluster fresh;
    fresh.all.clear();
    fresh.all[1] = std::make_unique<participant>(fresh.settings, 1);
    const auto t0 = fresh.now;
    fresh[1].as_owner.set_leased(true, fresh.now);
    fresh[1].as_holder.set_leased(true, fresh.now);
    fresh.install_at(1, {std::make_shared<const view>(fresh.v), nullptr, fresh.map, {}, true});
    fresh.acquire(1, "a");
    fresh.run();
    CHECK(fresh[1].granted.empty());
    CHECK(fresh[1].as_owner.deadline() <= t0 + fresh.settings.full_lease());
    fresh.pass(1000ms);
    CHECK(fresh[1].granted.empty());
    fresh.pass(20ms);
    CHECK(fresh[1].granted.size() == 1);
}

TEST_CASE("one after another, first come first served, with rising tokens") {
    cluster c;
    c.acquire(1, "a");
    c.run();
    c.acquire(2, "a");
    c.run();
    c.acquire(3, "a");
    c.run();
    REQUIRE(c[1].granted.size() == 1);
    CHECK(c[2].granted.empty());
    c.release(1, "a", c[1].granted[0].token);
    c.run();
    REQUIRE(c[2].granted.size() == 1);
    CHECK(c[3].granted.empty());
    c.release(2, "a", c[2].granted[0].token);
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[1].granted[0].token < c[2].granted[0].token);
    CHECK(c[2].granted[0].token < c[3].granted[0].token);
}

TEST_CASE("try: granted when free, denied when not") {
    cluster c;
    c.acquire(1, "a", true);
    c.run();
    CHECK(c[1].granted.size() == 1);
    c.acquire(2, "a", true);
    c.run();
    REQUIRE(c[2].failed.size() == 1);
    CHECK(c[2].failed[0].why == errc::would_block);
}

TEST_CASE(
    "OWN-1: without a running lease it grants nothing, and everything waiting when the lease "
    "returns") {
    cluster c;
    c[1].as_owner.set_leased(false, c.now);
    c.acquire(2, "a");
    c.pass(200ms);
    CHECK(c[2].granted.empty());
    c[1].as_owner.set_leased(true, c.now);
    c.drain(1);
    c.run();
    CHECK(c[2].granted.size() == 1);
}

TEST_CASE("OWN-7: a duplicated release does not free the next hold") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    c.release(2, "a", c[2].granted[0].token);
    const auto old = c.wire.front();
    c.run();
    c.acquire(2, "a");
    c.run();
    REQUIRE(c[2].granted.size() == 2);
    c.deliver(old);
    c.run();
    c.acquire(3, "a");
    c.run();
    CHECK(c[3].granted.empty());
    CHECK(c[2].as_holder.has("a", c[2].granted[1].token));
}

TEST_CASE("a lost grant is sent again, a lost release too") {
    cluster c;
    c.acquire(2, "a");
    c.deliver(c.take<request>());
    (void)c.take<grant>();
    c.run();
    CHECK(c[2].granted.empty());
    c.pass(100ms);
    REQUIRE(c[2].granted.size() == 1);
    c.release(2, "a", c[2].granted[0].token);
    (void)c.take<release>();
    c.acquire(3, "a");
    c.pass(100ms);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("OWN-2: the owner goes on serving over a view, with the new epoch") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto s = c.next_view(1, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    c.run();
    c.acquire(3, "b");
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[3].granted[0].token.of_epoch() == c.v.epoch);
    CHECK(c[3].granted[0].token.sequence() == 1);
    CHECK(c[2].granted[0].token < c[3].granted[0].token);
}

TEST_CASE("OWN-3: a slot that moves takes its holds and its queue along") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    c.acquire(3, "a");
    c.run();
    const auto s = c.next_view(3, {});
    c.install_at(1, s);
    c.install_at(3, s);
    c.install_at(2, s);
    c.run();
    CHECK(c[3].granted.empty());
    CHECK(c[1].as_owner.has_handed_over());
    CHECK(c[3].as_owner.holds().size() == 1);
    c.release(2, "a", c[2].granted[0].token);
    c.run();
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("OWN-3: hand-over goes view by view, through an owner that never served") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto s1 = c.next_view(2, {});
    const auto s2 = c.next_view(3, {});
    for (const auto n : {2, 3, 1}) {
        c.install_at(static_cast<std::uint64_t>(n), s1);
        c.install_at(static_cast<std::uint64_t>(n), s2);
    }
    c.pass(100ms);
    CHECK(c[3].as_owner.holds().size() == 1);
    CHECK(c[1].as_owner.has_handed_over());
    CHECK(c[2].as_owner.has_handed_over());
}

TEST_CASE("OWN-8: an old copy of a table is not taken for the one that is awaited") {
    cluster c;
    const auto to_2 = c.next_view(2, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, to_2);
    }
    const auto old = c.take<table>();  // empty: nothing is held yet
    c.deliver(old);
    c.run();
    const auto to_1 = c.next_view(1, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, to_1);
    }
    c.run();
    c.acquire(3, "a");
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    const auto back_to_2 = c.next_view(2, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, back_to_2);
    }
    const auto real = c.take<table>();
    c.deliver(old);  // from the right sender, for another hand-over
    c.run();
    c.acquire(2, "a");
    c.run();
    CHECK(c[2].granted.empty());
    c.deliver(real);
    c.run();
    CHECK(c[2].granted.empty());
    CHECK(c[2].as_owner.holds().size() == 1);
}

TEST_CASE(
    "OWN-4: a new owner serves only when every member has reported and the lost owner's lease is "
    "over") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto t0 = c.now;
    c.kill(1);
    const auto s = c.next_view(3, {1}, 500ms);
    c.install_at(3, s);
    c.pass(1000ms);  // peer 2 has not installed the view and so does not report
    c.acquire(3, "a");
    c.acquire(3, "b");
    c.pass(100ms);
    CHECK(c[3].granted.empty());
    c.install_at(2, s);
    c.pass(700ms);                      // it is asked again
    REQUIRE(c[3].granted.size() == 1);  // b; NO-LOSS: a is still held
    CHECK(c[3].granted[0].name == "b");
    CHECK(c[2].as_holder.has("a", c[2].granted[0].token));
    CHECK(c[3].as_owner.holds().size() == 2);
    CHECK(c.now >= t0 + 500ms);
}

TEST_CASE("OWN-4 (b): what a removed peer did not report is waited out") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto t0 = c.now;
    c.kill(1);
    c.kill(2);
    c.install_at(3, c.next_view(3, {1, 2}, 700ms));
    c.acquire(3, "a");
    c.pass(690ms);
    CHECK(c[3].granted.empty());
    c.pass(30ms);
    CHECK(c[3].granted.size() == 1);
    CHECK(c.now >= t0 + 700ms);
}

TEST_CASE("OWN-5: a removed holder's lock is freed when its lease has ended, not before") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    c.acquire(3, "a");
    c.run();
    c.kill(2);
    const auto s = c.next_view(1, {2}, 700ms);
    c.install_at(1, s);
    c.install_at(3, s);
    c.pass(690ms);
    CHECK(c[3].granted.empty());
    c.pass(30ms);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("OWN-9: a holder that does not have it any more is found out") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    // forgets everything, as no peer should
    c.all[2] = std::make_unique<participant>(c.settings, 2);
    c[2].as_holder.set_leased(true, c.now);
    c.install_at(2, {std::make_shared<const view>(c.v), nullptr, c.map, {}, true});
    c.acquire(3, "a");
    c.pass(1200ms);
    CHECK(c[3].granted.size() == 1);
}

TEST_CASE("OWN-10: an old copy of an answered request is not granted again") {
    cluster c;
    c.acquire(2, "a");
    const auto old = c.wire.front();
    c.run();
    c.release(2, "a", c[2].granted[0].token);
    c.run();
    c.acquire(2, "b");  // says that everything before is settled
    c.run();
    c.deliver(old);
    CHECK(c.count<grant>() == 0);
}

TEST_CASE("WATCH-1: a watcher is told the present state first, and after a move") {
    cluster c;
    std::vector<std::optional<hold_info>> seen;
    const auto collect = [&] {
        for (int i = 0; i < 20; ++i) {
            c.now += 10ms;
            c.tick();
            while (!c.wire.empty()) {
                const auto k = c.wire.front();
                c.wire.pop_front();
                if (const auto* told = base::get_message_if<lock_state>(k.what);
                    told != nullptr && k.to == peer(3)) {
                    seen.push_back(told->summary.held.empty()
                                       ? std::nullopt
                                       : std::optional{told->summary.held.front()});
                }
                c.deliver(k);
            }
        }
    };
    c.acquire(2, "a");
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    collect();
    REQUIRE_FALSE(seen.empty());
    REQUIRE(seen.back());
    CHECK(seen.back()->holder == peer(2));
    const auto s = c.next_view(2, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    seen.clear();
    collect();
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back()->holder == peer(2));
    c.release(2, "a", c[2].granted[0].token);
    collect();
    CHECK_FALSE(seen.back());
}

TEST_CASE(
    "OWN-4: a member with more holds than one message takes is asked for fewer slots at once") {
    const quick_checks quick;
    cluster c;
    // Names and notes of full length, in ten slots: about 16 MiB in all.
    constexpr std::size_t count = 10'000;
    const std::string tail(base::limits::name - 8, 'x');
    for (std::size_t i = 0; i < count; ++i) {
        auto number = std::to_string(i);
        number.insert(0, 7 - number.size(), '0');
        (void)c[2].as_holder.acquire(
            std::string(1, static_cast<char>('0' + i % 10)) + number + tail.substr(1),
            {.terms = {std::string(base::limits::note, 'n'), {}}}, c.now);
    }
    c.drain(2);
    c.pass(200ms);
    REQUIRE(c[2].granted.size() == count);
    c.kill(1);
    const auto s = c.next_view(3, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    std::size_t largest = 0;
    for (int rounds = 0; rounds < 100 && (c[3].as_owner.holds().size() < count); ++rounds) {
        for (const auto& k : c.wire) {
            if (const auto* r = base::get_message_if<report>(k.what)) {
                std::size_t bytes = 0;
                for (const auto& h : r->holds) {
                    bytes += bytes_of(h);
                }
                largest = std::max(largest, bytes);
            }
        }
        if (c.wire.empty()) {
            c.pass(10ms);
        } else {
            const auto k = c.wire.front();
            c.wire.pop_front();
            c.deliver(k);
            rounds -= 1;
        }
    }
    CHECK(c[3].as_owner.holds().size() == count);
    CHECK(largest <= bytes_in_a_message);
}

TEST_CASE("HOLD-4: the loser of a conflict is told until it has released") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto kept = c[2].granted.at(0).token;
    c.kill(1);
    const auto s = c.next_view(3, {1}, 0ms);
    c.install_at(2, s);
    c.install_at(3, s);
    c.wire.clear();
    c.pass_until_asked();
    c.deliver(c.take<gather>());
    c.deliver(c.take<gather>());
    // A bug somewhere: the new owner itself reports a hold of the same lock, with a lower token.
    auto reported = c.take<report>();
    while (reported.from != peer(3)) {
        c.deliver(reported);
        reported = c.take<report>();
    }
    auto& mine = std::get<report>(std::get<to_owner>(reported.what));
    mine.holds.push_back({"a", token{kept.value - 1}, peer(3), {77}, {}, true});
    c.deliver(reported);
    CHECK(c[3].as_owner.counted().conflicts == 1);
    (void)c.take<break_hold>();  // lost on the way
    c.pass(100ms);
    CHECK(c.count<break_hold>() == 0);
    CHECK(c[3].as_owner.holds().size() == 1);
    c.pass(1s);
    CHECK(c.count<break_hold>() == 0);  // its release ended it
}

TEST_CASE("OWN-6: at the end of the sequence nothing is granted until the next view") {
    cluster c;
    c.settings.last_sequence = 2;  // read by reference
    for (std::uint64_t turn = 0; turn < 2; ++turn) {
        c.acquire(2, "a");
        c.run();
        REQUIRE(c[2].granted.size() == turn + 1);
        c.release(2, "a", c[2].granted.back().token);
        c.run();
    }
    c.acquire(3, "a");
    c.run();
    CHECK(c[3].granted.empty());
    const auto next = c.next_view(1, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, next);
    }
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[3].granted[0].token > c[2].granted[1].token);
    CHECK(c[3].granted[0].token.sequence() == 1);
}

TEST_CASE("HOLD-5: a request that was granted gets the same grant again") {
    cluster c;
    c.acquire(2, "a");
    const auto asked = c.take<request>();
    c.deliver(asked);
    const auto first = the<grant>(c.take<grant>().what);
    c.deliver(asked);
    CHECK(the<grant>(c.take<grant>().what) == first);
}

TEST_CASE("WATCH-1: a late copy of an unwatch does not undo the watch that came after it") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.run();
    REQUIRE(c[3].states.size() == 1);
    c[3].as_holder.unwatch_lock("a", c.now);
    c.drain(3);
    const auto late = c.take<unwatch>();
    c.deliver(late);
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.run();
    REQUIRE(c[3].states.size() == 2);
    c.deliver(late);
    c.acquire(2, "a");
    c.run();
    REQUIRE(c[3].states.size() == 3);
    CHECK(c[3].states.back().summary.held.size() == 1);
}

TEST_CASE("WATCH-1: who does not watch any more is told once more at most") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c[3].as_holder.unwatch_lock("a", c.now);  // before it was told anything
    c.drain(3);
    c.run();
    c.acquire(2, "a");
    c.drain(1);
    CHECK(c.count<lock_state>() == 0);
    c.run();
    CHECK(c[3].states.empty());
}

TEST_CASE(
    "WATCH-1: a late copy of a state told to an earlier watch is no answer to the present one") {
    cluster c;
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    c.deliver(c.take<watch>());
    const auto late = c.take<lock_state>();
    c.deliver(late);
    c.run();
    c[3].as_holder.unwatch_lock("a", c.now);
    c.drain(3);
    c.run();
    c[3].as_holder.watch_lock("a", c.now);
    c.drain(3);
    (void)c.take<watch>();  // it is lost
    c.deliver(late);
    c.pass(200ms);
    c.acquire(2, "a");
    c.run();
    REQUIRE(!c[3].states.empty());
    CHECK(c[3].states.back().summary.held.size() == 1);
}
