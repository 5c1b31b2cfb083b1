// What owners and holders are told of a view that was installed.
#pragma once

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/view_change.hpp"
#include "view/view_log.hpp"

namespace holdfast::node {

/// With the time at which the lease of each removed member is void for certain (LEASE-4).
[[nodiscard]] lock::view_change lock_step_of(const views::installation& i,
                                             const base::settings& settings, base::time_point now);

}  // namespace holdfast::node
