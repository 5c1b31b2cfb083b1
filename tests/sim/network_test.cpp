// The pretend network and clocks keep their own promises.
#include "catch.hpp"

#include "sim/event_queue.hpp"
#include "sim/machine_clock.hpp"
#include "sim/network.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

struct wire_tap {
    explicit wire_tap(weather w = {}, std::uint64_t seed = 1) : net{3, seed, events} {
        net.set_weather(w);
    }

    void send(std::uint8_t what, bool is_stream, std::uint32_t from = 0, std::uint32_t to = 1) {
        const auto n = net.blank();
        auto& p = net.at(n);
        p.bytes.assign(1, std::byte{what});
        p.from = from;
        p.to = to;
        p.from_run = p.to_run = 1;
        p.is_stream = is_stream;
        net.post(n, {});
    }
    std::vector<int> arrive() {
        std::vector<int> out;
        while (!events.empty()) {
            const auto e = events.next();
            lost += e.kind == event_kind::stream_lost ? 1 : 0;
            const bool is_packet = e.kind == event_kind::datagram || e.kind == event_kind::stream;
            if (const auto n = is_packet ? net.arrived(e) : network::none; n != network::none) {
                out.push_back(static_cast<int>(net.at(n).bytes.front()));
                net.discard(n);
            }
        }
        return out;
    }

    event_queue events;
    network net;
    int lost = 0;  // streams, as their senders were told
};

weather stormy() {
    weather w;
    w.spike = 0.3;
    w.longest_spike = 1s;
    w.doublings = 6;
    return w;
}

TEST_CASE("events come in the order of time, then of planning", "[sim]") {
    event_queue events;
    events.plan(2s, event_kind::look, 1);
    events.plan(1s, event_kind::look, 2);
    events.plan(1s, event_kind::look, 3);
    CHECK(events.next().where == 2);
    CHECK(events.next().where == 3);
    events.plan(500ms, event_kind::look, 4);  // in the past: now
    CHECK(events.next().where == 4);
    CHECK(events.now() == 1s);
    CHECK(events.next().where == 1);
}

TEST_CASE("a stream keeps its order, datagrams do not", "[sim]") {
    wire_tap net{stormy()};
    for (std::uint8_t i = 0; i < 100; ++i) {
        net.send(i, true);
    }
    auto got = net.arrive();
    REQUIRE(got.size() == 100);
    CHECK(std::is_sorted(got.begin(), got.end()));
    for (std::uint8_t i = 0; i < 100; ++i) {
        net.send(i, false);
    }
    got = net.arrive();
    REQUIRE(got.size() == 100);
    CHECK_FALSE(std::is_sorted(got.begin(), got.end()));
}

TEST_CASE("a half-open link carries streams or datagrams, and the way back carries both", "[sim]") {
    weather w;
    w.streams_wait_out_cuts = true;
    wire_tap tap{w};
    const auto send_both = [&] {
        tap.send(1, true);
        tap.send(2, false);
        tap.send(3, true, 1, 0);
        tap.send(4, false, 1, 0);
        auto got = tap.arrive();
        std::sort(got.begin(), got.end());
        return got;
    };
    SECTION("no streams: they wait, as in a cut") {
        tap.net.block(0, 1, transport::stream);
        CHECK(send_both() == std::vector{2, 3, 4});
        tap.net.unblock(0, 1, transport::stream);
        CHECK(tap.arrive() == std::vector{1});
    }
    SECTION("no datagrams: they are lost") {
        tap.net.block(0, 1, transport::datagram);
        CHECK(send_both() == std::vector{1, 3, 4});
        tap.net.unblock(0, 1, transport::datagram);
        CHECK(tap.arrive().empty());
        CHECK(tap.net.counted().lost == 1);
    }
    CHECK(send_both() == std::vector{1, 2, 3, 4});
}

TEST_CASE("datagrams are lost and doubled as the weather says", "[sim]") {
    weather w;
    w.loss = 0.5;
    w.duplication = 0.5;
    wire_tap net{w};
    for (int i = 0; i < 200; ++i) {
        net.send(1, false);
    }
    const auto got = net.arrive().size();
    CHECK(got > 100);
    CHECK(got < 200);
    CHECK(net.net.counted().lost + got == 200 + net.net.counted().doubled);
}

TEST_CASE("a cut link carries nothing; a stream breaks or waits", "[sim]") {
    weather w;
    SECTION("breaks") {
        wire_tap net{w};
        net.net.cut(0, 1);
        net.send(1, true);
        net.send(2, false);
        net.send(3, true, 1, 0);  // the other way is open
        CHECK(net.arrive() == std::vector{3});
        net.net.heal(0, 1);
        net.send(4, true);
        CHECK(net.arrive() == std::vector{4});
    }
    SECTION("waits") {
        w.streams_wait_out_cuts = true;
        wire_tap net{w};
        net.send(1, true);
        net.net.cut(0, 1);
        net.send(2, true);
        CHECK(net.arrive().empty());
        net.net.heal(0, 1);
        CHECK(net.arrive() == std::vector{1, 2});
    }
    SECTION("as long as any cut lasts") {
        wire_tap net{w};
        net.net.cut(0, 1);
        net.net.cut(0, 1);
        net.net.heal(0, 1);
        net.send(1, false);
        CHECK(net.arrive().empty());
    }
}

