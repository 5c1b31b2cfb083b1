// OWN-11: how a member that has joined comes to be settled.
#include "lone.hpp"
#include "view/agreement.hpp"

using namespace view_test;

namespace {

/// Voter 1 of view 2, in which no member is settled yet.
struct settling : lone {
    settling() { start_in_view_2(); }

    void tick_until(base::time_point end) {
        while (mine->deadline() && *mine->deadline() <= end) {
            now = *mine->deadline();
            tick();
        }
        now = end;
    }
    /// Voter 1 has seen member 4 renew for `time`, and looks.
    void sees_4_renew_for(base::duration time) {
        surroundings.renewing[peer(4)] = time;
        tick_until(now + settings.lease / 4);
    }
};

}  // namespace

TEST_CASE_METHOD(settling, "OWN-11: a view settles a member that a quorum of voters saw renew") {
    sees_4_renew_for(settings.lease);
    REQUIRE(said<opinion_ask>().size() == 2);
    CHECK(said<opinion_ask>()[0] == opinion_ask{third, {}, {peer(4)}});
    receive(2, opinion{third, {}, {}, {peer(4), peer(3)}});
    for (int i = 0; i < 1000 && said<prepare>().empty(); ++i) {
        now = *mine->deadline();
        tick();
    }
    REQUIRE_FALSE(said<prepare>().empty());
    const auto ours = said<prepare>()[0].ballot;
    receive(1, promise{third, ours, {}, 1000, {}});
    receive(2, promise{third, ours, {}, 1000, {}});
    REQUIRE_FALSE(said<accept>().empty());
    const auto asked = said<accept>()[0];
    CHECK(asked.value.settled == std::vector{peer(4)});
    receive(1, asked);
    receive(1, accepted{third, ours, {}});
    receive(3, accepted{third, ours, {}});
    REQUIRE(mine->current()->number == third);
    CHECK(mine->current()->find(peer(4))->is_settled);
    CHECK_FALSE(mine->current()->find(peer(3))->is_settled);
    forget();
    sees_4_renew_for(2 * settings.lease);  // it is settled once
    CHECK(said<opinion_ask>().empty());
}

TEST_CASE_METHOD(settling, "OWN-11: what one voter saw settles no member, and is asked in turns") {
    sees_4_renew_for(settings.lease);
    tick_until(now + 2 * settings.lease);
    CHECK(said<prepare>().empty());
    CHECK(said<opinion_ask>().size() >= 8);
    CHECK(said<opinion_ask>().size() <= 20);  // two voters, at most every A/4
    receive(2, opinion{third, {}, {}, {peer(3)}});
    receive(4, opinion{third, {}, {}, {peer(4)}});  // no voter
    tick_until(now + settings.lease / 2);
    CHECK(said<prepare>().empty());
}

TEST_CASE_METHOD(settling, "OWN-11: a question in vain leaves no timer of an earlier try behind") {
    mine->set_suspected(peer(4), true, now);
    now = *mine->deadline();
    tick();  // no other voter consents to its removal
    mine->set_suspected(peer(4), false, now);
    drain();
    surroundings.renewing[peer(4)] = settings.lease;
    now = *mine->deadline();
    receive(2, want_steps{{2}});  // comes before the timer of the next try is looked at
    REQUIRE_FALSE(said<opinion_ask>().empty());
    REQUIRE(said<opinion_ask>().back().to_settle == std::vector{peer(4)});
    now = *mine->deadline();
    tick();
    REQUIRE(mine->deadline());
    CHECK(*mine->deadline() > now);
    CHECK(said<prepare>().empty());
}

TEST_CASE_METHOD(settling, "OWN-11: a voter says whom it saw renew for long enough") {
    surroundings.renewing = {{peer(4), settings.lease}, {peer(3), settings.lease - 1ns}};
    receive(2, opinion_ask{third, {}, {peer(3), peer(4), peer(77)}});
    REQUIRE(said<opinion>().size() == 1);
    CHECK(said<opinion>()[0].settles == std::vector{peer(4)});
    mine->set_suspected(peer(4), true, now);
    drain();
    forget();
    receive(2, opinion_ask{third, {}, {peer(4)}});
    REQUIRE(said<opinion>().size() == 1);
    CHECK(said<opinion>()[0].settles.empty());
}

TEST_CASE_METHOD(settling, "OWN-11: a member that has not renewed for long enough waits") {
    sees_4_renew_for(settings.lease - 1ns);
    CHECK(said<opinion_ask>().empty());
}

TEST_CASE_METHOD(settling, "OWN-11: who came back soon after an early removal waits for longer") {
    auto again = made_up::member(9);
    again.address = address(4);
    again.name = "p4";
    auto c = next_change();
    c.added = {again};
    receive(2, steps{{step{c, {}}}}, 3);
    c = next_change();
    c.removed = {peer(9)};
    c.settled = {peer(2)};
    receive(2, steps{{step{c, {}}}}, 4);
    again.id = peer(10);
    c = next_change();
    c.added = {again};
    receive(2, steps{{step{c, {}}}}, 5);
    REQUIRE(mine->current()->has(peer(10)));
    surroundings.renewing[peer(10)] = 2 * settings.lease - 1ns;
    tick_until(now + settings.lease);
    CHECK(said<opinion_ask>().empty());
    surroundings.renewing[peer(10)] = 2 * settings.lease;
    tick_until(now + settings.lease);
    CHECK_FALSE(said<opinion_ask>().empty());
}

TEST_CASE_METHOD(settling,
                 "OWN-11: a peer that leaves on its own word does not wait longer later") {
    for (const std::uint64_t n : {9u, 10u}) {
        auto m = made_up::member(n);
        m.address = address(4);
        m.name = "p4";
        auto c = next_change();
        c.added = {m};
        receive(2, steps{{step{c, {}}}}, 3);
        if (n == 9) {
            receive(9, left{}, 3);
            c = next_change();
            c.removed = {peer(9)};
            c.settled = {peer(2)};
            receive(2, steps{{step{c, {}}}}, 4);
        }
    }
    forget();
    surroundings.renewing[peer(10)] = settings.lease;
    tick_until(now + settings.lease);
    REQUIRE_FALSE(said<opinion_ask>().empty());
    CHECK(said<opinion_ask>()[0].to_settle == std::vector{peer(10)});
}

TEST_CASE_METHOD(settling, "OWN-11: a joiner that says that it is settled is not added") {
    auto asked = asked_by(9, settings);
    asked.shown = view_number{2};
    asked.self.is_settled = true;
    receive(9, asked, 0);
    receive(2, prepare{third, {1, 1, peer(2)}});
    REQUIRE(said<promise>().size() == 1);
    CHECK(said<promise>()[0].joiners.empty());
}

TEST_CASE("OWN-11: the founders with weight are settled") {
    founding_value value{{1, 1}, {100}, 16, {}};
    for (std::uint8_t s = 0; s < 3; ++s) {
        value.founders.push_back({made_up::member(s + 1u), s});
    }
    value.founders[1].self.weight = 0;
    value.founders[1].self.is_settled = true;
    const auto v = first_view(value, seeds);
    CHECK(v.find(peer(1))->is_settled);
    CHECK_FALSE(v.find(peer(2))->is_settled);
    CHECK(v.find(peer(3))->is_settled);
}
