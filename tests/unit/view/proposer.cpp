#include "view/proposer.hpp"

#include "catch.hpp"
#include "made_up.hpp"
#include "view/acceptor.hpp"

using namespace holdfast;
using namespace holdfast::view_layer;
using namespace std::chrono_literals;

TEST_CASE("VIEW-1: the epoch is the Q-th largest wall clock, or one more than the last") {
    CHECK(next_epoch({100}, {500, 600, 700}, 2) == epoch{600});
    CHECK(next_epoch({100}, {500, 600}, 2) == epoch{500});
    CHECK(next_epoch({100}, {5, 6, 1'000'000}, 2) == epoch{101});  // one wrong clock moves nothing
    CHECK(next_epoch({100}, {900}, 2) == epoch{101});
    CHECK(next_epoch({100}, {}, 2) == epoch{101});
    CHECK(next_epoch({100}, {-5, -6, -7}, 2) == epoch{101});
}

TEST_CASE("LEASE-4: the shortest silence counts, and never below nothing") {
    CHECK(remaining_lease(1010ms, {800ms, 300ms, 900ms}) == 710ms);
    CHECK(remaining_lease(1010ms, {2s, 3s}) == 0ms);
    CHECK(remaining_lease(1010ms, {}) == 1010ms);
}

TEST_CASE("an acceptor promises and accepts only what is not below its promise") {
    acceptor<accepted_change> a;
    const ballot low{1, 0, made_up::peer(1)}, high{1, 1, made_up::peer(2)};
    CHECK(a.prepare(high));
    CHECK_FALSE(a.prepare(low));
    CHECK_FALSE(a.may_accept(low));
    CHECK(a.may_accept(high));
    change c;
    c.number = {2};
    a.accept(high, c);
    REQUIRE(a.accepted());
    CHECK(a.accepted()->ballot == high);
    CHECK(a.prepare({2, 0, made_up::peer(1)}));
    CHECK(a.accepted()->value == c);  // a promise does not forget
}
