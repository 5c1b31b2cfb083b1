#include "lease/mute_watch.hpp"

#include <algorithm>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lease;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

/// The patience is 15 s: three leases are less.
struct fixture {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    mute_watch voter{settings, peer(1)};   // of three
    mute_watch member{settings, peer(4)};  // has no seat

    fixture() {
        voter.installed(made_up::first_view(3, 1), at(0s));
        member.installed(made_up::first_view(3, 1), at(0s));
    }

    struct told {
        std::vector<peer_id> dials, mute;
    };
    bool can_dial = true;

    /// Datagrams come five times in a lease from `first` until `last`, and all is read.
    told pass(mute_watch& w, const std::vector<peer_id>& from, base::duration first,
              base::duration last, bool reads_all = true) {
        told out;
        for (auto now = first; now < last; now += 200ms) {
            if (reads_all) {
                w.has_read_all(at(now));
            }
            w.tick(at(now));
            for (const auto& who : from) {
                w.came_by_datagram(who, at(now));
            }
            while (auto o = w.next()) {
                if (const auto* d = std::get_if<mute_watch::dial_again>(&*o)) {
                    out.dials.push_back(d->peer);
                    if (can_dial) {
                        w.dialled_again(d->peer);
                    }
                } else {
                    out.mute.push_back(std::get<mute_watch::found_mute>(*o).peer);
                }
            }
        }
        return out;
    }
};

const std::vector<peer_id> all_voters{peer(1), peer(2), peer(3)};

}  // namespace

TEST_CASE_METHOD(fixture, "LEASE-8: whose datagrams pass and whose streams bring nothing is mute") {
    CHECK(pass(member, {peer(2)}, 0s, 7400ms).dials.empty());
    const auto first = pass(member, {peer(2)}, 7400ms, 15s);
    CHECK(first.dials == std::vector{peer(2)});
    CHECK(first.mute.empty());
    const auto second = pass(member, {peer(2)}, 15s, 15400ms);
    CHECK(second.mute == std::vector{peer(2)});
    CHECK(member.mute_voters() == std::vector{peer(2)});
    CHECK(member.hears_quorum());  // two of three
    SECTION("until something comes by a stream") {
        member.came_by_stream(peer(2), at(16s));
        CHECK(member.mute_voters().empty());
        CHECK(pass(member, {peer(2)}, 16s, 30s).mute.empty());  // all anew
    }
    SECTION("and not because it is away") {
        CHECK(pass(member, {}, 15400ms, 40s).mute.empty());
        CHECK(member.mute_voters() == std::vector{peer(2)});
        CHECK(pass(member, {peer(2)}, 40s, 41s).mute.empty());
        CHECK(member.mute_voters() == std::vector{peer(2)});
    }
    SECTION("a stream is tried again and again") {
        const auto later = pass(member, {peer(2)}, 15400ms, 32s);
        CHECK(later.dials == std::vector{peer(2), peer(2)});
        CHECK(later.mute.empty());
    }
}

TEST_CASE_METHOD(fixture, "LEASE-8: with fewer than Q voters that are not mute a lease ends") {
    const auto found = pass(member, all_voters, 0s, 16s);
    CHECK(found.mute.size() == 3);
    CHECK_FALSE(member.hears_quorum());
    member.came_by_stream(peer(1), at(16s));
    CHECK_FALSE(member.hears_quorum());
    member.came_by_stream(peer(3), at(16s));
    CHECK(member.hears_quorum());
}

TEST_CASE_METHOD(fixture, "LEASE-8: who has asked for no lease for long tries anew") {
    CHECK(pass(member, all_voters, 0s, 16s).mute.size() == 3);  // at 15.2 s
    CHECK(member.deadline() == at(21200ms));
    member.tick(at(21100ms));
    CHECK_FALSE(member.hears_quorum());
    member.tick(at(21200ms));
    CHECK(member.hears_quorum());
    CHECK_FALSE(member.deadline());
    CHECK(pass(member, all_voters, 21200ms, 36s).mute.empty());
    CHECK(pass(member, all_voters, 36s, 37s).mute.size() == 3);
}

TEST_CASE_METHOD(fixture, "LEASE-8: a vacant seat is no voter that is heard") {
    auto v = made_up::first_view(3, 1);
    v.seats[2].filled_by = {};
    mute_watch other{settings, peer(4)};
    other.installed(v, at(0s));
    CHECK(other.hears_quorum());
    CHECK(pass(other, {peer(2)}, 0s, 16s).mute.size() == 1);
    CHECK_FALSE(other.hears_quorum());
}

