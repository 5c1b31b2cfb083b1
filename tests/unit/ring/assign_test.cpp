#include "ring/assign.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/random.hpp"
#include "catch.hpp"
#include "ring/rank.hpp"

using namespace holdfast;

namespace {

constexpr std::size_t max_owners = 64;

struct spread {
    std::map<peer_id, std::uint32_t> owned;
    std::vector<peer_id> owner;  // for each slot; nil where it has none any more
};

/// Who owns what of `before`, among those that may own in `after`.
spread spread_of(const base::slot_map& map, const view& v, std::size_t limit) {
    spread out;
    for (const auto& s : ring::owners_of(v, limit)) {
        out.owned[s.id] = 0;
    }
    for (std::uint16_t s = 0; s < v.slots; ++s) {
        auto id = s < map.owner_index.size() && map.owner_index[s] < map.owners.size()
                      ? map.owners[map.owner_index[s]]
                      : peer_id{};
        if (out.owned.count(id) == 0) {
            id = {};
        } else {
            ++out.owned[id];
        }
        out.owner.push_back(id);
    }
    return out;
}

/// The slow twin: every slot with every owner, the nearest first.
base::slot_map next_map_by_trying_every_pair(const base::slot_map& before, const view& after,
                                             std::size_t limit) {
    auto now = spread_of(before, after, limit);
    auto owners = ring::owners_of(after, limit);
    std::vector<std::uint32_t> owned;
    for (const auto& s : owners) {
        owned.push_back(now.owned[s.id]);
    }
    ring::deal(owners, after.slots, owned);
    std::map<peer_id, std::uint32_t> wanted;
    std::vector<std::tuple<std::uint64_t, std::uint16_t, peer_id>> pairs;
    for (const auto& s : owners) {
        wanted[s.id] = s.slots;
        for (std::uint16_t at = 0; at < after.slots; ++at) {
            pairs.emplace_back(ring::distance({at}, s.id, s.weight), at, s.id);
        }
    }
    std::sort(pairs.begin(), pairs.end());
    std::set<peer_id> takers;  // who had enough takes nothing, though it may have given
    for (const auto& s : owners) {
        if (now.owned[s.id] < s.slots) {
            takers.insert(s.id);
        }
    }
    std::set<std::uint16_t> moved;
    for (const auto& [how_far, at, taker] : pairs) {
        const auto giver = now.owner[at];
        const bool may_give =
            moved.count(at) == 0 && (giver.is_nil() || now.owned[giver] > wanted[giver]);
        if (may_give && takers.count(taker) != 0 && now.owned[taker] < wanted[taker]) {
            if (!giver.is_nil()) {
                --now.owned[giver];
            }
            ++now.owned[taker];
            now.owner[at] = taker;
            moved.insert(at);
        }
    }
    base::slot_map map;
    for (const auto& s : owners) {
        if (now.owned[s.id] > 0) {
            map.owners.push_back(s.id);
        }
    }
    for (const auto& id : now.owner) {
        map.owner_index.push_back(static_cast<std::uint16_t>(
            std::find(map.owners.begin(), map.owners.end(), id) - map.owners.begin()));
    }
    return map;
}

peer_id some_id(base::random_source& chance) { return {chance.next(), chance.next()}; }

member with_weight(const peer_id& id, std::uint32_t weight, std::uint64_t since = 1) {
    member m;
    m.id = id;
    m.weight = weight;
    m.since = {since};
    return m;
}

void sort_members(view& v) {
    std::sort(v.members.begin(), v.members.end(),
              [](const member& a, const member& b) { return a.id < b.id; });
}

view view_of(std::size_t members, std::uint32_t slots, std::uint64_t seed) {
    base::random_source chance{seed};
    view v;
    v.number = {1};
    v.slots = slots;
    for (std::size_t i = 0; i < members; ++i) {
        v.members.push_back(with_weight(some_id(chance), 1));
    }
    sort_members(v);
    v.seats.push_back({{}, v.members.front().id});
    return v;
}

/// A member joins, goes, leaves, or gets another weight; sometimes several at once.
void change(view& v, base::random_source& chance) {
    v.number = v.number.next();
    for (auto changes = chance.below(4); changes > 0; --changes) {
        const auto at = chance.below(v.members.size());
        switch (chance.below(5)) {
            case 0:
            case 1:
                v.members.push_back(with_weight(
                    some_id(chance), static_cast<std::uint32_t>(chance.below(4)), v.number.value));
                break;
            case 2:
                if (v.members.size() > 1) {
                    v.members.erase(v.members.begin() + static_cast<std::ptrdiff_t>(at));
                }
                break;
            case 3:
                v.members[at].leaving = true;
                break;
            default:
                v.members[at].weight = static_cast<std::uint32_t>(
                    chance.below(1000) == 0 ? 1000000 : chance.below(20));
        }
    }
    v.seats[0].filled_by = v.members[chance.below(v.members.size())].id;
    sort_members(v);
}

void check_balance_and_moves(const base::slot_map& before, const base::slot_map& map, const view& v,
                             std::size_t limit) {
    const auto was = spread_of(before, v, limit);
    const auto is = spread_of(map, v, limit);
    const auto owners = ring::owners_of(v, limit);

    REQUIRE(map.slots() == v.slots);
    REQUIRE(std::is_sorted(map.owners.begin(), map.owners.end()));
    for (const auto& id : map.owners) {
        REQUIRE(is.owned.count(id) == 1);
        REQUIRE(is.owned.at(id) > 0);
    }
    REQUIRE(std::count(is.owner.begin(), is.owner.end(), peer_id{}) == 0);

    std::uint64_t weights = 0;
    for (const auto& s : owners) {
        weights += s.weight;
    }
    // With every share rounded down each gives what is above it; one that is rounded up keeps one.
    std::uint64_t needed =
        static_cast<std::uint64_t>(std::count(was.owner.begin(), was.owner.end(), peer_id{}));
    std::uint64_t spare = v.slots;
    std::uint64_t could_keep = 0;
    for (const auto& s : owners) {
        const auto exactly = std::uint64_t{v.slots} * s.weight;
        const auto low = exactly / weights;
        REQUIRE(is.owned.at(s.id) >= low);
        REQUIRE(is.owned.at(s.id) <= low + (exactly % weights != 0 ? 1 : 0));
        spare -= low;
        if (was.owned.at(s.id) > low) {
            needed += was.owned.at(s.id) - low;
            could_keep += exactly % weights != 0 ? 1 : 0;
        }
    }
    needed -= std::min(spare, could_keep);
    std::uint64_t moves = 0;
    for (std::size_t s = 0; s < v.slots; ++s) {
        moves += was.owner[s] == is.owner[s] ? 0 : 1;
    }
    REQUIRE(moves == needed);
}

}  // namespace

