#include "lock/owner_link.hpp"

#include <type_traits>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {

void owner_link::install(const view_change& s) {
    HOLDFAST_ASSERT(s.now && s.map);
    HOLDFAST_ASSERT(s.now->number > installed_);
    installed_ = s.now->number;
    map_before_ = s.is_first ? nullptr : map_;
    map_ = s.map;
}

void owner_link::send_to_new_owners(base::time_point now, holder_outbox& out) {
    const auto moved = [&](slot at) { return has_moved(at); };
    const auto again = [&](auto& one) { send_one(one, false, now, out); };
    const auto given_up = releases_.size();

    releases_.send_to_new_owners(moved, again);
    cancels_.send_to_new_owners(moved, again);
    const bool is_first = map_before_ == nullptr;
    subscriptions_.for_each([&](subscriptions::item& one) {
        if (is_first) {
            one.at = slot_of_(one.what.name);
        }
        if (moved(one.at)) {
            one.again.reset();
            one.registered_in = installed_;
            subscriptions_.ask(one, again);  // WATCH-1
        }
    });
    HOLDFAST_ASSERT(releases_.size() == given_up);  // HOLD-3: only an owner's word ends one
    subscriptions_.for_each([&](const subscriptions::item& one) {
        // WATCH-1: in a slot that moved, what its former owner says is no answer
        HOLDFAST_ASSERT(one.registered_in == installed_ || !has_moved(one.at));
    });
}

void owner_link::stream_lost(const peer_id& owner, base::time_point now) {
    const auto is_its = [&](slot at) { return owner_of(at) == owner; };
    releases_.make_due(is_its, now);
    cancels_.make_due(is_its, now);
    subscriptions_.make_due(is_its, now);
}

void owner_link::start_release(release what, bool is_lazy, base::time_point now,
                               holder_outbox& out) {
    const hold_key key{what.name, what.token};
    const auto at = slot_of(what.name);
    (void)releases_.add(key, at, std::move(what), !is_lazy,
                        [&](auto& one) { send_one(one, is_lazy, now, out); });
}

void owner_link::start_cancel(slot at, cancel what, base::time_point now, holder_outbox& out) {
    const auto number = what.number;
    const bool is_new = cancels_.add(number, at, std::move(what), false,
                                     [&](auto& one) { send_one(one, false, now, out); });
    HOLDFAST_ASSERT(is_new);  // numbers are not used twice
}

template <class Item>
void owner_link::send_one(Item& one, bool is_lazy, base::time_point now, holder_outbox& out) {
    const auto owner = owner_of(one.at);
    if constexpr (std::is_same_v<Item, subscriptions::item>) {
        one.again.plan(pace_, owner, now);
    } else {
        one.again.plan_soon(pace_, owner, now);  // OWN-7: ignored by an owner that gathers
    }
    if (!owner.is_nil()) {
        out.push(send{owner, one.what, one.again.count(), is_lazy});
    }
}

void owner_link::watch_lock(std::string_view name, base::time_point now, holder_outbox& out) {
    auto* added = subscriptions_.add(name);
    if (added != nullptr && map_) {
        added->at = slot_of_(name);
        added->registered_in = installed_;
        subscriptions_.ask(*added, [&](auto& one) { send_one(one, false, now, out); });
    }
}

void owner_link::unwatch_lock(std::string_view name, holder_outbox& out) {
    if (const auto removed = subscriptions_.remove(name)) {
        if (const auto owner = owner_of(removed->at); !owner.is_nil()) {
            out.push(send{owner, unwatch{removed->what.name, removed->what.number}});
        }
    }
}

void owner_link::heard(const peer_id& from, const lock_state& told, holder_outbox& out) {
    out.push(send{from, lock_state_seen{told.name, told.in, told.serial}});
    switch (subscriptions_.hear(told)) {
        case subscriptions::heard::not_watched:
            out.push(send{from, unwatch{told.name, told.number}});
            break;
        case subscriptions::heard::old:
            break;
        case subscriptions::heard::news:
            out.push(state_changed{told.name, told.summary});
            break;
    }
}

void owner_link::refused(const peer_id& from, const watch_refused& said, base::time_point now,
                         holder_outbox& out) {
    if (owner_of(slot_of(said.name)) == from &&
        subscriptions_.put_off(said, now + settings_.lease)) {
        out.push(watch_not_taken{said.name});
    }
}

void owner_link::tick(base::time_point now, holder_outbox& out) {
    const auto again = [&](auto& one) { send_one(one, false, now, out); };
    releases_.repeat(now, again);
    cancels_.repeat(now, again);
    subscriptions_.repeat(now, again);
}

std::optional<base::time_point> owner_link::deadline() const {
    auto due = releases_.next();
    base::earlier(due, cancels_.next());
    base::earlier(due, subscriptions_.next());
    return due;
}

void owner_link::clear() {
    releases_.clear();
    cancels_.clear();
    subscriptions_.clear();
}

void owner_link::invariants() const {
    releases_.invariants();
    cancels_.invariants();
    subscriptions_.invariants();
}

}  // namespace holdfast::lock
