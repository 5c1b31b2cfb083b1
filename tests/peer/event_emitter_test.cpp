// Events on their way to the application.
#include "peer/event_emitter.hpp"

#include <atomic>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace holdfast;

TEST_CASE("events come in order, the last one too when many wait") {
    constexpr auto many = 2 * runtime::dispatcher::most_events;
    std::vector<event> seen;
    runtime::dispatcher callbacks;
    runtime::event_emitter emitter{callbacks, [&](const event& e) { seen.push_back(e); }};
    std::atomic<bool> may_go_on{false};
    callbacks.post([&] { may_go_on.wait(false); });
    for (std::size_t i = 0; i < many; ++i) {
        emitter.emit(events::lease_gained{});
    }
    emitter.emit(events::stopped{{errc::shutting_down, "left"}});
    may_go_on = true;
    may_go_on.notify_all();
    callbacks.stop();
    CHECK(seen.size() == runtime::dispatcher::most_events + 1);
    CHECK(std::holds_alternative<events::stopped>(seen.back()));
    CHECK(callbacks.missed() == many - runtime::dispatcher::most_events);
}

TEST_CASE("NOW-2: clocks that disagree are a problem once a minute, and no reason for anything") {
    using namespace std::chrono_literals;
    std::vector<event> seen;
    runtime::dispatcher callbacks;
    runtime::event_emitter emitter{callbacks, [&](const event& e) { seen.push_back(e); }};
    base::clock_reading now;
    for (int i = 0; i < 10 * 130; ++i) {
        emitter.note_clocks(now, 0.01);
        now.raw += 100ms;
        now.monotonic += 108ms;
    }
    callbacks.stop();
    REQUIRE(seen.size() == 2);
    const auto* problem = std::get_if<events::problem>(&seen[0]);
    REQUIRE(problem != nullptr);
    CHECK(problem->what.code == errc::clock_slewed);
    CHECK(problem->what.text.find("+8.00 %") != std::string::npos);
    CHECK_FALSE(emitter.last_problem());
}

TEST_CASE("the last problem is remembered, also without a listener, until it is forgotten") {
    runtime::dispatcher callbacks;
    runtime::event_emitter emitter{callbacks, nullptr};
    CHECK_FALSE(emitter.has_listener());
    CHECK_FALSE(emitter.last_problem());
    emitter.report_problem({errc::version_mismatch, "first"});
    emitter.report_problem({errc::wrong_key, "second"});
    REQUIRE(emitter.last_problem());
    CHECK(emitter.last_problem()->text == "second");
    emitter.forget_problem();
    CHECK_FALSE(emitter.last_problem());
}
