// Memory that runs out in a call of a running peer: an error, or std::bad_alloc; the peer goes on,
// or stops and says why.
#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <holdfast/holdfast.hpp>

#include "catch.hpp"
#include "scarce.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

peer ready(config c) {
    auto p = peer::start(std::move(c));
    REQUIRE(p);
    REQUIRE(p->wait_ready(10s));
    return std::move(*p);
}

const std::string long_name = "a lock whose name is too long for the place that a short one has";

}  // namespace

TEST_CASE(
    "an allocation of a call that fails is an error or std::bad_alloc, and the peer works or says "
    "that it has stopped",
    "[memory]") {
    std::size_t stopped = 0;
    // a sample: a peer takes a while to be ready
    for (const std::size_t nth : {1, 2, 3, 5, 8, 13, 21}) {
        const auto how = nth % 2 == 0 ? memory::lasting::once : memory::lasting::for_good;
        CAPTURE(nth);
        const auto p = ready({.profile = profile::local});
        std::optional<errc> why;
        {
            const memory::scarce little{nth, how};
            try {
                const auto h = p.lock(long_name, {.wait = 5s});
                if (!h) {
                    why = h.error().code;
                }
            } catch (const std::bad_alloc&) {
            }  // it is released while memory lacks, too
            CHECK(little.has_struck());
        }
        if (why) {
            CHECK(why == errc::out_of_memory);
        }
        const auto again = p.lock(long_name, {.wait = 10s});
        if (!again) {
            CHECK(again.error().code == errc::out_of_memory);
            ++stopped;
        }
    }
    CHECK(stopped > 0);
}