TEST_CASE(
    "histories of joins, removals, leaves and weights: as the slow twin, balanced, with no "
    "needless move",
    "[ring]") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        base::random_source chance{seed};
        const auto slots = static_cast<std::uint32_t>(1 + chance.below(300));
        const auto limit = 1 + chance.below(12);
        // other PeerIds than those that join
        auto v = view_of(1 + chance.below(8), slots, ~seed);
        auto map = ring::first_map(v, limit);
        REQUIRE(map == next_map_by_trying_every_pair({}, v, limit));
        for (int step = 0; step < 25; ++step) {
            change(v, chance);
            CAPTURE(seed, step);
            const auto next = ring::next_map(map, v, limit);
            REQUIRE(next == next_map_by_trying_every_pair(map, v, limit));
            check_balance_and_moves(map, next, v, limit);
            REQUIRE(ring::next_map(next, v, limit) == next);  // nothing more to do
            map = next;
        }
    }
}

TEST_CASE("the full number of slots", "[ring]") {
    auto v = view_of(20, 16384, 4);
    auto map = ring::first_map(v, max_owners);
    check_balance_and_moves({}, map, v, max_owners);
    v.members.erase(v.members.begin() + 7);
    base::random_source chance{1};
    v.members.push_back(with_weight(some_id(chance), 5, 2));
    sort_members(v);
    const auto next = ring::next_map(map, v, max_owners);
    REQUIRE(next == next_map_by_trying_every_pair(map, v, max_owners));
    check_balance_and_moves(map, next, v, max_owners);
}

TEST_CASE("the order in which members are listed does not matter", "[ring]") {
    base::random_source chance{8};
    auto v = view_of(9, 500, 88);
    const auto map = ring::first_map(v, 5);
    v.members.erase(v.members.begin());
    v.members.push_back(with_weight(some_id(chance), 3, 2));
    const auto next = ring::next_map(map, v, 5);
    for (int i = 0; i < 10; ++i) {
        chance.shuffle(v.members);
        REQUIRE(ring::next_map(map, v, 5) == next);
    }
}

