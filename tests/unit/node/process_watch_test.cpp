#include "node/process_watch.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "made_up.hpp"
#include "node/stream_ends.hpp"

using namespace holdfast;
using made_up::peer;

namespace {

constexpr std::uint64_t here = 77;

view with_members(std::uint64_t count) {
    view v = made_up::first_view(3, static_cast<std::size_t>(count) - 3);
    for (auto& m : v.members) {
        m.process = {here, static_cast<std::uint32_t>(m.id.low), 1};
    }
    return v;
}

struct process_watch_fixture {
    node::process_watch mine{peer(5), {here, 5, 1}};
    std::vector<peer_id> watched;

    void install(const view& v) {
        mine.installed(v);
        while (auto o = mine.next()) {
            if (const auto* w = std::get_if<node::watch_process>(&*o)) {
                CHECK(w->process.pid == w->peer.low);
                watched.push_back(w->peer);
            } else {
                CHECK(std::erase(watched, std::get<node::unwatch_process>(*o).peer) == 1);
            }
        }
        std::sort(watched.begin(), watched.end());
    }
};

}  // namespace

TEST_CASE_METHOD(process_watch_fixture,
                 "CERT-3: a member watches the processes of its machine, up to eight") {
    install(with_members(6));
    CHECK(watched == std::vector{peer(1), peer(2), peer(3), peer(4), peer(6)});
    SECTION("of a larger number the next three in the order of PeerIds") {
        install(with_members(12));
        CHECK(watched == std::vector{peer(6), peer(7), peer(8)});
    }
    SECTION("those that are members no more are not watched") {
        auto v = with_members(6);
        std::erase_if(v.members, [](const member& m) { return m.id == peer(6); });
        install(v);
        CHECK(watched == std::vector{peer(1), peer(2), peer(3), peer(4)});
    }
}

TEST_CASE("CERT-3: the next three in the order of PeerIds go around the end") {
    node::process_watch last{peer(11), {here, 11, 1}};
    last.installed(with_members(12));
    std::vector<peer_id> watched;
    while (auto o = last.next()) {
        watched.push_back(std::get<node::watch_process>(*o).peer);
    }
    std::sort(watched.begin(), watched.end());
    CHECK(watched == std::vector{peer(1), peer(2), peer(12)});
}

TEST_CASE("CERT-3: a member of no known machine watches none, and none elsewhere is watched") {
    node::process_watch unknown{peer(5), {}};
    unknown.installed(with_members(6));
    CHECK_FALSE(unknown.next());
    node::process_watch elsewhere{peer(5), {here + 1, 5, 1}};
    elsewhere.installed(with_members(6));
    CHECK_FALSE(elsewhere.next());
}

TEST_CASE("CERT-3: what comes of a peer after its stream has ended shows that it lives") {
    node::stream_ends streams;
    streams.ended(peer(4));
    CHECK(streams.has_ended(peer(4)));
    streams.heard(peer(3));
    CHECK(streams.has_ended(peer(4)));
    streams.heard(peer(4));
    CHECK_FALSE(streams.has_ended(peer(4)));
    streams.ended(peer(4));
    streams.installed(made_up::first_view(3));
    CHECK_FALSE(streams.has_ended(peer(4)));
}
