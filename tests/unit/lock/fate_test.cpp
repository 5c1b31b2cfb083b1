// FATE: what became of the holder before, and the value it left.
#include "fixture.hpp"
#include "lock/former_holds.hpp"

using namespace lock_test;

namespace {

/// It asks, and is granted the lock at once or when the others are done.
const previous_hold& take(cluster& c, std::uint64_t n, const std::string& name = "a") {
    c.acquire(n, name);
    c.run();
    REQUIRE_FALSE(c[n].granted.empty());
    return c[n].granted.back().before;
}
/// As the fixture is before it has waited (FOUND-1).
void begin_anew(cluster& c) {
    for (auto& [n, p] : c.all) {
        p = std::make_unique<participant>(c.settings, n);
        p->as_owner.set_leased(true, c.now);
        p->as_holder.set_leased(true, c.now);
        c.install_at(n, {std::make_shared<const view>(c.v), nullptr, c.map, {}, true});
    }
}

}  // namespace

TEST_CASE(
    "FATE: the first holder is told of none, the next of the one that released, with name, token, "
    "note "
    "and value") {
    cluster c;
    CHECK(take(c, 2).how == end_reason::none);
    const auto first = c[2].granted.back().token;
    c.give_back(2, {false, "seven"});
    const auto before = take(c, 3);
    CHECK(before.how == end_reason::released);
    CHECK(before.is_clean());
    CHECK(before.token == first);
    CHECK(before.holder == peer(2));
    CHECK(before.holder_name == c.v.find(peer(2))->name);
    CHECK(before.value == "seven");
    SECTION("a holder that leaves no value leaves the one that it found") {
        c.give_back(3);
        CHECK(take(c, 2).value == "seven");
    }
    SECTION("unless it leaves an empty one") {
        c.give_back(3, {false, ""});
        CHECK(take(c, 2).value.empty());
    }
}

TEST_CASE("FATE: a lease that ran out is told until a holder says that all is well") {
    cluster c;
    take(c, 2);
    const auto lost = c[2].granted.back().token;
    c[2].as_holder.set_leased(false, c.now);
    c.drain(2);
    c.run();
    c[2].as_holder.set_leased(true, c.now);
    auto before = take(c, 3);
    CHECK(before.how == end_reason::expired);
    CHECK(before.token == lost);
    CHECK_FALSE(before.is_clean());
    c.give_back(3, {false, "half"});
    before = take(c, 2);
    CHECK(before.how == end_reason::expired);
    CHECK(before.token == lost);
    CHECK(before.value == "half");
    c.give_back(2, {true, {}});
    before = take(c, 3);
    CHECK(before.how == end_reason::released);
    CHECK(before.value == "half");
}

TEST_CASE("FATE: a holder that was removed has died, a broken one was broken") {
    cluster c;
    take(c, 3);
    SECTION("died") {
        c.kill(3);
        const auto s = c.next_view(1, {3}, 0ms);
        c.install_at(1, s);
        c.install_at(2, s);
        c.run();
        const auto before = take(c, 2);
        CHECK(before.how == end_reason::died);
        CHECK(before.holder == peer(3));
        CHECK_FALSE(before.holder_name.empty());  // though no view names it any more
    }
    SECTION("broken") {
        c.deliver({peer(1), peer(3), break_hold{"a", c[3].granted.back().token, {1}}});
        c.run();
        CHECK(take(c, 2).how == end_reason::broken);
    }
}

TEST_CASE("FATE: a grant that was given back was no hold") {
    cluster c;
    take(c, 2);
    c.give_back(2);
    const auto number = c.acquire(3, "a");
    const auto on_its_way = c.wire;
    c[3].as_holder.cancel(number, c.now);
    c.drain(3);
    for (const auto& k : on_its_way) {
        c.deliver(k);  // the request arrives before the cancel
    }
    c.run();
    REQUIRE(c[3].granted.empty());
    const auto before = take(c, 2);
    CHECK(before.how == end_reason::released);
    CHECK(before.holder == peer(2));
}

TEST_CASE("FATE: shared holds and permits leave none") {
    cluster c;
    take(c, 2);
    c.give_back(2);
    c.acquire(3, "a", false, {}, lock_mode::shared());
    c.run();
    CHECK(c[3].granted.back().before.holder == peer(2));
    c[3].as_holder.set_leased(false, c.now);
    c.drain(3);
    c.run();
    CHECK(take(c, 2).how == end_reason::released);
}

