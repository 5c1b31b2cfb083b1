// The waiters of one lock, the next one first (OWN-10, PRIORITY). A member can make this long: each
// waiter is found by its request, and put at its place, in O(log n) (LOAD-1).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>

#include "base/state_access.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

class wait_queue {
public:
    [[nodiscard]] bool empty() const { return order_.empty(); }
    [[nodiscard]] std::size_t size() const { return order_.size(); }
    [[nodiscard]] const waiter& front() const { return order_.begin()->second; }
    [[nodiscard]] bool has(const peer_id& peer, request_number number) const {
        return places_.contains({peer, number});
    }
    /// Null: there is none.
    [[nodiscard]] const waiter* find(const peer_id& peer, request_number number) const;
    /// LIMIT: whether one of them is a permit of another number.
    [[nodiscard]] bool contradicts(const lock_mode& mode) const;

    /// PRIORITY: behind all of its own priority and above. It must not wait yet.
    void insert(waiter w);
    /// PRIORITY: the heir of a release goes before all others, with the request it made first.
    /// Nothing happens if it does not wait.
    void move_to_front(const peer_id& heir);
    void move_to_front(const peer_id& peer, request_number number);
    [[nodiscard]] waiter take_front() { return take(order_.begin()); }
    [[nodiscard]] bool remove(const peer_id& peer, request_number number);
    /// Those of peers of whom `is_gone(peer)` says so; each peer is looked at once. How many.
    template <class Gone, class Removed>
    std::size_t remove_peers(Gone is_gone, Removed removed) {
        const auto before = size();
        for (auto at = places_.begin(); at != places_.end();) {
            const auto peer = at->first.first;
            if (is_gone(peer)) {
                const auto gone = at++;
                removed(take(order_.find(gone->second)));
            } else {
                at = places_.upper_bound({peer, request_number{UINT64_MAX}});
            }
        }
        return before - size();
    }
    void clear() { *this = {}; }

    /// In the order in which they are next.
    template <class Each>
    void for_each(Each each) const {
        for (const auto& [at, w] : order_) {
            each(w);
        }
    }
    [[nodiscard]] std::vector<waiter> first(std::size_t most) const;

    void invariants() const;

private:
    friend struct explore::state_access;

    struct place {
        std::int64_t rank;  // the higher the priority, the lower
        std::int64_t arrival;
        auto operator<=>(const place&) const = default;
    };
    using order = std::map<place, waiter>;

    void add(place at, waiter w);
    waiter take(order::iterator at);

    order order_;
    std::map<std::pair<peer_id, request_number>, place> places_;
    std::map<std::uint32_t, std::size_t> permits_;  // how many wait for one, by its limit
    std::int64_t last_arrival_ = 0;
    std::int64_t last_heir_ = 0;  // heirs arrive before all others, the latest first
};

}  // namespace holdfast::lock
