#include "node/evictions.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;
using views::proof;

namespace {

struct evictions_fixture {
    base::settings settings = [] {
        base::settings s;
        s.retry = 100ms;
        return s;
    }();
    node::evictions mine{settings};
};

}  // namespace

TEST_CASE_METHOD(evictions_fixture,
                 "VIEW-8: an eviction is repeated until its end, or the member is none") {
    mine.add({peer(2), proof::none, "ann"}, at(1s), at(0s));
    REQUIRE(mine.due(true, at(0s)) == std::vector{views::evict{peer(2), proof::none, "ann"}});
    CHECK(mine.due(true, at(99ms)).empty());
    CHECK(mine.deadline(true) == at(100ms));
    CHECK(mine.due(true, at(100ms)).size() == 1);
    CHECK(mine.due(true, at(299ms)).empty());
    CHECK(mine.due(true, at(300ms)).size() == 1);
    SECTION("its end") {
        CHECK(mine.due(true, at(1s)).empty());
        CHECK_FALSE(mine.deadline(true));
    }
    SECTION("no member") {
        mine.installed(made_up::first_view(3));
        CHECK(mine.deadline(true));
        mine.installed(made_up::first_view(1));
        CHECK_FALSE(mine.deadline(true));
    }
}

TEST_CASE_METHOD(evictions_fixture, "LOAD-5: an eviction comes four times a lease, at least") {
    settings.lease = 1s;
    mine.add({peer(2), proof::none, "ann"}, at(10s), at(0s));
    auto due = at(0s);
    for (const auto pause : {100ms, 200ms, 250ms, 250ms}) {
        REQUIRE(mine.due(true, due).size() == 1);
        CHECK(mine.deadline(true) == due + pause);
        due += pause;
    }
}

TEST_CASE_METHOD(evictions_fixture, "CERT-1: what is proven of a member stays so") {
    mine.add({peer(2), proof::gone, "ann"}, at(5s), at(0s));
    mine.add({peer(2), proof::none, "ann"}, at(1s), at(0s));
    const auto due = mine.due(true, at(2s));
    REQUIRE(due.size() == 1);
    CHECK(due[0].proof == proof::gone);
}

TEST_CASE_METHOD(evictions_fixture,
                 "an eviction outside a view says nothing, and is due at its end only") {
    mine.add({peer(2), proof::none, "ann"}, at(1s), at(0s));
    CHECK(mine.due(false, at(0s)).empty());
    CHECK(mine.deadline(false) == at(1s));
    CHECK(mine.due(false, at(1s)).empty());
    CHECK_FALSE(mine.deadline(false));
}
