#include "view/membership_hints.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::views {

void membership_hints::evict(const peer_id& peer, base::time_point now) {
    evictions_[peer] = now;
    probation_.departs(peer);
}

bool membership_hints::may_remember(const member& who, base::time_point now) {
    if (who.id.is_nil() || who.leaving || who.is_settled) {
        return false;  // no view may add it, nor what else is in a draft with it
    }
    if (joiners_.size() >= base::limits::members) {
        std::erase_if(joiners_, [&](const auto& j) { return !is_fresh(j.second, now); });
    }
    return joiners_.size() < base::limits::members || joiners_.contains(who.id);
}

void membership_hints::asks_to_join(const join& asked, base::time_point now) {
    if (may_remember(asked.self, now)) {
        auto& known = joiners_[asked.self.id];
        known.who = asked.self;
        known.asked = now;
    }
    if (!asked.stopped_being.is_nil()) {
        stopped_.insert(asked.stopped_being);
    }
}

void membership_hints::hears_of(const member& who, base::time_point now) {
    if (!may_remember(who, now)) {
        return;
    }
    auto& known = joiners_[who.id];
    if (!may_name(known, now)) {
        base::count(base::effect::hearsay_is_heard);
        known.who = who;
        known.told = now;
    }
}

bool membership_hints::may_name(const joiner& j, base::time_point now) const {
    const bool has_asked = is_fresh(j.asked, now);
    const bool has_shown = has_asked && environment_.has_shown_ways(j.who.id, now);
    if (has_asked && !has_shown) {
        base::count(base::effect::join_2_waits);
    }
    return has_shown;
}

std::vector<member> membership_hints::asked_here(base::time_point now) const {
    std::vector<member> out;
    for (const auto& [id, j] : joiners_) {
        // hearsay is not passed on, or two voters would keep it alive for ever
        if (may_name(j, now)) {
            out.push_back(j.who);
        }
    }
    return out;
}

void membership_hints::set_suspected(const peer_id& peer, bool is_gone) {
    if (is_gone) {
        gone_.insert(peer);
    } else {
        gone_.erase(peer);
    }
}

void membership_hints::installed(const view& now_installed, const view* before,
                                 base::time_point now) {
    probation_.installed(now_installed, before, now);
    const auto drop_strangers = [&](std::set<peer_id>& ids) {
        std::erase_if(ids, [&](const peer_id& id) { return !now_installed.has(id); });
    };
    drop_strangers(leaving_);
    drop_strangers(gone_);
    std::erase_if(evictions_, [&](const auto& c) { return !now_installed.has(c.first); });
    // A joiner may name the PeerId it stopped being before the removal of that one is on the way.
    // No other peer that is no member is kept.
    drop_strangers(stopped_);
    drop_strangers(certified_);
    std::erase_if(joiners_, [&](const auto& j) {
        return now_installed.has(j.first) || !is_fresh(j.second, now);
    });
    new_epoch_at_.reset();
    if (before != nullptr) {
        for (std::size_t i = 0; i < now_installed.seats.size(); ++i) {
            const auto& filled_by = now_installed.seats[i].filled_by;
            if (!filled_by.is_nil() && before->seats[i].filled_by != filled_by) {
                refilled_[i] = now;
            }
        }
    }
    if (base::checks_everything()) {
        const auto are_members = [&](const std::set<peer_id>& ids) {
            return std::all_of(ids.begin(), ids.end(),
                               [&](const peer_id& id) { return now_installed.has(id); });
        };
        HOLDFAST_ASSERT(are_members(leaving_) && are_members(gone_) && are_members(stopped_) &&
                        are_members(certified_));
        HOLDFAST_ASSERT(std::none_of(joiners_.begin(), joiners_.end(),
                                     [&](const auto& j) { return now_installed.has(j.first); }));
    }
    invariants();
}

void membership_hints::invariants() const {
    probation_.invariants();
    HOLDFAST_ASSERT(refilled_.size() <= base::limits::seats);
    HOLDFAST_ASSERT(joiners_.size() <= base::limits::members);  // a promise may name them all
    if (base::checks_everything()) {
        HOLDFAST_ASSERT(std::all_of(joiners_.begin(), joiners_.end(),
                                    [](const auto& j) { return j.first == j.second.who.id; }));
    }
}

