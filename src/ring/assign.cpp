#include "ring/assign.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

#include "base/assert.hpp"
#include "base/settings.hpp"
#include "ring/rank.hpp"

namespace holdfast::ring {
namespace {

/// One way to place a slot. The least is taken first.
struct offer {
    std::uint64_t distance = 0;
    std::uint16_t slot = 0;
    std::uint16_t taker = 0;

    bool operator>(const offer& o) const {
        return std::tie(distance, slot, taker) > std::tie(o.distance, o.slot, o.taker);
    }
};

/// Moves slots without an owner, and slots of owners above their share, to owners below their
/// share, the nearest first. Only slots that may move are ranked, and only for owners that may take
/// one.
class mover {
public:
    mover(const base::slot_map& before, const view& after, std::size_t max_owners)
        : owners_{owners_of(after, max_owners)}, owner_of_(after.slots, no_owner()) {
        HOLDFAST_ASSERT(after.slots <= base::limits::slots);
        std::vector<std::uint32_t> owned(owners_.size(), 0);
        const auto place = places_of(before.owners);
        for (std::size_t s = 0; s < owner_of_.size() && s < before.owner_index.size(); ++s) {
            if (before.owner_index[s] < place.size() &&
                place[before.owner_index[s]] != no_owner()) {
                owner_of_[s] = place[before.owner_index[s]];
                ++owned[owner_of_[s]];
            }
        }
        deal(owners_, after.slots, owned);
        for (std::size_t i = 0; i < owners_.size(); ++i) {
            above_.push_back(owned[i] > owners_[i].slots ? owned[i] - owners_[i].slots : 0);
            below_.push_back(owned[i] < owners_[i].slots ? owners_[i].slots - owned[i] : 0);
            missing_ += below_.back();
        }
        above_.push_back(after.slots);  // slots without an owner may all move
    }

    base::slot_map run() {
        if (owners_.empty()) {
            return {};
        }
        collect_offers();
        while (missing_ > 0) {
            HOLDFAST_ASSERT(!offers_.empty());
            take(pop());
        }
        invariants();
        return result();
    }

private:
    /// When all is dealt: every slot has an owner, and every owner its share.
    void invariants() const {
        HOLDFAST_ASSERT(std::all_of(below_.begin(), below_.end(), [](auto n) { return n == 0; }));
        if (base::checks_everything()) {
            std::vector<std::uint32_t> owned(owners_.size(), 0);
            for (const auto owner : owner_of_) {
                HOLDFAST_ASSERT(owner < owners_.size());
                ++owned[owner];
            }
            for (std::size_t i = 0; i < owners_.size(); ++i) {
                HOLDFAST_ASSERT(owned[i] == owners_[i].slots);
            }
        }
    }
    [[nodiscard]] std::uint16_t no_owner() const {
        return static_cast<std::uint16_t>(owners_.size());
    }

    /// For each of `ids`, its place among the owners, or `no_owner()`.
    [[nodiscard]] std::vector<std::uint16_t> places_of(const std::vector<peer_id>& ids) const {
        std::vector<std::uint16_t> out;
        for (const auto& id : ids) {
            const auto at = std::lower_bound(
                owners_.begin(), owners_.end(), id,
                [](const share& s, const peer_id& wanted) { return s.id < wanted; });
            const bool is_there = at != owners_.end() && at->id == id;
            out.push_back(is_there ? static_cast<std::uint16_t>(at - owners_.begin()) : no_owner());
        }
        return out;
    }

    void collect_offers() {
        if (missing_ == 0) {
            return;
        }
        for (std::size_t s = 0; s < owner_of_.size(); ++s) {
            if (above_[owner_of_[s]] > 0) {
                offers_.push_back(best_for(static_cast<std::uint16_t>(s)));
            }
        }
        std::make_heap(offers_.begin(), offers_.end(), std::greater<>{});
    }

    [[nodiscard]] offer best_for(std::uint16_t s) const {
        offer best{~std::uint64_t{0}, s, no_owner()};
        for (std::uint16_t i = 0; i < no_owner(); ++i) {
            if (below_[i] > 0) {
                const offer o{distance({s}, owners_[i].id, owners_[i].weight), s, i};
                if (best > o) {
                    best = o;
                }
            }
        }
        HOLDFAST_ASSERT(best.taker != no_owner());
        return best;
    }

    offer pop() {
        std::pop_heap(offers_.begin(), offers_.end(), std::greater<>{});
        const auto best = offers_.back();
        offers_.pop_back();
        return best;
    }

    void take(const offer& o) {
        auto& from = owner_of_[o.slot];
        if (above_[from] == 0) {
            return;  // its owner has given enough, and keeps this one
        }
        if (below_[o.taker] == 0) {  // full by now: the next best, in its turn
            offers_.push_back(best_for(o.slot));
            std::push_heap(offers_.begin(), offers_.end(), std::greater<>{});
            return;
        }
        HOLDFAST_ASSERT(from != o.taker && missing_ > 0);
        --above_[from];
        --below_[o.taker];
        --missing_;
        from = o.taker;
    }

    [[nodiscard]] base::slot_map result() const {
        std::vector<std::uint16_t> index(owners_.size());
        base::slot_map map;
        for (std::size_t i = 0; i < owners_.size(); ++i) {
            index[i] = static_cast<std::uint16_t>(map.owners.size());
            if (owners_[i].slots > 0) {
                map.owners.push_back(owners_[i].id);
            }
        }
        map.owner_index.reserve(owner_of_.size());
        for (const auto owner : owner_of_) {
            map.owner_index.push_back(index[owner]);
        }
        HOLDFAST_ASSERT(map.owner_index.size() == owner_of_.size());
        HOLDFAST_ASSERT(!map.owners.empty() || map.owner_index.empty());
        return map;
    }

    std::vector<share> owners_;
    std::vector<std::uint16_t> owner_of_;  // for each slot, a place in owners_, or no_owner()
    // for each owner, how many slots it has to give; the last is for `no_owner()`
    std::vector<std::uint32_t> above_;
    std::vector<std::uint32_t> below_;  // for each owner, how many it is to get
    std::uint32_t missing_ = 0;         // the sum of below_
    std::vector<offer> offers_;         // a heap
};

}  // namespace

std::vector<share> shares(const view& v, std::size_t max_owners) {
    auto owners = owners_of(v, max_owners);
    deal(owners, v.slots, std::vector<std::uint32_t>(owners.size(), 0));
    return owners;
}

base::slot_map first_map(const view& v, std::size_t max_owners) {
    return next_map({}, v, max_owners);
}

base::slot_map next_map(const base::slot_map& before, const view& after, std::size_t max_owners) {
    return mover{before, after, max_owners}.run();
}

}  // namespace holdfast::ring
