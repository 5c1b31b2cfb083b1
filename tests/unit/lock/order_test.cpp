// Who is next: PRIORITY, heirs, and DELAY.
#include "fixture.hpp"

using namespace lock_test;

namespace {

acquire_params with_priority(std::int32_t priority) {
    acquire_params w;
    w.priority = priority;
    return w;
}

token held_by(cluster& c, std::uint64_t n, acquire_params wanted = {}) {
    const auto before = c[n].granted.size();
    c.acquire(n, "a", std::move(wanted));
    c.run();
    REQUIRE(c[n].granted.size() == before + 1);
    return c[n].granted.back().token;
}

void waits(cluster& c, std::uint64_t n, std::int32_t priority) {
    c.acquire(n, "a", with_priority(priority));
    c.run();
}

/// The holders, one after another, until no request waits.
std::vector<std::pair<std::uint64_t, std::uint64_t>> served(cluster& c, std::uint64_t n, token t) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
    for (;;) {
        std::map<std::uint64_t, std::size_t> before;
        for (const auto& [id, p] : c.all) {
            before[id] = p->granted.size();
        }
        c.release(n, "a", t);
        c.run();
        std::optional<std::uint64_t> next;
        for (const auto& [id, p] : c.all) {
            if (p->granted.size() > before[id]) {
                next = id;
            }
        }
        if (!next) {
            return out;
        }
        n = *next;
        t = c[n].granted.back().token;
        out.emplace_back(n, c[n].granted.back().number.value);
    }
}

}  // namespace

TEST_CASE("PRIORITY: the higher first, of one priority who asked first") {
    cluster c;
    const auto t = held_by(c, 1);
    waits(c, 2, 0);
    waits(c, 3, -1);
    waits(c, 3, 1);
    waits(c, 2, 1);
    const auto order = served(c, 1, t);
    using list = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
    CHECK(order == list{{3, 2}, {2, 2}, {2, 1}, {3, 1}});
}

TEST_CASE("PRIORITY: the next owner has the same order, from the table") {
    cluster c;
    const auto t = held_by(c, 2);
    waits(c, 2, 0);
    waits(c, 3, 5);
    const auto s = c.next_view(3, {});
    for (const auto& [n, p] : c.all) {
        c.install_at(n, s);
    }
    c.run();
    waits(c, 1, 3);
    const auto order = served(c, 2, t);
    REQUIRE(order.size() == 3);
    CHECK(order[0].first == 3);
    CHECK(order[1].first == 1);
    CHECK(order[2].first == 2);
}

TEST_CASE("PRIORITY: a holder's heir goes before all; one that does not wait changes nothing") {
    cluster c;
    auto t = held_by(c, 1);
    waits(c, 2, 9);
    waits(c, 3, 0);
    release_params to_third;
    to_third.heir = peer(3);
    c.release(1, "a", t, to_third);
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    CHECK(c[2].granted.empty());
    t = c[3].granted[0].token;
    release_params to_nobody;
    to_nobody.heir = peer(1);
    c.release(3, "a", t, to_nobody);
    c.run();
    CHECK(c[2].granted.size() == 1);
    CHECK(c[1].granted.size() == 1);
}

TEST_CASE(
    "PRIORITY: an heir that must still wait is not overtaken, and no other is because of it") {
    cluster c;
    acquire_params reads;
    reads.terms.mode = lock_mode::shared();
    const auto first = held_by(c, 1, reads);
    const auto second = held_by(c, 2, reads);
    c.acquire(3, "a", with_priority(-1));  // the heir to be, a writer
    c.run();
    waits(c, 2, 0);
    release_params to_third;
    to_third.heir = peer(3);
    c.release(1, "a", first, to_third);
    c.run();
    waits(c, 1, 0);
    waits(c, 1, 9);
    c.release(2, "a", second);
    c.run();
    REQUIRE(c[3].granted.size() == 1);
    const auto order = served(c, 3, c[3].granted[0].token);
    using list = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
    CHECK(order == list{{1, 3}, {2, 2}, {1, 2}});
}

TEST_CASE("DELAY: after a hold that was lost the lock is not granted for so long") {
    cluster c;
    acquire_params slow;
    slow.terms.delay = 500ms;
    const auto t = held_by(c, 2, slow);
    SECTION("its lease ran out") {
        c[2].as_holder.set_leased(false, c.now);
        c.drain(2);
        c.run();
        waits(c, 3, 0);
        c.acquire(1, "a", true);
        c.run();
        CHECK(c[1].failed.size() == 1);
        c.pass(450ms);
        CHECK(c[3].granted.empty());
        c.pass(100ms);
        CHECK(c[3].granted.size() == 1);
    }
    SECTION("it died, counted from when its lease is void") {
        waits(c, 3, 0);
        c.kill(2);
        const auto s = c.next_view(1, {2}, 300ms);
        c.install_at(1, s);
        c.install_at(3, s);
        c.pass(750ms);
        CHECK(c[3].granted.empty());
        c.pass(100ms);
        CHECK(c[3].granted.size() == 1);
    }
    SECTION("and the next owner waits for what is left") {
        c[2].as_holder.set_leased(false, c.now);
        c.drain(2);
        c.run();
        c.pass(200ms);
        const auto s = c.next_view(3, {});
        for (const auto& [n, p] : c.all) {
            c.install_at(n, s);
        }
        waits(c, 3, 0);
        c.pass(200ms);
        CHECK(c[3].granted.empty());
        c.pass(150ms);
        CHECK(c[3].granted.size() == 1);
    }
    SECTION("not after a release") {
        c.release(2, "a", t);
        waits(c, 3, 0);
        CHECK(c[3].granted.size() == 1);
    }
    SECTION("and not for ever, where no request waits") {
        c[2].as_holder.set_leased(false, c.now);
        c.drain(2);
        c.run();
        c.pass(600ms);
        waits(c, 3, 0);
        CHECK(c[3].granted.size() == 1);
    }
}
