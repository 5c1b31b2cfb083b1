#include "lease/voter.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::lease {

void voter::installed(const view& now_installed, const view* before, base::time_point now) {
    std::map<peer_id, record> next;
    // LEASE-3: the new voters do not know which acks the former ones gave, so each member counts as
    // acked just now.
    const bool has_new_seats =
        before == nullptr || before->seats_since != now_installed.seats_since;
    for (const auto& m : now_installed.members) {
        const auto known = records_.find(m.id);
        record r = known == records_.end() ? record{now, now, std::nullopt} : known->second;
        if (has_new_seats) {
            r.last_ack = now;
        }
        next.emplace(m.id, r);
    }
    records_ = std::move(next);
    seats_known_at_ = has_new_seats ? now : seats_known_at_;
    HOLDFAST_ASSERT(records_.size() == now_installed.members.size());
    invariants();
}

void voter::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    HOLDFAST_ASSERT(std::all_of(records_.begin(), records_.end(), [](const auto& entry) {
        const auto& r = entry.second;
        return !r.last_running_ack || *r.last_running_ack <= r.last_ack;
    }));
    // LEASE-3: no member was acked longer ago than these seats are known here.
    HOLDFAST_ASSERT(std::all_of(records_.begin(), records_.end(), [&](const auto& entry) {
        return entry.second.last_ack >= seats_known_at_;
    }));
}

std::optional<ack> voter::handle(const peer_id& from, const renew_request& asked,
                                 const view& current, bool is_barred, base::time_point now) {
    const auto known = records_.find(from);
    if (known == records_.end() || !current.has(from) || asked.seats != current.seats_since) {
        return std::nullopt;
    }
    // LEASE-1: any quorum that renews P and any that removes P share a voter (majorities meet), so
    // the silence of those that accepted the removal is what lets void_at be computed at all.
    if (is_barred) {
        base::count(base::effect::lease_1_bars);
        return std::nullopt;
    }
    HOLDFAST_ASSERT(now >= known->second.last_ack);
    const auto ran_before = known->second.last_running_ack;
    known->second.last_ack = now;
    if (asked.is_running) {
        known->second.last_running_ack = now;
    }
    // VIEW-2: who says that its lease is out is vouched for no longer than before
    HOLDFAST_ASSERT(asked.is_running || known->second.last_running_ack == ran_before);
    invariants();
    return ack{asked.seats, asked.sent_at, false, false};
}

base::duration voter::time_since_ack(const peer_id& peer, base::time_point now) const {
    const auto known = records_.find(peer);
    if (known == records_.end()) {
        return base::duration::zero();
    }
    HOLDFAST_ASSERT(now >= known->second.last_ack);
    return now - known->second.last_ack;
}

bool voter::vouches_for(const peer_id& peer, base::time_point now) const {
    const auto known = records_.find(peer);
    if (known == records_.end()) {
        return false;
    }
    const auto& r = known->second;
    return now - r.joined < settings_.lease ||
           (r.last_running_ack && now - *r.last_running_ack < settings_.lease / 2);
}

}  // namespace holdfast::lease
