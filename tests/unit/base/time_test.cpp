#include "catch.hpp"

#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"

using namespace holdfast::base;
using namespace std::chrono_literals;

TEST_CASE("drift stretches and shrinks, rounding to the safe side") {
    CHECK(stretched(100s, 0.01) >= 101s);
    CHECK(stretched(100s, 0.01) <= 101s + 2ns);
    CHECK(shrunk(100s, 0.01) <= 99s);
    CHECK(shrunk(100s, 0.01) >= 99s - 2ns);
    CHECK(shrunk(stretched(1s, 0.01), 0.01) <= 1s);
}

TEST_CASE("chance comes from the seed alone") {
    random_source a{42}, b{42}, c{43};
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const auto x = a.next();
        CHECK(x == b.next());
        differs = differs || x != c.next();
        CHECK(a.below(10) < 10);
        CHECK(b.below(10) < 10);
        const auto d = a.between(1ms, 2ms);
        b.between(1ms, 2ms);
        CHECK((d >= 1ms && d <= 2ms));
    }
    CHECK(differs);
    CHECK(a.below(0) == 0);
}
