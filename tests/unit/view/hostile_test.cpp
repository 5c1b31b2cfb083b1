// Peers that send what cannot be, or what is long past: it is dropped, and the next good message
// has its effect. No invariant breaks: each machine checks its own after every message.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "lone.hpp"

using namespace view_test;

namespace {

constexpr auto last_number = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t impossible_rounds[] = {last_number, last_number - 1,
                                               ballot::highest_round + 1};

/// A voter of view 2 that wants to add peer 9, or whatever the test asks of it.
struct voter : lone {
    voter() { start_in_view_2(); }
    [[nodiscard]] join joiner(std::uint64_t n) const {
        auto asked = asked_by(n, settings);
        asked.shown = view_number{2};
        return asked;
    }
    /// Lets time pass until it prepares a ballot.
    ballot next_ballot() {
        forget();
        for (int i = 0; i < 1000 && said<prepare>().empty(); ++i) {
            REQUIRE(mine->deadline());
            now = std::max(now, *mine->deadline());
            tick();
        }
        REQUIRE_FALSE(said<prepare>().empty());
        const auto b = said<prepare>().back().ballot;
        forget();
        return b;
    }
    ballot ballot_to_add_9() {
        receive(9, joiner(9), 0);
        return next_ballot();
    }
    void promise_by(std::uint64_t n, const ballot& b) {
        receive(n, promise{third, b, {}, 1000, {}});
    }
    /// Of the value it proposes: the PeerIds that it adds.
    [[nodiscard]] std::vector<peer_id> proposes_to_add() const {
        REQUIRE_FALSE(said<accept>().empty());
        std::vector<peer_id> out;
        const auto last = said<accept>().back();
        for (const auto& m : last.value.added) {
            out.push_back(m.id);
        }
        return out;
    }
    [[nodiscard]] bool is_quiet() const { return sent.empty() && others.empty(); }
};

/// Seat 0 of three, which may found.
struct founder_of_three {
    base::settings settings = [] {
        base::settings s;
        s.slots = 16;
        return s;
    }();
    base::time_point now = at(0s);
    bool has_view = false;
    founding part{settings, made_up::member(1), seeds, 1, now};
    std::vector<founding::output> said;

    void receive(std::uint64_t from, const founding_message& what) {
        part.handle(peer(from), address(from), what, {has_view}, {now, 1000});
        drain();
    }
    void drain() {
        while (auto o = part.next()) {
            said.push_back(std::move(*o));
        }
    }
    template <class Message>
    [[nodiscard]] std::vector<Message> sent() const {
        std::vector<Message> out;
        for (const auto& o : said) {
            const auto* s = std::get_if<founding::send>(&o);
            if (const auto* m = s != nullptr ? std::get_if<Message>(&s->what) : nullptr) {
                out.push_back(*m);
            }
        }
        return out;
    }
    /// Lets time pass until it prepares a ballot.
    ballot next_ballot() {
        said.clear();
        REQUIRE(part.deadline());
        now = *part.deadline();
        part.tick({}, {now, 1000});
        drain();
        REQUIRE(sent<found_prepare>().size() == seeds.size());
        const auto b = sent<found_prepare>().front().ballot;
        said.clear();
        return b;
    }
    void pass(base::duration d) {
        now += d;
        part.tick({}, {now, 1000});
        drain();
    }
    [[nodiscard]] static founder seated(std::uint64_t n) {
        return {made_up::member(n), static_cast<std::uint8_t>(n - 1)};
    }
    void promise_by(std::uint64_t n, const ballot& b) {
        receive(n, found_promise{b, seated(n), {}, {}});
    }
    [[nodiscard]] founding_value good() const {
        return {{1, 1}, {2000}, 16, {seated(1), seated(2), seated(3)}};
    }
    [[nodiscard]] std::vector<std::pair<std::string, founding_value>> unsound() const {
        std::vector<std::pair<std::string, founding_value>> out;
        const auto add = [&](const char* what, auto change) {
            out.emplace_back(what, good());
            change(out.back().second);
        };
        add("FOUND-9: an epoch that leaves too few for views",
            [](auto& v) { v.epoch = {last_by_clock.value + 1}; });
        add("a founder with two seats", [](auto& v) { v.founders[2].self.id = peer(2); });
        add("two founders in a seat", [](auto& v) {
            v.founders[2].seat = 1;
            v.founders[2].self.address = address(2);
        });
        add("a seat that is not there", [](auto& v) { v.founders[2].seat = 3; });
        add("the last seat of all", [](auto& v) { v.founders[2].seat = 255; });
        add("another address", [](auto& v) { v.founders[2].self.address = address(9); });
        add("a founder without a PeerId", [](auto& v) { v.founders[2].self.id = {}; });
        add("no founder", [](auto& v) { v.founders.clear(); });
        add("too few founders", [](auto& v) { v.founders.resize(1); });
        add("more founders than seats", [](auto& v) { v.founders.push_back(seated(4)); });
        add("no cluster", [](auto& v) { v.cluster = {}; });
        add("no slots", [](auto& v) { v.slots = 0; });
        add("too many slots", [](auto& v) { v.slots = base::limits::slots + 1; });
        return out;
    }
};

}  // namespace

