// Groups, elections with priorities and hand-over, watchers, and several locks at once.
#include <mutex>
#include <thread>

#include "peers.hpp"

using namespace peers;

namespace {

std::vector<std::string> notes_of(const std::vector<group_entry>& members) {
    std::vector<std::string> out;
    for (const auto& m : members) {
        out.push_back(m.note);
    }
    return out;
}

using notes = std::vector<std::string>;

}  // namespace

TEST_CASE("a group: a read after a join that returned shows it, at every peer") {
    const auto& c = unharmed();
    std::vector<membership> in;
    for (std::size_t i = 0; i < 3; ++i) {
        lock_options how;
        how.note = "member " + std::to_string(i);
        auto joined = c.peers[i].group("workers").join(how);
        REQUIRE(joined);
        in.push_back(std::move(*joined));
        const auto read = c.peers[(i + 1) % 3].group("workers").members();
        REQUIRE(read);
        REQUIRE(read->size() == i + 1);
        CHECK(read->back().note == "member " + std::to_string(i));
        CHECK(read->back().peer == c.peers[i].id());
        CHECK(read->back().token == in.back().token());
    }
    CHECK(in[1].leave());
    CHECK(comes_true([&] {
        return notes_of(*c.peers[0].group("workers").members()) == notes{"member 0", "member 2"};
    }));
}

TEST_CASE("a group: its watchers are told who joins and leaves, and a member goes with its peer") {
    const auto& c = unharmed();
    seen<group_change> told;
    const auto watching =
        c.peers[0].group("watched").watch([&](const group_change& now) { told.add(now); });
    REQUIRE(watching);
    REQUIRE(told.wait([](const auto& all) { return !all.empty(); }));
    CHECK(told.all[0].members.empty());
    auto light = started({.name = "light",
                          .seeds = c.seeds,
                          .cluster = "test",
                          .profile = profile::local,
                          .weight = 0,
                          .lease = usual_lease});
    REQUIRE(light.wait_ready(20s));
    lock_options how;
    how.note = "x";
    const auto member = light.group("watched").join(how);
    REQUIRE(member);
    REQUIRE(told.wait([](const auto& all) { return all.back().members.size() == 1; }));
    CHECK(notes_of(told.all.back().joined) == notes{"x"});
    const bool is_evicted = GENERATE(false, true);
    if (is_evicted) {
        REQUIRE(c.peers[1].evict(light.id(), {.who = "ann"}));  // as a crash would end it
    } else {
        (void)light.leave();
    }
    REQUIRE(told.wait([](const auto& all) { return all.back().members.empty(); }));
    CHECK(notes_of(told.all.back().left) == notes{"x"});
    CHECK_FALSE(member->is_valid());
}

TEST_CASE("a group larger than a watcher's message is watched whole") {
    const auto& c = unharmed();
    constexpr std::size_t many = 40;
    seen<std::size_t> counts;
    const auto watching = c.peers[0].group("crowd").watch(
        [&](const group_change& now) { counts.add(now.members.size()); });
    REQUIRE(watching);
    std::vector<membership> in;
    for (std::size_t i = 0; i < many; ++i) {
        in.push_back(std::move(*c.peers[i % 3].group("crowd").join()));
    }
    CHECK(counts.wait([](const auto& all) { return !all.empty() && all.back() == many; }));
    CHECK(c.peers[1].group("crowd").members()->size() == many);
    // Who comes later is told all of it, too.
    seen<std::size_t> later;
    const auto second = c.peers[0].group("crowd").watch(
        [&](const group_change& now) { later.add(now.members.size()); });
    CHECK(later.wait([](const auto& all) { return !all.empty() && all.back() == many; }));
    in.clear();
    CHECK(counts.wait([](const auto& all) { return all.back() == 0; }));
}

