// Holds without a peer: how they end, and who is told.
#include "peer/held_locks.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "peer/clock.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using runtime::hold_state;

namespace {

struct held_locks_fixture {
    std::shared_ptr<hold_state> held(std::string name, std::int64_t token) {
        auto h = std::make_shared<hold_state>(
            nullptr, std::move(name), holdfast::token{token}, previous_hold{},
            [this](errc why) { lost.push_back(why); },
            [this](const release_request& by) { asked.push_back(by.who); });
        locks.add(h);
        return h;
    }
    void lose(const hold_state& h, errc why) {
        node::hold_lost what{h.name(), h.token(), why};
        locks.on_lost(what);
    }
    /// Runs what was posted; the last call.
    void run_callbacks() { callbacks.stop(); }
    template <class Event>
    std::size_t count() const {
        std::size_t n = 0;
        for (const auto& e : events) {
            n += std::holds_alternative<Event>(e) ? 1 : 0;
        }
        return n;
    }

    std::vector<errc> lost;
    std::vector<std::string> asked;
    std::vector<event> events;
    runtime::dispatcher callbacks;
    runtime::event_emitter emitter{callbacks, [this](const event& e) { events.push_back(e); }};
    runtime::held_locks locks{callbacks, emitter};
};

}  // namespace

TEST_CASE("a hold that is lost says why, once, and tells its program") {
    held_locks_fixture f;
    const auto h = f.held("a", 1);
    const auto lost = h->lost_token();
    CHECK_FALSE(h->why_lost());
    f.lose(*h, errc::broken);
    f.lose(*h, errc::lease_lost);
    CHECK(h->why_lost() == errc::broken);
    CHECK(f.locks.empty());
    CHECK_FALSE(f.locks.release(*h));
    f.run_callbacks();
    CHECK(lost.stop_requested());
    CHECK(f.lost == std::vector{errc::broken});
    CHECK(f.count<events::hold_lost>() == 1);
}

TEST_CASE("a hold that was released is never lost") {
    held_locks_fixture f;
    const auto h = f.held("a", 1);
    CHECK(f.locks.release(*h));
    CHECK_FALSE(f.locks.release(*h));
    f.lose(*h, errc::lease_lost);
    CHECK(h->is_released());
    CHECK_FALSE(h->why_lost());
    f.run_callbacks();
    CHECK(f.lost.empty());
    CHECK(f.count<events::hold_lost>() == 0);
}

TEST_CASE("a loss names the hold by name and token: another one of the same name stays") {
    held_locks_fixture f;
    const auto first = f.held("a", 1);
    const auto second = f.held("a", 2);
    f.lose(*first, errc::broken);
    CHECK(first->why_lost() == errc::broken);
    CHECK(second->is_held());
    CHECK(f.locks.size() == 1);
}

TEST_CASE("when the peer stops, all that it holds is lost") {
    held_locks_fixture f;
    const auto a = f.held("a", 1);
    const auto b = f.held("b", 2);
    f.locks.lose_all(errc::shutting_down);
    CHECK(f.locks.empty());
    CHECK(a->why_lost() == errc::shutting_down);
    CHECK(b->why_lost() == errc::shutting_down);
    f.run_callbacks();
    CHECK(f.lost.size() == 2);
}

TEST_CASE("a hold is good for as long as the lease, and not after its end") {
    held_locks_fixture f;
    const auto h = f.held("a", 1);
    CHECK(f.locks.remaining(*h) == 0ns);  // no lease yet
    f.locks.set_lease_end(runtime::moment_now().for_rights() + 1h);
    CHECK(f.locks.remaining(*h) > 59min);
    CHECK(f.locks.remaining(*h) <= 1h);
    CHECK(f.locks.release(*h));
    CHECK(f.locks.remaining(*h) == 0ns);
}

TEST_CASE("a lease that is lost at once warns before it tells the loss") {
    held_locks_fixture f;
    const auto h = f.held("a", 1);
    const auto at_risk = f.locks.at_risk();
    f.lose(*h, errc::lease_lost);
    f.run_callbacks();
    CHECK(at_risk.stop_requested());
    f.locks.clear_at_risk();
    CHECK_FALSE(f.locks.at_risk().stop_requested());
}

TEST_CASE("a hold that is asked back tells its program, also when it asks later") {
    held_locks_fixture f;
    const auto h = f.held("a", 1);
    lock::release_request by;
    by.name = "a";
    by.token = {1};
    by.who = "kim";
    f.locks.on_release_requested(by);
    lock::release_request of_none;
    of_none.name = "a";
    of_none.token = {2};
    f.locks.on_release_requested(of_none);
    f.run_callbacks();
    CHECK(f.asked == std::vector<std::string>{"kim"});
    CHECK(h->asked_back_token().stop_requested());
    CHECK(f.count<events::release_requested>() == 1);
}
