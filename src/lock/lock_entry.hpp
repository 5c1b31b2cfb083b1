// One lock at its owner: who holds it, and who waits for it. It decides nothing; it answers.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>

#include "base/retry.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

struct granted_hold {
    hold_info what;
    std::string holder_name;   // as it was when the owner learned of it: the holder may be removed
    base::retry again{};       // of the grant, until it is acknowledged
    unsigned asked = 0;        // OWN-9
    base::time_point since{};  // the owner knows of it
    bool is_since_grant = false;  // it was this owner that granted it
};

struct lock_entry {
    struct first_waiter {
        peer_id peer;
        request_number number;
        base::time_point since;  // it became the first
    };

    std::vector<granted_hold> held;     // the oldest first
    std::deque<waiter> queue;           // the next one first
    std::optional<first_waiter> first;  // as last noted; none: the queue is empty

    [[nodiscard]] bool is_empty() const { return held.empty() && queue.empty(); }
    /// Null: there is no such hold.
    [[nodiscard]] granted_hold* find(holdfast::token t);
    [[nodiscard]] const granted_hold* find(holdfast::token t) const;
    [[nodiscard]] granted_hold* find_granted(const peer_id& to, request_number number);
    [[nodiscard]] bool is_waiting(const peer_id& peer, request_number number) const;
    /// MODES: whether one more hold of this mode may be valid beside those there are.
    [[nodiscard]] bool has_room(const lock_mode& mode) const;
    [[nodiscard]] bool fits(const lock_mode& mode) const;  ///< likewise, unchecked
    /// LIMIT: whether a hold or a waiter is a permit of another number.
    [[nodiscard]] bool contradicts(const lock_mode& mode) const;
    [[nodiscard]] bool has_unacked() const;
    [[nodiscard]] lock_summary summary() const;

    /// PRIORITY: behind all of its own priority and above.
    void insert_waiter(waiter w);
    /// PRIORITY: the heir of a release goes before all others, if it waits.
    void move_to_front(const peer_id& heir);
    [[nodiscard]] bool remove_waiter(const peer_id& peer, request_number number);
    /// Since when the first of the queue has been the first.
    void note_first(base::time_point now);

    /// `newest`: the epoch of the owner's view.
    void invariants(const std::string& name, epoch newest) const;
};

using lock_table = std::map<std::string, lock_entry, std::less<>>;

}  // namespace holdfast::lock