TEST_CASE(
    "PRIORITY: a candidate that is preferred leads before those who asked earlier; a leader hands "
    "over by name") {
    const auto& c = unharmed();
    auto leads = c.peers[0].election("boss").campaign();
    REQUIRE(leads);
    const auto all_wait = [&](std::uint32_t n) {
        return comes_true([&] { return c.peers[0].inspect("boss")->waiting == n; });
    };
    const auto campaign = [&](std::size_t at, std::int32_t priority, const std::string& note) {
        return std::async(std::launch::async, [&, at, priority, note] {
            lock_options how;
            how.note = note;
            how.priority = priority;
            how.wait = 30s;
            return c.peers[at].election("boss").campaign(how);
        });
    };
    auto plain = campaign(1, 0, "plain");
    REQUIRE(all_wait(1));
    auto preferred = campaign(2, 5, "preferred");
    REQUIRE(all_wait(2));
    auto third = campaign(0, 0, "third");
    REQUIRE(all_wait(3));
    CHECK(leads->resign());
    auto second = preferred.get();
    REQUIRE(second);
    const auto now = c.peers[1].election("boss").current();
    REQUIRE(now);
    CHECK(now->exists);
    CHECK(now->note == "preferred");
    CHECK(now->token == second->token());
    CHECK(second->hand_over(c.peers[0].id()));  // although the plain one asked before
    auto last = third.get();
    REQUIRE(last);
    CHECK(c.peers[1].election("boss").current()->note == "third");
    CHECK(last->hand_over({1, 2}));  // a peer that is no candidate is no heir
    REQUIRE(plain.get());
}

TEST_CASE("PRIORITY: a hold is released to an heir that waits") {
    const auto& c = unharmed();
    auto mine = c.peers[0].lock("a", {.wait = 10s});
    REQUIRE(mine);
    auto second = c.peers[1].lock_future("a", {.wait = 30s});
    const auto all_wait = [&](std::uint32_t n) {
        return comes_true([&] { return c.peers[0].inspect("a")->waiting == n; });
    };
    REQUIRE(all_wait(1));
    auto third = c.peers[2].lock_future("a", {.wait = 30s});
    REQUIRE(all_wait(2));
    CHECK(mine->release_to(c.peers[2].id()));
    auto heir = third.get();
    REQUIRE(heir);
    CHECK(second.wait_for(0s) == std::future_status::timeout);
    CHECK(heir->release());
    CHECK(second.get());
}

TEST_CASE("DELAY: a lock rests after a hold that was lost, unless what it guards is fenced") {
    const auto& c = unharmed();
    const bool is_fenced = GENERATE(false, true);
    const std::string name = is_fenced ? "fenced" : "rests";
    auto light = started({.name = "light",
                          .seeds = c.seeds,
                          .cluster = "test",
                          .profile = profile::local,
                          .weight = 0,
                          .lock_delay = 60s,
                          .lease = usual_lease});
    REQUIRE(light.wait_ready(20s));
    lock_options how;
    how.wait = 10s;
    how.is_fenced = is_fenced;
    auto mine = light.lock(name, how);
    REQUIRE(mine);
    REQUIRE(c.peers[0].evict(light.id(), {.who = "ann"}));
    if (is_fenced) {
        CHECK(c.peers[1].lock(name, {.wait = 20s}));
        return;
    }
    const auto its_lease_is_over = 3s + 2 * usual_lease.value_or(0s);
    CHECK_FALSE(c.peers[1].lock(name, {.wait = its_lease_is_over}));
    const auto tried = c.peers[1].try_lock(name);
    REQUIRE_FALSE(tried);
    CHECK(tried.error().text.find("it rests after a hold that was lost") != std::string::npos);
}

TEST_CASE("WATCH-1: watchers of a lock are told of holders and of who waits") {
    const auto& c = unharmed();
    seen<std::pair<std::uint32_t, std::uint32_t>> told;
    const auto watching = c.peers[2].watch("a", [&](const lock_status& now) {
        told.add({now.holder_count, now.waiting});
    });
    REQUIRE(watching);
    const auto is_now = [&](std::uint32_t holders, std::uint32_t waiting) {
        return told.wait([&](const auto& all) {
            return !all.empty() && all.back() == std::pair{holders, waiting};
        });
    };
    CHECK(is_now(0, 0));
    auto mine = c.peers[0].lock("a");
    CHECK(is_now(1, 0));
    auto next = c.peers[1].lock_future("a", {.wait = 30s});
    CHECK(is_now(1, 1));
    CHECK(mine->release());
    CHECK(is_now(1, 0));
    (void)next.get();
    CHECK(is_now(0, 0));
}

TEST_CASE("a recursive mutex is locked again by the thread that has it, with the same token") {
    const auto& c = unharmed();
    recursive_mutex m{c.peers[0], "r"};
    const std::lock_guard first{m};
    const auto token = m.token();
    {
        const std::unique_lock again{m, std::try_to_lock};
        CHECK(again.owns_lock());
        CHECK(m.token() == token);
    }
    CHECK(m.is_valid());
    CHECK_FALSE(c.peers[1].try_lock("r"));
    std::thread{[&] {
        CHECK_FALSE(m.try_lock());  // another thread's
        CHECK(m.token() == holdfast::token{});
    }}.join();
    CHECK(m.try_lock_for(1s));
    m.unlock();
    m.unlock();
    CHECK_FALSE(m.is_valid());
    CHECK(c.peers[1].lock("r", {.wait = 10s}));
    m.lock();
}

