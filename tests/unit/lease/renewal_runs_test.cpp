#include "lease/renewal_runs.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::lease;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

/// Voter 1 of three, and member 4; a lease is 1 s.
struct seen_runs {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        return s;
    }();
    renewal_runs mine{settings, peer(1)};

    void renews(std::uint64_t n, base::duration when, bool by_stream, bool is_running = true) {
        mine.acked(peer(n), renew_request{{1}, made_up::right(when), is_running}, by_stream,
                   at(when));
    }
    /// Every 200 ms from `first` to `last`; the one at `first`, and each fifth after it, by stream.
    void renews_each_turn(base::duration first, base::duration last) {
        for (auto when = first; when <= last; when += 200ms) {
            renews(4, when, (when - first) % 1s == 0s);
        }
    }
};

}  // namespace

TEST_CASE_METHOD(seen_runs, "OWN-11: a run goes from the first renewal to the last") {
    CHECK(mine.length(peer(4), at(0s)) == 0s);
    renews_each_turn(0s, 1200ms);
    CHECK(mine.length(peer(4), at(1200ms)) == 1200ms);
    CHECK(mine.length(peer(4), at(2199ms)) == 1200ms);  // silence does not count
    CHECK(mine.length(peer(4), at(2200ms)) == 0s);
}

TEST_CASE_METHOD(seen_runs, "OWN-11: a run ends with a gap of a lease") {
    renews_each_turn(0s, 1200ms);
    renews_each_turn(2200ms, 2600ms);
    CHECK(mine.length(peer(4), at(2600ms)) == 400ms);
}

TEST_CASE_METHOD(seen_runs, "OWN-11: a run needs both ways, and the present needs them too") {
    SECTION("no stream") {
        for (auto when = 0ms; when <= 5s; when += 200ms) {
            renews(4, when, false);
        }
    }
    SECTION("no datagram") {
        for (auto when = 0ms; when <= 5s; when += 200ms) {
            renews(4, when, true);
        }
    }
    SECTION("its streams were cut two leases ago") {
        renews_each_turn(0s, 3s);
        CHECK(mine.length(peer(4), at(3s)) == 3s);
        for (auto when = 3200ms; when <= 5s; when += 200ms) {
            renews(4, when, false);
        }
    }
    CHECK(mine.length(peer(4), at(5s)) == 0s);
}

TEST_CASE_METHOD(seen_runs, "OWN-11: who says that its lease is out may hear no answer") {
    for (auto when = 0ms; when <= 2s; when += 200ms) {
        renews(4, when, when % 1s == 0s, false);
    }
    CHECK(mine.length(peer(4), at(2s)) == 0s);
}

TEST_CASE_METHOD(seen_runs, "OWN-11: no way lies between a voter and itself") {
    renews(1, 0s, true);
    renews(1, 900ms, true);
    renews(1, 1s, true);
    CHECK(mine.length(peer(1), at(1s)) == 1s);
}

TEST_CASE_METHOD(seen_runs, "OWN-11: who is no member any more is forgotten") {
    renews_each_turn(0s, 2s);
    mine.installed(made_up::first_view(3, 1));
    CHECK(mine.length(peer(4), at(2s)) == 2s);
    mine.installed(made_up::first_view(3));
    CHECK(mine.length(peer(4), at(2s)) == 0s);
}
