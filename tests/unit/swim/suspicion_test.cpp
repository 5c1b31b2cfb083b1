#include "swim/suspicion.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::swim;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

double seconds(base::duration d) { return std::chrono::duration<double>{d}.count(); }

// The slow twins: the formulas as the Lifeguard paper prints them, in floating point.
double shortest_by_the_paper(double alpha, double members, double period) {
    return alpha * std::max(1.0, std::log10(members)) * period;
}
double suspicion_by_the_paper(double min, double max, double confirmations, double expected) {
    return std::max(min, max - (max - min) * std::log(confirmations + 1) / std::log(expected + 1));
}

}  // namespace

TEST_CASE(
    "the shortest suspicion grows with the logarithm of the group, and has a floor (Lifeguard "
    "IV.B)") {
    base::settings s;
    s.probe_period = 1s;
    s.suspicion_mult = 4;
    const std::vector<std::pair<std::size_t, double>> table{
        {1, 4.0}, {2, 4.0}, {10, 4.0}, {100, 8.0}, {1000, 12.0}};
    for (const auto& [members, expected] : table) {
        CAPTURE(members);
        CHECK(seconds(shortest_suspicion(s, members)) == Approx(expected).epsilon(1e-4));
    }
    for (const double alpha : {1.0, 4.5, 5.0}) {
        s.suspicion_mult = alpha;
        s.probe_period = 300ms;
        for (std::size_t members = 1; members <= base::limits::members; ++members) {
            const auto twin = shortest_by_the_paper(alpha, static_cast<double>(members), 0.3);
            REQUIRE(seconds(shortest_suspicion(s, members)) == Approx(twin).epsilon(1e-4));
        }
    }
}

TEST_CASE(
    "confirmations shorten a suspicion as in the paper: alpha 5, beta 6, K 3, a hundred members") {
    const std::vector<std::pair<std::size_t, double>> table{{0, 60.0}, {1, 35.0}, {2, 20.376},
                                                            {3, 10.0}, {4, 10.0}, {100, 10.0}};
    for (const auto& [confirmations, expected] : table) {
        CAPTURE(confirmations);
        CHECK(seconds(suspicion_time(10s, 60s, confirmations, 3)) ==
              Approx(expected).epsilon(1e-4));
    }
}

TEST_CASE(
    "the time of a suspicion agrees with its slow twin, and the first confirmations count most") {
    for (const auto longest : {4s, 5s, 24s, 600s}) {
        for (std::size_t expected = 1; expected <= 9; ++expected) {
            base::duration last = 1h;
            base::duration last_step = 1h;
            for (std::size_t c = 0; c <= expected; ++c) {
                CAPTURE(longest.count(), expected, c);
                const auto time = suspicion_time(4s, longest, c, expected);
                const auto twin = suspicion_by_the_paper(
                    4, seconds(longest), static_cast<double>(c), static_cast<double>(expected));
                REQUIRE(seconds(time) == Approx(twin).epsilon(1e-4));
                if (longest > 4s && c > 0) {
                    REQUIRE(time < last);
                    REQUIRE(last - time <= last_step + 1ms);
                    last_step = last - time;
                }
                last = time;
            }
            REQUIRE(last == 4s);
        }
    }
}

TEST_CASE("where no peer could confirm, a suspicion is short at once") {
    CHECK(suspicion_time(4s, 24s, 0, 0) == 4s);
    CHECK(suspicion_time(4s, 3s, 0, 3) == 4s);  // a maximum below the minimum is none
}

TEST_CASE(
    "a running suspicion ends by the peers that suspect: the first is no confirmation, and each "
    "counts "
    "once") {
    suspicion s{at(0s), 10s, 60s, 3, {peer(2)}};
    CHECK(s.ends() == at(60s));
    s.suspected_by.insert(peer(2));
    CHECK(s.ends() == at(60s));
    s.suspected_by.insert(peer(3));
    CHECK(seconds(s.ends() - at(0s)) == Approx(35.0).epsilon(1e-4));
    s.suspected_by.insert(peer(4));
    s.suspected_by.insert(peer(5));
    CHECK(s.ends() == at(10s));
}
