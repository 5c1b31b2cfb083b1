#include "lease/relayed_waits.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace holdfast::lease {

void relayed_waits::installed(const view& now_installed) {
    const bool is_seated = now_installed.is_voter(self_);
    std::erase_if(waits_, [&](const auto& e) {
        return !is_seated || !now_installed.has(e.first.first) ||
               !now_installed.has(e.first.second);
    });
    std::erase_if(found_, [&](const peer_id& id) { return !now_installed.has(id); });
    invariants();
}

void relayed_waits::told(const peer_id& by, const std::vector<peer_id>& asked, const view& current,
                         base::time_point now) {
    std::erase_if(waits_, [&](const auto& e) { return !is_current(e.second, now); });
    for (const auto& whom : asked) {
        // What is asked of us, others carry.
        if (whom == self_ || whom == by || !current.has(by) || !current.has(whom)) {
            continue;
        }
        auto& e = waits_.try_emplace({by, whom}, wait{now, now, {}}).first->second;
        e.told = now;
        if (by == self_ && !e.waiting) {
            e.waiting = now;
        }
    }
    invariants();
}

void relayed_waits::asked(const peer_id& origin, const peer_id& destination, base::time_point now) {
    if (const auto at = waits_.find({origin, destination}); at != waits_.end()) {
        at->second.since = now;
        at->second.waiting = at->second.waiting.value_or(now);
    }
}

void relayed_waits::answered(const peer_id& origin, const peer_id& destination,
                             base::time_point now) {
    if (const auto at = waits_.find({destination, origin}); at != waits_.end()) {
        at->second.since = now;
        at->second.waiting.reset();
    }
}

void relayed_waits::brought_part(const peer_id& from, base::time_point now) {
    for (auto& [who, e] : waits_) {
        if (who.first == from) {
            e.since = now;
        }
        if (who.second == from && e.waiting) {
            e.waiting = now;
        }
    }
}

bool relayed_waits::is_mute(const peer_id& peer, base::time_point now) const {
    return std::any_of(waits_.begin(), waits_.end(), [&](const auto& entry) {
        const auto& [who, e] = entry;
        const bool asks_in_vain = who.first == peer && peer != self_ && !e.waiting &&
                                  now - e.since >= 3 * settings_.lease;
        const bool owes_an_answer =
            who.second == peer && e.waiting && now - *e.waiting >= 2 * settings_.lease;
        return is_current(e, now) && (asks_in_vain || owes_an_answer);
    });
}

std::vector<peer_id> relayed_waits::newly_found(base::time_point now) {
    std::vector<peer_id> out;
    std::erase_if(found_, [&](const peer_id& id) { return !is_mute(id, now); });
    for (const auto& [who, e] : waits_) {
        for (const auto& id : {who.first, who.second}) {
            if (is_mute(id, now) && found_.insert(id).second) {
                out.push_back(id);
            }
        }
    }
    return out;
}

void relayed_waits::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    HOLDFAST_ASSERT(std::all_of(waits_.begin(), waits_.end(), [&](const auto& entry) {
        return entry.first.first != entry.first.second && entry.first.second != self_;
    }));
}

}  // namespace holdfast::lease
