#include "view/founding.hpp"

#include <deque>
#include <memory>

#include "catch.hpp"
#include "fixture.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::views;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

/// Seats that talk over a queue the test may look into.
struct seats {
    std::vector<endpoint> seeds{made_up::address(1), made_up::address(2), made_up::address(3)};
    base::settings settings = [] {
        base::settings s;
        s.bootstrap_wait = 300ms;
        s.batch_wait = 20ms;
        s.proposer_stagger = 30ms;
        s.slots = 16;
        return s;
    }();
    struct one {
        peer_id id;
        std::unique_ptr<founding> part;
        std::optional<founding_value> chosen;
        epoch highest{};
        std::optional<epoch> end;  // of all epochs, as it was told
    };
    std::vector<one> all;
    struct packet {
        peer_id from;
        endpoint at;
        founding::send what;
    };
    std::deque<packet> wire;

    seats() {
        for (std::uint64_t n = 1; n <= 3; ++n) {
            all.push_back(
                {peer(n),
                 std::make_unique<founding>(settings, made_up::member(n), seeds, n, at(0s)),
                 {},
                 {},
                 {}});
        }
    }
    void drain(std::size_t i) {
        while (auto o = all[i].part->next()) {
            if (auto* s = std::get_if<founding::send>(&*o)) {
                wire.push_back({all[i].id, seeds[i], *s});
            } else if (auto* f = std::get_if<founding::founded_with_us>(&*o)) {
                all[i].chosen = f->value;
            } else if (auto* e = std::get_if<founding::epochs_end>(&*o)) {
                all[i].end = e->highest;
            }
        }
    }
    void deliver_all(base::time_point now) {
        while (!wire.empty()) {
            const auto p = wire.front();
            wire.pop_front();
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (seeds[i] == p.what.at) {
                    all[i].part->handle(p.from, p.at, p.what.what,
                                        {all[i].chosen.has_value(), all[i].highest}, {now, 1000});
                    drain(i);
                }
            }
        }
    }
};

}  // namespace

TEST_CASE_METHOD(seats, "three seats found one cluster") {
    for (auto t = 0ms; t < 2s; t += 10ms) {
        for (std::size_t i = 0; i < 3; ++i) {
            if (!all[i].chosen) {
                all[i].part->tick(all[i].highest, {at(t), 1000});
                drain(i);
            }
        }
        deliver_all(at(t));
    }
    std::size_t founders = 0;
    for (const auto& a : all) {
        if (a.chosen) {
            ++founders;
            CHECK(a.chosen->cluster == all[0].chosen->cluster);
            CHECK(a.chosen->epoch.value >= 1061);  // FOUND-5
            CHECK(is_sound(*a.chosen, seeds));
        }
    }
    CHECK(founders >= 2);
}

TEST_CASE_METHOD(seats, "FOUND-5: the epoch goes above the highest that any seat knew") {
    all[1].highest = {5000};
    all[0].part->tick({}, {at(1s), 1000});
    drain(0);
    std::erase_if(wire, [&](const packet& p) { return p.what.at == seeds[2]; });
    deliver_all(at(1s));
    all[0].part->tick({}, {at(1020ms), 1000});  // the third seat does not answer
    drain(0);
    deliver_all(at(1020ms));
    REQUIRE(all[0].chosen);
    CHECK(all[0].chosen->epoch.value == 5001);
}

