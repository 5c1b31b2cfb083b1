// The public counters are sums over the parts, and over the nodes of one peer.
#include "peer/statistics.hpp"
#include "catch.hpp"

using namespace holdfast;

TEST_CASE("what a node and a transport count is added to what was counted before") {
    statistics all;
    all.leases_lost = 1;
    all.dropped = 1;
    all.malformed = 1;
    node::statistics n;
    n.leases_lost = 2;
    n.dropped = 2;
    runtime::add(all, n);
    runtime::add(all, n);
    net::transport_statistics t;
    t.dropped_full = 4;
    t.malformed = 3;
    t.writes = 7;
    runtime::add(all, t);
    CHECK(all.leases_lost == 5);
    CHECK(all.dropped == 9);
    CHECK(all.malformed == 4);
    CHECK(all.writes == 7);
}
