// Looking at locks, and ending holds of others, as programs use it.
#include <atomic>
#include <memory>
#include <thread>

#include "peers.hpp"

using namespace peers;

namespace {

/// One that owns nothing.
peer started_light(const std::vector<std::string>& seeds) {
    return started({.name = "light",
                    .seeds = seeds,
                    .cluster = "test",
                    .profile = profile::local,
                    .weight = 0,
                    .lease = usual_lease});
}

break_options by(const std::string& who, std::chrono::nanoseconds wait = 10s) {
    return {.who = who, .why = "it hangs", .wait = wait};
}

}  // namespace

TEST_CASE("LOOK-1: what a look shows") {
    const auto& c = unharmed();
    // Owners of a cluster that is just founded grant after a lease (FOUND-1), and are asked again
    // after half of one.
    CHECK(c.peers[1].inspect("a", 10s)->explain() == "free");
    lock_options noted;
    noted.note = "nightly run";
    const auto mine = c.peers[0].lock("a", noted);
    REQUIRE(mine);
    std::stop_source stop;
    lock_options waits;
    waits.stop = stop.get_token();
    auto waiting = c.peers[1].lock_future("a", waits);
    REQUIRE(comes_true([&] { return c.peers[2].inspect("a")->waiting == 1; }));
    const auto seen = c.peers[2].inspect("a");
    REQUIRE(seen);
    CHECK(seen->state == slot_state::serving);
    REQUIRE(seen->owner);
    CHECK(seen->owner->id == c.peers[0].owner_of("a")->id);
    REQUIRE(seen->holders.size() == 1);
    CHECK(seen->holders[0].peer == c.peers[0].id());
    CHECK(seen->holders[0].peer_name == c.peers[0].name());
    CHECK(seen->holders[0].token == mine->token());
    CHECK(seen->holders[0].note == "nightly run");
    CHECK(seen->holders[0].held_for > 0s);
    REQUIRE(seen->queue.size() == 1);
    CHECK(seen->queue[0].peer_name == c.peers[1].name());
    CHECK(seen->explain() == "held by " + c.peers[0].name());
    stop.request_stop();
    (void)waiting.get();
    CHECK(c.peers[2].inspect("").error().code == errc::name_too_long);
}

TEST_CASE("all locks there are, of every owner") {
    three c;
    std::vector<hold> held;
    for (int i = 0; i < 40; ++i) {
        held.push_back(std::move(
            *c.peers[static_cast<std::size_t>(i) % 3].lock("lock " + std::to_string(100 + i))));
    }
    const auto all = c.peers[1].locks();
    REQUIRE(all);
    CHECK(all->slots_not_served == 0);
    REQUIRE(all->locks.size() == 40);
    for (std::size_t i = 0; i < 40; ++i) {
        CHECK(all->locks[i].name == "lock " + std::to_string(100 + i));
        REQUIRE(all->locks[i].holders.size() == 1);
        CHECK(all->locks[i].holders[0].token == held[i].token());
        CHECK(all->locks[i].owner == c.peers[0].owner_of(all->locks[i].name)->id);
    }
}

TEST_CASE("a holder is asked back, and releases") {
    const auto& c = unharmed();
    seen<release_request> told;
    lock_options how;
    how.on_release_requested = [&](const release_request& by) { told.add(by); };
    auto mine = c.peers[0].lock("a", how);
    REQUIRE(mine);
    const auto asked = mine->release_requested();
    auto outcome = std::async(std::launch::async, [&] {
        return c.peers[1].request_release("a", mine->token(), by("ann"));
    });
    REQUIRE(told.wait([](const auto& all) { return !all.empty(); }));
    CHECK(told.all[0].who == "ann");
    CHECK(told.all[0].why == "it hangs");
    CHECK(told.all[0].token == mine->token());
    CHECK(asked.stop_requested());
    CHECK(mine->is_valid());
    CHECK(mine->release());
    const auto got = outcome.get();
    REQUIRE(got);
    CHECK(got->stage == break_stage::ended);
    CHECK(got->how == end_reason::released);
}

