// The slots that are ours now. Slots are dense numbers, so that one is found by an index.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/state_access.hpp"
#include "lock/tenure.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class tenures {
public:
    explicit tenures(slot_function slot_of) : slot_of_{std::move(slot_of)} {}

    [[nodiscard]] slot slot_of(std::string_view name) const { return slot_of_(name); }
    [[nodiscard]] const slot_function& slots_of() const { return slot_of_; }
    /// Null: the slot is not ours.
    [[nodiscard]] tenure* find(slot s) {
        const auto place = s.value < places_.size() ? places_[s.value] : 0;
        return place == 0 ? nullptr : &*all_[place - 1];
    }
    [[nodiscard]] const tenure* find(slot s) const { return const_cast<tenures*>(this)->find(s); }
    /// Null: it is not ours, or not yet served.
    [[nodiscard]] tenure* serving(slot s) {
        auto* t = find(s);
        return t != nullptr && t->is_serving() ? t : nullptr;
    }
    [[nodiscard]] const tenure* serving(slot s) const {
        return const_cast<tenures*>(this)->serving(s);
    }
    /// Of a slot that is served. Null: nothing is known of this lock.
    [[nodiscard]] lock_entry* find_lock(slot s, std::string_view name);
    [[nodiscard]] const lock_entry* find_lock(slot s, std::string_view name) const {
        return const_cast<tenures*>(this)->find_lock(s, name);
    }
    [[nodiscard]] const lock_entry* find_lock(std::string_view name) const {
        return find_lock(slot_of(name), name);
    }
    [[nodiscard]] const granted_hold* find_hold(std::string_view name, holdfast::token t) const;

    [[nodiscard]] std::vector<hold_info> holds() const;
    /// The former owners whose tables have not come.
    [[nodiscard]] std::set<peer_id> table_givers() const;

    /// The slot must not be ours yet. References to other tenures stay good.
    tenure& add(slot s, tenure t);
    void erase(slot s);
    [[nodiscard]] std::size_t size() const { return size_; }

    /// `each(slot, tenure)`, in the order of the slots; it neither adds nor erases.
    template <class Each>
    void for_each(Each each) {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (places_[i] != 0) {
                each(slot{static_cast<std::uint16_t>(i)}, *all_[places_[i] - 1]);
            }
        }
    }
    template <class Each>
    void for_each(Each each) const {
        const_cast<tenures*>(this)->for_each([&](slot s, const tenure& t) { each(s, t); });
    }

    void invariants() const;

private:
    friend struct explore::state_access;

    slot_function slot_of_;
    std::vector<std::uint32_t> places_;  // by slot: 0, or 1 + its place in all_
    std::deque<std::optional<tenure>> all_;
    std::vector<std::uint32_t> free_;  // places in all_ that are empty
    std::size_t size_ = 0;
};

}  // namespace holdfast::lock
