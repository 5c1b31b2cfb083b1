#include "lock/owner_link.hpp"

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
            send_watch(one, now, out);  // WATCH-1
        }
    });
    HOLDFAST_ASSERT(releases_.size() == given_up);  // HOLD-3: only an owner's word ends one
    subscriptions_.for_each([&](const subscriptions::item& one) {
        // WATCH-1: in a slot that moved, what its former owner says is no answer
        HOLDFAST_ASSERT(one.registered_in == installed_ || !has_moved(one.at));
    });
}

void owner_link::start_release(release what, bool is_lazy, base::time_point now,
                               holder_outbox& out) {
    const hold_key key{what.name, what.token};
    const auto at = slot_of(what.name);
    const auto [one, is_new] = releases_.add(key, at, std::move(what));
    if (is_new || !is_lazy) {
        send_one(one, is_lazy, now, out);
    }
}

void owner_link::start_cancel(slot at, cancel what, base::time_point now, holder_outbox& out) {
    const auto number = what.number;
    const auto [one, is_new] = cancels_.add(number, at, std::move(what));
    HOLDFAST_ASSERT(is_new);  // numbers are not used twice
    send_one(one, false, now, out);
}

template <class Item>
void owner_link::send_one(Item& one, bool is_lazy, base::time_point now, holder_outbox& out) {
    one.again.plan(settings_, now);
    base::earlier(next_, one.again.next);
    if (const auto owner = owner_of(one.at); !owner.is_nil()) {
        out.push(send{owner, one.what, one.again.count(), is_lazy});
    }
}

void owner_link::watch_lock(std::string_view name, base::time_point now, holder_outbox& out) {
    auto* added = subscriptions_.add(name);
    if (added != nullptr && map_) {
        added->at = slot_of_(name);
        added->registered_in = installed_;
        send_watch(*added, now, out);
    }
}

void owner_link::unwatch_lock(std::string_view name, holder_outbox& out) {
    if (const auto removed = subscriptions_.remove(name)) {
        if (const auto owner = owner_of(removed->at); !owner.is_nil()) {
            out.push(send{owner, unwatch{removed->what.name, removed->what.number}});
        }
    }
}

void owner_link::send_watch(subscriptions::item& one, base::time_point now, holder_outbox& out) {
    one.is_answered = false;
    send_one(one, false, now, out);
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

void owner_link::tick(base::time_point now, holder_outbox& out) {
    if (!base::is_due(next_, now)) {
        return;
    }
    next_.reset();
    const auto again = [&](auto& one) { send_one(one, false, now, out); };
    releases_.repeat(now, again);
    cancels_.repeat(now, again);
    subscriptions_.for_each([&](subscriptions::item& one) {
        if (!one.is_answered && one.again.is_due(now)) {
            send_watch(one, now, out);
        }
    });
    base::earlier(next_, releases_.next());
    base::earlier(next_, cancels_.next());
    base::earlier(next_, subscriptions_.next());
}

void owner_link::clear() {
    releases_.clear();
    cancels_.clear();
    subscriptions_.clear();
}

void owner_link::invariants() const {
    HOLDFAST_ASSERT(next_ || (releases_.is_empty() && cancels_.is_empty()));
    subscriptions_.invariants();
    if (!base::checks_everything()) {
        return;
    }
    // The timer is not later than what is to be sent again.
    const auto is_covered = [&](const std::optional<base::time_point>& due) {
        return !due || (next_ && *next_ <= *due);
    };
    HOLDFAST_ASSERT(is_covered(releases_.next()));
    HOLDFAST_ASSERT(is_covered(cancels_.next()));
    HOLDFAST_ASSERT(is_covered(subscriptions_.next()));
}

}  // namespace holdfast::lock
