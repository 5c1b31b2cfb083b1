// Members whose datagrams are lost, in part or all of them, and which are members all the same
// (LEASE-9, NET-4).
#include <algorithm>
#include <cstdint>
#include <variant>

#include "base/random.hpp"
#include "catch.hpp"
#include "small_cluster.hpp"

using namespace node_test;

namespace {

/// Of the datagrams of a member, those that are dropped.
enum class way : std::uint8_t { to_it, from_it, both };

}  // namespace

TEST_CASE("LEASE-9: where three datagrams of ten are lost no lease of nine members ends") {
    base::random_source chance{GENERATE(std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3})};
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5, 6, 7, 8, 9}));
    c.lose_sent = [&](const node::send& s) {
        if (!s.stream) {
            return chance.chance(0.3);
        }
        // Such a network delays streams: what is said of leases there comes too late.
        const auto* l = std::get_if<lease::message>(&s.what);
        return l != nullptr && (std::holds_alternative<lease::renew_request>(*l) ||
                                std::holds_alternative<lease::ack>(*l));
    };
    const auto is_one_over = [&] {
        return std::any_of(c.all.begin(), c.all.end(),
                           [&](const auto& p) { return !c.is_leased(p.first); });
    };
    CHECK_FALSE(c.run_until(is_one_over, 12s));  // LEASE-8 would find members mute after 15 s
    for (const auto& [i, p] : c.all) {
        CHECK_FALSE(p.restarted);
    }
}

TEST_CASE("NET-4: a member whose datagrams are dropped keeps its lease, its holds and its slots") {
    const auto dropped = GENERATE(way::to_it, way::from_it, way::both);
    CAPTURE(static_cast<int>(dropped));
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4, 5}));
    const auto of_another = c.name_at(5);
    const auto its_own = c.name_at(4);
    c.acquire(4, of_another);
    REQUIRE(c.run_until([&] { return c.all[4].granted.size() == 1; }));
    c.lose_to = [=](std::uint64_t to, bool stream) {
        return to == 4 && !stream && dropped != way::from_it;
    };
    c.lose_from = [=](std::uint64_t from, bool stream) {
        return from == 4 && !stream && dropped != way::to_it;
    };
    CHECK_FALSE(c.run_until([&] { return !c.is_leased(4); }, 10s));
    CHECK_FALSE(c.all[4].restarted);
    CHECK(c.all[4].lost.empty());
    REQUIRE(c.all[4].problems.size() == 1);
    CHECK(c.all[4].problems[0].text.find("UDP") != std::string::npos);
    c.acquire(1, its_own);
    CHECK(c.run_until([&] { return c.all[1].granted.size() == 1; }, 1s));
    c.acquire(2, of_another);
    c.release(4, of_another, c.all[4].granted[0].token);
    CHECK(c.run_until([&] { return c.all[2].granted.size() == 1; }, 1s));
}
