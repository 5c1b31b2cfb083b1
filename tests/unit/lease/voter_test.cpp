#include "lease/voter.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lease;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

struct voter_fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    voter mine{settings};
    view v = made_up::first_view(3, 1);

    bool acks(std::uint64_t n, base::time_point now, bool is_barred = false,
              bool is_running = true) {
        return mine
            .handle(peer(n),
                    renew_request{v.seats_since, base::moment{now}.for_rights(), is_running}, v,
                    is_barred, now)
            .has_value();
    }
};

}  // namespace

TEST_CASE_METHOD(
    voter_fixture,
    "LEASE-1: members are acked, under the same seats, unless a value accepted bars them") {
    mine.installed(v, nullptr, at(0s));
    CHECK(acks(4, at(1ms)));
    CHECK_FALSE(acks(9, at(1ms)));
    CHECK_FALSE(acks(4, at(1ms), true));
    CHECK_FALSE(
        mine.handle(peer(4), renew_request{{2}, made_up::right(1ms), true}, v, false, at(1ms)));
}

TEST_CASE_METHOD(
    voter_fixture,
    "LEASE-3: a first view and a change of seats take every member as acked just now") {
    mine.installed(v, nullptr, at(0s));
    CHECK(mine.time_since_ack(peer(4), at(700ms)) == 700ms);
    CHECK(acks(4, at(700ms)));
    auto same = v;
    same.number = {2};
    mine.installed(same, &v, at(900ms));
    CHECK(mine.time_since_ack(peer(4), at(900ms)) == 200ms);  // seats unchanged: it carries over
    auto changed = same;
    changed.number = {3};
    changed.seats_since = {3};
    mine.installed(changed, &same, at(1s));
    CHECK(mine.time_since_ack(peer(4), at(1s)) == 0s);
}

TEST_CASE_METHOD(
    voter_fixture,
    "VIEW-2: it vouches for newcomers and for those whose running lease it really acked") {
    mine.installed(v, nullptr, at(0s));
    CHECK(mine.vouches_for(peer(4), at(999ms)));
    CHECK_FALSE(mine.vouches_for(peer(4), at(1s)));
    CHECK(acks(4, at(2s)));
    CHECK(mine.vouches_for(peer(4), at(2400ms)));
    CHECK_FALSE(mine.vouches_for(peer(4), at(2500ms)));
    CHECK(acks(4, at(3s), false, false));  // it says that its lease is out
    CHECK_FALSE(mine.vouches_for(peer(4), at(3s)));
}
