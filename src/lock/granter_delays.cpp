// DELAY: what the granter does about holds after which their locks rest for a while.
#include <algorithm>
#include <string>

#include "base/assert.hpp"
#include "lock/granter.hpp"

namespace holdfast::lock {

void granter::end_delay_of(slot s, const hold_info& h, const std::optional<hold_end>& how,
                           base::time_point now) {
    if (h.terms.delay.count() == 0) {
        return;
    }
    const bool is_waited_for =
        how && (how->how == end_reason::died || how->how == end_reason::expired);
    if (is_waited_for) {
        delays_.start(s, h.name, now + h.terms.delay);
        told_.start(s, h.name, h.token, now + h.terms.delay, now);
    } else {
        told_.end(s, h.name, h.token, now);
    }
}

void granter::end_delays(base::time_point now) {
    for (const auto& [s, name] : delays_.take_ended(now)) {
        told_.end_started(s, name, now);
        if (auto* e = tenures_.find_lock(s, name); e != nullptr && !e->queue.empty()) {
            grant_waiters(s, name, *e, now);
        }
    }
}

void granter::wait_for(slot s, const std::string& name, token t, base::time_point until,
                       base::time_point now) {
    if (until <= now) {
        told_.end(s, name, t, now);
        return;
    }
    delays_.start(s, name, until);
    told_.start(s, name, t, until, now);
}

void granter::heard(const peer_id& from, const lock::delays_kept& said, base::time_point now) {
    for (const auto& d : said.what) {
        const auto s = tenures_.slot_of(d.name);
        if (!told_.kept(from, s, d)) {
            continue;
        }
        auto* e = tenures_.find_lock(s, d.name);
        if (auto* h = e == nullptr ? nullptr : e->held.find(d.token)) {
            send_grant(s, *h, !e->queue.empty(), now);
        }
    }
}

}  // namespace holdfast::lock
