// Calls without a peer: options that make sense, answers, and calls that are asked again.
#include "peer/lock_calls.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "catch.hpp"
#include "peer/clock.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using runtime::call;

namespace {

std::unique_ptr<net::transport> no_streams() {
    net::transport_options o;
    o.listen = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0};
    o.cluster_name = "test";
    o.self = {0, 1};
    auto opened = net::transport::open(o, nullptr);
    REQUIRE(opened);
    return std::move(*opened);
}

struct lock_calls_fixture {
    void add(call& c, std::uint64_t number, const peer_id& owner = {}) {
        c.number = {number};
        c.owner = owner;
        calls.add(c);
    }
    bool is_answered(const call& c) const { return c.state.load() == call::answered; }

    std::unique_ptr<net::transport> streams = no_streams();
    base::time_point now = runtime::raw_now();
    runtime::dispatcher callbacks;
    runtime::lock_calls calls{callbacks};
    runtime::wake_list wakeups;
};

std::shared_ptr<runtime::hold_state> a_hold() {
    return std::make_shared<runtime::hold_state>(nullptr, "a", holdfast::token{1}, previous_hold{},
                                                 nullptr, nullptr);
}

}  // namespace

TEST_CASE("options that no lock can have are refused before it is asked for") {
    using runtime::check;
    CHECK(check("a", {}));
    CHECK(check("", {}).error().code == errc::name_too_long);
    CHECK(check(std::string(513, 'x'), {}).error().code == errc::name_too_long);
    CHECK(check("a", {.note = std::string(1025, 'x')}).error().code == errc::value_too_long);
    CHECK(check("a", {.mode = {lock_mode::kind::permit, 0}}).error().code == errc::bad_config);
    CHECK(check("a", {.mode = {lock_mode::kind::shared, 1}}).error().code == errc::bad_config);
    CHECK(check("a", {.max_hold = -1ns}).error().code == errc::bad_config);
    CHECK(check("a", {.lock_delay = 61s}).error().code == errc::bad_config);
    std::stop_source stopped;
    stopped.request_stop();
    CHECK(check("a", {.stop = stopped.get_token()}).error().code == errc::cancelled);
}

TEST_CASE("what a call does not say comes from the configuration") {
    const config defaults{.break_policy = {.approvals = 3}, .lock_delay = 2s};
    const auto filled = [&](lock_options options) {
        auto c = std::make_unique<call>();
        runtime::fill(*c, "a", options, defaults, 10s);
        return c;
    };
    CHECK(filled({})->break_policy.approvals == 3);
    CHECK(filled({})->lock_delay == 2s);
    CHECK_FALSE(filled({})->until);
    CHECK(filled({.mode = lock_mode::shared()})->lock_delay == 0s);
    CHECK(filled({.lock_delay = 1s})->lock_delay == 1s);
    CHECK(filled({.wait = 0s})->is_try);
    CHECK(filled({.wait = 0s})->until);
    CHECK_FALSE(filled({.wait = runtime::longest_wait})->until);
}

TEST_CASE("the caller inside is answered at once, another when the mutex is free") {
    lock_calls_fixture f;
    call inside, other;
    f.add(inside, 1);
    f.add(other, 2);
    f.calls.enter(&inside, f.wakeups);
    f.calls.grant(inside, a_hold(), *f.streams, f.now);
    f.calls.fail(other, {errc::timed_out, "late"}, *f.streams, f.now);
    f.calls.leave();
    CHECK(f.is_answered(inside));
    CHECK_FALSE(f.is_answered(other));
    f.wakeups.run();
    CHECK(f.is_answered(other));
    CHECK(inside.granted);
    CHECK(other.failure.code == errc::timed_out);
    CHECK(f.calls.size() == 0);
    CHECK(f.calls.failed() == 1);
    CHECK(runtime::wait(other) == runtime::wake_reason::answered);
}

TEST_CASE("a call is answered once") {
    lock_calls_fixture f;
    call c;
    f.add(c, 1);
    f.calls.fail(c, {errc::timed_out, ""}, *f.streams, f.now);
    f.calls.fail(c, {errc::cancelled, ""}, *f.streams, f.now);
    CHECK(c.failure.code == errc::timed_out);
    CHECK(f.calls.failed() == 1);
}

TEST_CASE("a call that ends with its PeerId waits on, and is asked again under another number") {
    lock_calls_fixture f;
    call c;
    f.add(c, 1, {0, 2});
    f.calls.enter(nullptr, f.wakeups);
    f.calls.postpone(c, *f.streams, f.now);
    CHECK(f.calls.size() == 0);
    CHECK(f.calls.find({1}) == nullptr);
    CHECK_FALSE(c.is_over);
    REQUIRE(f.calls.to_restart().size() == 1);
    f.add(c, 7, {0, 3});
    f.calls.clear_to_restart();
    CHECK(f.calls.find({7}) == &c);
    f.calls.grant(c, a_hold(), *f.streams, f.now);
    f.calls.leave();
    CHECK(c.granted);
}

TEST_CASE("when the peer stops, every call fails: those that wait, and those to be asked again") {
    lock_calls_fixture f;
    call waiting, postponed;
    f.add(waiting, 1, {0, 2});
    f.add(postponed, 2, {0, 2});
    f.calls.enter(nullptr, f.wakeups);
    f.calls.postpone(postponed, *f.streams, f.now);
    f.calls.fail_all({errc::shutting_down, ""}, *f.streams, f.now);
    f.calls.leave();
    f.wakeups.run();
    CHECK(f.is_answered(waiting));
    CHECK(f.is_answered(postponed));
    CHECK(postponed.failure.code == errc::shutting_down);
    CHECK(f.calls.to_restart().empty());
    CHECK_FALSE(f.calls.deadline());
}

TEST_CASE("a call in which no thread waits is answered on the callback thread") {
    lock_calls_fixture f;
    const auto later = std::make_shared<runtime::later_call>();
    std::optional<errc> told;
    later->then = [&](auto got) { told = got.error().code; };
    later->what.later = later;
    f.add(later->what, 1);
    f.calls.fail(later->what, {errc::timed_out, ""}, *f.streams, f.now);
    f.callbacks.stop();
    CHECK(told == errc::timed_out);
    CHECK(later.use_count() == 1);
}
