#include "node/admission.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::peer;
using node::admission;

namespace {

struct admission_fixture {
    view v = made_up::first_view(3);
    node::receiver here{&v, true, false, false};
    node::envelope head{peer(9), peer(1), {9, 9}, {4}, true};  // of another cluster that lives
    node::message lease_request{lease::message{lease::renew_request{}}};
    node::message join{views::message{views::join{}}};
    node::message ping{swim::message{swim::ping{}}};
};

}  // namespace

TEST_CASE_METHOD(admission_fixture,
                 "FOUND-3: of other clusters only gossip, joins and foundings are read") {
    CHECK(admit(head, lease_request, here) == admission::refuse);
    CHECK(admit(head, join, here) == admission::read);
    CHECK(admit(head, ping, here) == admission::read);
    head.cluster = v.cluster;
    CHECK(admit(head, lease_request, here) == admission::read);
    here.installed = nullptr;
    CHECK(admit(head, lease_request, here) == admission::refuse);
    CHECK(admit(head, join, here) == admission::read);
}

TEST_CASE_METHOD(admission_fixture,
                 "FOUND-3: a peer whose lease is long lost joins a cluster that lives") {
    here.is_lease_long_lost = true;
    CHECK(admit(head, ping, here) == admission::join_other);
    SECTION("not for one that does not live") {
        head.is_leased = false;
        CHECK(admit(head, ping, here) == admission::read);
    }
    SECTION("not for a peer in no cluster, or for its own") {
        head.cluster = GENERATE(cluster_id{}, cluster_id{1, 1});
        CHECK(admit(head, ping, here) == admission::read);
    }
    SECTION("not before it has a view to give up") {
        here.installed = nullptr;
        CHECK(admit(head, ping, here) == admission::read);
    }
}

TEST_CASE_METHOD(admission_fixture,
                 "SEAT-2: a peer without seeds stops when it meets a cluster with seats") {
    here.has_seeds = false;
    CHECK(admit(head, ping, here) == admission::stop_seatless);
    here.is_leaving = true;
    CHECK(admit(head, ping, here) == admission::read);
}
