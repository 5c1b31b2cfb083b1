// Gossip at the end of the range of incarnations.
#include <cstdint>
#include <limits>

#include "fixture.hpp"

using namespace swim_test;

namespace {

constexpr auto highest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_CASE("an accusation of the highest incarnation is not refuted, and ours does not wrap") {
    for (const auto state : {condition::suspect, condition::dead, condition::left}) {
        CAPTURE(static_cast<int>(state));
        lone f;
        f.start(4);
        f.receive(2, gossip{{about(1, state, highest, 2)}});
        CHECK(f.mine->local_health() == 0);
        REQUIRE(f.run_to_next_ping());
        CHECK(f.pings().back().what.sender.incarnation == 1);
        CHECK(f.mine->roster()[0].incarnation == 1);
        // Another is refuted as ever, up to the highest.
        f.receive(2, gossip{{about(1, state, 1, 2)}});
        f.receive(2, gossip{{about(1, state, highest - 1, 2)}});
        f.receive(2, gossip{{about(1, state, highest, 2)}});
        f.run_for(10s);
        REQUIRE(f.last_told(1));
        CHECK(f.last_told(1)->state == condition::alive);
        CHECK(f.last_told(1)->incarnation == highest);
        CHECK(f.pings().back().what.sender.incarnation == highest);
    }
}

TEST_CASE_METHOD(lone, "a peer that is told to be dead of the highest incarnation is so for good") {
    start(4);
    receive(3, gossip{{about(2, condition::dead, highest, 3)}});
    CHECK(liveness(2) == condition::dead);
    receive(2, gossip{{about(2, condition::alive, highest), about(2, condition::alive, 0)}});
    CHECK(liveness(2) == condition::dead);
    CHECK(liveness(3) == condition::alive);
    receive(4, gossip{{about(3, condition::suspect, 1, 4)}});
    CHECK(liveness(3) == condition::suspect);
}
