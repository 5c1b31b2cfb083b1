// What was sent on a stream that was lost may not have arrived: it is sent again at once (LOAD-4).
#include "base/assert.hpp"
#include "lock/holder.hpp"
#include "lock/owner.hpp"

namespace holdfast::lock {

void holder::stream_lost(const peer_id& owner, base::time_point now) {
    const auto is_its = [&](slot at) { return link_.owner_of(at) == owner; };
    requests_.make_due(is_its, now);
    link_.stream_lost(owner, now);
    invariants();
}

void owner::stream_lost(const peer_id& member, base::time_point now) {
    if (!view_) {
        return;
    }
    granter_.stream_lost(member, now);
    transfers_.make_due(member, now);
    gathers_.ask_again(member, *view_, granter_.out());
    invariants();
}

void granter::stream_lost(const peer_id& peer, base::time_point now) {
    for (const auto& [s, name, token] : unacked_.all()) {
        auto* e = tenures_.find_lock(s, name);
        auto* h = e == nullptr ? nullptr : e->held.find(token);
        HOLDFAST_ASSERT(h != nullptr);
        if (h->what.holder == peer) {
            h->again.next = now;
            repeat_grant(s, *h, now);
        }
    }
    told_.make_due(peer, now);
    watchers_.make_due(peer, now);
    revocations_.make_due(peer, tenures_, now);
}

}  // namespace holdfast::lock