// ---- choosing the next view

TEST_CASE_METHOD(voter, "a promise with a value that no acceptor takes does not count") {
    const auto b = ballot_to_add_9();
    auto wrong = next_change();
    SECTION("of another number") { wrong.number = wrong.number.next(); }
    SECTION("of the number 0") { wrong.number = {}; }
    SECTION("of the last number") { wrong.number = {last_number}; }
    SECTION("of another cluster") { wrong.cluster.low = 77; }
    SECTION("with another checksum") { ++wrong.checksum; }
    SECTION("with an epoch that does not rise") { wrong.epoch = mine->current()->epoch; }
    SECTION("that removes a peer that is no member") { wrong.removed = {peer(77)}; }
    receive(2, promise{third, b, accepted_change{{1, 1, peer(2)}, wrong}, 1000, {}});
    promise_by(3, b);
    CHECK(is_quiet());
    promise_by(1, b);
    CHECK(said<accept>().size() == 3);
    CHECK(proposes_to_add() == std::vector{peer(9)});
}

TEST_CASE_METHOD(voter, "a round that no peer comes to is not outbid, and none wraps") {
    const auto b = ballot_to_add_9();
    for (const auto round : impossible_rounds) {
        receive(3, rejected{third, b, {round, 2, peer(3)}});
    }
    CHECK(is_quiet());
    CHECK(next_ballot().round == b.round + 1);
    auto last = next_ballot();
    CHECK(last.round == b.round + 2);
    receive(3, rejected{third, last, {50, 2, peer(3)}});
    last = next_ballot();
    CHECK(last.round == 51);
    promise_by(2, last);
    promise_by(3, last);
    CHECK(said<accept>().size() == 3);
}

TEST_CASE_METHOD(voter, "a round that no peer comes to is neither promised nor accepted") {
    for (const auto round : impossible_rounds) {
        const ballot b{round, 1, peer(2)};
        receive(2, prepare{third, b});
        receive(2, accept{third, b, next_change()});
    }
    CHECK(said<promise>().empty());
    CHECK(said<accepted>().empty());
    const ballot good{1, 2, peer(3)};
    receive(3, prepare{third, good});
    REQUIRE(said<promise>().size() == 1);
    CHECK_FALSE(said<promise>()[0].accepted);
    receive(3, accept{third, good, next_change()});
    CHECK(said<accepted>().size() == 1);
}

TEST_CASE_METHOD(voter, "what is about a view far from the next one is dropped") {
    const auto b = ballot_to_add_9();
    for (const auto number :
         {view_number{0}, view_number{1}, view_number{2}, third.next(), view_number{last_number}}) {
        CAPTURE(number.value);
        receive(2, opinion_ask{number, {peer(4)}});
        receive(2, opinion{number, {peer(4)}, {peer(3)}});
        receive(2, prepare{number, {9, 1, peer(2)}});
        receive(2, accept{number, {9, 1, peer(2)}, next_change()});
        for (const std::uint64_t from : {2, 3}) {
            receive(from, rejected{number, b, {9, 1, peer(2)}});
            receive(from, promise{number, b, {}, 1000, {}});
            receive(from, accepted{number, b, {}});
        }
        CHECK(is_quiet());
    }
    promise_by(2, b);
    promise_by(3, b);
    CHECK(proposes_to_add() == std::vector{peer(9)});
}

