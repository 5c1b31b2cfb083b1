#include "view/change_acceptor.hpp"

#include "catch.hpp"
#include "fixture.hpp"

using namespace view_test;

namespace {

struct voting {
    base::settings settings;
    set_environment surroundings;
    change_acceptor part{settings, surroundings};
    membership_hints hints{settings, surroundings};
    view current = made_up::first_view(3, 1);
    base::shared_slot_map map = surroundings.first_map(current);
    ballot low{1, 0, peer(1)};
    ballot high{1, 1, peer(2)};
    base::time_point now = at(1h);
    std::int64_t wall_s = 1000;

    bool is_sound(const change& c) {
        return part.is_sound({c.number, low, c}, current, map, {now, wall_s});
    }
};

}  // namespace

TEST_CASE_METHOD(voting, "what is below the promise is neither promised nor accepted") {
    CHECK(part.prepare(high));
    CHECK_FALSE(part.prepare(low));
    CHECK_FALSE(part.may_accept(low));
    CHECK(part.may_accept(high));
    CHECK(part.promised() == high);
    part.installed(now);
    CHECK(part.may_accept(low));
}

TEST_CASE_METHOD(voting, "a value is sound if it follows from the view and has its checksum") {
    auto c = empty_change(current);
    CHECK(is_sound(c));
    SECTION("CHECKSUM") { ++c.checksum; }
    SECTION("no member is removed") { c.removed = {peer(77)}; }
    SECTION("VIEW-1: the epoch does not rise") { c.epoch = current.epoch; }
    SECTION("VIEW-1: two views at once") { c.number = c.number.next(); }
    CHECK_FALSE(is_sound(c));
}

TEST_CASE_METHOD(voting, "a value of another number than its message is not sound") {
    const auto c = empty_change(current);
    CHECK_FALSE(part.is_sound({c.number.next(), low, c}, current, map, {now, wall_s}));
}

TEST_CASE_METHOD(voting,
                 "VIEW-11: no second is waited for if all who fill seats have a state_dir") {
    part.installed(now);
    auto c = empty_change(current);
    c.epoch = {static_cast<std::uint32_t>(wall_s) + 61};
    CHECK_FALSE(is_sound(c));
    for (std::size_t i = 0; i < 3; ++i) {
        current.members[i].has_state_dir = true;
    }
    CHECK(is_sound(c));  // the fourth member fills no seat
    SECTION("a seat that had none before") {
        current.members[1].has_state_dir = false;
        CHECK_FALSE(is_sound(c));
        SECTION("even if it has one after") {
            auto other = made_up::member(9);
            other.address = made_up::address(2);
            other.has_state_dir = true;
            c.added = {other};
            c.removed = {peer(2)};
            c.seats = {{1, peer(9)}};
            CHECK_FALSE(is_sound(c));
        }
    }
    SECTION("a seat that has none after") {
        auto other = made_up::member(9);
        other.address = made_up::address(2);
        c.added = {other};
        c.removed = {peer(2)};
        c.seats = {{1, peer(9)}};
        CHECK_FALSE(is_sound(c));
        c.added[0].has_state_dir = true;
        CHECK(is_sound(c));
    }
    SECTION("a seat that falls vacant") {
        c.removed = {peer(2)};
        c.seats = {{1, {}}};
        CHECK(is_sound(c));
    }
}

TEST_CASE_METHOD(voting,
                 "VIEW-1: an epoch runs ahead of the wall clock by a second for each view") {
    part.installed(now);
    auto c = empty_change(current);
    c.epoch = {static_cast<std::uint32_t>(wall_s) + 60};
    CHECK(is_sound(c));
    c.epoch = {static_cast<std::uint32_t>(wall_s) + 61};
    CHECK_FALSE(is_sound(c));
    now += 1s;
    CHECK(is_sound(c));
}

TEST_CASE_METHOD(voting, "LEASE-1: an accepted value blocks the leases of those it removes") {
    CHECK_FALSE(part.blocks_lease_of(peer(4)));
    auto c = empty_change(current);
    c.removed = {peer(4)};
    part.accept(low, c);
    CHECK(part.blocks_lease_of(peer(4)));
    CHECK_FALSE(part.blocks_lease_of(peer(2)));
    SECTION("a change of seats blocks all") {
        c.seats = {{2, {}}};
        part.accept(high, c);
        CHECK(part.blocks_lease_of(peer(2)));
    }
    part.installed(now);
    CHECK_FALSE(part.blocks_lease_of(peer(4)));
}

TEST_CASE_METHOD(voting, "LEASE-4: a voter tells when it last acked those that are removed") {
    surroundings.silences = {{peer(3), 1s}, {peer(4), 2s}};
    auto c = empty_change(current);
    c.removed = {peer(4)};
    CHECK(part.silences_of(c, hints, now) == std::vector{silence{peer(4), 2s, false}});
}

TEST_CASE_METHOD(voting, "CERT-3: a certificate counts at a voter whose stream has ended") {
    auto c = empty_change(current);
    c.removed = {peer(4)};
    const auto is_gone = [&] { return part.silences_of(c, hints, now).front().is_gone; };
    CHECK_FALSE(is_gone());
    hints.certify(peer(4));
    CHECK_FALSE(is_gone());  // it may be a clone of that machine that does not find it
    surroundings.ended = {peer(4)};
    CHECK(is_gone());
    c.removed = {peer(3)};
    CHECK_FALSE(is_gone());
}
