// Whether the ways between a joiner and the seats work, over a pretended network (JOIN-1, JOIN-2).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "base/message_groups.hpp"
#include "catch.hpp"
#include "small_cluster.hpp"

using namespace node_test;

namespace {

/// Peer 4, which was just started, is not let in for `how_long`; then it is, with all as it was.
void is_kept_out(small_cluster& c, base::duration how_long) {
    const auto before = c[1].installed()->number;
    c.run_for(how_long);
    CHECK_FALSE(c[1].installed()->has(c[4].self()));
    CHECK(c[1].installed()->number == before);
    c.lose = {};
    c.lose_to = {};
    CHECK(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 5s));
}

}  // namespace

TEST_CASE("JOIN-2: who hears no streams is not let in, and complains of that") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.lose_to = [](std::uint64_t to, bool stream) { return to == 4 && stream; };
    c.start(4);
    c.run_for(6s);
    REQUIRE(c.all[4].problems.size() == 1);
    CHECK(c.all[4].problems[0].text.find("TCP reaches 0, UDP 3;") != std::string::npos);
    is_kept_out(c, 1s);
}

TEST_CASE("JOIN-2: who hears no datagrams is not let in") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.lose_to = [](std::uint64_t to, bool stream) { return to == 4 && !stream; };
    c.start(4);
    is_kept_out(c, 3s);
}

TEST_CASE("JOIN-2: who cannot take, or send, large messages is not let in") {
    const bool is_sender = GENERATE(false, true);
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    std::size_t seen = 0;
    c.lose = [&](const node::message& m) {
        const auto* probe = base::get_message_if<views::way_probe>(m);
        const auto* echo = base::get_message_if<views::way_echo>(m);
        const auto size = probe != nullptr ? probe->padding : echo != nullptr ? echo->padding : 0;
        const bool is_lost = size >= 4096 && (echo != nullptr) == is_sender;
        seen += is_lost ? 1 : 0;
        return is_lost;
    };
    c.start(4);
    is_kept_out(c, 3s);
    CHECK(seen > 0);
}

TEST_CASE("JOIN-2: a way is tried with two segments of its stream, and with full datagrams") {
    constexpr auto of_datagrams = static_cast<std::uint32_t>(base::limits::datagram_padding);
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.segment = 8948;
    std::set<std::pair<bool, std::uint32_t>> probes;  // by stream, and of this size
    std::set<std::pair<bool, std::uint32_t>> echoes;
    c.see = [&](std::uint64_t, const node::send& s) {
        if (const auto* p = base::get_message_if<views::way_probe>(s.what)) {
            probes.emplace(s.stream, p->padding);
        } else if (const auto* e = base::get_message_if<views::way_echo>(s.what)) {
            echoes.emplace(s.stream, e->padding);
        }
    };
    c.start(4);
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }));
    for (const auto& seen : {probes, echoes}) {
        CHECK(seen.contains(std::pair{true, std::uint32_t{2 * 8948}}));
        CHECK(seen.contains(std::pair{false, of_datagrams}));
        CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& s) {
            return s.second >= (s.first ? std::uint32_t{4096} : of_datagrams);
        }));
    }
}

TEST_CASE("JOIN-1: each PeerId that never had a lease counts, and none of before one that had") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3}));
    c.lose = [](const node::message& m) {  // peer 4 gets no lease; the others have theirs
        const auto* l = std::get_if<lease::message>(&m);
        const auto* asked = l != nullptr ? std::get_if<lease::renew_request>(l) : nullptr;
        return asked != nullptr && !asked->is_running;
    };
    c.start(4);
    for (std::size_t n = 1; n <= 3; ++n) {
        REQUIRE(c.run_until([&] { return c.all[4].removals == n; }, 60s));
        CHECK(c.all[4].restarted == errc::evicted);
    }
    c.lose = {};
    REQUIRE(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 60s));
    const auto former = c[4].self();
    for (const std::uint64_t i : {1, 2, 3}) {
        c.cut(4, i);
    }
    REQUIRE(c.run_until([&] { return !c[1].installed()->has(former); }));
    c.mend();
    CHECK(c.run_until([&] { return c.all[4].removals == 1; }));
}

TEST_CASE("JOIN-1: who was removed without a lease tests the ways, and asks again when they work") {
    small_cluster c{3};
    REQUIRE(c.form({1, 2, 3, 4}));
    const auto former = c[4].self();
    for (const std::uint64_t i : {1, 2, 3}) {
        c.cut(4, i);
    }
    REQUIRE(c.run_until([&] { return !c[1].installed()->has(former); }));
    c.mend();
    REQUIRE(c.run_until([&] { return c.all[4].restarted.has_value(); }));
    REQUIRE(c.all[4].restarted == errc::evicted);
    std::size_t tests = 0;
    std::size_t requests = 0;
    bool ways_fail = true;
    c.lose = [&](const node::message& m) {
        if (const auto* asked = base::get_message_if<views::join>(m)) {
            ++(asked->shown ? requests : tests);
        }
        return ways_fail && base::holds_message<views::way_probe>(m);
    };
    SECTION("they work at once") {
        ways_fail = false;
        CHECK(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 1900ms));
        CHECK(tests > 0);
        return;
    }
    SECTION("they fail: it waits for 2A") {
        c.run_for(1900ms);
        CHECK(requests == 0);
        CHECK(tests >= 3);
        c.run_for(1s);
        CHECK(requests > 0);
        ways_fail = false;
    }
    SECTION("they work later: it need not wait for that long") {
        c.run_for(500ms);
        ways_fail = false;
        c.run_for(700ms);
        CHECK(requests > 0);
    }
    CHECK(c.run_until([&] { return c.is_member_everywhere({1, 2, 3, 4}); }, 5s));
}
