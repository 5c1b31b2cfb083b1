#include "view/change_acceptor.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::views {

bool change_acceptor::may_accept(const ballot& asked) const { return acceptor_.may_accept(asked); }

bool change_acceptor::is_sound(const views::accept& asked, const view& current,
                               const base::shared_slot_map& map, base::moment now) const {
    if (asked.value.number != asked.number) {
        return false;
    }
    // It follows from n and the value alone, so what one acceptor takes all do. Were it decided, a
    // wrong checksum would end every member.
    const auto after = apply(current, asked.value);
    if (!after || asked.value.checksum !=
                      environment_.checksum(*after, *environment_.next_map(map, current, *after))) {
        return false;
    }
    // VIEW-1: views may be quicker than the seconds they are named for, but not for long.
    const bool runs_ahead = std::int64_t{asked.value.epoch.value} > now.wall_s + 60;
    if (!runs_ahead || now.now - installed_at_ >= std::chrono::seconds{1}) {
        return true;
    }
    const bool goes_on = all_seats_remember(current, *after);
    base::count(goes_on ? base::effect::view_11_goes_on : base::effect::view_1_waits);
    return goes_on;
}

void change_acceptor::accept(const ballot& asked, const change& value) {
    HOLDFAST_ASSERT(may_accept(asked));
    const auto promised_before = promised();
    acceptor_.accept(asked, value);
    HOLDFAST_ASSERT(accepted() && accepted()->ballot == asked && promised() == asked);
    HOLDFAST_ASSERT(promised() >= promised_before);  // a promise is never taken back
    // LEASE-1: from now on those that it removes are not acked
    HOLDFAST_ASSERT(!base::checks_everything() ||
                    std::all_of(value.removed.begin(), value.removed.end(),
                                [&](const peer_id& id) { return blocks_lease_of(id); }));
}

std::vector<silence> change_acceptor::silences_of(const change& value,
                                                  const membership_hints& hints,
                                                  base::time_point now) const {
    std::vector<silence> told;
    for (const auto& id : value.removed) {
        const auto since_ack = environment_.time_since_ack(id, now);
        HOLDFAST_ASSERT(since_ack >= base::duration::zero());  // no ack lies in the future
        told.push_back({id, since_ack, hints.is_certain(id)});
    }
    return told;
}

bool change_acceptor::blocks_lease_of(const peer_id& peer) const {
    const auto& a = acceptor_.accepted();
    if (!a) {
        return false;
    }
    if (a->value.changes_seats()) {
        return true;
    }
    return a->value.removes(peer);
}

void change_acceptor::installed(base::time_point now) {
    HOLDFAST_ASSERT(now >= installed_at_);
    acceptor_ = {};
    installed_at_ = now;
}

}  // namespace holdfast::views
