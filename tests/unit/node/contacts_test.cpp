#include "node/contacts.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::address;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

struct contacts_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.address = address(1);
        return s;
    }();
    node::contacts mine{settings, peer(1)};
    view v = made_up::first_view(3);
    cluster_id other{9, 9};
};

}  // namespace

TEST_CASE_METHOD(contacts_fixture,
                 "VIEW-2: a peer is replaced while another was heard at its address") {
    CHECK_FALSE(mine.is_replaced_at(address(2), peer(2), at(0s)));
    mine.heard(address(2), peer(2), v.cluster, at(0s));
    CHECK_FALSE(mine.is_replaced_at(address(2), peer(2), at(0s)));
    mine.heard(address(2), peer(12), {}, at(1s));
    CHECK(mine.is_replaced_at(address(2), peer(2), at(1999ms)));
    CHECK_FALSE(mine.is_replaced_at(address(2), peer(2), at(2s)));
    mine.heard(address(1), peer(11), {}, at(2s));
    CHECK_FALSE(mine.is_replaced_at(address(1), peer(1), at(2s)));  // we are here
}

TEST_CASE_METHOD(contacts_fixture,
                 "FOUND-6: a view is superseded once its seats answer as other peers") {
    mine.heard(address(2), peer(12), other, at(2s));
    CHECK_FALSE(mine.is_superseded(v, at(100ms), at(2s)));  // not for 2A without a lease yet
    CHECK(mine.is_superseded(v, at(0s), at(2s)));
    SECTION("a quorum of the seats must be heard, and lately") {
        CHECK_FALSE(mine.is_superseded(v, at(0s), at(3s)));
        mine.heard(address(2), peer(12), other, at(4s));
        CHECK(mine.is_superseded(v, at(0s), at(4s)));
    }
    SECTION("voters of another cluster are no voters of ours") {
        mine.heard(address(2), peer(2), other, at(2s));
        CHECK(mine.is_superseded(v, at(0s), at(2s)));
    }
}

TEST_CASE_METHOD(contacts_fixture, "SEAL-3: a peer that was found at an address lives there") {
    mine.heard(address(2), peer(2), v.cluster, at(0s));
    CHECK(mine.is_heard(address(2), at(249ms)));
    CHECK_FALSE(mine.is_heard(address(2), at(250ms)));
    CHECK(mine.last_at(address(2)) == peer(2));
    mine.found(address(2), peer(12), at(1s));
    CHECK(mine.last_at(address(2)) == peer(12));
    CHECK(mine.is_replaced_at(address(2), peer(2), at(1s)));
    // FOUND-6: but it has not said yet of which cluster it is
    CHECK_FALSE(mine.is_superseded(v, at(0s), at(2s - 1ns)));
    CHECK_FALSE(mine.is_superseded(v, at(-1s), at(1500ms)));
    mine.heard(address(2), peer(12), other, at(1500ms));
    CHECK(mine.is_superseded(v, at(-1s), at(1500ms)));
    mine.found(address(2), peer(12), at(2s));  // what it said still holds
    CHECK(mine.is_superseded(v, at(-1s), at(2500ms)));
    mine.removed(peer(12));
    CHECK(mine.last_at(address(2)).is_nil());
    CHECK_FALSE(mine.is_replaced_at(address(2), peer(2), at(2s)));
}

TEST_CASE_METHOD(contacts_fixture,
                 "FOUND-6: a view is superseded when its voters are heard without acks") {
    const auto hears = [&](base::time_point now) {
        mine.heard(address(2), peer(2), v.cluster, now);
        return mine.is_superseded(v, at(0s), now);
    };
    CHECK_FALSE(hears(at(2s)));
    CHECK_FALSE(hears(at(3s)));
    SECTION("for 2A") {
        CHECK_FALSE(hears(at(3999ms)));
        CHECK(hears(at(4s)));
    }
    SECTION("and not if the lease runs meanwhile") {
        mine.is_not_superseded();
        CHECK_FALSE(hears(at(4s)));
    }
    SECTION("and not if they are not heard meanwhile") {
        CHECK_FALSE(mine.is_superseded(v, at(0s), at(4s)));
        CHECK_FALSE(hears(at(4s)));
    }
}

TEST_CASE_METHOD(contacts_fixture, "NET-4: only a stream that we dialled shows that we can") {
    mine.heard(address(7), peer(7), {}, at(0s));
    CHECK_FALSE(mine.has_dialled(address(7), peer(7)));
    mine.found(address(7), peer(7), at(1s));
    CHECK(mine.has_dialled(address(7), peer(7)));
    CHECK_FALSE(mine.has_dialled(address(8), peer(7)));
    mine.heard(address(7), peer(7), {}, at(2s));  // as a datagram
    CHECK(mine.has_dialled(address(7), peer(7)));
    mine.heard(address(7), peer(8), {}, at(3s));
    CHECK_FALSE(mine.has_dialled(address(7), peer(8)));
    mine.heard(address(7), peer(8), {}, at(4s), true);
    CHECK(mine.has_dialled(address(7), peer(8)));
    CHECK_FALSE(mine.has_dialled(address(7), peer(7)));
}

TEST_CASE_METHOD(contacts_fixture,
                 "LEASE-7: a view lags behind once the next was installed A ago") {
    mine.installed({1}, at(0s));
    mine.installed({2}, at(5s));
    CHECK_FALSE(mine.lags_behind({1}, at(6s)));
    CHECK(mine.lags_behind({1}, at(6001ms)));
    CHECK_FALSE(mine.lags_behind({2}, at(60s)));
}

TEST_CASE_METHOD(contacts_fixture, "the address of a stranger is the source of its last datagram") {
    CHECK(mine.last_seen_at(peer(7)).is_nil());
    mine.came_from(peer(7), address(7));
    mine.came_from(peer(7), address(8));
    CHECK(mine.last_seen_at(peer(7)) == address(8));
    for (std::uint64_t n = 0; n < 3 * base::limits::members; ++n) {
        mine.came_from({8, n + 1}, address(9));
    }
    CHECK(mine.last_seen_at(peer(7)).is_nil());  // strangers do not fill the memory
}