TEST_CASE_METHOD(voter, "a value that does not follow from the view is not accepted") {
    const ballot b{1, 1, peer(2)};
    auto wrong = next_change();
    SECTION("CHECKSUM") { ++wrong.checksum; }
    SECTION("another number than the message has") { wrong.number = {last_number}; }
    SECTION("no epoch") { wrong.epoch = {}; }
    SECTION("VIEW-1: the last epoch that clocks reach, in the second after view 2") {
        wrong.epoch = last_by_clock;
    }
    SECTION("VIEW-1: the last epoch of all, whenever it comes") {
        now += 10s;
        wrong.epoch = {std::numeric_limits<std::uint32_t>::max()};
    }
    SECTION("a member without a PeerId") { wrong.added = {made_up::member(0)}; }
    SECTION("a member added twice") { wrong.added = {made_up::member(9), made_up::member(9)}; }
    SECTION("a member that is there") { wrong.added = {made_up::member(4)}; }
    SECTION("a member that leaves already") {
        wrong.added = {made_up::member(9)};
        wrong.added[0].leaving = true;
    }
    SECTION("more members than there may be") {
        for (std::uint64_t n = 9; n < 9 + base::limits::members; ++n) {
            wrong.added.push_back(made_up::member(n));
        }
    }
    SECTION("a member removed twice") { wrong.removed = {peer(4), peer(4)}; }
    SECTION("a removed peer without a PeerId") { wrong.removed = {peer_id{}}; }
    SECTION("a member marked twice") { wrong.leaving = {peer(4), peer(4)}; }
    SECTION("a seat that is not there") { wrong.seats = {{3, peer(4)}}; }
    SECTION("the last seat of all") { wrong.seats = {{255, {}}}; }
    SECTION("a member in two seats") { wrong.seats = {{0, peer(2)}}; }
    SECTION("VIEW-6: no seat is filled") { wrong.seats = {{0, {}}, {1, {}}, {2, {}}}; }
    receive(2, accept{third, b, wrong});
    CHECK(is_quiet());
    CHECK_FALSE(mine->blocks_lease_of(peer(4)));
    receive(2, accept{third, b, next_change()});
    CHECK(said<accepted>().size() == 1);
}

TEST_CASE_METHOD(voter, "VIEW-1: wall clocks at the ends of their range move no epoch") {
    const auto b = ballot_to_add_9();
    auto wall = std::numeric_limits<std::int64_t>::min();
    SECTION("the first second of all") {}
    SECTION("the last one") { wall = std::numeric_limits<std::int64_t>::max(); }
    receive(2, promise{third, b, {}, wall, {}});
    receive(3, promise{third, b, {}, 0, {}});
    REQUIRE_FALSE(said<accept>().empty());
    CHECK(said<accept>()[0].value.epoch.value == mine->current()->epoch.value + 1);
}

TEST_CASE_METHOD(voter, "HEARSAY: a joiner that no view may add keeps no other out") {
    auto leaver = made_up::member(8);
    leaver.leaving = true;
    SECTION("it asked this voter") {
        auto asked = joiner(8);
        asked.self = leaver;
        receive(8, asked, 0);
        const auto b = ballot_to_add_9();
        promise_by(2, b);
        promise_by(3, b);
    }
    SECTION("another voter names it") {
        const auto b = ballot_to_add_9();
        receive(2, promise{third, b, {}, 1000, {leaver, made_up::member(0), made_up::member(4)}});
        promise_by(3, b);
    }
    CHECK(proposes_to_add() == std::vector{peer(9)});
}