TEST_CASE_METHOD(seats,
                 "FOUND-4: an accept counts only from a PeerId that promised in that ballot") {
    all[0].part->tick({}, {at(1s), 1000});
    drain(0);
    std::erase_if(wire, [&](const packet& p) { return p.what.at == seeds[2]; });
    deliver_all(at(1s));
    all[0].part->tick({}, {at(1020ms), 1000});
    drain(0);
    // Deliver until seat 0 proposes, then let a stranger accept.
    std::optional<ballot> proposed;
    while (!wire.empty() && !proposed) {
        const auto p = wire.front();
        wire.pop_front();
        if (const auto* a = std::get_if<found_accept>(&p.what.what)) {
            proposed = a->ballot;
            break;
        }
        const std::size_t i = p.what.at == seeds[0] ? 0 : 1;
        all[i].part->handle(p.from, p.at, p.what.what, {}, {at(1s), 1000});
        drain(i);
    }
    REQUIRE(proposed);
    all[0].part->handle(peer(1), seeds[0], found_accepted{*proposed}, {}, {at(1s), 1000});
    all[0].part->handle(peer(77), seeds[1], found_accepted{*proposed}, {}, {at(1s), 1000});
    drain(0);
    CHECK_FALSE(all[0].chosen);
    all[0].part->handle(peer(2), seeds[1], found_accepted{*proposed}, {}, {at(1s), 1000});
    drain(0);
    CHECK(all[0].chosen);
}

TEST_CASE_METHOD(seats, "FOUND-7: a value whose founders have restarted is not adopted") {
    // Seats 1 and 2 choose a value with themselves as founders, but no seat hears that it was
    // chosen.
    all[0].part->tick({}, {at(1s), 1000});
    drain(0);
    std::erase_if(wire, [&](const packet& p) { return p.what.at == seeds[2]; });
    deliver_all(at(1s));
    all[0].part->tick({}, {at(1020ms), 1000});
    drain(0);
    std::optional<founding_value> old;
    while (!wire.empty()) {
        const auto p = wire.front();
        wire.pop_front();
        if (const auto* a = std::get_if<found_accept>(&p.what.what)) {
            old = a->value;
            // It reaches seat 3 too, which is no founder of it.
            all[2].part->handle(p.from, p.at, p.what.what, {}, {at(1s), 1000});
            drain(2);
            break;
        }
        const std::size_t i = p.what.at == seeds[0] ? 0 : 1;
        all[i].part->handle(p.from, p.at, p.what.what, {}, {at(1s), 1000});
        drain(i);
    }
    REQUIRE(old);
    wire.clear();
    // Both restart. Without the rule, seat 3's word would have every founding choose dead founders,
    // for ever.
    for (std::size_t i = 0; i < 2; ++i) {
        auto again = made_up::member(i + 1);
        again.id = all[i].id = peer(10 + i);
        all[i].part = std::make_unique<founding>(settings, again, seeds, 10 + i, at(2s));
    }
    for (auto t = 2s + 0ms; t < 6s; t += 10ms) {
        for (std::size_t i = 0; i < 3; ++i) {
            if (!all[i].chosen) {
                all[i].part->tick(all[i].highest, {at(t), 1000});
                drain(i);
            }
        }
        deliver_all(at(t));
    }
    std::size_t founders = 0;
    for (const auto& a : all) {
        founders += a.chosen ? 1 : 0;
        if (a.chosen) {
            CHECK(a.chosen->cluster != old->cluster);
        }
    }
    CHECK(founders >= 2);
}

TEST_CASE_METHOD(seats, "FOUND-9: a value that is not above all that is named is not adopted") {
    const ballot old{1, 0, peer(1)}, mine{2, 1, peer(2)};
    const founding_value value{
        {1, 1}, {1061}, 16, {{made_up::member(1), 0}, {made_up::member(2), 1}}};
    const auto third = [](std::uint32_t highest) {
        return found_promise{{}, {made_up::member(3), 2}, {}, {highest}, 1000};
    };
    all[1].part->handle(peer(1), seeds[0], found_rejected{{}, {}, old, {}, {}, {}}, {},
                        {at(1s), 1000});
    all[1].part->tick({}, {at(1s), 1000});
    drain(1);
    const auto answer = [&](found_promise given) {
        given.ballot = mine;
        all[1].part->handle(given.self.self.id, given.self.self.address, given, {}, {at(1s), 1000});
    };
    answer({{}, {made_up::member(1), 0}, accepted_founding{old, value}, {}, 1000});
    answer({{}, {made_up::member(2), 1}, {}, {}, 1000});
    wire.clear();
    std::uint32_t expected = 0;
    SECTION("it is above: the third seat knows of an earlier cluster") {
        answer(third(1060));
        expected = 1061;
    }
    SECTION("the third seat knows of a later one: a token of this epoch may have been given") {
        answer(third(1061));
        expected = 1062;
    }
    drain(1);
    REQUIRE_FALSE(wire.empty());
    const auto* proposed = std::get_if<found_accept>(&wire[0].what.what);
    REQUIRE(proposed != nullptr);
    CHECK(proposed->value.epoch == epoch{expected});
    CHECK((proposed->value == value) == (expected == 1061));
}