TEST_CASE("shares add up, by weight", "[ring]") {
    base::random_source chance{2};
    for (int round = 0; round < 200; ++round) {
        auto v = view_of(1 + chance.below(80), static_cast<std::uint32_t>(1 + chance.below(16384)),
                         chance.next());
        for (auto& m : v.members) {
            m.weight =
                chance.chance(0.1) ? 0xffffffff : static_cast<std::uint32_t>(chance.below(6));
        }
        const auto dealt = ring::shares(v, max_owners);
        REQUIRE(dealt.size() <= max_owners);
        REQUIRE(std::accumulate(dealt.begin(), dealt.end(), 0u,
                                [](auto sum, const auto& s) { return sum + s.slots; }) == v.slots);
    }
    auto v = view_of(3, 16384, 1);
    v.members[0].weight = 2;
    v.members[1].weight = 1;
    v.members[2].weight = 1;
    const auto dealt = ring::shares(v, max_owners);
    REQUIRE(dealt[0].slots == 8192);
    REQUIRE(dealt[1].slots == 4096);
    REQUIRE(dealt[2].slots == 4096);
}

TEST_CASE("a crash moves the slots of the crashed only, and to many", "[ring]") {
    auto v = view_of(10, 16384, 11);
    const auto map = ring::first_map(v, max_owners);
    const auto gone = v.members[3].id;
    v.members.erase(v.members.begin() + 3);
    const auto next = ring::next_map(map, v, max_owners);
    std::set<peer_id> heirs;
    for (std::uint16_t s = 0; s < v.slots; ++s) {
        if (map.owner_of({s}) == gone) {
            heirs.insert(next.owner_of({s}));
        } else {
            REQUIRE(next.owner_of({s}) == map.owner_of({s}));
        }
    }
    REQUIRE(heirs.size() == 9);
}

TEST_CASE("a joiner above max_owners owns nothing until there is room, and then the oldest does",
          "[ring]") {
    auto v = view_of(4, 400, 5);
    const auto map = ring::first_map(v, 4);
    base::random_source chance{6};
    const auto second = some_id(chance);
    const auto first = some_id(chance);
    v.members.push_back(with_weight(first, 1, 2));
    v.members.push_back(with_weight(second, 1, 3));
    sort_members(v);
    REQUIRE(ring::next_map(map, v, 4) == map);
    v.members.erase(std::find_if(v.members.begin(), v.members.end(),
                                 [&](const member& m) { return m.since.value == 1; }));
    const auto next = ring::next_map(map, v, 4);
    REQUIRE(std::count(next.owners.begin(), next.owners.end(), first) == 1);
    REQUIRE(std::count(next.owners.begin(), next.owners.end(), second) == 0);
}

TEST_CASE("RING-2: when no member has weight, seats own; leaving ones last", "[ring]") {
    auto v = view_of(5, 100, 3);
    v.seats = {{{}, v.members[1].id}, {{}, v.members[3].id}, {{}, {}}};
    for (auto& m : v.members) {
        m.weight = 0;
    }
    using owners = std::vector<peer_id>;
    REQUIRE(ring::first_map(v, max_owners).owners == owners{v.members[1].id, v.members[3].id});
    v.members[1].leaving = true;
    REQUIRE(ring::first_map(v, max_owners).owners == owners{v.members[3].id});
    v.members[3].leaving = true;
    REQUIRE(ring::first_map(v, max_owners).owners == owners{v.members[1].id, v.members[3].id});
    v.members[0].weight = 1;  // a member with weight, though in no seat
    REQUIRE(ring::first_map(v, max_owners).owners == owners{v.members[0].id});
    v.members[0].leaving = true;
    REQUIRE(ring::first_map(v, max_owners).owners == owners{v.members[1].id, v.members[3].id});
    v.seats.clear();
    REQUIRE(ring::first_map(v, max_owners) == base::slot_map{});
}

TEST_CASE("any map before will do", "[ring]") {
    base::random_source chance{12};
    for (int round = 0; round < 200; ++round) {
        const auto v = view_of(1 + chance.below(6),
                               static_cast<std::uint32_t>(1 + chance.below(100)), chance.next());
        base::slot_map before;
        for (auto count = chance.below(8); count > 0; --count) {
            before.owners.push_back(chance.chance(0.5)
                                        ? v.members[chance.below(v.members.size())].id
                                        : some_id(chance));
        }
        before.owner_index.resize(chance.below(150));
        for (auto& index : before.owner_index) {
            index = static_cast<std::uint16_t>(chance.below(10));
        }
        const auto map = ring::next_map(before, v, max_owners);
        REQUIRE(map == next_map_by_trying_every_pair(before, v, max_owners));
        check_balance_and_moves(before, map, v, max_owners);
    }
}

TEST_CASE("weight counts in the ranking too", "[ring]") {
    int heavy = 0;
    const peer_id a{1, 1};
    const peer_id b{2, 2};
    for (std::uint16_t s = 0; s < 10000; ++s) {
        heavy += ring::distance({s}, a, 3) < ring::distance({s}, b, 1) ? 1 : 0;
    }
    REQUIRE(heavy > 7200);
    REQUIRE(heavy < 7800);
}
