#include "view/founding.hpp"

#include <deque>
#include <memory>

#include "catch.hpp"
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
                 {}});
        }
    }
    void drain(std::size_t i) {
        while (auto o = all[i].part->next()) {
            if (auto* s = std::get_if<founding::send>(&*o)) {
                wire.push_back({all[i].id, seeds[i], *s});
            } else if (auto* p = std::get_if<founding::persist>(&*o)) {
                all[i].highest = p->epoch;
            } else if (auto* f = std::get_if<founding::founded_with_us>(&*o)) {
                all[i].chosen = f->value;
            }
        }
    }
    void deliver_all(base::time_point now) {
        while (!wire.empty()) {
            const auto p = wire.front();
            wire.pop_front();
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (seeds[i] == p.what.at) {
                    all[i].part->handle(p.from, p.at, p.what.what, all[i].chosen.has_value(),
                                        all[i].highest, {now, 1000});
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
        all[i].part->handle(p.from, p.at, p.what.what, false, {}, {at(1s), 1000});
        drain(i);
    }
    REQUIRE(proposed);
    all[0].part->handle(peer(1), seeds[0], found_accepted{*proposed}, false, {}, {at(1s), 1000});
    all[0].part->handle(peer(77), seeds[1], found_accepted{*proposed}, false, {}, {at(1s), 1000});
    drain(0);
    CHECK_FALSE(all[0].chosen);
    all[0].part->handle(peer(2), seeds[1], found_accepted{*proposed}, false, {}, {at(1s), 1000});
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
            all[2].part->handle(p.from, p.at, p.what.what, false, {}, {at(1s), 1000});
            drain(2);
            break;
        }
        const std::size_t i = p.what.at == seeds[0] ? 0 : 1;
        all[i].part->handle(p.from, p.at, p.what.what, false, {}, {at(1s), 1000});
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

TEST_CASE_METHOD(seats,
                 "a seat that has a view, or other seeds, or other times, does not promise") {
    const lease_terms terms{settings.lease, settings.drift_ppm()};
    const found_prepare asked{{1, 0, peer(1)}, seeds, terms};
    all[1].part->handle(peer(1), seeds[0], asked, true, {7}, {at(1s), 0});
    drain(1);
    REQUIRE(wire.size() == 1);
    CHECK(std::get<found_rejected>(wire[0].what.what).why == found_refusal::has_a_view);
    CHECK(std::get<found_rejected>(wire[0].what.what).highest == epoch{7});
    wire.clear();
    all[1].part->handle(peer(1), seeds[0], found_prepare{{1, 0, peer(1)}, {seeds[0]}, terms}, false,
                        {}, {at(1s), 0});
    drain(1);
    REQUIRE(wire.size() == 1);
    CHECK(std::get<found_rejected>(wire[0].what.what).why == found_refusal::seeds_differ);
    wire.clear();
    all[1].part->handle(
        peer(1), seeds[0],
        found_prepare{{1, 0, peer(1)}, seeds, {2 * settings.lease, terms.drift_ppm}}, false, {},
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
