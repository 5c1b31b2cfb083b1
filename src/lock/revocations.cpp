#include "lock/revocations.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {

// ---- demands

std::optional<break_outcome> revocations::demanded_by(const peer_id& from,
                                                      const revoke_request& wanted,
                                                      const granted_hold& h, base::time_point now) {
    HOLDFAST_ASSERT(h.what.name == wanted.name && h.what.token == wanted.token);
    const bool is_operator = settings_.is_operator(wanted.who);
    const bool is_allowed = is_operator && (wanted.how == revoke_kind::request_release ||
                                            h.what.terms.policy.by_operators);
    if (!is_allowed) {
        return break_outcome{break_stage::refused, end_reason::none, 0, 0};
    }
    const hold_key key{wanted.name, wanted.token};
    auto& known = demands_[key];
    drop_lapsed(known, now);
    const auto* mine = find_or_add(from, wanted, known, now);
    plan(key, known);
    if (mine == nullptr) {
        if (known.all.empty()) {
            forget(demands_.find(key));
        }
        return std::nullopt;
    }
    return outcome_for(h, mine->how, mine->is_heard, known);
}

/// Null: there is no room for it.
revocations::pending_demand* revocations::find_or_add(const peer_id& from,
                                                      const revoke_request& wanted, demands& known,
                                                      base::time_point now) {
    auto& all = known.all;
    const pending_demand later{from,         wanted.number, wanted.how, wanted.who, wanted.why,
                               wanted.grace, false,         {now, 0},   now};
    const auto mine = std::find_if(all.begin(), all.end(), [&](const pending_demand& d) {
        return d.who == wanted.who && d.how == wanted.how;
    });
    if (mine != all.end()) {
        const bool is_repeat = mine->by == from && mine->number == wanted.number;
        const bool is_old = mine->by == from && wanted.number < mine->number;
        if (!is_repeat && !is_old) {
            *mine = later;
        }
        mine->heard_at = now;
        return &*mine;
    }
    const auto theirs = std::count_if(all.begin(), all.end(),
                                      [&](const pending_demand& d) { return d.by == from; });
    if (static_cast<std::size_t>(theirs) >= settings_.quota.demands) {
        return nullptr;
    }
    all.push_back(later);
    return &all.back();
}

void revocations::drop_lapsed(demands& known, base::time_point now) const {
    std::erase_if(known.all, [&](const pending_demand& d) {
        return d.heard_at + settings_.demands_last <= now;
    });
}

break_outcome revocations::outcome_for(const granted_hold& h, revoke_kind how, bool is_heard,
                                       const demands& known) const {
    if (how == revoke_kind::request_release) {
        return {is_heard ? break_stage::delivered : break_stage::sent, end_reason::none, 0, 0};
    }
    const auto count = std::count_if(  // one for each operator
        known.all.begin(), known.all.end(),
        [](const pending_demand& d) { return d.how == revoke_kind::break_hold; });
    const auto needed = std::max<std::uint8_t>(h.what.terms.policy.approvals, 1);
    const auto approvals = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(count, 255));
    HOLDFAST_ASSERT(approvals >= 1);  // that of the member that is answered
    return {approvals >= needed ? break_stage::sent : break_stage::needs_approval, end_reason::none,
            approvals, needed};
}

void revocations::answer_all(const std::string& name, token t, const break_outcome& how,
                             owner_outbox& out) {
    if (demands_.empty()) {
        return;
    }
    const auto at = demands_.find({name, t});
    if (at == demands_.end()) {
        return;
    }
    HOLDFAST_ASSERT(how.stage == break_stage::ended);
    for (const auto& d : at->second.all) {
        out.push(send{d.by, revoke_reply{d.number, how}});
    }
    forget(at);
}

void revocations::heard(const release_request_ack& what, owner_outbox& out) {
    const auto at = demands_.find({what.name, what.token});
    if (at == demands_.end()) {
        return;
    }
    for (auto& d : at->second.all) {
        if (d.by == what.by && d.number == what.number && !d.is_heard) {
            d.is_heard = true;
            out.push(send{
                d.by, revoke_reply{d.number, {break_stage::delivered, end_reason::none, 0, 0}}});
        }
    }
    plan(at->first, at->second);
}

// ---- breaking

bool revocations::start_break(const hold_info& h, const std::string& who, const std::string& why,
                              base::time_point now) {
    const hold_key key{h.name, h.token};
    if (breaks_.contains(key)) {
        return false;
    }
    start_break(key, {h.holder, h.number, who, why}, now);
    return true;
}

void revocations::start_break_of_conflict(const hold_info& h, base::time_point now) {
    hold_ended(h.name, h.token);  // in place of what an operator said
    start_break({h.name, h.token},
                {h.holder, h.number, {}, "two holds exclude each other (HOLD-4)"}, now);
}

void revocations::start_break(const hold_key& key, pending_break what, base::time_point now) {
    auto& b = breaks_.emplace(key, std::move(what)).first->second;
    b.again.next = now;
    breaks_due_.set(key, b.repeat_at, now);
}

