// What a view that removes an owner leaves without one, and who asks whom about it (OWN-12).
#pragma once

#include <map>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "lock/view_change.hpp"

namespace holdfast::lock {

/// The slots whose owners a view has removed, by those that own them now. Each member that installs
/// this view after the one before it computes the same.
using orphaned_slots = std::map<peer_id, std::vector<slot>>;
[[nodiscard]] orphaned_slots orphans_of(const view_change& s);

/// Those of them that are `owner`'s, and of which members tell it unasked: none if no voter can
/// collect that.
[[nodiscard]] std::vector<slot> told_unasked(const view_change& s, const peer_id& owner);

/// The voter that collects what members say of the slots orphaned by `v`. Nil: there is none that
/// was a member before. Another one for the next view, so that one that is slow is not asked each
/// time.
[[nodiscard]] peer_id collector_of(const view& v);

}  // namespace holdfast::lock
