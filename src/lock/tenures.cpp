#include "lock/tenures.hpp"

#include "base/assert.hpp"

namespace holdfast::lock {

lock_entry* tenures::find_lock(slot s, std::string_view name) {
    auto* t = serving(s);
    if (t == nullptr) {
        return nullptr;
    }
    const auto at = t->table.find(name);
    return at == t->table.end() ? nullptr : &at->second;
}

const granted_hold* tenures::find_hold(std::string_view name, token t) const {
    const auto* e = find_lock(name);
    return e == nullptr ? nullptr : e->held.find(t);
}

std::vector<hold_info> tenures::holds() const {
    std::vector<hold_info> out;
    for_each([&](slot, const tenure& t) {
        for (const auto& [name, e] : t.table) {
            for (const auto& [token, h] : e.held.all()) {
                out.push_back(h.what);
            }
        }
    });
    return out;
}

std::set<peer_id> tenures::table_givers() const {
    std::set<peer_id> out;
    for_each([&](slot, const tenure& t) {
        if (const auto* from = t.waits_for()) {
            out.insert(*from);
        }
    });
    return out;
}

tenure& tenures::add(slot s, tenure t) {
    HOLDFAST_ASSERT(find(s) == nullptr);
    if (places_.size() <= s.value) {
        places_.resize(std::size_t{s.value} + 1);
    }
    std::size_t place = 0;
    if (free_.empty()) {
        place = all_.size();
        all_.emplace_back(std::move(t));
    } else {
        place = free_.back();
        free_.pop_back();
        HOLDFAST_ASSERT(!all_[place]);
        all_[place] = std::move(t);
    }
    places_[s.value] = static_cast<std::uint32_t>(place + 1);
    ++size_;
    return *all_[place];
}

void tenures::erase(slot s) {
    HOLDFAST_ASSERT(find(s) != nullptr);
    const auto place = places_[s.value] - 1;
    all_[place].reset();
    free_.push_back(place);
    places_[s.value] = 0;
    --size_;
}

void tenures::invariants() const {
    HOLDFAST_ASSERT(size_ + free_.size() == all_.size());
    if (!base::checks_everything()) {
        return;
    }
    std::size_t found = 0;
    for_each([&](slot, const tenure& t) {
        ++found;
        HOLDFAST_ASSERT(t.is_serving() || t.table.empty());
        HOLDFAST_ASSERT(!t.is_serving() || t.deferred.empty());
    });
    HOLDFAST_ASSERT(found == size_);
}

}  // namespace holdfast::lock
