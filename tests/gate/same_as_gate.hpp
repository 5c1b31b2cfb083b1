// What another gate lets in, compared with holdfast::gate over random accesses.
#pragma once

#include <random>

#include <holdfast/gate.hpp>

#include "catch.hpp"

namespace test_support {

/// `admit(token, access)` asks the other one, which has let nothing in so far.
template <class Admit>
void is_same_as_gate(Admit admit) {
    holdfast::gate gate;
    std::mt19937_64 random{1};
    std::int64_t newest = 1;
    for (int i = 0; i < 300; ++i) {
        // About the newest so far, so that both answers are frequent; rises as grants do.
        const holdfast::token t{newest + static_cast<std::int64_t>(random() % 8) - 5};
        const auto how = random() % 2 == 0 ? holdfast::access::exclusive : holdfast::access::shared;
        CAPTURE(i, t.value, how == holdfast::access::shared, gate.seen().exclusive.value,
                gate.seen().any.value);
        REQUIRE(admit(t, how) == gate.admit(t, how));
        newest = std::max(newest, t.value);
    }
    CHECK(newest > 100);
    CHECK(admit(holdfast::token{INT64_MAX}, holdfast::access::exclusive));
    CHECK_FALSE(admit(holdfast::token{INT64_MAX - 1}, holdfast::access::shared));
}

}  // namespace test_support
