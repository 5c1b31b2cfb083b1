// From which hosts streams come (CERT-3).
#include <algorithm>

#include "net/stream_table.hpp"

namespace holdfast::net {

/// Of streams that others have dialled: a host of two addresses is dialled at one of them, and
/// dials from the other. One whose address has changed, as temporary ones of IPv6 do, leaves
/// streams behind that bring nothing any more; of those that members use, each does once per A.
bool stream_table::comes_from_two_hosts(const stream& s) const {
    return !s.is_dialled() && std::any_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
        const auto& one = *entry.second;
        const bool is_used = shared_.now_seen - one.last_read < 2 * shared_.options.lease;
        return is_used && !one.is_dialled() && one.is_proven() && one.peer() == s.peer() &&
               one.at().ip != s.at().ip;
    });
}

}  // namespace holdfast::net
