#include "view/proposer.hpp"

#include <optional>
#include <vector>

#include "catch.hpp"
#include "made_up.hpp"
#include "view/acceptor.hpp"

using namespace holdfast;
using namespace holdfast::views;
using namespace std::chrono_literals;

namespace {

struct quiet_environment final : environment {
    base::duration lease_left() const override { return {}; }
    bool has_ended_stream(const peer_id&) const override { return false; }
    base::duration time_since_ack(const peer_id&, base::time_point) const override { return 0s; }
    bool vouches_for(const peer_id&, base::time_point) const override { return false; }
    base::duration renewed_for(const peer_id&, base::time_point) const override { return {}; }
    bool is_found_mute(const peer_id&, base::time_point) const override { return false; }
    bool has_shown_ways(const peer_id&, base::time_point) const override { return true; }
    bool reaches_seats(base::time_point) const override { return true; }
    bool seems_alive(const peer_id&) const override { return true; }
    bool has_dialled(const endpoint&, const peer_id&) const override { return true; }
    bool is_replaced_at(const endpoint&, const peer_id&) const override { return false; }
    base::shared_slot_map first_map(const view&) const override {
        return std::make_shared<const base::slot_map>();
    }
    base::shared_slot_map next_map(const base::shared_slot_map& map, const view&,
                                   const view&) const override {
        return map;
    }
    std::uint64_t checksum(const view&, const base::slot_map&) const override { return 7; }
};

/// Peer 1 of three voters, which has asked for promises: it wants to add peer 9.
struct preparing_to_add {
    base::settings settings;
    quiet_environment surroundings;
    membership_hints hints{settings, surroundings};
    proposer p{settings, made_up::peer(1), surroundings, 1};

    preparing_to_add() {
        hints.asks_to_join({made_up::member(9), {}, view_number{1}, {}, 1, {}}, made_up::at(0s));
        p.installed(std::make_shared<const view>(made_up::first_view(3)),
                    surroundings.first_map({}), made_up::at(0s));
        p.maybe_propose(hints, made_up::at(0s));
        p.tick(hints, made_up::at(1s));
    }
};

template <class Message>
std::optional<Message> last_said(proposer& p) {
    std::optional<Message> last;
    while (const auto out = p.next()) {
        if (const auto* s = std::get_if<proposer::send>(&*out);
            s != nullptr && std::holds_alternative<Message>(s->what)) {
            last = std::get<Message>(s->what);
        }
    }
    return last;
}

}  // namespace

TEST_CASE("VIEW-1: the epoch is the Q-th largest wall clock, or one more than the last") {
    CHECK(next_epoch({100}, {500, 600, 700}, 2) == epoch{600});
    CHECK(next_epoch({100}, {500, 600}, 2) == epoch{500});
    // one wrong clock moves nothing
    CHECK(next_epoch({100}, {5, 6, 1'000'000}, 2) == epoch{101});
    CHECK(next_epoch({100}, {900}, 2) == epoch{101});
    CHECK(next_epoch({100}, {}, 2) == epoch{101});
    CHECK(next_epoch({100}, {-5, -6, -7}, 2) == epoch{101});
}

TEST_CASE("LEASE-4: the shortest silence counts, and never below nothing") {
    CHECK(remaining_lease(1010ms, {800ms, 300ms, 900ms}) == 710ms);
    CHECK(remaining_lease(1010ms, {2s, 3s}) == 0ms);
    CHECK(remaining_lease(1010ms, {}) == 1010ms);
}

TEST_CASE("an acceptor promises and accepts only what is not below its promise") {
    acceptor<accepted_change> a;
    const ballot low{1, 0, made_up::peer(1)}, high{1, 1, made_up::peer(2)};
    CHECK(a.prepare(high));
    CHECK_FALSE(a.prepare(low));
    CHECK_FALSE(a.may_accept(low));
    CHECK(a.may_accept(high));
    change c;
    c.number = {2};
    a.accept(high, c);
    REQUIRE(a.accepted());
    CHECK(a.accepted()->ballot == high);
    CHECK(a.prepare({2, 0, made_up::peer(1)}));
    CHECK(a.accepted()->value == c);  // a promise does not forget
}

TEST_CASE_METHOD(
    preparing_to_add,
    "a late promise or accept for another view does not count, though its ballot is the same") {
    const auto asked = last_said<prepare>(p);
    REQUIRE(asked);

    p.handle(made_up::peer(2), promise{{1}, asked->ballot, {}, 0, {}}, hints, made_up::at(1s));
    p.handle(made_up::peer(3), promise{{1}, asked->ballot, {}, 0, {}}, hints, made_up::at(1s));
    CHECK_FALSE(last_said<accept>(p));
    p.handle(made_up::peer(1), promise{{2}, asked->ballot, {}, 0, {}}, hints, made_up::at(1s));
    p.handle(made_up::peer(2), promise{{2}, asked->ballot, {}, 0, {}}, hints, made_up::at(1s));
    REQUIRE(last_said<accept>(p));

    p.handle(made_up::peer(2), accepted{{1}, asked->ballot, {}}, hints, made_up::at(1s));
    p.handle(made_up::peer(3), accepted{{1}, asked->ballot, {}}, hints, made_up::at(1s));
    CHECK_FALSE(p.next());
    p.handle(made_up::peer(1), accepted{{2}, asked->ballot, {}}, hints, made_up::at(1s));
    p.handle(made_up::peer(2), accepted{{2}, asked->ballot, {}}, hints, made_up::at(1s));
    const auto out = p.next();
    REQUIRE(out);
    CHECK(std::holds_alternative<proposer::decided>(*out));
}

TEST_CASE_METHOD(preparing_to_add,
                 "phase 1: a promise counts once, however often its packet comes") {
    const auto asked = last_said<prepare>(p);
    REQUIRE(asked);
    const promise given{{2}, asked->ballot, {}, 0, {}};
    p.handle(made_up::peer(2), given, hints, made_up::at(1s));
    p.handle(made_up::peer(2), given, hints, made_up::at(1s));
    CHECK_FALSE(last_said<accept>(p));
    p.handle(made_up::peer(3), given, hints, made_up::at(1s));
    CHECK(last_said<accept>(p));
}