TEST_CASE_METHOD(seats, "FOUND-9: a promise names what was accepted before the value it has now") {
    const lease_terms terms{settings.lease, settings.drift_ppm()};
    const auto accepts = [&](std::uint64_t round, std::uint32_t epoch) {
        const founding_value value{
            {round, 1}, {epoch}, 16, {{made_up::member(1), 0}, {made_up::member(2), 1}}};
        all[2].part->handle(peer(1), seeds[0], found_accept{{round, 0, peer(1)}, value}, {},
                            {at(1s), 1000});
    };
    const auto named = [&](std::uint64_t round) {
        wire.clear();
        all[2].part->handle(peer(1), seeds[0], found_prepare{{round, 0, peer(1)}, seeds, terms}, {},
                            {at(1s), 1234});
        drain(2);
        REQUIRE(wire.size() == 1);
        const auto given = std::get<found_promise>(wire[0].what.what);
        CHECK(given.wall_s == 1234);
        return given.highest;
    };
    accepts(1, 1061);
    drain(2);
    CHECK(named(2) == epoch{});  // else it could never be adopted
    accepts(3, 1070);
    drain(2);
    CHECK(named(4) == epoch{1061});
}

TEST_CASE_METHOD(seats,
                 "FOUND-9: where no epoch is left nothing is proposed, and a person is told") {
    all[0].highest = {last_by_clock};
    for (auto t = 0ms; t < 2s && !all[0].end; t += 10ms) {
        all[0].part->tick(all[0].highest, {at(t), 1000});
        drain(0);
        deliver_all(at(t));
    }
    CHECK(all[0].end == last_by_clock);
    CHECK_FALSE(all[0].chosen);
    CHECK(all[0].part->deadline());  // it goes on trying: clocks can be set
}

TEST_CASE_METHOD(seats,
                 "a seat that has a view, or other seeds, or other times, does not promise") {
    const lease_terms terms{settings.lease, settings.drift_ppm()};
    const found_prepare asked{{1, 0, peer(1)}, seeds, terms};
    all[1].part->handle(peer(1), seeds[0], asked, {true, {7}}, {at(1s), 0});
    drain(1);
    REQUIRE(wire.size() == 1);
    CHECK(std::get<found_rejected>(wire[0].what.what).why == found_refusal::has_a_view);
    CHECK(std::get<found_rejected>(wire[0].what.what).highest == epoch{7});
    wire.clear();
    all[1].part->handle(peer(1), seeds[0], found_prepare{{1, 0, peer(1)}, {seeds[0]}, terms}, {},
                        {at(1s), 0});
    drain(1);
    REQUIRE(wire.size() == 1);
    CHECK(std::get<found_rejected>(wire[0].what.what).why == found_refusal::seeds_differ);
    wire.clear();
    all[1].part->handle(
        peer(1), seeds[0],
        found_prepare{{1, 0, peer(1)}, seeds, {2 * settings.lease, terms.drift_ppm}}, {},
        {at(1s), 0});
    drain(1);
    REQUIRE(wire.size() == 1);
    // LEASE-6
    CHECK(std::get<found_rejected>(wire[0].what.what).why == found_refusal::times_differ);
}

