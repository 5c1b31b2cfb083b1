#include "node/relay.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/message_groups.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::node {
namespace {

constexpr unsigned tries_before_relaying = 2;
constexpr std::size_t voters_in_a_try = 2;

/// The voters that can pass a message on to `to`.
std::vector<peer_id> voters_between(const view& v, const peer_id& self, const peer_id& to) {
    std::vector<peer_id> voters;
    for (const auto& seat : v.seats) {
        if (!seat.filled_by.is_nil() && seat.filled_by != self && seat.filled_by != to) {
            voters.push_back(seat.filled_by);
        }
    }
    return voters;
}

}  // namespace

std::vector<relay::detour> relay::detours(const view& v, const lock::send& s, base::time_point now,
                                          bool is_overdue) {
    HOLDFAST_ASSERT(s.to != self_);
    std::vector<detour> out;
    if (const auto back = routes_.find(s.to);
        back != routes_.end() && now - back->second.heard < settings_.lease) {
        out.push_back({back->second.by, {self_, s.to, true, s.what}});
    }
    // While a stream is being made, or its other end has much to do, copies would only add to that.
    // Who has asked for a report again need say nothing when it has it.
    const bool is_waited_for = s.attempt > 0 && !base::holds_message<lock::report>(s.what);
    const bool seems_cut = is_waited_for && is_silent(s.to, now);
    if ((seems_cut || is_overdue) && s.attempt >= tries_before_relaying) {
        const auto voters = voters_between(v, self_, s.to);
        const auto first = std::size_t{s.attempt - tries_before_relaying} * voters_in_a_try;
        for (std::size_t i = 0; i < std::min(voters.size(), voters_in_a_try); ++i) {
            out.push_back({voters[(first + i) % voters.size()], {self_, s.to, false, s.what}});
        }
    }
    return out;
}

bool relay::is_silent(const peer_id& peer, base::time_point now) {
    const auto since = silent_since_.try_emplace(peer, now).first->second;
    return now - since >= settings_.lease / 4;
}

void relay::installed(const view& v) {
    std::erase_if(silent_since_, [&](const auto& s) { return !v.has(s.first); });
}

relay::action relay::receive(const view& v, const peer_id& from, const relayed& r,
                             base::time_point now) {
    if (r.origin == self_) {
        return action::ignore;
    }
    if (r.destination != self_) {
        const bool is_asked_by_origin = from == r.origin && v.has(r.destination);
        if (is_asked_by_origin) {
            base::count(base::effect::net_1_relays);
        }
        return is_asked_by_origin ? action::forward : action::ignore;
    }
    if (!v.is_voter(from) || !v.has(r.origin)) {
        return action::refuse;  // members vouch for one another, strangers vouch for nothing
    }
    if (!r.is_echo) {
        routes_[r.origin] = {from, now};
    }
    return action::take;
}

void relay::forget_old(base::time_point now) {
    std::erase_if(routes_, [&](const auto& r) { return now - r.second.heard > settings_.lease; });
}

}  // namespace holdfast::node
