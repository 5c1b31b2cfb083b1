#include <cstdint>
#include <memory>
#include <vector>

#include "lone.hpp"

using namespace view_test;

namespace {

/// Peer 1 in view 2, of three voters, for a while. Peers 2, 4 and 5 are on one machine.
struct beside_a_machine : lone {
    beside_a_machine() {
        auto given = start_of_all();
        auto& added = given.added_by.what.added;
        added.push_back(made_up::member(5));
        for (const std::size_t place : {1u, 3u, 4u}) {
            added[place].process.machine = 7;
        }
        start();
        receive(2, given);
        REQUIRE(mine->current());
        now += 500ms;
        forget();
    }
    /// Its stream has ended, and a member of its machine says that it is gone.
    void crash(std::uint64_t n) {
        surroundings.ended.insert(peer(n));
        receive(2, certificate{peer(n)});
    }
    void tick_at_deadline() {
        now = *mine->deadline();
        tick();
    }
};

}  // namespace

TEST_CASE_METHOD(beside_a_machine,
                 "CERT-3: a batch ends early once a quorum consents to what is certain") {
    crash(4);
    CHECK(said<opinion_ask>() == std::vector<opinion_ask>(2, {third, {peer(4)}}));
    CHECK(*mine->deadline() >= now + settings.batch_wait);
    receive(3, opinion{third, {peer(4)}, {}});
    CHECK(*mine->deadline() == now + settings.batch_wait / 4);
    CHECK(said<prepare>().empty());
    tick_at_deadline();
    CHECK(said<prepare>().size() == 3);
}

TEST_CASE_METHOD(beside_a_machine, "a removal that is not certain waits for company") {
    mine->set_suspected(peer(4), true, now);
    drain();
    receive(2, opinion{third, {peer(4)}, {}});
    receive(3, opinion{third, {peer(4)}, {}});
    CHECK(*mine->deadline() >= now + settings.batch_wait);
}

TEST_CASE_METHOD(beside_a_machine,
                 "CERT-3: no batch ends early for a member of which something came meanwhile") {
    crash(4);
    receive(3, opinion{third, {peer(4)}, {}});
    REQUIRE(*mine->deadline() == now + settings.batch_wait / 4);
    surroundings.ended.clear();
    tick_at_deadline();
    CHECK(said<prepare>().empty());
    CHECK(*mine->deadline() >= now + settings.batch_wait / 2);
}

TEST_CASE_METHOD(beside_a_machine, "CERT-3: crashes cost one view per batch_wait at most") {
    receive(2, steps{{{next_change(), {}}}}, 3);
    REQUIRE(mine->current()->number == third);
    crash(4);
    receive(3, opinion{{4}, {peer(4)}, {}});
    CHECK(*mine->deadline() == now + settings.batch_wait);
}

TEST_CASE_METHOD(beside_a_machine,
                 "CERT-3: what becomes certain while a batch runs is asked about and goes along") {
    crash(4);
    receive(3, opinion{third, {peer(4)}, {}});
    forget();
    now += 10ms;
    crash(5);
    CHECK(said<opinion_ask>() == std::vector<opinion_ask>(2, {third, {peer(5)}}));
    CHECK(*mine->deadline() >= now + settings.batch_wait - 10ms);
    receive(2, opinion{third, {peer(5)}, {}});
    CHECK(*mine->deadline() == now + settings.batch_wait / 4);
    tick_at_deadline();
    REQUIRE_FALSE(said<prepare>().empty());
    const auto b = said<prepare>().back().ballot;
    receive(1, promise{third, b, {}, 1000, {}});
    receive(2, promise{third, b, {}, 1000, {}});
    REQUIRE_FALSE(said<accept>().empty());
    CHECK(said<accept>()[0].value.removed == std::vector{peer(4), peer(5)});
}

TEST_CASE_METHOD(beside_a_machine,
                 "VIEW-2: voters that object to what is certain are asked again once at once") {
    crash(4);
    receive(2, opinion{third, {}, {peer(4)}});
    receive(3, opinion{third, {}, {peer(4)}});
    forget();
    tick_at_deadline();
    CHECK(said<opinion_ask>().size() == 2);
    forget();
    tick_at_deadline();
    CHECK(said<opinion_ask>().empty());
    CHECK(said<prepare>().empty());
}

TEST_CASE_METHOD(beside_a_machine,
                 "VIEW-2: a voter that objected says so when it is certain, to who asked, once") {
    surroundings.vouched_for = {peer(4)};
    receive(2, opinion_ask{third, {peer(4)}});
    receive(3, opinion_ask{third, {peer(5)}});
    REQUIRE(said<opinion>() ==
            std::vector<opinion>{{third, {}, {peer(4)}}, {third, {peer(5)}, {}}});
    forget();
    receive(2, certificate{peer(4)});
    CHECK(said<opinion>().empty());
    surroundings.ended = {peer(4), peer(5)};
    mine->surroundings_changed(now);
    drain();
    CHECK(said<opinion>() == std::vector<opinion>{{third, {peer(4)}, {}}});
    for (const auto& s : sent) {
        CHECK((!base::holds_message<opinion>(s.what) || s.to == peer(2)));
    }
    forget();
    receive(2, certificate{peer(4)});
    CHECK(said<opinion>().empty());
}

TEST_CASE("CERT-3: the second in rank ends a batch later, if the first is not certainly gone") {
    const auto gone = GENERATE(std::uint64_t{4}, std::uint64_t{1});
    const base::settings settings{};
    set_environment surroundings;
    membership_hints hints{settings, surroundings};
    proposer p{settings, peer(2), surroundings, 1};
    const auto first = std::make_shared<const view>(made_up::first_view(3, 1));
    p.installed(first, surroundings.first_map(*first), at(0s));

    hints.certify(peer(gone));
    surroundings.ended = {peer(gone)};
    p.maybe_propose(hints, at(10s));
    p.handle(peer(3), opinion{{2}, {peer(gone)}, {}}, at(10s));
    p.maybe_propose(hints, at(10s));
    CHECK(p.deadline() == at(10s) + settings.batch_wait / 4 +
                              (gone == 4 ? settings.proposer_stagger : base::duration::zero()));
}
