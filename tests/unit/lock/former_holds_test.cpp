// What an owner remembers of holds that have ended: a bounded number.
#include "lock/former_holds.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lock;
using made_up::peer;

namespace {

constexpr slot one{1};
constexpr slot other{2};

previous_hold ended(end_reason how, std::uint64_t by) {
    return {how, token::make({1}, 1), peer(by), {}, {}, {}};
}

}  // namespace

TEST_CASE("the last end of a lock takes the place of the one before") {
    former_holds all{3};
    CHECK(all.find(one, "a") == nullptr);
    CHECK_FALSE(all.keep(one, "a", ended(end_reason::died, 1)));
    CHECK_FALSE(all.keep(one, "a", ended(end_reason::released, 2)));
    CHECK(all.size() == 1);
    REQUIRE(all.find(one, "a") != nullptr);
    CHECK(all.find(one, "a")->holder == peer(2));
    CHECK(all.find(other, "a") == nullptr);
    CHECK(all.find(one, "b") == nullptr);
}

TEST_CASE("those that ended well are forgotten first, the oldest of them before the others") {
    former_holds all{3};
    CHECK_FALSE(all.keep(one, "died", ended(end_reason::died, 1)));
    CHECK_FALSE(all.keep(one, "old", ended(end_reason::released, 2)));
    CHECK_FALSE(all.keep(one, "new", ended(end_reason::released, 3)));
    CHECK_FALSE(all.keep(one, "newer", ended(end_reason::released, 4)));
    CHECK(all.find(one, "old") == nullptr);
    CHECK(all.find(one, "died") != nullptr);
    // To release once more makes it the newest.
    CHECK_FALSE(all.keep(one, "new", ended(end_reason::released, 5)));
    CHECK_FALSE(all.keep(one, "last", ended(end_reason::released, 6)));
    CHECK(all.find(one, "newer") == nullptr);
    CHECK(all.find(one, "new") != nullptr);
}

TEST_CASE("it says of which slot an unclean end was forgotten") {
    former_holds all{2};
    CHECK_FALSE(all.keep(one, "a", ended(end_reason::died, 1)));
    CHECK_FALSE(all.keep(other, "b", ended(end_reason::broken, 2)));
    CHECK(all.keep(other, "c", ended(end_reason::expired, 3)) == std::optional{one});
    CHECK(all.find(one, "a") == nullptr);
    CHECK(all.size() == 2);
    // A lock that was unclean and ends well is the first to go.
    CHECK_FALSE(all.keep(other, "b", ended(end_reason::released, 4)));
    CHECK_FALSE(all.keep(one, "d", ended(end_reason::died, 5)));
    CHECK(all.find(other, "b") == nullptr);
    CHECK(all.find(other, "c") != nullptr);
}

TEST_CASE("all of a slot are forgotten together") {
    former_holds all{10};
    CHECK_FALSE(all.keep(one, "a", ended(end_reason::died, 1)));
    CHECK_FALSE(all.keep(other, "b", ended(end_reason::released, 2)));
    CHECK_FALSE(all.keep(one, "c", ended(end_reason::released, 3)));
    all.forget(one);
    CHECK(all.size() == 1);
    CHECK(all.of(one).empty());
    REQUIRE(all.of(other).size() == 1);
    CHECK(all.of(other)[0].first == "b");
    // The order of age has lost them, too.
    for (const auto* name : {"d", "e", "f", "g", "h", "i", "j", "k", "l"}) {
        CHECK_FALSE(all.keep(one, name, ended(end_reason::released, 4)));
    }
    CHECK(all.size() == 10);
    CHECK_FALSE(all.keep(one, "m", ended(end_reason::released, 4)));
    CHECK(all.find(other, "b") == nullptr);
}
