// A machine that sleeps, clocks that err, threads that cannot be made, strangers that shout.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "machine.hpp"
#include "peers.hpp"
#include "temporary_folder.hpp"

using namespace peers;

namespace {

/// As in a program: a broken invariant ends the peer. (The other tests abort, for the sake of the
/// stack.)
class invariants_throw {
public:
    invariants_throw() { base::abort_on_broken_invariant(false); }
    ~invariants_throw() { base::abort_on_broken_invariant(true); }
    invariants_throw(const invariants_throw&) = delete;
    invariants_throw& operator=(const invariants_throw&) = delete;
};

/// A datagram of a process without the key.
void shout_at(const endpoint& at) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(at.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::array<char, 64> forged{static_cast<char>(0x81)};
    const int from = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(from, forged.data(), forged.size(), 0, reinterpret_cast<const sockaddr*>(&to),
           sizeof to);
    close(from);
}

}  // namespace

TEST_CASE("a release after the lease ran out unnoticed says that the hold was lost") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("a", {.wait = 5s});
    REQUIRE(h);
    machine::suspend(past_each_lease);
    const auto released = h->release();
    REQUIRE_FALSE(released);
    CHECK(released.error().code == errc::lease_lost);
    CHECK(h->why_lost() == errc::lease_lost);
    REQUIRE(p.wait_ready(10s));
    auto again = p.lock("a", {.wait = 5s});
    REQUIRE(again);
    CHECK(again->release());
    CHECK(again->release());
}

TEST_CASE("a call in which an invariant breaks fails, and the program goes on") {
    const invariants_throw as_in_a_program;
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("held", {.wait = 5s});
    REQUIRE(h);
    seen<error> failure;
    std::jthread broken{[&] {
        const machine::clock_set_back back{100s};
        if (const auto got = p.lock("a", {.wait = 1s}); !got) {
            failure.add(got.error());
        }
    }};
    if (!failure.wait([](const auto& all) { return !all.empty(); })) {
        broken.detach();  // it sleeps for ever
        FAIL("the call did not return");
    }
    CHECK(failure.all[0].code == errc::internal_error);
    CHECK(failure.all[0].is_held() == held::no);
    CHECK(h->why_lost() == errc::internal_error);
    CHECK(p.lock("b", {.wait = 1s}).error().code == errc::internal_error);
    CHECK(p.leave().error().code == errc::internal_error);
    CHECK(p.leave().error().code == errc::internal_error);
}

TEST_CASE("NOW-2: a lease is as long as ever when the time of day is being corrected") {
    constexpr int most = 83'333;
    // the last two Linux does not do
    using pair = std::pair<int, int>;
    for (const auto& [monotonic, boot] :
         {pair{-most, -most}, pair{most, most}, pair{0, most}, pair{-most, 0}}) {
        three c;
        auto h = c.peers[0].lock("a", {.wait = 10s});
        REQUIRE(h);
        const machine::slewed_clocks slewed{monotonic, boot};
        const auto begun = machine::raw_now();
        REQUIRE(comes_true([&] { return machine::raw_now() - begun > 2s; }));  // two leases
        CHECK(h->is_valid());
        CHECK(c.peers[0].stats().leases_lost == 0);
        const machine::no_network cut_off;
        // By then no answer is on its way: a lease is asked for when four fifths of it are left.
        REQUIRE(comes_true([&] { return h->remaining() < 700ms; }));
        const auto before = machine::raw_now();
        const auto left = h->remaining();
        REQUIRE(comes_true([&] { return machine::raw_now() - before > 300ms; }));
        const auto less = left - h->remaining();
        const auto passed = machine::raw_now() - before;
        REQUIRE(h->is_valid());
        CHECK(less > passed - 5ms);
        CHECK(less < passed * 11 / 10 + 5ms);
    }
}

