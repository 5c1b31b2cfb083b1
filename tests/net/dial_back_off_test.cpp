// How long an address that could not be connected to is left alone.
#include "net/dial_back_off.hpp"

#include <chrono>

#include "catch.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using net::dial_back_off;

namespace {

constexpr base::time_point start{100s};
constexpr endpoint here{{}, 1};
constexpr endpoint there{{}, 2};

}  // namespace

TEST_CASE("each failure doubles the wait, up to a second") {
    dial_back_off all;
    auto now = start;
    for (const auto wait : {50ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        CHECK(all.may_dial(here, now));
        all.has_failed(here, now);
        CHECK_FALSE(all.may_dial(here, now + wait - 1ns));
        now += wait;
    }
    CHECK(all.may_dial(here, now));
}

TEST_CASE("one address that fails holds up no other") {
    dial_back_off all;
    all.has_failed(here, start);
    CHECK(all.may_dial(there, start));
}

TEST_CASE("after a success the waits begin anew") {
    dial_back_off all;
    for (int i = 0; i < 5; ++i) {
        all.has_failed(here, start);
    }
    all.has_succeeded(here);
    CHECK(all.may_dial(here, start));
    all.has_failed(here, start);
    CHECK(all.may_dial(here, start + 50ms));
}
