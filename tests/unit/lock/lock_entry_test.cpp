// One lock at its owner: room, order, summaries.
#include "lock/lock_entry.hpp"

#include <limits>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lock;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

granted_hold held_in(lock_mode mode, std::uint64_t by = 1) {
    granted_hold h;
    h.what = {"a", token::make({5}, static_cast<std::uint32_t>(by)), peer(by), {by}, {{}, mode}};
    return h;
}

waiter waiting(std::uint64_t by, std::int32_t priority = 0, lock_mode mode = {}) {
    return {"a", peer(by), {by}, {{}, mode}, priority};
}

std::vector<std::uint64_t> order_of(const lock_entry& e) {
    std::vector<std::uint64_t> out;
    e.queue.for_each([&](const waiter& w) { out.push_back(w.number.value); });
    return out;
}

}  // namespace

TEST_CASE("MODES: a hold has room beside those that it goes with") {
    const auto exclusive = lock_mode::exclusive();
    const auto shared = lock_mode::shared();
    const auto one_of_2 = lock_mode::permit(2);
    const auto one_of_3 = lock_mode::permit(3);
    struct row {
        std::vector<lock_mode> held;
        lock_mode wanted;
        bool has_room;
    };
    const std::vector<row> table{
        {{}, exclusive, true},
        {{}, shared, true},
        {{}, one_of_2, true},
        {{}, lock_mode::permit(1), true},
        {{exclusive}, exclusive, false},
        {{exclusive}, shared, false},
        {{exclusive}, one_of_2, false},
        {{shared}, exclusive, false},
        {{shared}, shared, true},
        {{shared, shared, shared}, shared, true},
        {{shared}, one_of_2, false},
        {{one_of_2}, exclusive, false},
        {{one_of_2}, shared, false},
        {{one_of_2}, one_of_2, true},
        {{one_of_2, one_of_2}, one_of_2, false},
        {{one_of_3}, one_of_2, false},
        {{one_of_3, one_of_3}, one_of_3, true},
        {{lock_mode::permit(1)}, lock_mode::permit(1), false},
    };
    for (std::size_t i = 0; i < table.size(); ++i) {
        INFO("row " << i);
        lock_entry e;
        for (const auto& mode : table[i].held) {
            e.held.add(held_in(mode, e.held.size() + 1));
        }
        CHECK(e.has_room(table[i].wanted) == table[i].has_room);
    }
}

TEST_CASE("PRIORITY: a waiter goes behind all of its own priority and above") {
    lock_entry e;
    e.queue.insert(waiting(1));
    e.queue.insert(waiting(2, 5));
    e.queue.insert(waiting(3));
    e.queue.insert(waiting(4, 5));
    e.queue.insert(waiting(5, -1));
    e.queue.insert(waiting(6, 2));
    CHECK(order_of(e) == std::vector<std::uint64_t>{2, 4, 6, 1, 3, 5});
}

TEST_CASE("PRIORITY: an heir goes first, and before those that come later") {
    lock_entry e;
    e.queue.insert(waiting(1, 9));
    e.queue.insert(waiting(2));
    e.queue.insert(waiting(3));
    e.queue.move_to_front(peer(3));
    CHECK(order_of(e) == std::vector<std::uint64_t>{3, 1, 2});
    e.queue.insert(waiting(4, std::numeric_limits<std::int32_t>::max()));
    CHECK(order_of(e) == std::vector<std::uint64_t>{3, 4, 1, 2});
    e.queue.move_to_front(peer(7));  // it does not wait
    CHECK(order_of(e) == std::vector<std::uint64_t>{3, 4, 1, 2});
}

TEST_CASE("only the waiter that is meant is removed") {
    lock_entry e;
    e.queue.insert(waiting(1));
    e.queue.insert(waiting(2));
    CHECK(e.queue.has(peer(1), {1}));
    CHECK_FALSE(e.queue.has(peer(1), {2}));
    CHECK_FALSE(e.queue.remove(peer(1), {2}));
    CHECK_FALSE(e.queue.remove(peer(2), {1}));
    CHECK(e.queue.remove(peer(1), {1}));
    CHECK(order_of(e) == std::vector<std::uint64_t>{2});
}

TEST_CASE("LIMIT: permits of another number contradict, held or waiting") {
    lock_entry e;
    CHECK_FALSE(e.contradicts(lock_mode::permit(2)));
    e.queue.insert(waiting(1, 0, lock_mode::permit(3)));
    CHECK(e.contradicts(lock_mode::permit(2)));
    CHECK_FALSE(e.contradicts(lock_mode::permit(3)));
    CHECK_FALSE(e.contradicts(lock_mode::shared()));
    e.queue.clear();
    e.held.add(held_in(lock_mode::permit(3)));
    CHECK(e.contradicts(lock_mode::permit(2)));
    CHECK_FALSE(e.contradicts(lock_mode::exclusive()));
}

TEST_CASE("the time of the first waiter runs from when it became the first") {
    lock_entry e;
    e.note_first(at(1s));
    CHECK_FALSE(e.first);
    e.queue.insert(waiting(1));
    e.note_first(at(2s));
    e.queue.insert(waiting(2));
    e.note_first(at(3s));
    REQUIRE(e.first);
    CHECK(e.first->since == at(2s));
    REQUIRE(e.queue.remove(peer(1), {1}));
    e.note_first(at(4s));
    REQUIRE(e.first);
    CHECK(e.first->number == request_number{2});
    CHECK(e.first->since == at(4s));
    e.queue.clear();
    e.note_first(at(5s));
    CHECK_FALSE(e.first);
}

TEST_CASE("a summary counts all holders and tells the oldest") {
    lock_entry e;
    for (std::uint64_t n = 1; n <= most_told + 3; ++n) {
        e.held.add(held_in(lock_mode::shared(), n));
    }
    e.queue.insert(waiting(99));
    const auto told = e.summary();
    CHECK(told.holders == most_told + 3);
    CHECK(told.waiting == 1);
    REQUIRE(told.held.size() == most_told);
    CHECK(told.held.front().holder == peer(1));
    CHECK(told.held.back().holder == peer(most_told));
}