std::vector<peer_id> membership_hints::removals(const view& current, const peer_id& self,
                                                base::time_point now) const {
    std::vector<peer_id> out;
    for (const auto& m : current.members) {
        if (m.id == self) {
            continue;
        }
        // VIEW-5: whatever gossip says, a member this voter has not acked for 2A cannot reach us.
        const bool is_silent = environment_.time_since_ack(m.id, now) >= 2 * settings_.lease;
        if (is_silent) {
            base::count(base::effect::view_5_removes);
        }
        if (is_unwanted(m, now) || is_silent) {
            out.push_back(m.id);
        }
    }
    return out;
}

bool membership_hints::is_unwanted(const member& m, base::time_point now) const {
    return gone_.contains(m.id) || is_evicted(m.id, now) || stopped_.contains(m.id) ||
           is_certain(m.id) || is_replaced(m) || environment_.is_found_mute(m.id, now);
}

bool membership_hints::is_certain(const peer_id& peer) const {
    // a certificate alone can be wrong, of a clone of this machine for example
    const bool counts = certified_.contains(peer) && environment_.has_ended_stream(peer);
    if (!counts && certified_.contains(peer)) {
        base::count(base::effect::cert_3_does_not_count);
    }
    return counts;
}

std::vector<peer_id> membership_hints::certain(const view& current, const peer_id& self) const {
    std::vector<peer_id> out;
    std::copy_if(
        certified_.begin(), certified_.end(), std::back_inserter(out),
        [&](const peer_id& id) { return id != self && current.has(id) && is_certain(id); });
    return out;
}

bool membership_hints::objects_to_removal(const view& current, const peer_id& peer,
                                          base::time_point now) const {
    const auto* m = current.find(peer);
    if (m == nullptr || stopped_.contains(peer) || is_certain(peer) || is_evicted(peer, now) ||
        is_replaced(*m) || environment_.is_found_mute(peer, now)) {
        return false;
    }
    const bool objects = environment_.vouches_for(peer, now);
    if (objects) {
        base::count(base::effect::view_2_objects);
    }
    return objects;
}

std::vector<peer_id> membership_hints::to_settle(const view& current, base::time_point now) const {
    std::vector<peer_id> out;
    bool is_first = true;
    bool do_others_come = false;
    base::duration longest{};
    for (const auto& m : current.members) {
        is_first = is_first && (!m.is_settled || m.leaving);
        if (m.is_settled || m.weight == 0 || m.leaving) {
            continue;
        }
        const auto renewed_for = environment_.renewed_for(m.id, now);
        longest = std::max(longest, renewed_for);
        do_others_come = do_others_come ||
                         (renewed_for > base::duration::zero() && renewed_for < settings_.lease);
        if (may_settle(current, m.id, now)) {
            out.push_back(m.id);
        }
    }
    // The first that are settled own every slot, so they wait for those that came just after them.
    if (is_first && do_others_come && longest < 3 * settings_.lease) {
        out.clear();
    }
    return out;
}

bool membership_hints::may_settle(const view& current, const peer_id& peer,
                                  base::time_point now) const {
    const auto* m = current.find(peer);
    if (m == nullptr || m->weight == 0 || m->leaving || is_unwanted(*m, now)) {
        return false;
    }
    const auto renewed_for = environment_.renewed_for(peer, now);
    if (renewed_for < settings_.lease || !environment_.has_dialled(m->address, peer)) {
        return false;
    }
    // While none is settled all with weight own, those too that come and go.
    const bool is_first = std::none_of(current.members.begin(), current.members.end(),
                                       [](const member& o) { return o.is_settled && !o.leaving; });
    return is_first || renewed_for >= probation_.length_for(*m, now);
}

bool membership_hints::has_any(const view& current, const peer_id& self,
                               base::time_point now) const {
    const auto wanted = removals(current, self, now);
    return !wanted.empty() || draft(current, {}, now).has_value();
}

