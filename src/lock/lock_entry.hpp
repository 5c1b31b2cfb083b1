// One lock at its owner: who holds it, and who waits for it. It decides nothing; it answers.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>

#include "base/time.hpp"
#include "lock/hold_set.hpp"
#include "lock/messages.hpp"
#include "lock/wait_queue.hpp"

namespace holdfast::lock {

struct lock_entry {
    struct first_waiter {
        peer_id peer;
        request_number number;
        base::time_point since;  // it became the first
    };

    hold_set held;
    wait_queue queue;
    std::optional<first_waiter> first;  // as last noted; none: the queue is empty
    // when a policy lets the first waiter break a hold, as listed by the granter
    std::optional<base::time_point> patience_ends{};

    [[nodiscard]] bool is_empty() const { return held.empty() && queue.empty(); }
    /// MODES: whether one more hold of this mode may be valid beside those there are.
    [[nodiscard]] bool has_room(const lock_mode& mode) const;
    [[nodiscard]] bool fits(const lock_mode& mode) const;  ///< likewise, unchecked
    /// LIMIT: whether a hold or a waiter is a permit of another number.
    [[nodiscard]] bool contradicts(const lock_mode& mode) const;
    [[nodiscard]] lock_summary summary() const;

    /// Since when the first of the queue has been the first.
    void note_first(base::time_point now);

    /// `newest`: the epoch of the owner's view.
    void invariants(const std::string& name, epoch newest) const;
};

using lock_table = std::map<std::string, lock_entry, std::less<>>;

}  // namespace holdfast::lock
