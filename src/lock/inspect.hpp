// How locks stand, for members that ask (LOOK-1). It reads tables and changes nothing.
#pragma once

#include "lock/messages.hpp"
#include "lock/revocations.hpp"
#include "lock/tenures.hpp"

namespace holdfast::lock {

/// `may_serve`: OWN-1, whether this owner's lease runs.
[[nodiscard]] inspect_reply inspect(const tenures& ours, const revocations& pending, bool may_serve,
                                    const inspect_request& asked, base::time_point now);
[[nodiscard]] listed list(const tenures& ours, const list_locks& asked);

}  // namespace holdfast::lock
