#include "node/rivals.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "small_cluster.hpp"

using namespace node_test;
using made_up::address;
using made_up::at;
using made_up::peer;

namespace {

const base::settings settings;
constexpr cluster_id ours{1, 1};
const node::envelope of_other{peer(9), peer(1), {9, 9}, {4}, true};

}  // namespace

TEST_CASE("RIVAL-1: who has no running lease, or is of our cluster, is no rival") {
    node::rivals r{settings};
    auto head = of_other;
    const std::vector<endpoint> seats{address(9)};
    head.cluster = ours;
    r.heard(head, ours, {}, &seats, at(0s));
    head = of_other;
    head.is_leased = false;
    r.heard(head, ours, {}, &seats, at(0s));
    head = of_other;
    head.cluster = {};
    r.heard(head, ours, {}, &seats, at(0s));
    CHECK(r.certain().empty());
    CHECK_FALSE(r.deadline());
}

TEST_CASE("RIVAL-1: one is told our seats, and counts when it has told its own, or for a lease") {
    node::rivals r{settings};
    const auto v = made_up::first_view(3);
    r.heard(of_other, ours, address(9), nullptr, at(0s));
    CHECK(r.deadline() == at(0s));
    const auto told = r.to_tell(at(0s));
    REQUIRE(told.size() == 1);
    CHECK(told.front() == std::pair{peer(9), address(9)});
    CHECK(r.problems(v, at(0s)).empty());
    CHECK(r.deadline() == at(30s));
    SECTION("its seats") {
        const std::vector<endpoint> seats{address(8), address(9)};
        r.heard(of_other, ours, {}, &seats, at(1s));
        CHECK(r.to_tell(at(1s)).size() == 2);
    }
    SECTION("a lease") {
        r.heard(of_other, ours, {}, nullptr, at(0s) + settings.lease / 2);
        CHECK(r.problems(v, at(1s)).empty());
        r.heard(of_other, ours, {}, nullptr, at(0s) + settings.lease);
    }
    const auto now = at(0s) + settings.lease;
    REQUIRE(r.problems(v, now).size() == 1);
    CHECK(r.problems(v, now + 59s).empty());
    CHECK(r.problems(v, now + 60s).size() == 1);
    r.forget_old(now + 121s);
    CHECK(r.certain().empty());
}

TEST_CASE("RIVAL-1: knocks draw no more answers than time allows, whatever seats they name") {
    node::rivals r{settings};
    const std::vector<endpoint> none;
    const std::vector<endpoint> seats{address(8), address(9)};
    r.heard(of_other, ours, address(9), &none, at(0s));
    REQUIRE(r.to_tell(at(0s)).size() == 1);
    const auto soon = at(0s) + settings.retry;
    r.heard(of_other, ours, address(9), &seats, soon - 1ms);
    CHECK(r.to_tell(soon - 1ms).empty());
    REQUIRE(r.to_tell(soon).size() == 2);
    for (auto now = soon + 1s; now < soon + 10s; now += 1s) {
        r.heard(of_other, ours, address(9), &none, now);
        CHECK(r.to_tell(now).empty());
        r.heard(of_other, ours, address(9), &seats, now);
        CHECK(r.to_tell(now).empty());
    }
    CHECK(r.to_tell(soon + 30s).size() == 2);
}

TEST_CASE("RIVAL-1: two clusters that hear of each other both say so, until one is over") {
    small_cluster c{1};
    REQUIRE(c.form({1}));
    c.cut(1, 2);
    c.cut(1, 3);
    c.settings.seeds = {address(1), address(2), address(3)};
    c.start(2);
    c.start(3);
    REQUIRE(c.run_until([&] { return c.is_leased(2) && c.is_leased(3); }));
    const auto is_complaint = [](const node::problem& p) { return p.why == errc::two_clusters; };
    const auto complaints = [&](std::uint64_t i) {
        const auto& all = c.all.at(i).problems;
        return std::count_if(all.begin(), all.end(), is_complaint);
    };
    CHECK(c[1].other_clusters().empty());
    c.mend();
    REQUIRE(c.run_until([&] { return complaints(1) == 1 && complaints(2) == 1; }));
    const auto& all = c.all.at(1).problems;
    const auto text = std::find_if(all.begin(), all.end(), is_complaint)->text;
    CHECK(text.find(to_string(address(3))) != std::string::npos);
    CHECK(text.find(to_string(c[1].installed()->cluster)) != std::string::npos);
    CHECK(text.find(to_string(c[2].installed()->cluster)) != std::string::npos);
    c.run_for(50s);
    CHECK(complaints(1) == 1);
    c.run_for(20s);
    CHECK(complaints(1) == 2);
    CHECK(c[1].other_clusters().size() == 1);
    c.kill(2);
    c.kill(3);
    c.run_for(125s);
    CHECK(c[1].other_clusters().empty());
}