TEST_CASE_METHOD(seats,
                 "view 1 has every seat that answers, not only the first that make a quorum") {
    std::optional<founding_value> chosen;
    for (auto t = 0ms; t < 2s && !chosen; t += 1ms) {
        for (std::size_t i = 0; i < 3; ++i) {
            all[i].part->tick(all[i].highest, {at(t), 1000});
            drain(i);
        }
        // The third seat's word comes 5 ms later than the others'.
        std::deque<packet> late;
        for (std::size_t n = wire.size(); n > 0; --n) {
            const auto p = wire.front();
            wire.pop_front();
            (p.what.at == seeds[2] && t % 5ms != 0ms ? late : wire).push_back(p);
        }
        deliver_all(at(t));
        wire.insert(wire.end(), late.begin(), late.end());
        chosen = all[0].chosen;
    }
    REQUIRE(chosen);
    CHECK(chosen->founders.size() == 3);
}

namespace {

/// One seat whose messages a test makes, and what it said.
struct one_seat : seats {
    founding& part = *all[0].part;  // p1
    lease_terms terms{settings.lease, settings.drift_ppm()};

    template <class What>
    void receive(std::uint64_t from, const What& what, base::duration when,
                 const founding::standing& ours = {}) {
        part.handle(peer(from), made_up::address(from), founding_message{what}, ours,
                    {at(when), 1000});
    }
    /// Its next messages of this kind.
    template <class What>
    std::vector<What> said() {
        std::vector<What> out;
        while (auto o = part.next()) {
            if (const auto* s = std::get_if<founding::send>(&*o)) {
                if (const auto* what = std::get_if<What>(&s->what)) {
                    out.push_back(*what);
                }
            }
        }
        return out;
    }
    /// The ballot with which it asks, once it does.
    ballot asks(base::duration from) {
        for (auto t = from; t < from + 10s; t += 1ms) {
            part.tick({}, {at(t), 1000});
            if (const auto asked = said<found_prepare>(); !asked.empty()) {
                return asked[0].ballot;
            }
        }
        return {};
    }
    found_rejected still_leased(const ballot& mine, base::duration left) const {
        return {mine, found_refusal::has_a_view, {}, {}, seeds, left};
    }
    found_prepare asked_by(std::uint64_t n, std::uint64_t round) const {
        return {{round, static_cast<std::uint32_t>(n - 1), peer(n)}, seeds, terms};
    }
};

}  // namespace

TEST_CASE_METHOD(one_seat,
                 "FOUND-8: who has a view refuses whatever the list, and tells its lease") {
    const founding::standing leased{true, {7}, 300ms};
    receive(2, found_prepare{{1, 1, peer(2)}, {made_up::address(2)}, terms}, 1s, leased);
    const auto told = said<found_rejected>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].why == found_refusal::has_a_view);
    CHECK(told[0].seeds == seeds);
    CHECK(told[0].lease_left == 300ms);
    CHECK(told[0].highest == epoch{7});

    // So does a member that fills no seat of its own list: the new one names it.
    founding member{settings, made_up::member(9), seeds, 1, at(0s)};
    member.handle(peer(2), made_up::address(2), asked_by(2, 1), leased, {at(1s), 1000});
    REQUIRE(member.next().has_value());
    member.handle(peer(2), made_up::address(2), asked_by(2, 1), {}, {at(1s), 1000});
    CHECK(!member.next().has_value());
}

TEST_CASE_METHOD(one_seat, "FOUND-8: a founder waits for the lease that it is told of") {
    const auto mine = asks(0s);
    REQUIRE(!mine.is_nil());
    receive(2, found_promise{mine, {made_up::member(2), 1}, {}, {}}, 2s);
    receive(3, still_leased(mine, 500ms), 2s);
    CHECK(said<found_accept>().empty());
    for (auto t = 2s + 0ms; t < 2s + 500ms; t += 10ms) {
        part.tick({}, {at(t), 1000});
    }
    CHECK(said<found_accept>().empty());
    // By its own clock, which may be the faster one.
    part.tick({}, {at(2s + base::stretched(500ms, settings.clock_drift) - 1ns), 1000});
    CHECK(said<found_prepare>().empty());
    CHECK(asks(2s + 500ms) > mine);
}

