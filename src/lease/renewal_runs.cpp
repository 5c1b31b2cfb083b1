#include "lease/renewal_runs.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace holdfast::lease {

void renewal_runs::installed(const view& now_installed) {
    std::erase_if(runs_, [&](const auto& r) { return !now_installed.has(r.first); });
    invariants();
}

void renewal_runs::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    HOLDFAST_ASSERT(std::all_of(runs_.begin(), runs_.end(), [](const auto& entry) {
        const auto& r = entry.second;
        return r.first <= r.last && (r.by_datagram == r.last || r.by_stream == r.last);
    }));
}

void renewal_runs::acked(const peer_id& peer, const renew_request& asked, bool by_stream,
                         base::time_point now) {
    if (!asked.is_running) {
        return;  // it may hear nothing of what it is answered
    }
    auto& r = runs_.try_emplace(peer, run{now, now, {}, {}}).first->second;
    HOLDFAST_ASSERT(now >= r.last);
    if (now - r.last >= settings_.lease) {
        r = {now, now, {}, {}};
    }
    r.last = now;
    (by_stream ? r.by_stream : r.by_datagram) = now;
    if (peer == self_) {  // no way lies between a voter and itself
        r.by_stream = r.by_datagram = now;
    }
    invariants();
}

base::duration renewal_runs::length(const peer_id& peer, base::time_point now) const {
    const auto known = runs_.find(peer);
    if (known == runs_.end()) {
        return base::duration::zero();
    }
    const auto& r = known->second;
    // One renewal in A goes by stream (LEASE-8), and it may be late.
    const auto is_fresh = [&](const std::optional<base::time_point>& came) {
        return came && now - *came < 2 * settings_.lease;
    };
    const bool renews_now = now - r.last < settings_.lease;
    return renews_now && is_fresh(r.by_datagram) && is_fresh(r.by_stream) ? r.last - r.first
                                                                          : base::duration::zero();
}

}  // namespace holdfast::lease
