// A peer that is started without enough memory is not started, and leaves nothing behind.
#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <holdfast/holdfast.hpp>

#include "catch.hpp"
#include "free_ports.hpp"
#include "scarce.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

std::size_t entries_of(const char* folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder},
                                                  std::filesystem::directory_iterator{}));
}

struct things {
    std::size_t descriptors = entries_of("/proc/self/fd");
    std::size_t threads = entries_of("/proc/self/task");
    bool operator==(const things&) const = default;
};

/// A thread that was joined may be in the list of the kernel for a moment yet.
bool is_soon(const things& wanted) {
    for (int i = 0; i < 1000; ++i) {
        if (things{} == wanted) {
            return true;
        }
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

/// libuv's allocator, which is not operator new. It has to be replaced before libuv allocates
/// anything.
///
/// Its realloc never fails here: libuv itself calls abort() when the list of what it watches cannot
/// grow.
void* uv_malloc(std::size_t size) { return memory::strikes() ? nullptr : std::malloc(size); }
void* uv_calloc(std::size_t count, std::size_t size) {
    return memory::strikes() ? nullptr : std::calloc(count, size);
}
const int uv_allocator = uv_replace_allocator(uv_malloc, std::realloc, uv_calloc, std::free);

config options_at(const std::string& address) {
    config c;
    c.name = "a name that is too long for the place that a short one has";
    c.listen = address;
    c.cluster = "a cluster whose name is too long for that, too";
    c.profile = profile::local;
    c.key = std::string(64, 'a');
    c.on_event = [](const event&) {};
    return c;
}

}  // namespace

TEST_CASE("whichever allocation of its start fails, a peer is not started or works", "[memory]") {
    REQUIRE(uv_allocator == 0);
    const auto address = test_support::free_addresses(1).front();
    const auto options = options_at(address);
    {
        const auto first = peer::start(options);  // what is made once for the program
        REQUIRE(first);
        REQUIRE(first->wait_ready(10s));
    }
    const things before;
    std::size_t refused = 0;
    for (const auto how : {memory::lasting::once, memory::lasting::for_good}) {
        bool has_struck = true;
        for (std::size_t nth = 1; has_struck; ++nth) {
            CAPTURE(nth, how == memory::lasting::once);
            auto given = options;
            std::optional<result<peer>> started;
            {
                const memory::scarce little{nth, how};
                started.emplace(peer::start(std::move(given)));
                has_struck = little.has_struck();
            }
            if (*started) {
                CHECK((*started)->wait_ready(10s));
                CHECK((*started)->lock("a", {.wait = 5s}));
                started.reset();
            } else {
                REQUIRE(has_struck);
                CHECK(started->error().code == errc::out_of_memory);
                ++refused;
                REQUIRE(is_soon(before));
                const auto again = peer::start(options);
                REQUIRE(again);
            }
            REQUIRE(is_soon(before));
        }
    }
    CHECK(refused > 100);
}
