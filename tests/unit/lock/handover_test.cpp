#include <set>

#include "fixture.hpp"

using namespace lock_test;

TEST_CASE("OWN-3: tables that are too much for one message go in several, and all of it arrives") {
    const quick_checks quick;
    cluster c;
    // In each of three slots a third of what one message takes, and a little more.
    const std::string tail(base::limits::name - 8, 'x');
    const std::string note(base::limits::note, 'n');
    const auto each = bytes_in_a_message / (base::limits::name + base::limits::note) / 2;
    for (std::size_t i = 0; i < 3 * each; ++i) {
        auto number = std::to_string(i);
        number.insert(0, 7 - number.size(), '0');
        (void)c[2].as_holder.acquire(std::string(1, static_cast<char>('0' + i % 3)) + number + tail,
                                     {.terms = {note, {}}}, c.now);
    }
    c.drain(2);
    c.run();
    REQUIRE(c[2].granted.size() == 3 * each);
    const auto s = c.next_view(3, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    CHECK(c.count<table>() > 1);
    std::multiset<std::uint16_t> slots;
    for (const auto& k : c.wire) {
        if (const auto* t = base::get_message_if<table>(k.what)) {
            for (const auto& one : t->slots) {
                slots.insert(one.slot.value);
            }
        }
    }
    CHECK(slots.size() == 10);  // each once
    c.run();
    CHECK(c[3].as_owner.holds().size() == 3 * each);
    CHECK(c[1].as_owner.holds().empty());
}

TEST_CASE("OWN-5: a hold in a table whose holder was removed meanwhile ends at its void_at") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    const auto moved = c.next_view(2, {});
    const auto removed = c.next_view(2, {3}, 500ms);
    for (const std::uint64_t n : {1, 2}) {
        c.install_at(n, moved);
    }
    const auto late = c.take<table>();
    c.wire.clear();
    c.kill(3);
    for (const std::uint64_t n : {1, 2}) {
        c.install_at(n, removed);
    }
    c.deliver(late);
    CHECK(c[2].as_owner.holds().size() == 1);
    c.pass(480ms);
    CHECK(c[2].as_owner.holds().size() == 1);
    c.pass(40ms);
    CHECK(c[2].as_owner.holds().empty());
}

TEST_CASE("WATCH-1: who registers before the table has come is told the state when it has") {
    cluster c;
    c.acquire(2, "a");
    c.run();
    const auto s = c.next_view(3, {});
    for (std::uint64_t n = 1; n <= 3; ++n) {
        c.install_at(n, s);
    }
    const auto late = c.take<table>();
    c.wire.clear();
    c[2].as_holder.watch_lock("a", c.now);
    c.drain(2);
    c.deliver(c.take<watch>());
    CHECK(c.count<lock_state>() == 0);
    c.deliver(late);
    const auto told = the<lock_state>(c.take<lock_state>().what);
    REQUIRE(told.summary.held.size() == 1);
    CHECK(told.summary.held.front().holder == peer(2));
}

TEST_CASE(
    "OWN-3: an owner that passes a table on and is removed before it has it lets it be gathered") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    const auto to_second = c.next_view(2, {});
    const auto to_third = c.next_view(3, {});
    const auto without_third = c.next_view(1, {3}, 0ms);
    c.install_at(2, to_second);
    c.install_at(2, to_third);  // the table is on its way from 1, to be passed on to 3
    c.install_at(1, to_second);
    const auto late = c.take<table>();
    c.wire.clear();
    c.install_at(2, without_third);
    c.deliver(late);
    CHECK(c.count<table>() == 0);  // no member is left to have it
    CHECK(c.count<table_ack>() == 1);
}

TEST_CASE("OWN-3: who was to pass a table on says that there is none once its source is removed") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    const auto to_second = c.next_view(2, {});
    const auto to_third = c.next_view(3, {});
    const auto without_first = c.next_view(3, {1}, 0ms);
    for (const std::uint64_t n : {2, 3}) {
        c.install_at(n, to_second);
        c.install_at(n, to_third);  // 3 waits for 2, which waits for 1
    }
    CHECK(c.wire.empty());
    c.kill(1);
    for (const std::uint64_t n : {2, 3}) {
        c.install_at(n, without_first);
    }
    const auto word = c.take<no_table>();
    CHECK(word.to == peer(3));
    c.deliver(word);
    CHECK(c.count<gather>() > 0);
    c.run();
    CHECK(c[3].as_owner.holds().size() == 1);
}

TEST_CASE("OWN-3: who was to pass a table on passes on the word that there is none") {
    cluster c;
    const auto to_second = c.next_view(2, {});
    const auto to_third = c.next_view(3, {});
    for (const auto& s : {to_second, to_third}) {
        c.install_at(2, s);
        c.install_at(3, s);
    }
    c.deliver({peer(3), peer(2), no_table{to_second.now->number, {{0}}, {}}});
    CHECK(c.count<no_table>() == 0);  // it comes from another member
    c.deliver({peer(1), peer(2), no_table{to_second.now->number, {{0}}, {}}});
    const auto word = c.take<no_table>();
    CHECK(word.to == peer(3));
    CHECK(the<no_table>(word.what).to_view == to_third.now->number);
    CHECK(the<no_table>(word.what).slots == std::vector<slot>{{0}});
}

TEST_CASE(
    "NET-3: a table or a word that there is none, for a view not installed here, is left for its "
    "next copy") {
    cluster c;
    c.acquire(3, "a");
    c.run();
    const auto s = c.next_view(2, {});
    c.install_at(1, s);
    const auto early = c.take<table>();
    c.deliver(early);
    c.deliver({peer(1), peer(2), no_table{s.now->number, {{0}}, {}}});
    CHECK(c.count<table_ack>() == 0);
    c.install_at(2, s);
    c.deliver(early);
    CHECK(c.count<table_ack>() == 1);
    CHECK(c[2].as_owner.holds().size() == 1);
}
