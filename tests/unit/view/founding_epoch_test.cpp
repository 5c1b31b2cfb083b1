#include "view/founding_epoch.hpp"

#include <limits>

#include "catch.hpp"
#include "view/proposer.hpp"

using namespace holdfast;
using namespace holdfast::views;

namespace {

constexpr std::int64_t built = 10'000;
constexpr std::int64_t year = 366LL * 24 * 3600;
constexpr auto first = std::numeric_limits<std::int64_t>::min();
constexpr auto last_second = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("FOUND-9: a founding's epoch is by the Q-th largest wall clock") {
    CHECK(founding_epoch({20'000, 20'005, 20'009}, 2, built, {}) == epoch{20'066});
    CHECK(founding_epoch({20'000, 20'005}, 2, built, {}) == epoch{20'061});
    // one clock of three, however wrong
    CHECK(founding_epoch({20'000, 20'005, last_second}, 2, built, {}) == epoch{20'066});
    CHECK(founding_epoch({20'000, 20'005, first}, 2, built, {}) == epoch{20'061});
    CHECK(founding_epoch({30'000}, 1, built, {}) == epoch{30'061});
}

TEST_CASE("FOUND-9: a clock from before this library was built does not count") {
    CHECK(founding_epoch({20'000, 9'999, 5}, 2, built, {}) == epoch{20'061});
    CHECK(founding_epoch({9'999, 5, first}, 2, built, {}) == epoch{1});
    CHECK(founding_epoch({9'999, 5, first}, 2, built, {50}) == epoch{51});
}

TEST_CASE("FOUND-9: it is above every epoch named, and there is an end to both") {
    CHECK(founding_epoch({20'000, 20'000}, 2, built, {20'060}) == epoch{20'061});
    CHECK(founding_epoch({20'000, 20'000}, 2, built, {20'061}) == epoch{20'062});
    const epoch last_but_one{last_by_clock.value - 1};
    CHECK(founding_epoch({20'000, 20'000}, 2, built, last_but_one) == last_by_clock);
    CHECK_FALSE(founding_epoch({20'000, 20'000}, 2, built, last_by_clock));
    CHECK_FALSE(founding_epoch({last_second, last_second}, 2, built, {}));
    CHECK_FALSE(founding_epoch({}, 2, built, {std::numeric_limits<std::uint32_t>::max()}));
}

TEST_CASE(
    "FOUND-9: a year past a clock that can be right, and past what is known here, is too far") {
    const epoch near{static_cast<std::uint32_t>(20'000 + year)};
    const epoch far{near.value + 1};
    CHECK_FALSE(is_too_far(near, 20'000, built, {}));
    CHECK(is_too_far(far, 20'000, built, {}));
    CHECK(is_too_far(far, 20'000, built, {19'000}));
    CHECK_FALSE(is_too_far(far, 20'000, built, {20'001}));  // its own file, or a person
    // a clock that is wrong itself says nothing
    CHECK_FALSE(is_too_far(far, built - 1, built, {}));
    CHECK_FALSE(is_too_far(far, first, built, {}));
    CHECK_FALSE(is_too_far(far, last_second, built, {}));
}

TEST_CASE("VIEW-1: however wrong the clocks, the epochs that are left suffice for views to go on") {
    CHECK(next_epoch({100}, {last_second, last_second, last_second}, 2) == last_by_clock);
    CHECK(next_epoch(last_by_clock, {last_second, last_second, last_second}, 2).value ==
          last_by_clock.value + 1);
}
