#include "view/probation.hpp"

#include <algorithm>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::views;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

/// What a voter remembers of processes that come and go at one host, under one name.
struct remembering {
    base::settings settings;
    probation mine{settings};
    view current = made_up::first_view(3);
    base::time_point now = at(1h);
    std::uint64_t last = 3;

    [[nodiscard]] static member process(std::uint64_t n) {
        auto m = made_up::member(n);
        m.address = made_up::address(9);
        m.name = "agent";
        return m;
    }
    void install(view next) {
        next.number = current.number.next();
        mine.installed(next, &current, now);
        current = std::move(next);
    }
    peer_id joins() {
        auto next = current;
        next.members.push_back(process(++last));
        install(std::move(next));
        return peer(last);
    }
    void removed(const peer_id& id) {
        auto next = current;
        std::erase_if(next.members, [&](const member& m) { return m.id == id; });
        install(std::move(next));
    }
    void lives_for(base::duration time) {
        const auto id = joins();
        now += time;
        removed(id);
    }
    [[nodiscard]] base::duration length() const { return mine.length_for(process(99), now); }
};

}  // namespace

TEST_CASE_METHOD(remembering, "OWN-11: each early removal doubles what the next has to wait") {
    CHECK(length() == settings.lease);
    for (const int times : {2, 4, 8, 16, 32, 64, 64, 64}) {
        lives_for(settings.lease);
        CHECK(length() == times * settings.lease);
    }
    now += 1h;
    CHECK(length() == settings.lease);
}

TEST_CASE_METHOD(remembering, "OWN-11: early is within four times what it had to wait") {
    lives_for(4 * settings.lease - 1ns);
    CHECK(length() == 2 * settings.lease);
    lives_for(8 * settings.lease - 1ns);
    CHECK(length() == 4 * settings.lease);
    SECTION("who lived for longer counts as new") { lives_for(16 * settings.lease); }
    SECTION("so does who leaves, by its own word") {
        mine.departs(joins());
        removed(peer(last));
    }
    SECTION("and by that of the view") {
        const auto id = joins();
        auto next = current;
        next.members.back().leaving = true;
        install(std::move(next));
        removed(id);
    }
    CHECK(length() == settings.lease);
}

TEST_CASE_METHOD(remembering, "OWN-11: of a member that was there first nothing is known") {
    current.members.push_back(process(++last));
    mine.installed(current, nullptr, now);  // view 1, or a voter that comes later
    now += 1ms;
    removed(peer(last));
    CHECK(length() == settings.lease);
}

TEST_CASE_METHOD(remembering, "OWN-11: it is a host and a name that are remembered") {
    lives_for(settings.lease);
    auto other = process(50);
    other.address.port = 1;
    CHECK(mine.length_for(other, now) == 2 * settings.lease);
    other.name = "other";
    CHECK(mine.length_for(other, now) == settings.lease);
    other = process(50);
    other.address = made_up::address(8);
    CHECK(mine.length_for(other, now) == settings.lease);
}

TEST_CASE_METHOD(remembering, "OWN-11: an hour counts for each removal by itself") {
    lives_for(settings.lease);
    now += 40min;
    lives_for(settings.lease);
    CHECK(length() == 4 * settings.lease);
    now += 30min;
    CHECK(length() == 2 * settings.lease);
    now += 30min;
    CHECK(length() == settings.lease);
}