TEST_CASE("a reset loses the end of what was under way, never the middle", "[sim]") {
    bool has_lost = false;
    bool has_kept = false;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        wire_tap net{{}, seed};
        for (std::uint8_t i = 0; i < 10; ++i) {
            net.send(i, true);
        }
        net.net.reset(0, 1);
        const auto got = net.arrive();
        for (std::size_t i = 0; i < got.size(); ++i) {
            CHECK(got[i] == static_cast<int>(i));
        }
        has_lost = has_lost || got.size() < 10;
        has_kept = has_kept || !got.empty();
    }
    CHECK(has_lost);
    CHECK(has_kept);
}

TEST_CASE("LOAD-4: who sends hears of a reset, and not of a cut", "[sim]") {
    wire_tap net;
    CHECK_FALSE(net.net.is_under_way(0, 1, 0s));
    net.send(1, true);
    CHECK(net.net.is_under_way(0, 1, 0s));
    CHECK_FALSE(net.net.is_under_way(0, 1, -1ns));  // it is younger
    SECTION("it arrives, and that is acknowledged") {
        REQUIRE(net.arrive().size() == 1);
        CHECK(net.net.is_under_way(0, 1, 0s));
        net.events.plan(net.events.now() + 1s, event_kind::look);
        CHECK(net.arrive().empty());
        CHECK_FALSE(net.net.is_under_way(0, 1, 0s));
    }
    SECTION("a reset") {
        net.net.reset(0, 1);
        CHECK_FALSE(net.net.is_under_way(0, 1, 0s));
        (void)net.arrive();
        CHECK(net.lost == 1);
        net.net.reset(0, 1);  // there is no stream any more
        (void)net.arrive();
        CHECK(net.lost == 1);
    }
    SECTION("a cut") {
        net.net.cut(0, 1);
        CHECK_FALSE(net.net.is_under_way(0, 1, 0s));
        (void)net.arrive();
        CHECK(net.lost == 0);
    }
}

TEST_CASE("a clock at its own rate, and when it will show a time", "[sim]") {
    for (const int rate : {-300'000, -4950, 0, 4950, 300'000}) {
        machine_clock clock{base::time_point{5s}, rate, 1000};
        for (const auto ahead : {1ns, 999ns, 1'000'000ns, 123'456'789'123ns}) {
            const auto then = base::time_point{5s} + ahead;
            const auto reached = clock.when(then, 0ns);
            CHECK(clock.raw(reached) >= then);
            CHECK(clock.raw(reached - 1ns) < then);
        }
        clock.set_rate(-rate, 10s);
        const auto later = clock.raw(10s) + 1s;
        CHECK(clock.raw(clock.when(later, 10s)) >= later);
        CHECK(clock.when(base::time_point{}, 12s) == 12s);
    }
    for (const int rate : {1'000'000, -500'000, -999'000}) {  // abused
        machine_clock clock{base::time_point{5s}, rate, 1000};
        const auto then = base::time_point{6s};
        CHECK(clock.raw(clock.when(then, 0ns)) >= then);
        CHECK(clock.raw(clock.when(then, 0ns) - 1ns) < then);
        const auto shown = clock.raw(100ms);
        clock.step_raw(3s, 100ms);
        CHECK(clock.raw(100ms) == shown + 3s);
    }
    machine_clock clock{base::time_point{}, 0, 1000};
    clock.slew(-100'000, 10s);
    CHECK(clock.read(20s).raw == 20s);
    CHECK(clock.read(20s).monotonic == 19s);
    CHECK(clock.read(20s).boot == 19s);
    clock.slew(0, 20s);
    clock.suspend(30s);
    CHECK(clock.raw(34s) == base::time_point{30s});
    clock.set_rate(0, 34s);
    CHECK(clock.raw(35s) == base::time_point{30s});
    clock.wake(std::nullopt, 40s);
    CHECK(clock.read(50s).raw == 40s);
    CHECK(clock.read(50s).monotonic == 39s);
    CHECK(clock.read(50s).boot == 39s + 10s);
    clock.suspend(50s);
    clock.wake(900ms, 50s + 50ms);  // by a clock of whole seconds
    CHECK(clock.read(50s + 50ms).boot == 39s + 10s + 1s);
    clock.suspend(51s);
    clock.wake(100ms, 53s + 950ms);
    CHECK(clock.read(53s + 950ms).boot == 39s + 950ms + 10s + 1s + 3s);
    CHECK(clock.wall_s(1500ms) == 1001);
    clock.step_wall(-5s);
    CHECK(clock.wall_s(1500ms) == 996);
}

}  // namespace
}  // namespace holdfast::sim
