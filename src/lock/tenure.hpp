// The time for which one slot is ours, from the view that gave it to us.
#pragma once

#include <deque>
#include <set>
#include <utility>
#include <variant>

#include <holdfast/ids.hpp>

#include "lock/lock_entry.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

/// Requests that came before the slot was served, in their order (OWN-10).
class deferred_requests {
public:
    using list = std::deque<std::pair<peer_id, request>>;

    /// One that is known is not added again.
    void add(const peer_id& from, const request& asked) {
        if (known_.emplace(from, asked.number).second) {
            all_.emplace_back(from, asked);
        }
    }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] bool has(const peer_id& from, request_number number) const {
        return known_.contains({from, number});
    }
    [[nodiscard]] const list& all() const { return all_; }
    [[nodiscard]] list take_all() {
        known_.clear();
        return std::exchange(all_, {});
    }

private:
    list all_;
    std::set<std::pair<peer_id, request_number>> known_;
};

struct tenure {
    struct waiting {
        peer_id from;  // the owner before, whose table for view `gained` we want
    };
    struct gathering {};
    struct serving {};

    view_number gained;
    epoch gained_epoch;
    std::variant<waiting, gathering, serving> state;
    lock_table table;
    // no owner has served it yet in this cluster (FATE)
    bool is_unused = false;
    bool history_is_complete = false;  // FATE, as in slot_table
    deferred_requests deferred;

    [[nodiscard]] bool is_serving() const { return std::holds_alternative<serving>(state); }
    [[nodiscard]] bool is_gathering() const { return std::holds_alternative<gathering>(state); }
    /// Null: it does not wait for a table.
    [[nodiscard]] const peer_id* waits_for() const {
        const auto* w = std::get_if<waiting>(&state);
        return w == nullptr ? nullptr : &w->from;
    }
    /// OWN-8: the table for this view from this sender is the one that it waits for.
    [[nodiscard]] bool waits_for(const peer_id& from, view_number to_view) const {
        const auto* wanted = waits_for();
        return wanted != nullptr && gained == to_view && *wanted == from;
    }
};

}  // namespace holdfast::lock