std::optional<change> membership_hints::draft(const view& current,
                                              const std::set<peer_id>& agreed_removals,
                                              base::time_point now,
                                              const std::set<peer_id>& agreed_to_settle) const {
    change out;
    out.cluster = current.cluster;
    out.number = current.number.next();
    out.added = additions(current, now);
    for (const auto& id : leaving_) {
        const auto* m = current.find(id);
        if (m != nullptr && !m->leaving && !agreed_removals.contains(id)) {
            out.leaving.push_back(id);
        }
    }
    auto filled = fill_seats(current, out, agreed_removals, now);
    take_removals(current, agreed_removals, now, out, filled);
    for (const auto& id : agreed_to_settle) {
        const auto* m = current.find(id);
        if (m != nullptr && !m->is_settled && !m->leaving && m->weight > 0 && !out.removes(id) &&
            !leaving_.contains(id) && !is_unwanted(*m, now)) {
            out.settled.push_back(id);
        }
    }
    for (std::size_t i = 0; i < filled.size(); ++i) {
        if (filled[i] != current.seats[i].filled_by) {
            out.seats.push_back({static_cast<std::uint8_t>(i), filled[i]});
        }
    }
    HOLDFAST_ASSERT(current.members.size() + out.added.size() <=
                    std::max(current.members.size(), base::limits::members));
    HOLDFAST_ASSERT(out.removed.size() <= agreed_removals.size());
    HOLDFAST_ASSERT(out.seats.size() <= current.seats.size());
    const bool wants_epoch = new_epoch_at_ && *new_epoch_at_ == current.number;
    if (out.added.empty() && out.removed.empty() && out.leaving.empty() && out.seats.empty() &&
        out.settled.empty() && !wants_epoch) {
        return std::nullopt;
    }
    return out;
}

std::vector<member> membership_hints::additions(const view& current, base::time_point now) const {
    std::vector<member> out;
    for (const auto& [id, j] : joiners_) {
        if (!current.has(id) && current.find_former(id) == nullptr &&
            (is_fresh(j.told, now) || may_name(j, now)) &&
            current.members.size() + out.size() < base::limits::members) {
            out.push_back(j.who);
        }
    }
    return out;
}

peer_id membership_hints::filler_of(std::size_t seat, const view& current, const change& so_far,
                                    const std::set<peer_id>& agreed_removals,
                                    base::time_point now) const {
    if (!may_refill(seat, now)) {
        return {};
    }
    // The latest heard, should two processes ask for one address.
    const member* best = nullptr;
    base::time_point best_heard{};
    for (const auto& m : so_far.added) {
        const auto& j = joiners_.at(m.id);
        const auto heard = std::max(j.asked, j.told).value();
        if (m.address == current.seats[seat].address && (best == nullptr || heard > best_heard)) {
            best = &m;
            best_heard = heard;
        }
    }
    for (const auto& m : current.members) {
        if (best == nullptr && m.address == current.seats[seat].address && !m.leaving &&
            !agreed_removals.contains(m.id) && environment_.seems_alive(m.id)) {
            best = &m;
        }
    }
    return best == nullptr ? peer_id{} : best->id;
}

std::vector<peer_id> membership_hints::fill_seats(const view& current, const change& so_far,
                                                  const std::set<peer_id>& agreed_removals,
                                                  base::time_point now) const {
    std::vector<peer_id> filled;
    for (std::size_t i = 0; i < current.seats.size(); ++i) {
        const auto& now_there = current.seats[i].filled_by;
        filled.push_back(now_there.is_nil() ? filler_of(i, current, so_far, agreed_removals, now)
                                            : now_there);
    }
    return filled;
}

void membership_hints::take_removals(const view& current, const std::set<peer_id>& agreed_removals,
                                     base::time_point now, change& out,
                                     std::vector<peer_id>& filled) const {
    bool has_replaced_live_voter = false;
    for (const auto& id : agreed_removals) {
        const auto* m = current.find(id);
        if (m == nullptr) {
            continue;
        }
        const auto seat = current.seat_of(id);
        if (!seat) {
            out.removed.push_back(id);
            continue;
        }
        const bool is_live = environment_.seems_alive(id) && !is_replaced(*m);
        if (is_live && has_replaced_live_voter) {
            continue;
        }
        const auto filler = filler_of(*seat, current, out, agreed_removals, now);
        const auto still_filled = std::count_if(filled.begin(), filled.end(),
                                                [](const peer_id& p) { return !p.is_nil(); });
        if (filler.is_nil() && static_cast<std::size_t>(still_filled) - 1 < current.quorum()) {
            base::count(base::effect::view_6_keeps);
            continue;
        }
        has_replaced_live_voter = has_replaced_live_voter || is_live;
        HOLDFAST_ASSERT(filler != id);  // it would keep its seat
        filled[*seat] = filler;
        out.removed.push_back(id);
    }
}

bool membership_hints::is_replaced(const member& m) const {
    return environment_.is_replaced_at(m.address, m.id);
}

bool membership_hints::may_refill(std::size_t seat, base::time_point now) const {
    const auto at = refilled_.find(seat);
    return at == refilled_.end() || now - at->second >= 2 * settings_.lease;
}

}  // namespace holdfast::views