TEST_CASE("FATE: it moves with the slot, and is lost with the owner") {
    cluster c;
    take(c, 3);
    c[3].as_holder.set_leased(false, c.now);
    c.drain(3);
    c.run();
    c[3].as_holder.set_leased(true, c.now);
    const auto s = c.next_view(2, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    c.run();
    CHECK(take(c, 1).how == end_reason::expired);
    c.give_back(1);
    CHECK(take(c, 1, "b").how == end_reason::none);  // of other locks nothing bad is known
    c.give_back(1, {}, "b");
    c.kill(2);
    const auto without = c.next_view(1, {2}, 0ms);
    c.install_at(1, without);
    c.install_at(3, without);
    c.run();
    c.pass(1200ms);
    CHECK(take(c, 3).how == end_reason::unknown);
    c.give_back(3);
    CHECK(take(c, 1).how == end_reason::unknown);  // no holder has said that all is well
    c.give_back(1, {true, {}});
    CHECK(take(c, 3).how == end_reason::released);
    CHECK(take(c, 3, "b").how == end_reason::unknown);
}

TEST_CASE("FATE: of a slot that moves before any owner has served it nothing bad is known") {
    cluster c;
    begin_anew(c);
    c.run();
    const auto to_second = c.next_view(2, {});
    const auto to_third = c.next_view(3, {});
    SECTION("also when it moves twice") {
        for (std::uint64_t n = 1; n <= 3; ++n) {
            c.install_at(n, to_second);
            c.install_at(n, to_third);
        }
        c.run();
        c.pass(1200ms);
        CHECK(take(c, 1).how == end_reason::none);
        CHECK(c[3].as_owner.holds().size() == 1);
    }
    SECTION("but not when its first owner is gone without a word") {
        c.kill(1);
        const auto without_first = c.next_view(3, {1}, 0ms);
        for (const std::uint64_t n : {2, 3}) {
            c.install_at(n, to_second);
            c.install_at(n, to_third);
            c.install_at(n, without_first);
        }
        c.run();
        c.pass(1200ms);
        CHECK(take(c, 2).how == end_reason::unknown);
    }
}

TEST_CASE("FATE: an owner forgets what ended well first, and knows when it has forgotten more") {
    cluster c;
    c.settings.most_pasts = 2;
    begin_anew(c);
    c.run();
    c.pass(1100ms);
    const auto lose = [&](const std::string& name) {
        take(c, 2, name);
        c[2].as_holder.set_leased(false, c.now);
        c.drain(2);
        c.run();
        c[2].as_holder.set_leased(true, c.now);
    };
    lose("a");
    for (const auto* name : {"b", "c", "d"}) {
        take(c, 3, name);
        c.give_back(3, {}, name);
    }
    CHECK(take(c, 3).how == end_reason::expired);
    c.give_back(3);
    CHECK(take(c, 3, "b").how == end_reason::none);  // it was released, and that is forgotten
    c.give_back(3, {}, "b");
    lose("b");
    lose("c");  // "a" is forgotten
    CHECK(take(c, 3).how == end_reason::unknown);
    CHECK(take(c, 3, "d").how == end_reason::unknown);  // it cannot know that of "d" any more
    CHECK(take(c, 3, "c").how == end_reason::expired);
}

TEST_CASE("pasts: of one slot, those first that did not end well") {
    former_holds all{10};
    const auto ended = [](end_reason how) { return previous_hold{how, {7}, peer(1), {}, {}, {}}; };
    CHECK_FALSE(all.keep({1}, "a", ended(end_reason::released)));
    CHECK_FALSE(all.keep({1}, "b", ended(end_reason::died)));
    CHECK_FALSE(all.keep({2}, "a", ended(end_reason::died)));
    const auto of_1 = all.of({1});
    REQUIRE(of_1.size() == 2);
    CHECK(of_1[0].first == "b");
    CHECK_FALSE(all.keep({1}, "b", ended(end_reason::released)));
    CHECK(all.size() == 3);
    CHECK(all.find({1}, "b")->how == end_reason::released);
    all.forget({1});
    CHECK(all.size() == 1);
    CHECK(all.find({1}, "a") == nullptr);
    CHECK(all.find({2}, "a") != nullptr);
}
