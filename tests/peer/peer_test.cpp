// Peers of one process over loopback.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <holdfast/holdfast.hpp>

#include "peers.hpp"

using namespace peers;

TEST_CASE("a peer alone locks at once") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("a", {.wait = 5s});
    REQUIRE(h);
    CHECK(h->is_valid());
    CHECK(h->remaining() > 0ns);
    CHECK(h->remaining() <= 1s);
    CHECK(h->token().value > 0);
    CHECK(p.try_lock("a").error().code == errc::would_block);
    const auto first = h->token();
    CHECK(h->release());
    CHECK_FALSE(h->is_valid());
    auto again = p.try_lock("a");
    REQUIRE(again);
    CHECK(first < again->token());
    CHECK(p.lock("", {}).error().code == errc::name_too_long);
    CHECK(p.lock(std::string(513, 'x'), {}).error().code == errc::name_too_long);
}

TEST_CASE("three peers share one lock") {
    three c;
    auto h = c.peers[0].lock("a", {.wait = 10s});
    REQUIRE(h);
    CHECK(c.peers[1].try_lock("a").error().code == errc::would_block);
    CHECK(c.peers[2].lock("a", {.wait = 50ms}).error().code == errc::timed_out);
    std::stop_source stop;
    std::jthread stopper{[&] { stop.request_stop(); }};
    CHECK(c.peers[2].lock("a", {.stop = stop.get_token()}).error().code == errc::cancelled);
    const auto first = h->token();
    std::jthread other{[&] { (void)h->release(); }};  // Catch2's assertions are for one thread
    auto next = c.peers[1].lock("a", {.wait = 10s});
    REQUIRE(next);
    CHECK(first < next->token());
    CHECK(c.peers[0].owner_of("a").value().id == c.peers[2].owner_of("a").value().id);
    CHECK(c.peers[0].members().size() >= 3);
}

TEST_CASE("many threads of many peers never meet, and tokens rise") {
    three c;
    std::atomic<int> inside{0};
    std::atomic<int> met{0};
    std::atomic<std::int64_t> last{0};
    std::atomic<int> fell{0};
    // A machine that is kept from running us may cost a lease. Then requests fail, or a hold is
    // lost under its thread, and the next holder is right to begin.
    std::atomic<int> served{0};
    std::atomic<int> lost{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 9; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    auto h = c.peers[static_cast<std::size_t>(t % 3)].lock("hot", {.wait = 30s});
                    if (!h) {
                        continue;
                    }
                    ++served;
                    met += inside.fetch_add(1) != 0 ? 1 : 0;
                    fell += last.exchange(h->token().value) >= h->token().value ? 1 : 0;
                    --inside;
                    lost += h->is_valid() ? 0 : 1;
                }
            });
        }
    }
    CHECK((met == 0 || lost > 0));
    CHECK((fell == 0 || lost > 0));
    CHECK(served > 0);
}

TEST_CASE("holdfast::mutex is lockable as std::mutex is") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    holdfast::mutex a{p, "a"};
    holdfast::mutex b{p, "b"};
    {
        const std::scoped_lock both{a, b};
        CHECK(a.token().value > 0);
        CHECK(a.is_valid());
        CHECK_FALSE(a.try_lock());
        CHECK_THROWS_AS(a.lock(), lock_error);
        bool was_taken = false;
        std::jthread{[&] { was_taken = !a.try_lock_for(10ms); }}.join();
        CHECK(was_taken);
    }
    std::unique_lock guard{a, 1s};
    CHECK(guard.owns_lock());
}

TEST_CASE("an election has one leader, which observers see with its note") {
    three c;
    seen<leader> news;
    auto watching = c.peers[2].election("boss").observe([&](const leader& l) { news.add(l); });
    REQUIRE(watching);
    auto first = c.peers[0].election("boss").campaign({.wait = 10s, .note = "first"});
    REQUIRE(first);
    CHECK(news.wait([](const auto& all) {
        return !all.empty() && all.back().exists && all.back().note == "first";
    }));
    std::optional<term> second;
    std::jthread candidate{[&] {
        if (auto won = c.peers[1].election("boss").campaign({.wait = 20s, .note = "second"})) {
            second.emplace(std::move(*won));
        }
    }};
    CHECK(first->resign());
    candidate.join();
    REQUIRE(second);
    CHECK(first->token() < second->token());
    CHECK(news.wait([](const auto& all) { return !all.empty() && all.back().note == "second"; }));
}

TEST_CASE("who leaves hands over, and its holds are lost") {
    three c;
    auto kept = c.peers[0].lock("kept", {.wait = 10s});
    auto lost = c.peers[2].lock("lost", {.wait = 10s});
    REQUIRE(kept);
    REQUIRE(lost);
    seen<bool> notice;
    const std::stop_callback on_lost{lost->lost(), [&] { notice.add(true); }};
    CHECK(c.peers[2].leave());
    CHECK(notice.wait([](const auto& all) { return !all.empty(); }));
    CHECK(lost->why_lost() == errc::shutting_down);
    CHECK(kept->is_valid());
    CHECK(c.peers[2].lock("x", {}).error().code == errc::shutting_down);
    CHECK(c.peers[1].lock("lost", {.wait = 10s}));
}

