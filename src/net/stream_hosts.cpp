// From which hosts streams come (CERT-3).
#include <algorithm>

#include "net/stream_table.hpp"

namespace holdfast::net {

/// Of streams that others have dialled: a host of two addresses is dialled at one of them, and
/// dials from the other.
bool stream_table::comes_from_two_hosts(const stream& s) const {
    return !s.is_dialled() && std::any_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
        const auto& one = *entry.second;
        return !one.is_dialled() && one.is_proven() && one.peer() == s.peer() &&
               one.at().ip != s.at().ip;
    });
}

}  // namespace holdfast::net
