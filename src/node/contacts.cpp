#include "node/contacts.hpp"

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::node {

void contacts::heard(const endpoint& address, const peer_id& peer, const cluster_id& cluster,
                     base::time_point now, bool is_dialled) {
    auto& known = heard_[address];
    is_dialled = is_dialled || (known.peer == peer && known.is_dialled);
    known = {peer, now, cluster, is_dialled};
}

void contacts::found(const endpoint& address, const peer_id& peer, base::time_point now) {
    const auto at = heard_.find(address);
    const bool is_known = at != heard_.end() && at->second.peer == peer;
    heard_[address] = {peer, now, is_known ? at->second.cluster : std::nullopt, true};
}

void contacts::removed(const peer_id& peer) {
    std::erase_if(heard_, [&](const auto& c) { return c.second.peer == peer; });
}

peer_id contacts::last_at(const endpoint& address) const {
    const auto at = heard_.find(address);
    return at == heard_.end() ? peer_id{} : at->second.peer;
}

bool contacts::has_dialled(const endpoint& address, const peer_id& peer) const {
    const auto at = heard_.find(address);
    return at != heard_.end() && at->second.peer == peer && at->second.is_dialled;
}

bool contacts::is_heard(const endpoint& address, base::time_point now) const {
    const auto at = heard_.find(address);
    return at != heard_.end() && now - at->second.heard < settings_.lease / 4;
}

bool contacts::is_replaced_at(const endpoint& address, const peer_id& peer,
                              base::time_point now) const {
    const auto at = heard_.find(address);
    return peer != self_ && at != heard_.end() && at->second.peer != peer &&
           now - at->second.heard < settings_.lease;
}

void contacts::came_from(const peer_id& peer, const endpoint& address) {
    if (came_from_.size() > base::limits::members) {
        came_from_.clear();
    }
    came_from_[peer] = address;
}

endpoint contacts::last_seen_at(const peer_id& peer) const {
    const auto at = came_from_.find(peer);
    return at == came_from_.end() ? endpoint{} : at->second;
}

void contacts::installed(view_number number, base::time_point now) {
    HOLDFAST_ASSERT(installs_.empty() || installs_.back().second <= now);
    installs_.emplace_back(number, now);
}

bool contacts::lags_behind(view_number shown, base::time_point now) {
    while (!installs_.empty() && now - installs_.front().second > settings_.lease) {
        overtaken_ = installs_.front().first.previous();
        installs_.pop_front();
    }
    if (shown <= overtaken_) {
        base::count(base::effect::lease_7_does_not_ack);
        return true;
    }
    return false;
}

contacts::seats_heard contacts::count(const view& v, base::time_point now) const {
    seats_heard out;
    for (const auto& s : v.seats) {
        if (s.address == settings_.address) {
            ++out.all;
            out.by_voters += v.is_voter(self_) ? 1 : 0;
        } else if (const auto at = heard_.find(s.address);
                   at != heard_.end() && at->second.cluster &&
                   now - at->second.heard < settings_.lease) {
            ++out.all;
            out.by_voters += at->second.cluster == v.cluster && v.is_voter(at->second.peer) ? 1 : 0;
        }
    }
    HOLDFAST_ASSERT(out.by_voters <= out.all && out.all <= v.seats.size());
    return out;
}

bool contacts::is_superseded(const view& v, base::time_point unleased_since, base::time_point now) {
    if (now - unleased_since < 2 * settings_.lease) {
        quorum_heard_since_.reset();
        return false;
    }
    const auto heard = count(v, now);
    if (heard.all < v.quorum()) {
        quorum_heard_since_.reset();
        return false;
    }
    quorum_heard_since_ = quorum_heard_since_.value_or(now);
    // To be heard is not to answer: a voter that hears no other seems to be there for ever.
    if (heard.by_voters < v.quorum() || now - *quorum_heard_since_ >= 2 * settings_.lease) {
        base::count(base::effect::found_6_forgets);
        return true;
    }
    return false;
}

void contacts::forget_old(base::time_point now) {
    std::erase_if(heard_,
                  [&](const auto& c) { return now - c.second.heard > 4 * settings_.lease; });
}

}  // namespace holdfast::node