TEST_CASE("BREAK-1: a hold is broken although its program does nothing; all is recorded") {
    three c;
    seen<errc> told;
    lock_options how;
    how.on_lost = [&](errc why) { told.add(why); };
    auto mine = c.peers[0].lock("a", how);
    REQUIRE(mine);
    const auto asked = c.peers[1].request_release("a", mine->token(), by("ann", 1s));
    REQUIRE(asked);
    CHECK(asked->stage == break_stage::delivered);
    const auto broken = c.peers[1].break_hold("a", mine->token(), by("ann"));
    REQUIRE(broken);
    CHECK(broken->stage == break_stage::ended);
    CHECK(broken->how == end_reason::broken);
    REQUIRE(told.wait([](const auto& all) { return !all.empty(); }));
    CHECK(told.all[0] == errc::broken);
    CHECK_FALSE(mine->is_valid());
    const auto next = c.peers[2].lock("a", {.wait = 10s});
    REQUIRE(next);
    CHECK(next->previous().how == end_reason::broken);
    // Any peer reads it, whichever peer acted.
    const auto all = c.peers[2].audit_log();
    REQUIRE(all);
    REQUIRE(all->records.size() == 2);
    CHECK(all->records[0].what == admin_action::requested_release);
    CHECK(all->records[0].outcome.stage == break_stage::delivered);
    const auto& r = all->records[1];
    CHECK(r.what == admin_action::broke);
    CHECK(r.who == "ann");
    CHECK(r.why == "it hangs");
    CHECK(r.name == "a");
    CHECK(r.token == mine->token());
    CHECK(r.whom == c.peers[0].id());
    CHECK(r.whom_name == c.peers[0].name());
    CHECK(r.by == c.peers[1].id());
    CHECK(r.outcome == *broken);
    CHECK(r.at_ms > 1'600'000'000'000);
    // A late copy of the demand does not touch who has it now.
    CHECK(c.peers[1].break_hold("a", mine->token(), by("ann"))->stage == break_stage::ended);
    CHECK(next->is_valid());
}

TEST_CASE("BREAK-2: two operators, and a hold that no operator may break") {
    const auto& c = unharmed();
    lock_options two;
    two.break_policy = break_policy{.approvals = 2};
    auto first = c.peers[0].lock("a", two);
    REQUIRE(first);
    const auto one = c.peers[1].break_hold("a", first->token(), by("ann", 100ms));
    REQUIRE(one);
    CHECK(one->stage == break_stage::needs_approval);
    CHECK(one->needed == 2);
    CHECK(first->is_valid());
    CHECK(c.peers[2].break_hold("a", first->token(), by("bob"))->stage == break_stage::ended);
    lock_options never;
    never.break_policy = break_policy{.by_operators = false};
    auto second = c.peers[0].lock("a", never);
    REQUIRE(second);
    CHECK(c.peers[1].break_hold("a", second->token(), by("ann"))->stage == break_stage::refused);
    CHECK(second->is_valid());
}

TEST_CASE("BREAK-2: where operators are named, owners hear no others") {
    const auto seeds = test_support::free_addresses(1);
    auto p = started({.name = "alone",
                      .listen = seeds[0],
                      .seeds = seeds,
                      .cluster = "test",
                      .profile = profile::local,
                      .operators = {"ann"}});
    REQUIRE(p.wait_ready(20s));
    auto mine = p.lock("a", {.wait = 10s});
    REQUIRE(mine);
    CHECK(p.break_hold("a", mine->token(), by("eve"))->stage == break_stage::refused);
    CHECK(mine->is_valid());
    CHECK(p.break_hold("a", mine->token(), by("ann"))->stage == break_stage::ended);
    CHECK(peer::start({.operators = {""}}).error().code == errc::bad_config);
    CHECK(peer::start({.lock_delay = 61s}).error().code == errc::bad_config);
}

TEST_CASE("BREAK-2: by its policy a hold is broken for who has waited long enough, and recorded") {
    three c;
    lock_options how;
    how.break_policy = break_policy{.waited_for = 200ms};
    auto mine = c.peers[0].lock("a", how);
    REQUIRE(mine);
    CHECK(c.peers[1].lock("a", {.wait = 20s}));
    CHECK(mine->why_lost() == errc::broken);
    CHECK(comes_true([&] {
        const auto all = c.peers[2].audit_log();
        return all && all->records.size() == 1 && all->records[0].what == admin_action::broke;
    }));
}

