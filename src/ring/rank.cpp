#include "ring/rank.hpp"

#define XXH_INLINE_ALL  // one hash for each pair of a slot and a taker: a million at the worst
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <tuple>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::ring {
namespace {

/// A number whose bytes in memory are the same on every platform.
std::uint64_t little_endian(std::uint64_t x) {
    return std::endian::native == std::endian::little ? x : __builtin_bswap64(x);
}

/// -log2(h / 2^64), with 56 bits behind the point. The bits behind the leading one stand for their
/// own logarithm, which is wrong by less than 0.09 and never reverses an order; shares make up for
/// what that does to the chances.
std::uint64_t minus_log2(std::uint64_t h) {
    constexpr unsigned fraction = 56;
    const auto above = static_cast<unsigned>(std::countl_zero(h | 1));
    const std::uint64_t behind = h << above << 1;  // without the leading one
    return ((std::uint64_t{above} + 1) << fraction) - (behind >> (64 - fraction));
}

template <class May>
std::vector<const member*> those_that(const view& v, May may) {
    std::vector<const member*> out;
    for (const auto& m : v.members) {
        if (may(m)) {
            out.push_back(&m);
        }
    }
    return out;
}

}  // namespace

std::uint64_t distance(slot s, const peer_id& id, std::uint32_t weight) {
    HOLDFAST_ASSERT(weight > 0);
    const std::array<std::uint64_t, 2> words{little_endian(id.high), little_endian(id.low)};
    return minus_log2(XXH3_64bits_withSeed(words.data(), sizeof words, s.value)) / weight;
}

std::vector<share> owners_of(const view& v, std::size_t max_owners) {
    const auto has_share = [](const member& m) { return m.weight > 0 && !m.leaving; };
    auto may_own = those_that(v, [&](const member& m) { return has_share(m) && m.is_settled; });
    if (may_own.empty()) {  // OWN-11
        may_own = those_that(v, has_share);
    }
    if (may_own.empty()) {  // RING-2
        base::count(base::effect::ring_2_voters_own);
        may_own = those_that(v, [&](const member& m) { return v.is_voter(m.id) && !m.leaving; });
    }
    if (may_own.empty()) {
        may_own = those_that(v, [&](const member& m) { return v.is_voter(m.id); });
    }
    // Later members own only when there is room, so a join beyond `max_owners` moves no slot.
    if (max_owners = std::max<std::size_t>(max_owners, 1); may_own.size() > max_owners) {
        std::sort(may_own.begin(), may_own.end(), [](const member* a, const member* b) {
            return std::tie(a->since, a->id) < std::tie(b->since, b->id);
        });
        may_own.resize(max_owners);
    }
    std::sort(may_own.begin(), may_own.end(),
              [](const member* a, const member* b) { return a->id < b->id; });

    std::vector<share> owners;
    for (const auto* m : may_own) {
        owners.push_back({m->id, std::max(m->weight, 1u), 0});
    }
    HOLDFAST_ASSERT(owners.size() <= max_owners);
    return owners;
}

void deal(std::vector<share>& owners, std::uint32_t slots,
          const std::vector<std::uint32_t>& owned) {
    if (owners.empty()) {
        return;
    }
    const auto weights = std::accumulate(owners.begin(), owners.end(), std::uint64_t{0},
                                         [](auto sum, const share& s) { return sum + s.weight; });
    std::vector<std::uint64_t> rest(owners.size());
    std::uint32_t left = slots;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        const auto exactly = std::uint64_t{slots} * owners[i].weight;
        owners[i].slots = static_cast<std::uint32_t>(exactly / weights);
        rest[i] = exactly % weights;
        left -= owners[i].slots;
    }
    std::vector<std::size_t> order(owners.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t i) { return rest[i] == 0; });
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const bool a_has_more = owned[a] > owners[a].slots;
        const bool b_has_more = owned[b] > owners[b].slots;
        return a_has_more != b_has_more ? a_has_more : rest[a] > rest[b];
    });
    HOLDFAST_ASSERT(owned.size() == owners.size() && left <= order.size());
    // fewer than there are with a rest: the rests add up to `left` weights
    for (std::size_t i = 0; i < left; ++i) {
        ++owners[order[i]].slots;
    }
    if (base::checks_everything()) {
        HOLDFAST_ASSERT(std::accumulate(owners.begin(), owners.end(), std::uint64_t{0},
                                        [](auto sum, const share& s) { return sum + s.slots; }) ==
                        slots);
    }
}

}  // namespace holdfast::ring