TEST_CASE_METHOD(fixture, "LEASE-8: a voter counts itself, and acks who is mute a lease longer") {
    CHECK(pass(voter, {peer(2), peer(4)}, 0s, 15400ms).mute == std::vector{peer(2), peer(4)});
    CHECK(voter.hears_quorum());  // itself and the third
    CHECK_FALSE(voter.is_refused(peer(4), at(16100ms)));
    CHECK(voter.is_refused(peer(4), at(16200ms)));
    CHECK_FALSE(voter.is_refused(peer(3), at(16200ms)));
    voter.came_by_stream(peer(4), at(17s));
    CHECK_FALSE(voter.is_refused(peer(4), at(17s)));
}

TEST_CASE_METHOD(fixture, "LEASE-8: what comes by a stream now and then is enough") {
    for (auto now = 0s; now < 60s; now += 12s) {
        CHECK(pass(member, all_voters, now, now + 12s).mute.empty());
        for (const auto& v : all_voters) {
            member.came_by_stream(v, at(now + 12s));
        }
    }
}

TEST_CASE_METHOD(fixture, "LEASE-8: who was away is not taken for mute") {
    // Paused, suspended or cut off: no datagram comes, or none is read here.
    for (auto now = 0s; now < 60s; now += 11s) {
        CHECK(pass(member, all_voters, now, now + 10s).mute.empty());
    }
    CHECK(member.hears_quorum());
    // And who is not asked: gossip alone says nothing of leases, so it is not even told of.
    CHECK(pass(member, {}, 66s, 120s).mute.empty());
}

TEST_CASE_METHOD(fixture, "LEASE-8: who reads nothing finds none mute") {
    CHECK(pass(member, all_voters, 0s, 60s, false).mute.empty());
    // What had come meanwhile is read at last, and there is nothing of them.
    CHECK(pass(member, all_voters, 60s, 76s).mute.size() == 3);
}

TEST_CASE_METHOD(fixture, "LEASE-8: nor does who could not dial a second stream") {
    can_dial = false;
    const auto found = pass(member, {peer(2)}, 0s, 30s);
    CHECK(found.dials.size() > 10);
    CHECK(found.mute.empty());
    can_dial = true;
    // The second one is given as long again as was waited for it.
    CHECK(pass(member, {peer(2)}, 30s, 37s).mute.empty());
    CHECK(pass(member, {peer(2)}, 37s, 40s).mute.size() == 1);
}

TEST_CASE_METHOD(fixture, "LEASE-8: it begins anew with who is seated, and with all when we are") {
    CHECK(pass(member, all_voters, 0s, 14s).mute.empty());
    auto v = made_up::first_view(3, 1);
    v.number = {2};
    v.seats_since = {2};
    v.seats[2].filled_by = {};
    v.members.push_back(made_up::member(5));
    SECTION("another seat changed") {
        member.installed(v, at(14s));
        CHECK(pass(member, all_voters, 14s, 16s).mute == std::vector{peer(1), peer(2)});
    }
    SECTION("ours did") {
        v.seats[2] = {made_up::address(4), peer(4)};
        member.installed(v, at(14s));
        CHECK(pass(member, {peer(1), peer(2), peer(5)}, 14s, 28s).mute.empty());
        CHECK(pass(member, {peer(1), peer(2), peer(5)}, 28s, 30s).mute.size() == 3);
    }
}

TEST_CASE_METHOD(fixture, "LEASE-8: a voter that lacks descriptors waives the rule, both ways") {
    CHECK(pass(member, all_voters, 0s, 16s).mute.size() == 3);
    member.waived_by(peer(1), at(16s));
    member.waived_by(peer(2), at(16s));
    CHECK(member.hears_quorum());

    CHECK(pass(voter, {peer(4)}, 0s, 16s).mute.size() == 1);
    voter.set_lacking_descriptors(true, at(17s));
    CHECK_FALSE(voter.is_refused(peer(4), at(17s)));
    CHECK(pass(voter, {peer(4)}, 17s, 40s).mute.empty());
    voter.set_lacking_descriptors(false, at(40s));
    CHECK(pass(voter, {peer(4)}, 40s, 54s).mute.empty());  // all anew
}