TEST_CASE("two leaves at once are one") {
    three c;
    std::vector<hold> holds;
    for (int i = 0; i < 2; ++i) {
        auto h = c.peers[2].lock("held" + std::to_string(i), {.wait = 10s});
        REQUIRE(h);
        holds.push_back(std::move(*h));
    }
    std::atomic<int> left{0};
    std::atomic<int> freed{0};
    {
        std::vector<std::jthread> leaving;
        for (int i = 0; i < 2; ++i) {
            leaving.emplace_back([&, i] {
                left += c.peers[2].leave() ? 1 : 0;
                // neither came back before it was done
                freed += c.peers[0].try_lock("held" + std::to_string(i)) ? 1 : 0;
            });
        }
    }
    CHECK(left == 2);
    CHECK(freed == 2);
    CHECK(c.peers[2].leave());
}

TEST_CASE("calls in many threads end when the peer leaves") {
    three c;
    seen<int> granted;
    std::atomic<int> wrong{0};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            while (true) {
                lock_options options;
                if (t % 2 == 0) {
                    options.wait = 5ms;
                }
                const auto h = c.peers[2].lock("n" + std::to_string(t / 3), std::move(options));
                if (h) {
                    granted.add(t);
                } else if (h.error().code == errc::shutting_down) {
                    return;
                } else if (h.error().code != errc::timed_out && h.error().code != errc::no_quorum &&
                           h.error().code != errc::not_a_member) {
                    ++wrong;  // a busy machine can be late to renew its lease, and be removed
                }
            }
        });
    }
    CHECK(granted.wait([](const auto& all) { return all.size() >= 100; }));
    CHECK(c.peers[2].leave());
    threads.clear();
    CHECK(wrong == 0);
}

TEST_CASE("without a majority: the hold is lost, and nothing is granted") {
    three c;
    auto h = c.peers[0].lock("a", {.wait = 10s});
    REQUIRE(h);
    seen<errc> why;
    auto second = c.peers[0].lock("b", {.wait = 10s, .on_lost = [&](errc e) { why.add(e); }});
    REQUIRE(second);
    // The two others end without a word.
    c.peers.pop_back();
    c.peers.pop_back();
    CHECK(why.wait([](const auto& all) { return !all.empty(); }));
    CHECK_FALSE(h->is_valid());
    // A busy machine may have lost the hold before, and have a lease again that runs out now.
    REQUIRE(comes_true([&] { return !c.peers[0].is_ready(); }));
    const auto refused = c.peers[0].lock("c", {.wait = 300ms});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::no_quorum);
    CHECK(refused.error().is_held() == held::no);
}

TEST_CASE("a bad configuration is refused by name") {
    CHECK(peer::start({.seeds = {"127.0.0.1:1", "127.0.0.1:2"}, .profile = profile::local})
              .error()
              .text.starts_with("seeds"));
    CHECK(peer::start({.listen = "nonsense:port:x", .profile = profile::local})
              .error()
              .text.starts_with("listen"));
    // no key outside `local`
    CHECK_FALSE(peer::start({.listen = "127.0.0.1:0", .seeds = {"127.0.0.1:4653"}}));
    auto p = started({.profile = profile::local});
    const auto taken = peer::start({.listen = to_string(p.address()), .profile = profile::local});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == errc::address_in_use);
}

TEST_CASE("the address is free once the peer has left, and what it counted is still there") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("a", {.wait = 5s});
    REQUIRE(h);
    const auto mine = p.election("e");
    CHECK(p.leave());
    CHECK(p.stats().requests == 1);
    CHECK(h->why_lost() == errc::shutting_down);
    auto next = started({.listen = to_string(p.address()), .profile = profile::local});
    CHECK(next.wait_ready(10s));
}

TEST_CASE("the last event tells that the peer has stopped") {
    seen<std::string> events;
    const auto add = [&](const event& e) { events.add(to_string(e)); };
    {
        auto p = started({.profile = profile::local, .on_event = add});
        REQUIRE(p.wait_ready(10s));
        CHECK(p.leave());
        CHECK(events.all.back() == "stopped: left");
    }
    CHECK(std::count(events.all.begin(), events.all.end(), "stopped: left") == 1);
    { const auto p = started({.profile = profile::local, .on_event = add}); }
    CHECK(events.all.back().starts_with("stopped: "));
}

TEST_CASE("a gate refuses what is older than what it has seen") {
    gate g;
    const auto low = token::make(epoch{1}, 1), high = token::make(epoch{2}, 1);
    CHECK(g.admit(low));
    CHECK(g.admit(high));
    CHECK_FALSE(g.admit(low));
    CHECK(g.admit(high));
}