TEST_CASE_METHOD(one_seat, "FOUND-8: no other founder is promised meanwhile") {
    const auto mine = asks(0s);
    receive(2, asked_by(2, 5), 1s);
    CHECK(said<found_promise>().size() == 1);
    receive(3, still_leased(mine, 500ms), 2s);
    receive(2, asked_by(2, 6), 2s);
    CHECK(said<found_promise>().empty());
    const founding_value value{
        {1, 1}, {100}, 16, {{made_up::member(1), 0}, {made_up::member(2), 1}}};
    receive(2, found_accept{{5, 1, peer(2)}, value}, 2s);
    CHECK(said<found_accepted>().empty());
    receive(2, asked_by(2, 6), 2s + base::stretched(500ms, settings.clock_drift));
    CHECK(said<found_promise>().size() == 1);
}

TEST_CASE_METHOD(one_seat, "FOUND-8: only an answer to our own ballot counts, for one lease") {
    const auto mine = asks(0s);
    receive(3, still_leased({1, 2, peer(3)}, 500ms), 2s);
    receive(3, still_leased(mine, 0ms), 2s);
    receive(3, still_leased(mine, -1s), 2s);
    receive(2, asked_by(2, 5), 2s);
    CHECK(said<found_promise>().size() == 1);
    receive(3, still_leased(mine, base::duration::max()), 2s);
    receive(2, asked_by(2, 6), 2s);
    CHECK(said<found_promise>().empty());
    receive(2, asked_by(2, 6), 2s + base::stretched(settings.lease, settings.clock_drift));
    CHECK(said<found_promise>().size() == 1);
}

TEST_CASE_METHOD(one_seat, "FOUND-8: a knock makes a founder ask there, and decides nothing") {
    const auto asked_at = [&](std::uint64_t n) {
        std::size_t times = 0;
        while (auto o = part.next()) {
            const auto* s = std::get_if<founding::send>(&*o);
            times += s != nullptr && std::holds_alternative<found_prepare>(s->what) &&
                             s->at == made_up::address(n)
                         ? 1
                         : 0;
        }
        return times;
    };
    const knock told{{made_up::address(1), made_up::address(8)}};
    const auto mine = asks(0s);
    receive(8, told, 1s);
    CHECK(asked_at(8) == 1);  // while it prepares
    receive(8, told, 1s);
    CHECK(asked_at(8) == 0);  // each once
    receive(2, asked_by(2, 5), 1s);
    CHECK(said<found_promise>().size() == 1);
    // Who is not promised is told whom to ask.
    receive(8, still_leased(mine, 500ms), 1s);
    receive(2, asked_by(2, 6), 1s);
    const auto passed_on = said<knock>();
    REQUIRE(passed_on.size() == 1);
    CHECK(passed_on[0].seeds == std::vector{made_up::address(8)});
    // With a view it is nothing to us.
    receive(8, told, 1s, {true, {}, 500ms});
    CHECK(!part.next().has_value());
}

TEST_CASE("FOUND-8: voters knock where no member is heard, while their lease runs") {
    view_test::set_environment surroundings;
    const auto v = made_up::first_view(3);
    CHECK(seats_to_knock_at(v, surroundings).empty());
    surroundings.left = 1s;
    CHECK(seats_to_knock_at(v, surroundings).empty());
    surroundings.dead.insert(peer(2));
    surroundings.replaced.insert(peer(3));
    CHECK(seats_to_knock_at(v, surroundings) ==
          std::vector{made_up::address(2), made_up::address(3)});
    auto vacant = v;
    vacant.seats[0].filled_by = {};
    CHECK(seats_to_knock_at(vacant, surroundings).size() == 3);
    surroundings.left = {};
    CHECK(seats_to_knock_at(vacant, surroundings).empty());
}
