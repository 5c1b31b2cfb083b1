// One agreement driven by hand: peer 1, with the test in place of the others.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "fixture.hpp"

namespace view_test {

inline const std::vector<endpoint> seeds{address(1), address(2), address(3)};

/// The step from view 1, which has no members, to view 2 with seats 1 to 3 and member 4.
inline welcome start_of_all() {
    welcome out;
    out.before = made_up::first_view(0);
    for (const auto& s : seeds) {
        out.before.seats.push_back({s, {}});
    }
    out.map_before = set_environment{}.first_map(out.before);
    out.added_by.what = empty_change(out.before);
    for (std::uint64_t n = 1; n <= 4; ++n) {
        out.added_by.what.added.push_back(made_up::member(n));
        if (n <= 3) {
            out.added_by.what.seats.push_back({static_cast<std::uint8_t>(n - 1), peer(n)});
        }
    }
    return out;
}

/// Peer 1 alone with the test: a voter of view 2, if it was given the welcome.
struct lone {
    base::settings settings = [] {
        base::settings s;
        s.name = "p1";
        s.address = address(1);
        s.seeds = seeds;
        return s;
    }();
    set_environment surroundings;
    base::time_point now = at(1h);
    std::optional<agreement> mine;
    std::vector<send> sent;
    std::vector<output> others;

    void start() { mine.emplace(settings, peer(1), 7, surroundings, moment()); }
    void start_in_view_2() {
        start();
        receive(2, start_of_all());
        REQUIRE(mine->current());
        forget();
    }
    [[nodiscard]] base::moment moment() const { return {now, 1000}; }
    void receive(std::uint64_t from, const message& what, std::uint64_t shown = 2) {
        // as they are sent: joins by stream (SEAL-2)
        const bool is_join = base::get_message_if<join>(what) != nullptr;
        receive_from(is_join ? endpoint{} : address(from), from, what, shown);
    }
    void receive_from(const endpoint& at, std::uint64_t from, const message& what,
                      std::uint64_t shown) {
        mine->handle(peer(from), at, {shown}, what, moment());
        drain();
    }
    void tick() {
        mine->tick(moment());
        drain();
    }
    void drain() {
        while (auto o = mine->next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                sent.push_back(std::move(*s));
            } else {
                others.push_back(std::move(*o));
            }
        }
    }
    void forget() {
        sent.clear();
        others.clear();
    }
    template <class Message>
    [[nodiscard]] std::vector<Message> said() const {
        std::vector<Message> out;
        for (const auto& s : sent) {
            if (const auto* m = base::get_message_if<Message>(s.what)) {
                out.push_back(*m);
            }
        }
        return out;
    }
    template <class Output>
    [[nodiscard]] std::vector<Output> told() const {
        std::vector<Output> out;
        for (const auto& o : others) {
            if (const auto* m = std::get_if<Output>(&o)) {
                out.push_back(*m);
            }
        }
        return out;
    }
    /// In view 2: gossip says that peer 4 is dead, all agree, and voters are asked to accept that.
    ballot proposes_to_remove_4() {
        const view_number next{3};
        mine->set_suspected(peer(4), true, now);
        drain();
        REQUIRE_FALSE(said<opinion_ask>().empty());
        receive(2, opinion{next, {peer(4)}, {}});
        receive(3, opinion{next, {peer(4)}, {}});
        for (int i = 0; i < 1000 && said<prepare>().empty(); ++i) {
            now = *mine->deadline();
            tick();
        }
        REQUIRE_FALSE(said<prepare>().empty());
        const auto mine_now = said<prepare>().back().ballot;
        receive(1, promise{next, mine_now, {}, 1000, {}});
        receive(2, promise{next, mine_now, {}, 1000, {}});
        REQUIRE_FALSE(said<accept>().empty());
        CHECK(said<accept>()[0].value.removed == std::vector{peer(4)});
        forget();
        return mine_now;
    }
    [[nodiscard]] change next_change() const { return empty_change(*mine->current()); }
};

constexpr view_number third{3};

}  // namespace view_test