TEST_CASE("VIEW-8: a member is evicted, and comes back as another peer") {
    three c;
    auto light = started_light(c.seeds);
    REQUIRE(light.wait_ready(20s));
    const auto was = light.id();
    auto mine = light.lock("a", {.wait = 10s});
    REQUIRE(mine);
    REQUIRE(c.peers[0].evict(was, by("ann")));
    CHECK_FALSE(c.peers[0].view()->has(was));
    const auto next = c.peers[1].lock("a", {.wait = 20s});
    REQUIRE(next);
    CHECK_FALSE(mine->is_valid());
    REQUIRE(light.wait_ready(20s));
    CHECK(light.id() != was);
    const auto all = c.peers[1].audit_log();
    REQUIRE(all);
    REQUIRE(all->records.size() == 1);
    CHECK(all->records[0].what == admin_action::evicted);
    CHECK(all->records[0].whom == was);
    CHECK(all->records[0].outcome.stage == break_stage::ended);
    CHECK(c.peers[0].evict(was, by("ann")).error().code == errc::bad_config);
}

TEST_CASE("VIEW-8: a member may evict itself, and goes on as another peer") {
    const auto& c = unharmed();
    auto light = started_light(c.seeds);
    REQUIRE(light.wait_ready(20s));
    const auto was = light.id();
    CHECK(light.evict(was, by("ann")));
    CHECK(light.id() != was);
}

TEST_CASE(
    "CERT-2: a fence that succeeds spares the wait for the lease; one that does not, does not") {
    three c;
    const bool succeeds = GENERATE(true, false);
    auto light = started_light(c.seeds);
    REQUIRE(light.wait_ready(20s));
    auto mine = light.lock("a", {.wait = 10s});
    REQUIRE(mine);
    auto how = by("ann");
    std::string fenced;
    how.fence = [&](const member& m) {
        fenced = m.name;
        return succeeds;
    };
    REQUIRE(c.peers[0].evict(light.id(), how));
    CHECK(fenced == "light");
    CHECK(c.peers[1].lock("a", {.wait = 20s}));
    const auto all = c.peers[1].audit_log();
    REQUIRE(all);
    REQUIRE_FALSE(all->records.empty());
    CHECK(all->records.back().what == (succeeds ? admin_action::fenced : admin_action::evicted));
}

TEST_CASE("name and address of a peer may be read while it starts over as a new one") {
    three c;
    auto light = started_light(c.seeds);
    REQUIRE(light.wait_ready(20s));
    const auto before = light.id();
    const auto address = light.address();
    std::atomic<bool> differs{false};
    {
        const std::jthread reader{[&](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                differs = differs || light.name() != "light" || light.address() != address;
            }
        }};
        REQUIRE(c.peers[0].evict(before, by("ann")));
        REQUIRE(comes_true([&] { return light.id() != before; }));
    }
    CHECK_FALSE(differs);
}

TEST_CASE("what is no token is refused before any peer is asked") {
    const auto& c = unharmed();
    CHECK(c.peers[0].break_hold("a", token{-1}, by("ann")).error().code == errc::bad_config);
    CHECK(c.peers[0].request_release("a", token{}, by("ann")).error().code == errc::bad_config);
    CHECK(c.peers[0].is_ready());
}

TEST_CASE("a peer whose cluster goes while it looks for all members of a group can leave") {
    const auto seeds = test_support::free_addresses(1);
    auto seat = std::make_unique<peer>(started({.name = "seat",
                                                .listen = seeds[0],
                                                .seeds = seeds,
                                                .cluster = "test",
                                                .profile = profile::local,
                                                .lease = usual_lease}));
    REQUIRE(seat->wait_ready(20s));
    auto light = started_light(seeds);
    REQUIRE(light.wait_ready(20s));
    std::vector<membership> in;
    for (int i = 0; i < 30; ++i) {
        in.push_back(std::move(*light.group("crowd").join()));
    }
    seen<std::size_t> told;
    const auto watching =
        light.group("crowd").watch([&](const group_change& now) { told.add(now.members.size()); });
    REQUIRE(told.wait([](const auto& all) { return !all.empty() && all.back() == 30; }));
    // Each change has it look again; the owner goes in the midst of that.
    std::jthread churn{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            (void)light.group("crowd").join({.wait = 100ms});
        }
    }};
    REQUIRE(told.wait([](const auto& all) { return all.size() > 5; }));
    seat.reset();
    REQUIRE(comes_true([&] { return !light.is_ready(); }));
    churn = {};
    (void)light.leave(5s);
    CHECK_FALSE(light.is_ready());
}

