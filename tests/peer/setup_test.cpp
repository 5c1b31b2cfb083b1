// From options to addresses.
#include "peer/setup.hpp"
#include "catch.hpp"

using namespace holdfast;

TEST_CASE("what is advertised towards the first seed is so towards the first as written") {
    const auto s = runtime::prepare({.listen = "0.0.0.0:4700",
                                     .seeds = {"127.0.0.1:1", "[::1]:1", "127.0.0.1:2"},
                                     .insecure = true});
    REQUIRE(s);
    CHECK(to_string(s->advertise) == "127.0.0.1:4700");
}

TEST_CASE("an advertised address without a port has that of listen") {
    const auto s = runtime::prepare(
        {.listen = "127.0.0.1:4700", .advertise = "10.0.0.7", .profile = profile::local});
    REQUIRE(s);
    CHECK(to_string(s->advertise) == "10.0.0.7:4700");
}
