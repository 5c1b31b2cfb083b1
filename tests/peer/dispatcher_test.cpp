// The callback thread: order, and what is missed when callbacks are slow.
#include <atomic>

#include "catch.hpp"
#include "peer/dispatcher.hpp"

using holdfast::runtime::dispatcher;

TEST_CASE("events that wait are bounded; other callbacks are never missed") {
    constexpr auto many = 3 * dispatcher::most_events;
    std::atomic<bool> may_go_on{false};
    std::atomic<std::size_t> events{0}, notices{0};
    {
        dispatcher d;
        d.post([&] { may_go_on.wait(false); });
        for (std::size_t i = 0; i < many; ++i) {
            d.post_event([&] { ++events; });
            d.post([&] { ++notices; });
        }
        CHECK(d.missed() == many - dispatcher::most_events);
        may_go_on = true;
        may_go_on.notify_all();
    }
    CHECK(events == dispatcher::most_events);
    CHECK(notices == many);
}