TEST_CASE("threads that cannot be made: no peer starts deaf, and one that runs goes on") {
    {
        const machine::few_threads none_for_callbacks{0};
        const auto refused =
            peer::start({.profile = profile::local, .on_event = [](const event&) {}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::io_error);
    }
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    seen<errc> why;
    auto h = p.lock("a", {.wait = 5s, .on_lost = [&](errc e) { why.add(e); }});
    REQUIRE(h);
    {
        const machine::few_threads none{0};
        machine::suspend(past_each_lease);
        CHECK_FALSE(h->is_valid());  // the notice finds no thread to be given on
        REQUIRE(p.wait_ready(10s));
    }
    CHECK(why.wait([](const auto& all) { return all.size() == 1; }));
    CHECK(p.lock("a", {.wait = 5s}));
}

TEST_CASE("at_risk warns before a sudden loss, and of no lease but the one at risk") {
    auto p = started({.profile = profile::local});
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("a", {.wait = 5s});
    REQUIRE(h);
    seen<std::string> order;
    const std::stop_callback on_risk{h->at_risk(), [&] { order.add("at risk"); }};
    const std::stop_callback on_lost{h->lost(), [&] { order.add("lost"); }};
    CHECK_FALSE(h->at_risk().stop_requested());
    machine::suspend(past_each_lease);
    CHECK_FALSE(h->is_valid());
    CHECK(order.wait([](const auto& all) {
        return all == std::vector<std::string>{"at risk", "lost"};
    }));
    CHECK(h->at_risk().stop_requested());
    REQUIRE(p.wait_ready(10s));
    auto again = p.lock("a", {.wait = 5s});
    REQUIRE(again);
    CHECK_FALSE(again->at_risk().stop_requested());
}

TEST_CASE("a lease that was at risk, was lost and came back is not at risk") {
    three c;
    const auto& p = c.peers[0];
    seen<errc> why;
    auto h = p.lock("a", {.wait = 10s, .on_lost = [&](errc e) { why.add(e); }});
    REQUIRE(h);
    const auto risk = h->at_risk();
    {
        const machine::no_network cut_off;
        REQUIRE(why.wait([](const auto& all) { return !all.empty(); }));
        CHECK(risk.stop_requested());
    }
    REQUIRE(p.wait_ready(20s));
    // Just regained, it may be at risk again for a moment; the present answer is what counts.
    const std::chrono::milliseconds lease = usual_lease.value_or(1s);
    std::optional<hold> again;
    for (int i = 0; i < 100 && (!again || again->remaining() < lease / 2); ++i) {
        if (auto got = p.lock("b", {.wait = 100ms})) {
            again.emplace(std::move(*got));
        }
    }
    REQUIRE(again);
    CHECK(again->remaining() > lease * 2 / 5);
    CHECK_FALSE(again->at_risk().stop_requested());
}

TEST_CASE("the loss of a hold is told while on_event waits") {
    std::atomic<bool> may_go_on{false};
    seen<errc> why;
    auto p = started(
        {.profile = profile::local, .on_event = [&](const event&) { may_go_on.wait(false); }});
    const struct opening {
        std::atomic<bool>& gate;
        ~opening() {
            gate = true;
            gate.notify_all();
        }
    } before_the_peer_ends{may_go_on};
    REQUIRE(p.wait_ready(10s));
    auto h = p.lock("a", {.wait = 5s, .on_lost = [&](errc e) { why.add(e); }});
    REQUIRE(h);
    machine::suspend(past_each_lease);
    CHECK_FALSE(h->is_valid());
    CHECK(why.wait([](const auto& all) { return all.size() == 1; }));
}

TEST_CASE("what a stranger sends changes no answer but the reason why a peer is not ready") {
    const auto seeds = test_support::free_addresses(3);
    seen<errc> problems;
    auto p = started({.listen = seeds[0],
                      .seeds = seeds,
                      .profile = profile::local,
                      .key = std::string(64, 'a'),
                      .on_event = [&](const event& e) {
                          if (const auto* c = std::get_if<events::problem>(&e)) {
                              problems.add(c->what.code);
                          }
                      }});
    // A datagram of its is not read, and nothing is said of it (SEAL-2); it knocks by a stream,
    // too.
    shout_at(p.address());
    const auto stranger = started({.listen = seeds[1],
                                   .seeds = seeds,
                                   .profile = profile::local,
                                   .key = std::string(64, 'b')});
    REQUIRE(problems.wait([](const auto& all) { return !all.empty(); }));
    CHECK(p.lock("a", {.wait = 20ms}).error().code == errc::not_a_member);
    CHECK(p.owner_of("a").error().code == errc::not_a_member);
    CHECK(p.wait_ready(20ms).error().code == errc::wrong_key);
}

TEST_CASE("the longest wait is for ever") {
    auto p = started({.profile = profile::local});
    std::jthread other{[&] { (void)p.leave(std::chrono::nanoseconds::max()); }};
    const auto ready = p.wait_ready(std::chrono::nanoseconds::max());
    CHECK((ready || ready.error().code == errc::shutting_down));
    other.join();
    auto q = started({.profile = profile::local});
    CHECK(q.wait_ready(std::chrono::nanoseconds::max()));
    holdfast::mutex m{q, "m"};
    CHECK(m.try_lock_for(std::chrono::hours::max()));
    CHECK(q.leave(std::chrono::nanoseconds::max()));
}

TEST_CASE("a peer whose lease ran out unnoticed is not ready") {
    three c;
    CHECK(c.peers[0].is_ready());
    {
        const machine::no_network no_renewal_yet;
        machine::suspend(past_each_lease);
        CHECK_FALSE(c.peers[0].is_ready());
    }
    CHECK(c.peers[0].wait_ready(20s));
    CHECK(c.peers[0].is_ready());
}

TEST_CASE("DISK-1: a peer that cannot write to its state_dir says so, and goes on once it can") {
    const test_support::temporary_folder f;
    const auto& directory = f.path;
    const auto in_the_way = f.at("epoch.new");
    REQUIRE(mkdir(in_the_way.c_str(), 0700) == 0);
    seen<error> problems;
    auto p = started(
        {.profile = profile::local, .state_dir = directory, .on_event = [&](const event& e) {
             if (const auto* s = std::get_if<events::problem>(&e)) {
                 problems.add(s->what);
             }
         }});
    REQUIRE(problems.wait([](const auto& all) { return !all.empty(); }));
    CHECK(problems.all[0].code == errc::io_error);
    CHECK(problems.all[0].text.starts_with("state_dir: cannot remove " + in_the_way));
    CHECK(p.wait_ready(20ms).error().code == errc::io_error);
    REQUIRE(rmdir(in_the_way.c_str()) == 0);
    CHECK(p.wait_ready(20s));
    CHECK(p.lock("a", {.wait = 5s}));
    CHECK(p.leave());
    CHECK(std::filesystem::exists(f.at("epoch")));
}

TEST_CASE("FOUND-8: seats that are added by configuration found nothing beside a living one") {
    const auto seeds = test_support::free_addresses(3);
    auto old = started(
        {.listen = seeds[0], .seeds = {seeds[0]}, .profile = profile::local, .lease = usual_lease});
    REQUIRE(old.wait_ready(20s));
    auto held = old.lock("ledger", {.wait = 10s});
    REQUIRE(held);
    // A majority of their own list, and nothing is wrong with the network.
    seen<errc> problems;
    std::vector<peer> added;
    for (const auto& at : {seeds[1], seeds[2]}) {
        config c{.listen = at, .seeds = seeds, .profile = profile::local, .lease = usual_lease};
        c.on_event = [&](const event& e) {
            if (const auto* p = std::get_if<events::problem>(&e)) {
                problems.add(p->what.code);
            }
        };
        added.push_back(started(std::move(c)));
    }
    REQUIRE(problems.wait([](const auto& all) {
        return std::count(all.begin(), all.end(), errc::seeds_differ) >= 2;
    }));
    const auto second = added[1].lock("ledger", {.wait = 3s});  // three leases
    REQUIRE_FALSE(second);
    CHECK(held->is_valid());
    CHECK(held->release());
}