TEST_CASE("a voter remembers no more joiners than a view has members") {
    const base::settings settings;
    const set_environment surroundings;
    membership_hints hints{settings, surroundings};
    auto now = at(0s);
    for (std::uint64_t n = 1; n <= base::limits::members + 10; ++n) {
        hints.asks_to_join(asked_by(n, settings), now);
        hints.hears_of(made_up::member(10'000 + n), now);
    }
    hints.invariants();
    CHECK(hints.asked_here(now).size() <= base::limits::members);
    now += settings.lease;
    hints.asks_to_join(asked_by(9, settings), now);
    REQUIRE(hints.asked_here(now).size() == 1);
    CHECK(hints.asked_here(now)[0].id == peer(9));
}

TEST_CASE_METHOD(voter, "LEASE-4: a silence counts for a removed peer only, and never below 0") {
    mine->set_suspected(peer(4), true, now);
    drain();
    receive(2, opinion{third, {peer(4), peer(77), peer_id{}}, {peer(1)}});
    receive(3, opinion{third, {peer(4)}, {}});
    const auto b = next_ballot();
    promise_by(2, b);
    promise_by(3, b);
    REQUIRE_FALSE(said<accept>().empty());
    CHECK(said<accept>()[0].value.removed == std::vector{peer(4)});
    const std::vector<silence> lie{{peer(77), 0s}, {peer(4), base::duration::max()}};
    receive(2, accepted{third, b, lie});
    receive(3, accepted{third, b, lie});
    REQUIRE(mine->current()->number == third);
    REQUIRE_FALSE(said<steps>().empty());
    CHECK(said<steps>()[0].in_order[0].leases == std::vector{remaining{peer(4), 0s}});
}

// ---- wishes

TEST_CASE_METHOD(voter, "OWN-6: a wish for an epoch of another view does not undo one of this") {
    receive(3, new_epoch_wanted{{2}});
    for (const auto n : {std::uint64_t{0}, std::uint64_t{1}, last_number}) {
        receive(2, new_epoch_wanted{{n}});
    }
    const auto b = next_ballot();
    promise_by(2, b);
    promise_by(3, b);
    REQUIRE_FALSE(said<accept>().empty());
    CHECK(said<accept>()[0].value.epoch.value > mine->current()->epoch.value);
}

TEST_CASE("VIEW-8: who is evicted, and by whom, must be members") {
    lone alone;
    auto given = start_of_all();
    for (auto& m : given.added_by.what.added) {
        m.process.machine = 5;
    }
    alone.start();
    alone.receive(2, given);
    alone.surroundings.vouched_for = {peer(4)};
    const auto objects = [&] {
        alone.forget();
        alone.receive(2, opinion_ask{third, {peer(4)}});
        return !alone.said<opinion>().at(0).objects.empty();
    };
    alone.receive(2, evict{{}, proof::fenced, {}});
    alone.receive(2, evict{peer(77), proof::gone, {}});  // of which no process is known
    alone.receive(77, evict{peer(4), proof::fenced, {}});
    CHECK(objects());
    alone.receive(2, evict{peer(4), proof::fenced, {}});
    CHECK_FALSE(objects());
}

TEST_CASE("VIEW-8: where operators are named, a voter hears no other") {
    lone alone;
    alone.settings.operators = {"ann"};
    alone.start_in_view_2();
    alone.surroundings.vouched_for = {peer(4)};
    const auto objects = [&] {
        alone.forget();
        alone.receive(2, opinion_ask{third, {peer(4)}});
        return !alone.said<opinion>().at(0).objects.empty();
    };
    alone.receive(2, evict{peer(4), proof::fenced, "eve"});
    CHECK(objects());
    alone.receive(2, evict{peer(4), proof::none, "ann"});
    CHECK_FALSE(objects());
}

// ---- spreading

TEST_CASE_METHOD(voter, "steps out of the chain are not installed") {
    auto far = next_change();
    SECTION("of the number 0") {
        far.number = {};
        receive(2, steps{{{far, {}}}});
        CHECK(sent.empty());
    }
    SECTION("of the last number") {
        far.number = {last_number};
        receive(2, steps{{{far, {}}}});
        CHECK(said<want_steps>().size() == 1);
    }
    SECTION("of another cluster") {
        far.cluster.low = 77;
        receive(2, steps{{{far, {}}}});
        CHECK(sent.empty());
    }
    SECTION("none at all, from a peer that is far ahead") {
        receive(2, steps{}, last_number);
        CHECK(said<want_steps>().size() == 1);
    }
    CHECK(others.empty());
    CHECK(mine->current()->number == view_number{2});
    receive(2, steps{{{next_change(), {}}}}, 3);
    CHECK(mine->current()->number == third);
}

TEST_CASE_METHOD(voter,
                 "view numbers at the ends of their range ask for nothing that is not there") {
    receive(2, want_steps{{0}});
    receive(2, want_steps{{last_number}});
    receive(2, outdated{{0}});
    receive(2, outdated{{last_number}});
    mine->on_view_number(peer(2), {0}, now);
    drain();
    CHECK(is_quiet());
    mine->on_view_number(peer(3), {last_number}, now);
    drain();
    REQUIRE(said<want_steps>().size() == 1);
    CHECK(said<want_steps>()[0].after == view_number{2});
    receive(2, want_steps{{1}});
    REQUIRE(said<steps>().size() == 1);
    CHECK(said<steps>()[0].in_order[0].what.number == view_number{2});
}

// ---- joining

TEST_CASE_METHOD(voter, "a join that cannot be makes no candidate") {
    auto asked = joiner(9);
    std::uint64_t from = 9;
    SECTION("in the name of another") { from = 8; }
    SECTION("without a PeerId") { asked.self.id = {}; }
    SECTION("the last view of all was shown") { asked.shown = view_number{last_number}; }
    SECTION("no seeds") { asked.seeds.clear(); }
    SECTION("too many seeds") { asked.seeds.insert(asked.seeds.end(), 300, address(1)); }
    SECTION("seeds that are not sorted") { std::swap(asked.seeds[0], asked.seeds[2]); }
    SECTION("a lease without end") { asked.terms.lease = base::duration::max(); }
    SECTION("no lease") { asked.terms.lease = {}; }
    SECTION("no ring function") { asked.ring_function = 0; }
    receive(from, asked, 0);
    forget();
    receive(2, prepare{third, {1, 1, peer(2)}});
    REQUIRE(said<promise>().size() == 1);
    CHECK(said<promise>()[0].joiners.empty());
    receive(9, joiner(9), 0);
    receive(2, prepare{third, {2, 1, peer(2)}});
    REQUIRE(said<promise>().size() == 2);
    CHECK(said<promise>()[1].joiners.size() == 1);
}

TEST_CASE_METHOD(lone, "a welcome to a view that cannot be is dropped, and a good one is taken") {
    start();
    auto wrong = start_of_all();
    const auto set_number = [&](std::uint64_t before) {
        wrong.before.number = {before};
        wrong.added_by.what.number = wrong.before.number.next();
        wrong.added_by.what.checksum = wrong.added_by.what.number.value;
    };
    SECTION("after the last number there is none") { set_number(last_number); }
    SECTION("there is no view 0") { set_number(0); }
    SECTION("another ring function") { wrong.before.ring_function = 2; }
    SECTION("no slots") { wrong.before.slots = 0; }
    SECTION("too many slots") { wrong.before.slots = base::limits::slots + 1; }
    SECTION("no seats") { wrong.before.seats.clear(); }
    SECTION("one seat more") { wrong.before.seats.push_back({address(4), {}}); }
    SECTION("seats that are not sorted") {
        std::swap(wrong.before.seats[0], wrong.before.seats[2]);
    }
    SECTION("it adds no member") { wrong.added_by.what.added.clear(); }
    receive(2, wrong);
    CHECK(mine->current() == nullptr);
    CHECK(others.empty());
    receive(2, start_of_all());
    REQUIRE(mine->current() != nullptr);
    CHECK(told<installed>().size() == 1);
}

// ---- founding

TEST_CASE_METHOD(founder_of_three, "FOUND-2: an unsound founding value is not accepted") {
    for (const auto& [what, value] : unsound()) {
        CAPTURE(what);
        receive(2, found_accept{{1, 1, peer(2)}, value});
        CHECK(said.empty());
    }
    receive(2, found_accept{{1, 1, peer(2)}, good()});
    CHECK(said.size() == 1);
    CHECK(sent<found_accepted>().size() == 1);
}

TEST_CASE_METHOD(founder_of_three, "FOUND-2: an unsound founding value is not installed") {
    for (const auto& [what, value] : unsound()) {
        CAPTURE(what);
        receive(2, founded{value});
        CHECK(said.empty());
    }
    receive(2, founded{good()});
    REQUIRE(said.size() == 1);
    CHECK(std::holds_alternative<founding::founded_with_us>(said[0]));
}

TEST_CASE_METHOD(founder_of_three, "FOUND-2: a promise with an unsound value does not count") {
    const auto b = next_ballot();
    promise_by(1, b);
    for (const auto& [what, value] : unsound()) {
        CAPTURE(what);
        receive(2, found_promise{b, seated(2), accepted_founding{{1, 1, peer(2)}, value}, {}});
        pass(settings.batch_wait);
        CHECK(said.empty());
    }
    promise_by(2, b);
    pass(settings.batch_wait);
    REQUIRE(sent<found_accept>().size() == 2);
    CHECK(sent<found_accept>()[0].value.founders == std::vector{seated(1), seated(2)});
}

TEST_CASE_METHOD(founder_of_three, "FOUND-2: a promise counts for the seat of its sender only") {
    const auto b = next_ballot();
    promise_by(1, b);
    auto wrong = found_promise{b, seated(2), {}, {}};
    SECTION("a seat that is not there") { wrong.self.seat = 3; }
    SECTION("the last seat of all") { wrong.self.seat = 255; }
    SECTION("a seat of another address") { wrong.self.seat = 2; }
    SECTION("another process than the sender") { wrong.self.self.id = peer(77); }
    SECTION("another ballot") { wrong.ballot.round = last_number; }
    receive(2, wrong);
    pass(settings.batch_wait);
    CHECK(said.empty());
    promise_by(2, b);
    // It has a seat, and the other one keeps its own.
    receive(2, found_promise{b, {{peer(2), "p2", address(1), 1, false, {}}, 0}, {}, {}});
    pass(settings.batch_wait);
    REQUIRE(sent<found_accept>().size() == 2);
    CHECK(sent<found_accept>()[0].value.founders == std::vector{seated(1), seated(2)});
}

TEST_CASE_METHOD(founder_of_three, "a founding is not outbid by a round that no peer comes to") {
    auto b = next_ballot();
    for (const auto round : impossible_rounds) {
        receive(2, found_rejected{b, found_refusal::higher_ballot, {round, 1, peer(2)}, {}, {}});
        const auto next = next_ballot();
        CHECK(next.round == b.round + 1);
        b = next;
    }
    receive(2, found_rejected{b, found_refusal::higher_ballot, {50, 1, peer(2)}, {}, {}});
    b = next_ballot();
    CHECK(b.round == 51);
    promise_by(1, b);
    promise_by(2, b);
    promise_by(3, b);
    CHECK(sent<found_accept>().size() == 3);
}

TEST_CASE_METHOD(founder_of_three, "a founding is not promised in a round that no peer comes to") {
    const lease_terms terms{settings.lease, settings.drift_ppm()};
    for (const auto round : impossible_rounds) {
        receive(2, found_prepare{{round, 1, peer(2)}, seeds, terms});
        receive(2, found_accept{{round, 1, peer(2)}, good()});
    }
    CHECK(sent<found_rejected>().size() == said.size());
    receive(2, found_prepare{{1, 1, peer(2)}, seeds, terms});
    REQUIRE(sent<found_promise>().size() == 1);
    CHECK_FALSE(sent<found_promise>()[0].accepted);
}

TEST_CASE_METHOD(founder_of_three, "FOUND-9: after the last epoch comes no first one") {
    constexpr epoch last{std::numeric_limits<std::uint32_t>::max()};
    const auto b = next_ballot();
    receive(3, found_rejected{b, found_refusal::has_a_view, {}, last, {}});
    promise_by(1, b);
    promise_by(2, b);
    pass(settings.batch_wait);
    CHECK(sent<found_accept>().empty());
    REQUIRE(said.size() == 1);
    REQUIRE(std::holds_alternative<founding::epochs_end>(said[0]));
    CHECK(std::get<founding::epochs_end>(said[0]).highest == last);
}