TEST_CASE(
    "FORCE-1: when a majority of the seats is gone, a peer goes on with the seats that a person "
    "names, and tokens rise") {
    const auto seeds = test_support::free_addresses(3);
    std::vector<std::unique_ptr<peer>> seats;
    for (const auto& at : seeds) {
        seats.push_back(std::make_unique<peer>(started(
            {.name = at,
             .listen = at,
             .seeds = seeds,
             .cluster = "test",
             .profile = profile::local,
             .bootstrap = at == seeds[0] ? bootstrap_mode::never : bootstrap_mode::allowed})));
    }
    auto& left_over = *seats[0];
    REQUIRE(left_over.wait_ready(20s));
    const auto refused = left_over.force_new_cluster({seeds[0]});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::bad_config);
    CHECK(left_over.is_ready());
    CHECK(left_over.force_new_cluster({}).error().code == errc::bad_config);
    CHECK(left_over.force_new_cluster({seeds[0], seeds[1]}).error().code == errc::bad_config);
    const auto before = left_over.lock("a", {.wait = 10s});
    REQUIRE(before);
    const auto was = left_over.id();

    seats[2].reset();
    seats[1].reset();
    REQUIRE(comes_true([&] { return !left_over.is_ready(); }));
    CHECK_FALSE(before->is_valid());
    REQUIRE(left_over.force_new_cluster({seeds[0]}));
    REQUIRE(left_over.wait_ready(20s));
    CHECK(left_over.id() != was);
    CHECK(left_over.view()->seats.size() == 1);
    const auto after = left_over.lock("a", {.wait = 10s});
    REQUIRE(after);
    CHECK(after->token() > before->token());
    auto joins = started({.name = "joins",
                          .seeds = {seeds[0]},
                          .cluster = "test",
                          .profile = profile::local,
                          .weight = 0});
    CHECK(joins.wait_ready(20s));
}

TEST_CASE("max_hold and progress_every") {
    const auto& c = unharmed();
    lock_options how;
    how.max_hold = 100ms;
    auto mine = c.peers[0].lock("a", how);
    REQUIRE(mine);
    CHECK(c.peers[1].lock("a", {.wait = 20s}));
    CHECK(mine->why_lost() == errc::broken);
    seen<release_request> told;
    lock_options careful;
    careful.progress_timeout = 100ms;
    careful.on_stall = stall_action::request_release;
    careful.on_release_requested = [&](const release_request& by) { told.add(by); };
    auto other = c.peers[0].lock("b", careful);
    REQUIRE(other);
    other->progress();
    REQUIRE(told.wait([](const auto& all) { return !all.empty(); }));
    CHECK(other->is_valid());
    lock_options wrong;
    wrong.max_hold = -1s;
    CHECK(c.peers[0].lock("c", wrong).error().code == errc::bad_config);
}

TEST_CASE("questions end with their time, and with the peer") {
    auto alone =
        started({.name = "alone",
                 .seeds = {test_support::free_addresses(1)[0], "127.0.0.1:9", "127.0.0.1:10"},
                 .cluster = "test",
                 .profile = profile::local,
                 .weight = 0});
    CHECK(alone.inspect("a", 50ms).error().code == errc::not_a_member);
    CHECK(alone.locks(50ms).error().code == errc::not_a_member);
    CHECK(alone.audit_log(50ms).error().code == errc::not_a_member);
    CHECK(alone.break_hold("a", {5}, by("ann", 50ms)).error().code == errc::not_a_member);
    auto asked = std::async(std::launch::async, [&] { return alone.inspect("a", 60s); });
    (void)alone.leave(1s);
    CHECK_FALSE(asked.get());
    CHECK(alone.inspect("a").error().code == errc::shutting_down);
    break_options long_reason;
    long_reason.why = std::string(1025, 'x');
    CHECK(alone.break_hold("a", {5}, long_reason).error().code == errc::value_too_long);
}
