#include "lock/quotas.hpp"

#include <chrono>

#include "base/rule_effects.hpp"

namespace holdfast::lock {
namespace {

constexpr base::duration between_reports = std::chrono::minutes{1};

}  // namespace

bool quotas::has_room(const peer_id& member, const request& asked) const {
    const auto u = of(member);
    const auto& most = settings_.quota;
    return u.waiting < most.waiting && u.waiting + u.holds < most.holds &&
           u.bytes + bytes_of(asked) <= most.bytes;
}

bool quotas::has_room_to_watch(const peer_id& member) const {
    return of(member).watches < settings_.quota.watches;
}

std::optional<quota_reached> quotas::refused(const peer_id& member, base::time_point now) {
    base::count(base::effect::load_3_refuses);
    ++refused_;
    auto& u = all_[member];
    ++u.refused;
    if (u.told_at && now - *u.told_at < between_reports) {
        return std::nullopt;
    }
    u.told_at = now;
    return quota_reached{member, u.refused};
}

void quotas::drop_non_members(const view& v) {
    std::erase_if(all_, [&](const auto& u) { return !v.has(u.first) && u.second.is_none(); });
}

}  // namespace holdfast::lock
