#include "lock/void_times.hpp"

namespace holdfast::lock {

std::optional<base::time_point> void_times::of(const peer_id& peer, const view& v) const {
    if (v.has(peer)) {
        return std::nullopt;
    }
    const auto known = ends_.find(peer);
    return known == ends_.end() ? first_view_at_ + settings_.full_lease() : known->second.at;
}

}  // namespace holdfast::lock