void revocations::hold_ended(const std::string& name, token t) {
    if (breaks_.empty()) {
        return;
    }
    if (const auto at = breaks_.find({name, t}); at != breaks_.end()) {
        forget(at);
    }
}

void revocations::forget(std::map<hold_key, pending_break>::iterator at) {
    breaks_due_.set(at->first, at->second.repeat_at, std::nullopt);
    breaks_.erase(at);
}

void revocations::forget(std::map<hold_key, demands>::iterator at) {
    demands_due_.set(at->first, at->second.look_at, std::nullopt);
    demands_.erase(at);
}

void revocations::forget_unserved(const tenures& ours) {
    const auto drop_from = [&](auto& all) {
        for (auto at = all.begin(); at != all.end();) {
            const auto here = at++;
            if (ours.serving(ours.slot_of(here->first.first)) == nullptr) {
                forget(here);  // a member that still wants it asks the next owner
            }
        }
    };
    drop_from(breaks_);
    drop_from(demands_);
}

void revocations::repeat_breaks(const tenures& ours, const void_times& voids, const view& v,
                                base::time_point now, owner_outbox& out) {
    for (const auto& key : breaks_due_.due(now)) {
        const auto at = breaks_.find(key);
        HOLDFAST_ASSERT(at != breaks_.end());
        auto& b = at->second;
        const auto ends = voids.of(b.holder, v);
        if (ours.serving(ours.slot_of(key.first)) == nullptr || (ends && *ends <= now)) {
            forget(at);
            continue;
        }
        out.push(send{b.holder, break_hold{key.first, key.second, b.number, b.who, b.why},
                      b.again.sent(pace_, b.holder, now)});
        breaks_due_.set(key, b.repeat_at, b.again.next);
    }
}

void revocations::repeat_asks(const tenures& ours, base::time_point now, owner_outbox& out) {
    for (const auto& key : demands_due_.due(now)) {
        const auto at = demands_.find(key);
        HOLDFAST_ASSERT(at != demands_.end());
        const auto& [name, token] = key;
        const auto* h = ours.find_hold(name, token);
        if (h == nullptr) {
            forget(at);
            continue;
        }
        drop_lapsed(at->second, now);
        if (at->second.all.empty()) {
            forget(at);
            continue;
        }
        for (auto& d : at->second.all) {
            if (d.how == revoke_kind::request_release && !d.is_heard && d.again.is_due(now)) {
                out.push(send{h->what.holder,
                              release_request{name, token, d.by, d.number, d.who, d.why, d.grace},
                              d.again.sent(pace_, h->what.holder, now)});
            }
        }
        plan(key, at->second);
    }
}

void revocations::make_due(const peer_id& holder, const tenures& ours, base::time_point now) {
    for (auto& [key, b] : breaks_) {
        if (b.holder == holder) {
            b.again.next = now;
            breaks_due_.set(key, b.repeat_at, now);
        }
    }
    for (auto& [key, known] : demands_) {
        const auto* h = ours.find_hold(key.first, key.second);
        if (h != nullptr && h->what.holder == holder) {
            for (auto& d : known.all) {
                d.again.next = std::min(d.again.next, now);
            }
            plan(key, known);
        }
    }
}

void revocations::plan(const hold_key& key, demands& known) {
    std::optional<base::time_point> first;
    for (const auto& d : known.all) {
        base::earlier(first, d.heard_at + settings_.demands_last);
        if (d.how == revoke_kind::request_release && !d.is_heard) {
            base::earlier(first, d.again.next);
        }
    }
    demands_due_.set(key, known.look_at, first);
}

// ---- what there is

std::optional<base::time_point> revocations::deadline() const {
    auto due = breaks_due_.next();
    base::earlier(due, demands_due_.next());
    return due;
}

bool revocations::is_release_requested(const std::string& name, token t) const {
    const auto wanted = demands_.find({name, t});
    return wanted != demands_.end() &&
           std::any_of(
               wanted->second.all.begin(), wanted->second.all.end(),
               [](const pending_demand& d) { return d.how == revoke_kind::request_release; });
}

bool revocations::is_to_break(const std::string& name, token t) const {
    return breaks_.contains({name, t});
}

void revocations::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [key, known] : demands_) {
        HOLDFAST_ASSERT(!known.all.empty() && known.look_at);
        for (auto d = known.all.begin(); d != known.all.end(); ++d) {
            const bool is_ask = d->how == revoke_kind::request_release;
            HOLDFAST_ASSERT(!d->is_heard || is_ask);
            HOLDFAST_ASSERT(!is_ask || d->is_heard || *known.look_at <= d->again.next);
            HOLDFAST_ASSERT(*known.look_at <= d->heard_at + settings_.demands_last);
            HOLDFAST_ASSERT(std::none_of(known.all.begin(), d, [&](const pending_demand& other) {
                return other.who == d->who && other.how == d->how;  // BREAK-2
            }));
        }
    }
    for (const auto& [key, b] : breaks_) {
        HOLDFAST_ASSERT(!b.holder.is_nil());
        HOLDFAST_ASSERT(b.repeat_at == b.again.next);
    }
}

}  // namespace holdfast::lock