TEST_CASE("several locks are taken all or none, in one order") {
    const auto& c = unharmed();
    auto both = c.peers[0].lock_all({"z", "a"}, {.wait = 10s});
    REQUIRE(both);
    REQUIRE(both->size() == 2);
    CHECK((*both)[0].name() == "z");
    CHECK((*both)[1].name() == "a");
    CHECK((*both)[0].is_valid());
    const auto refused = c.peers[1].lock_all({"b", "z"}, {.wait = 50ms});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::timed_out);
    CHECK(refused.error().text.starts_with("\"z\": "));
    CHECK(c.peers[2].lock("b", {.wait = 10s}));  // what was taken before it failed was released
    both->clear();
    CHECK(c.peers[1].lock_all({"b", "z", "a"}, {.wait = 10s}));
    CHECK(c.peers[1].lock_all({"b", "b"}).error().code == errc::bad_config);
    CHECK(c.peers[1].lock_all({})->empty());
}

TEST_CASE("several locks: who has lost one of them waits for no other") {
    const auto& c = unharmed();
    auto other = c.peers[1].lock("lost-b", {.wait = 10s});
    REQUIRE(other);
    auto both = std::async(std::launch::async, [&] {
        return c.peers[0].lock_all({"lost-a", "lost-b", "lost-c"});
    });
    std::optional<token> first;
    REQUIRE(comes_true([&] {
        const auto seen = c.peers[2].inspect("lost-a", 5s);
        first = seen && !seen->holders.empty() ? std::optional{seen->holders.front().token}
                                               : std::nullopt;
        return first.has_value();
    }));
    REQUIRE(c.peers[2].break_hold("lost-a", *first, {.who = "ann", .why = "a test", .wait = 10s}));
    const auto refused = both.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::broken);
    CHECK(refused.error().text == "\"lost-a\" was lost while others were waited for");
    CHECK(other->is_valid());
    CHECK(c.peers[2].lock("lost-a", {.wait = 10s}));
}

TEST_CASE("several locks: a stop request ends the wait, and what was granted is released") {
    const auto& c = unharmed();
    auto other = c.peers[1].lock("stop-b", {.wait = 10s});
    REQUIRE(other);
    std::stop_source stop;
    auto both = std::async(std::launch::async, [&] {
        return c.peers[0].lock_all({"stop-b", "stop-a"}, {.stop = stop.get_token()});
    });
    REQUIRE(comes_true([&] {
        const auto seen = c.peers[2].inspect("stop-a", 5s);
        return seen && seen->holder_count == 1;
    }));
    stop.request_stop();
    const auto refused = both.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::cancelled);
    CHECK(c.peers[2].lock("stop-a", {.wait = 10s}));
}

TEST_CASE("several locks: programs that name them in different orders never wait in a circle") {
    const auto& c = unharmed();
    const auto work = [&](std::size_t at, std::vector<std::string> names) {
        for (int i = 0; i < 50; ++i) {
            if (!c.peers[at].lock_all(names, {.wait = 20s})) {
                return false;
            }
        }
        return true;
    };
    auto first = std::async(std::launch::async, work, 0, std::vector<std::string>{"a", "b", "c"});
    auto second = std::async(std::launch::async, work, 1, std::vector<std::string>{"c", "b", "a"});
    auto third = std::async(std::launch::async, work, 2, std::vector<std::string>{"b", "c", "a"});
    CHECK(first.get());
    CHECK(second.get());
    CHECK(third.get());
}

TEST_CASE("an election is exclusive, a group is shared: another mode is refused") {
    const auto& c = unharmed();
    const auto term = c.peers[0].election("modes").campaign({.mode = lock_mode::shared()});
    REQUIRE_FALSE(term);
    CHECK(term.error().code == errc::bad_config);
    const auto member = c.peers[0].group("modes").join({.mode = lock_mode::permit(2)});
    REQUIRE_FALSE(member);
    CHECK(member.error().code == errc::bad_config);
    CHECK(c.peers[0].inspect("modes")->holder_count == 0);
}
