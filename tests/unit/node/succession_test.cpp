#include "node/succession.hpp"

#include <limits>

#include "catch.hpp"
#include "made_up.hpp"
#include "view/change.hpp"

using namespace holdfast;
using made_up::peer;

TEST_CASE("a successor knows which PeerId it was, and the highest epochs of that") {
    base::settings former;
    former.name = "a";
    former.epochs = {{3}, {2}, {1}};
    former.stopped_being = peer(1);
    const auto next =
        node::successor_settings(former, {errc::evicted, {{7}, {6}, {5}}, peer(2), 3});
    CHECK(next.epochs == base::remembered_epochs{{7}, {6}, {5}});
    CHECK(next.stopped_being == peer(2));
    CHECK(next.name == "a");
    CHECK(next.removals_without_lease == 3);  // JOIN-1
}

TEST_CASE("FORCE-1: epochs go on an hour past the clock or the highest known, if written down") {
    base::settings s;
    s.keeps_epochs = true;
    CHECK(node::epoch_after_force(s, {5}, 10'000).value > 13'600);
    CHECK(node::epoch_after_force(s, {20'000}, 10'000).value > 23'600);
    CHECK(node::epoch_after_force(s, {std::numeric_limits<std::uint32_t>::max()}, 0).value ==
          views::last_by_clock.value - 1);
    s.keeps_epochs = false;
    CHECK(node::epoch_after_force(s, {5}, 10'000) == epoch{5});
}
