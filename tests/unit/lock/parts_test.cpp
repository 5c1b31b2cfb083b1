// Parts of owner and holder that decide nothing by themselves.
#include "base/pace.hpp"
#include "catch.hpp"
#include "lock/gathers.hpp"
#include "lock/hold_end.hpp"
#include "lock/hold_limits.hpp"
#include "lock/pending_requests.hpp"
#include "lock/subscriptions.hpp"
#include "lock/tenures.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lock;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

slot only_slot(std::string_view) { return {7}; }

tenure gained_in(std::uint64_t number) {
    tenure t;
    t.gained = {number};
    return t;
}

std::vector<std::uint16_t> slots_of(const tenures& all) {
    std::vector<std::uint16_t> out;
    all.for_each([&](slot s, const tenure&) { out.push_back(s.value); });
    return out;
}

}  // namespace

TEST_CASE("tenures: a slot is found by its number, and they come in the order of the slots") {
    tenures all{only_slot};
    CHECK(all.find({0}) == nullptr);
    auto& nine = all.add({9}, gained_in(1));
    all.add({7}, gained_in(2));
    all.add({300}, gained_in(3));
    CHECK(all.find({9}) == &nine);  // it stays where it is
    CHECK(all.find({8}) == nullptr);
    CHECK(slots_of(all) == std::vector<std::uint16_t>{7, 9, 300});
    all.erase({7});
    CHECK(all.find({7}) == nullptr);
    CHECK(all.find({9}) == &nine);
    all.add({8}, gained_in(4));
    CHECK(slots_of(all) == std::vector<std::uint16_t>{8, 9, 300});
    CHECK(all.find({8})->gained == view_number{4});
    CHECK(all.size() == 3);
    all.invariants();
    const auto copy = all;
    CHECK(copy.find({9}) != all.find({9}));
    CHECK(copy.find({9})->gained == view_number{1});
}

TEST_CASE("tenures: a lock is found only in a slot that is served") {
    tenures all{only_slot};
    auto& t = all.add({7}, gained_in(1));
    CHECK(all.serving({7}) == nullptr);
    t.state = tenure::serving{};
    t.table["a"].queue.insert({"a", peer(1), {1}});
    CHECK(all.find_lock("a") == &t.table["a"]);
    CHECK(all.find_lock("b") == nullptr);
    t.table.clear();
    t.state = tenure::gathering{};
    CHECK(all.find_lock("a") == nullptr);
}

TEST_CASE("a hold is stuck once, until there is progress") {
    acquire_params wanted;
    wanted.progress_timeout = 2s;
    hold_limits mine{wanted, at(10s)};
    using verdict = hold_limits::verdict;
    CHECK(mine.next() == at(12s));
    CHECK(mine.check(at(11s)) == verdict::within);
    CHECK(mine.check(at(12s)) == verdict::stuck);
    CHECK(mine.check(at(13s)) == verdict::within);
    CHECK_FALSE(mine.next());
    mine.progress(at(13s));
    CHECK(mine.next() == at(15s));
    CHECK(mine.check(at(15s)) == verdict::stuck);
}

TEST_CASE("a hold is too long when max_hold is over, whatever its progress") {
    acquire_params wanted;
    wanted.max_hold = 3s;
    wanted.progress_timeout = 2s;
    hold_limits mine{wanted, at(10s)};
    mine.progress(at(12s));
    CHECK(mine.next() == at(13s));
    CHECK(mine.check(at(13s)) == hold_limits::verdict::too_long);
    hold_limits none{{}, at(10s)};
    none.progress(at(11s));
    CHECK_FALSE(none.next());
    CHECK(none.check(at(1000s)) == hold_limits::verdict::within);
}

TEST_CASE("requests: the earlier of the next try and the end of patience is due first") {
    pending_requests all;
    acquire_params patient;
    patient.until = at(9s);
    const auto first = all.add("a", patient);
    const auto second = all.add("b", {});
    first->second.again = base::retry{at(5s), 1};
    all.schedule(first);
    all.schedule(second);
    CHECK(all.deadline() == at(5s));
    CHECK(all.due(at(4s)).empty());
    CHECK(all.due(at(5s)) == std::vector<request_number>{first->first});
    first->second.again.reset();  // it waits for a lease
    all.schedule(first);
    CHECK(all.deadline() == at(9s));
    second->second.again = base::retry{at(2s), 0};
    all.schedule(second);
    CHECK(all.due(at(3s)) == std::vector<request_number>{second->first});
    all.invariants();
    CHECK(all.remove(second).name == "b");
    CHECK(all.deadline() == at(9s));
    all.invariants();
}

TEST_CASE("requests: under a fresh number the caller still knows it by the old one") {
    pending_requests all;
    const auto at_first = all.add("a", {});
    const auto caller = at_first->first;
    all.add("b", {});
    const auto now = all.renumber(at_first);
    CHECK(now->first.value == 3);
    CHECK(now->second.name == "a");
    CHECK(all.find(caller) == all.end());
    CHECK(all.find_caller(caller) == now);
    CHECK(all.lowest() == request_number{2});
    all.invariants();
}

