// What owners assert, each told apart from the code that sees to it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/time.hpp"
#include "lock/gathers.hpp"
#include "lock/lock_entry.hpp"
#include "lock/messages.hpp"
#include "lock/tenures.hpp"
#include "lock/void_times.hpp"

namespace holdfast::lock {

/// MODES: one hold is alone, or all are shared, or all are permits of one limit, and no more.
[[nodiscard]] bool are_valid_together(const hold_set& held, const lock_mode& one_more);

/// OWN-10. Empty unless everything is checked.
using queue_order = std::vector<std::pair<peer_id, request_number>>;
[[nodiscard]] queue_order order_of(const lock_entry& e);
/// Waiters were taken from the front only.
[[nodiscard]] bool is_end_of(const queue_order& left, const queue_order& all);

/// OWN-7: the holds of a lock but that of `ended`. Empty unless everything is checked.
[[nodiscard]] std::vector<token> holds_besides(const tenures& ours, const std::string& name,
                                               token ended);
[[nodiscard]] bool has_all(const tenures& ours, const std::string& name,
                           const std::vector<token>& tokens);

/// OWN-7, LOOK-1: that a hold is released says who serves its lock; how a lock stands, who has a
/// lease, too.
[[nodiscard]] bool may_say(const message& what, const tenures& ours, bool is_leased);

/// OWN-5: by its removal, or as every lease of before our time has ended.
[[nodiscard]] bool has_no_lease(const peer_id& peer, const view& v, const void_times& voids,
                                base::time_point now);
/// OWN-4: no peer of before the slots moved can have a hold that was not reported.
[[nodiscard]] bool knows_every_hold(const gathers::round& g, const view& v, const void_times& voids,
                                    base::time_point now);

}  // namespace holdfast::lock
