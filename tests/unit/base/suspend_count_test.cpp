// NOW-2, with made-up readings.
#include "base/suspend_count.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/random.hpp"
#include "base/slew_watch.hpp"
#include "catch.hpp"

using namespace holdfast;
using base::clock_reading;
using base::duration;
using base::suspend_count;
using namespace std::chrono_literals;

namespace {

/// A machine whose clocks are read; the rates are parts in a million more than that of the raw one.
struct machine {
    clock_reading now{5000s, 4000s, 4100s, 4000s};
    std::int64_t slew_of_monotonic = 0;
    std::int64_t slew_of_boot = 0;
    suspend_count mine{now};

    static duration at_rate(duration d, std::int64_t slew) {
        return d + duration{d.count() / 1'000'000 * slew};
    }
    void run(duration d) {
        now.raw += d;
        now.monotonic += at_rate(d, slew_of_monotonic);
        now.boot += at_rate(d, slew_of_boot);
        now.monotonic_again = now.monotonic;
    }
    void sleep(duration d) { now.boot += d; }
    base::moment note() { return mine.note(now); }
    duration suspended() { return note().suspended; }
    /// Runs for `all`, and is read once in `period`.
    duration read_for(duration all, duration period) {
        for (duration done{}; done < all; done += period) {
            run(period);
            (void)note();
        }
        return mine.suspended();
    }
};

}  // namespace

TEST_CASE("NOW-2: who waits counts the raw clock alone") {
    machine m;
    CHECK(m.note().now == base::time_point{5000s});
    m.run(10s);
    m.sleep(1h);
    CHECK(m.note().now == base::time_point{5010s});
    CHECK(m.mine.note(m.now, 77).wall_s == 77);
}

TEST_CASE("NOW-2: who has a right counts each suspend, and a second more") {
    machine m;
    CHECK(m.suspended() == 0s);
    m.run(1s);
    m.sleep(3s);
    CHECK(m.suspended() == 4s);
    CHECK(m.suspended() == 4s);  // once
    m.run(1s);
    CHECK(m.suspended() == 4s);
    m.sleep(2ms);
    CHECK(m.suspended() == 5s + 2ms);
    m.run(1ms);
    m.sleep(100s);
    const auto end = m.note();
    CHECK(end.suspended == 106s + 2ms);
    CHECK(end.for_rights() == base::right_time{5002s + 1ms + 106s + 2ms});
    CHECK(end.when(end.for_rights() + 1s) == end.now + 1s);
}

TEST_CASE("NOW-2: what moves by a millisecond at most is no suspend, until it adds up") {
    machine m;
    m.run(1s);
    m.sleep(1ms);
    CHECK(m.suspended() == 0s);
    m.sleep(1us);
    CHECK(m.suspended() == 1ms + 1us);  // by and by, so no second for it
    m.run(1s);
    CHECK(m.read_for(1min, 100ms) == 1ms + 1us);
}

TEST_CASE("NOW-2: less than an eighth of the time since the reading before might be a slew") {
    machine m;
    m.run(80ms);
    m.sleep(11ms);
    CHECK(m.suspended() == 11ms);
    m.run(80ms);
    m.sleep(11ms + 1us);
    CHECK(m.suspended() == 1s + 22ms + 1us);
}

TEST_CASE("NOW-2: time that is corrected, at any rate, counts neither way") {
    for (const std::int64_t slew : {83'333, -83'333, 100'500, -100'500, 500, -500}) {
        machine m;
        m.slew_of_monotonic = m.slew_of_boot = slew;
        CHECK(m.read_for(10min, 200ms) == 0s);
        CHECK(m.note().now == base::time_point{5600s});
        m.sleep(2s);
        CHECK(m.suspended() == 3s);
    }
}

TEST_CASE(
    "NOW-2: clocks that are slewed one without the other seem to sleep a little all the time") {
    machine m;
    for (const auto period : {1ms, 20ms, 200ms, 2400ms}) {
        for (const bool is_boot : {true, false}) {
            m = {};
            m.slew_of_boot = is_boot ? 83'333 : 0;
            m.slew_of_monotonic = is_boot ? 0 : -83'333;
            const auto counted = m.read_for(60s, period);
            CHECK(counted > 4990ms);  // the right ends early
            CHECK(counted < 5010ms);  // but no second is added
            m.run(200ms);
            (void)m.note();
            const auto before = m.mine.suspended();
            m.sleep(5s);
            CHECK(m.suspended() >= before + 6s - 1ms);
        }
    }
    SECTION("the other way round nothing is counted, and no later suspend is hidden") {
        for (const bool is_boot : {true, false}) {
            m = {};
            m.slew_of_boot = is_boot ? -83'333 : 0;
            m.slew_of_monotonic = is_boot ? 0 : 83'333;
            CHECK(m.read_for(60s, 200ms) == 0s);
            m.sleep(4s);
            CHECK(m.suspended() >= 5s - 1ms);
        }
    }
}