TEST_CASE("WATCH-1: an old state and the answer to an earlier watch are no news") {
    using heard = subscriptions::heard;
    subscriptions all;
    CHECK(all.hear({"a", {1}, 1, 1, {}}) == heard::not_watched);
    REQUIRE(all.add("a") != nullptr);
    CHECK(all.add("a") == nullptr);
    REQUIRE(all.remove("a"));
    CHECK_FALSE(all.remove("a"));
    auto* one = all.add("a");
    REQUIRE(one != nullptr);
    CHECK(one->what.number == 2);
    one->registered_in = {3};
    one->is_answered = false;
    CHECK(all.hear({"a", {3}, 1, 1, {}}) == heard::old);   // of the first watch
    CHECK(all.hear({"a", {2}, 9, 2, {}}) == heard::news);  // from the owner before
    CHECK_FALSE(one->is_answered);
    CHECK(all.hear({"a", {3}, 1, 2, {}}) == heard::news);
    CHECK(one->is_answered);
    CHECK(all.hear({"a", {3}, 1, 2, {}}) == heard::old);
    CHECK(all.hear({"a", {2}, 99, 2, {}}) == heard::old);
    CHECK(all.hear({"a", {3}, 2, 2, {}}) == heard::news);
}

TEST_CASE("FATE: what the next holder is told after each end of a hold") {
    granted_hold h;
    h.what = {"a", token::make({5}, 1), peer(1), {1}, {"note", {}}};
    h.holder_name = "one";
    const previous_hold before{end_reason::died, token::make({4}, 1), peer(9), "nine", "", "kept"};
    release done{"a", h.what.token, ending::declined, true, false, {}};
    CHECK_FALSE(end_of(done));
    done.how = ending::released;
    const auto clean = remembered_after(h, *end_of(done), before);
    CHECK(clean.how == end_reason::released);
    CHECK(clean.holder == peer(1));
    CHECK(clean.holder_name == "one");
    CHECK(clean.value == "kept");
    done.is_consistent = false;
    done.gives_value = true;
    done.value = "new";
    const auto unclean = remembered_after(h, *end_of(done), before);
    CHECK(unclean.how == end_reason::died);  // still that of the one before
    CHECK(unclean.holder == peer(9));
    CHECK(unclean.value == "new");
    CHECK(remembered_after(h, *end_of(done), {}).how == end_reason::unknown);
    done.how = ending::expired;
    CHECK(remembered_after(h, *end_of(done), before).how == end_reason::expired);
    done.how = ending::broken;
    CHECK(remembered_after(h, *end_of(done), before).how == end_reason::broken);
}

namespace {

/// A new owner that has asked peers 2 and 3 for four slots.
struct asking {
    base::settings settings;
    base::pace pace{settings, 1};
    gathers mine{settings, pace};
    view v;
    owner_outbox out;

    asking() {
        v.number = {5};
        for (std::uint64_t n = 2; n <= 3; ++n) {
            member m;
            m.id = peer(n);
            m.since = {1};
            v.members.push_back(m);
        }
        for (std::uint16_t s = 1; s <= 4; ++s) {
            mine.want({s}, v.number, {50}, false);
        }
        mine.ask_wanted(v, at(0s), out);
    }
    /// What it has sent since, as (slots, attempt), to whichever of the two.
    std::vector<std::pair<std::size_t, unsigned>> asks() {
        std::vector<std::pair<std::size_t, unsigned>> all;
        while (auto o = out.next()) {
            const auto& s = std::get<lock::send>(*o);
            all.emplace_back(std::get<gather>(std::get<to_holder>(s.what)).slots.size(), s.attempt);
        }
        return all;
    }
    bool hears(std::uint64_t from, const report& given) {
        return mine.hear(peer(from), given, v, at(1s), out);
    }
};

}  // namespace

TEST_CASE("LOAD-5: after a report that was too large each half is asked for by stream at once") {
    asking a;
    using sent = std::vector<std::pair<std::size_t, unsigned>>;
    CHECK(a.asks() == sent{{4, 0}, {4, 0}});
    CHECK_FALSE(a.hears(2, {{5}, 1, 1, true, {}}));
    CHECK(a.asks() == sent{{2, 1}, {2, 1}, {2, 1}, {2, 1}});
    a.mine.invariants();
}

TEST_CASE("OWN-8: a report that is too large, and older than one that was heard, halves nothing") {
    asking a;
    (void)a.asks();
    CHECK(a.hears(2, {{5}, 1, 2, false, {}}));
    CHECK_FALSE(a.hears(2, {{5}, 1, 1, true, {}}));
    CHECK(a.asks().empty());
    CHECK_FALSE(a.hears(2, {{5}, 1, 3, true, {}}));  // and a later one does
    CHECK(a.asks().size() == 4);
}
