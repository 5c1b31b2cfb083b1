#include "swim/rumours.hpp"

#include <cmath>
#include <map>
#include <set>

#include "base/settings.hpp"
#include "fixture.hpp"

using namespace swim_test;

namespace {

std::vector<std::uint64_t> whom(const std::vector<rumour>& told) {
    std::vector<std::uint64_t> out;
    for (const auto& r : told) {
        out.push_back(r.about.low);
    }
    return out;
}

}  // namespace

TEST_CASE("a rumour is sent at most ceil(mult * log10(n + 1)) times: the slow twin agrees") {
    CHECK(transmissions(4, 1) == 2);
    CHECK(transmissions(4, 9) == 4);
    CHECK(transmissions(4, 99) == 8);
    CHECK(transmissions(4, 999) == 12);
    for (const double mult : {1.0, 2.0, 3.0, 4.0, 5.0}) {
        for (std::size_t n = 1; n <= base::limits::members; ++n) {
            CAPTURE(mult, n);
            REQUIRE(transmissions(mult, n) == static_cast<std::size_t>(std::ceil(
                                                  mult * std::log10(static_cast<double>(n + 1)))));
        }
    }
    CHECK(transmissions(0, 9) == 1);  // never told at all would be no gossip
}

TEST_CASE("each rumour is taken as often as the limit says, and then it is gone") {
    for (const std::size_t limit : {1, 3, 8}) {
        rumours queue;
        queue.add(about(2, condition::alive));
        queue.add(about(3, condition::dead));
        for (std::size_t i = 0; i < limit; ++i) {
            REQUIRE_FALSE(queue.empty());
            CHECK(queue.take(limit).size() == 2);
        }
        CHECK(queue.empty());
        CHECK(queue.take(limit).empty());
    }
}

TEST_CASE("a newer rumour about a peer takes the place of the older, and is told anew") {
    rumours queue;
    queue.add(about(2, condition::suspect));
    CHECK(queue.take(2).size() == 1);
    queue.add(about(2, condition::alive, 2));
    for (int i = 0; i < 2; ++i) {
        CHECK(queue.take(2) == std::vector{about(2, condition::alive, 2)});
    }
    CHECK(queue.empty());
}

TEST_CASE("the newest rumours, those sent least often, go first (SWIM 4.1)") {
    rumours queue;
    queue.add(about(2, condition::dead));
    (void)queue.take(9);
    queue.add(about(9, condition::dead));
    CHECK(whom(queue.take(9)) == std::vector<std::uint64_t>{9, 2});
    (void)queue.take(9);
    queue.add(about(5, condition::dead));
    CHECK(whom(queue.take(9)).front() == 5);
}

TEST_CASE("what does not fit a datagram waits, and nothing waits for ever") {
    rumours queue;
    for (std::uint64_t n = 2; n <= 101; ++n) {
        auto r = about(n, condition::alive);
        r.name = std::string(base::limits::member_name, 'x');
        queue.add(r);
    }
    const std::size_t limit = 3;
    std::map<std::uint64_t, std::size_t> times;
    std::set<std::uint64_t> seen;
    std::size_t takes = 0;
    std::size_t until_all_seen = 0;
    while (!queue.empty()) {
        const auto told = queue.take(limit);
        REQUIRE_FALSE(told.empty());
        // A rumour's name and its fixed parts (84 bytes) are all that takes room; the envelope has
        // the rest.
        REQUIRE(told.size() * (84 + base::limits::member_name) <= base::limits::datagram - 350);
        for (const auto& r : told) {
            ++times[r.about.low];
            seen.insert(r.about.low);
        }
        ++takes;
        until_all_seen = until_all_seen == 0 && seen.size() == 100 ? takes : until_all_seen;
    }
    CHECK(times.size() == 100);
    for (const auto& [n, count] : times) {
        CHECK(count == limit);
    }
    // the news of every peer once before that of any twice
    CHECK(until_all_seen == (takes + limit - 1) / limit);
}

TEST_CASE("at most as many rumours as a message may have, however short they are") {
    rumours queue;
    for (std::uint64_t n = 2; n <= 201; ++n) {
        auto r = about(n, condition::alive);
        r.name.clear();
        queue.add(r);
    }
    const auto told = queue.take(1);
    CHECK(told.size() <= base::limits::gossip);
    CHECK(told.size() * 84 <= base::limits::datagram - 350);
    CHECK((told.size() + 1) * 84 > base::limits::datagram - 350);  // and no fewer than fit
}

TEST_CASE(
    "the notice to a suspect goes in front, is not counted, and is not said twice (Lifeguard "
    "IV.C)") {
    rumours queue;
    const auto notice = about(7, condition::suspect);
    queue.add(about(2, condition::dead));
    queue.add(notice);
    CHECK(whom(queue.take(2, &notice)) == std::vector<std::uint64_t>{7, 2});
    CHECK(whom(queue.take(2, &notice)) == std::vector<std::uint64_t>{7, 2});
    // Peer 2's is used up; that about 7 itself still has both of its turns for others.
    CHECK(whom(queue.take(2, &notice)) == std::vector<std::uint64_t>{7});
    CHECK(whom(queue.take(2)) == std::vector<std::uint64_t>{7});
    CHECK(whom(queue.take(2)) == std::vector<std::uint64_t>{7});
    CHECK(queue.empty());
    // the notice never runs out
    CHECK(whom(queue.take(2, &notice)) == std::vector<std::uint64_t>{7});
}