TEST_CASE("NOW-2: a process that has not looked for long takes a suspend for one all the same") {
    machine m;
    m.run(1h);
    m.sleep(400ms);
    CHECK(m.suspended() == 1400ms);
}

TEST_CASE("NOW-2: clocks are read again until they were read close together") {
    std::vector<duration> widths;
    std::size_t tries = 0;
    const auto clocks = [&] {
        const auto width = widths[std::min(tries, widths.size() - 1)];
        const auto raw = 100s + 1s * static_cast<int>(tries++);
        return clock_reading{raw, 50s, 60s + width, 50s + width};
    };
    SECTION("the first time, most often") {
        widths = {50us, 1us};
        CHECK(suspend_count::closest(clocks).raw == 100s);
        CHECK(tries == 1);
    }
    SECTION("after others") {
        widths = {1ms, 51us, 20us, 1us};
        CHECK(suspend_count::closest(clocks).raw == 102s);
        CHECK(tries == 3);
    }
    SECTION("or not at all: then the best counts") {
        widths = {3ms, 2ms, 4ms, 5ms};
        CHECK(suspend_count::closest(clocks).raw == 101s);
        CHECK(tries == 8);
    }
}

TEST_CASE("NOW-2: of clocks that were not read close together no more is counted than was so") {
    machine m;
    m.run(1s);
    SECTION("they show no suspend, however far apart") {
        for (const auto width : {duration{60us}, duration{5ms}, duration{3s}}) {
            auto apart = m.now;
            apart.monotonic_again += width;  // stopped after, or before, the one between
            CHECK(m.mine.note(apart).suspended == 0s);
            apart.boot += width;
            CHECK(m.mine.note(apart).suspended == 0s);
            m.now = apart;
            m.now.monotonic = m.now.monotonic_again;
            m.now.raw += width;
            CHECK(m.suspended() == 0s);
        }
    }
    SECTION("but that of which they are certain") {
        m.sleep(5s);
        auto apart = m.now;
        apart.monotonic_again += 100ms;
        CHECK(m.mine.note(apart).suspended == 5900ms);
        CHECK(m.suspended() >= 6s);  // the rest, when it is seen
    }
}

TEST_CASE("NOW-2: a thread that was stopped between its reading and its noting changes nothing") {
    machine m;
    m.run(1s);
    const auto before_the_sleep = m.now;
    m.sleep(10s);
    m.run(1ms);
    CHECK(m.suspended() == 11s);
    const auto late = m.mine.note(before_the_sleep);
    CHECK(late.suspended == 11s);
    CHECK(late.now == base::time_point{5001s});
    CHECK(m.suspended() == 11s);
}

TEST_CASE("NOW-2: whatever the clocks show, what is counted never falls") {
    base::random_source random{1};
    machine m;
    duration before{};
    duration slept{};
    for (int i = 0; i < 20'000; ++i) {
        m.run(random.between(0ns, 100ms));
        if (random.chance(0.01)) {
            const auto d = random.between(1ms, 3s);
            slept += d;
            m.sleep(d);
        }
        auto read = m.now;
        if (random.chance(0.2)) {
            read.monotonic_again += random.between(0ns, 10ms);
        }
        const auto counted = m.mine.note(read).suspended;
        CHECK(counted >= before);
        before = counted;
    }
    CHECK(m.suspended() >= slept - 1ms);
}

TEST_CASE("NOW-2: what another process is given goes on") {
    machine m;
    m.run(1s);
    m.sleep(3s);
    (void)m.note();
    suspend_count other;
    other = m.mine;
    m.run(1s);
    m.sleep(2s);
    CHECK(other.note(m.now).for_rights() == m.note().for_rights());
    CHECK(other.suspended() == 7s);
}

TEST_CASE("NOW-2: clocks that differ by more than allowed over a minute are complained about") {
    base::slew_watch watch;
    machine m;
    const auto run = [&](std::int64_t slew, duration all) {
        std::vector<double> complaints;
        m.slew_of_monotonic = m.slew_of_boot = slew;
        for (duration done{}; done < all; done += 200ms) {
            m.run(200ms);
            if (const auto part = watch.note(m.now, 0.005)) {
                complaints.push_back(*part);
            }
        }
        return complaints;
    };
    CHECK(run(4'900, 10min).empty());
    CHECK(run(-4'900, 10min).empty());
    CHECK(run(0, 61s).empty());
    const auto slow = run(-83'333, 3min);
    REQUIRE(slow.size() >= 2);  // once for each minute
    CHECK(slow.size() <= 3);
    CHECK(slow.back() < -0.083);
    CHECK(slow.back() > -0.084);
    (void)run(0, 61s);
    CHECK(run(5'100, 3min).size() >= 2);
    m.sleep(1h);  // of both clocks, which is no difference
    (void)run(0, 61s);
    CHECK(run(0, 3min).empty());
}
