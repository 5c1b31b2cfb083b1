#include "lock/revocations.hpp"

#include <algorithm>
#include <string_view>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {
namespace {

/// At one hold. More asks take the place of the oldest, which is asked again if its member still
/// waits; further breakers are not heard.
constexpr std::size_t most_demands = 64;

}  // namespace

// ---- demands

break_outcome revocations::demanded_by(const peer_id& from, const revoke_request& wanted,
                                       const granted_hold& h, base::time_point now) {
    HOLDFAST_ASSERT(h.what.name == wanted.name && h.what.token == wanted.token);
    const auto& operators = settings_.operators;
    const bool is_operator = operators.empty() || std::find(operators.begin(), operators.end(),
                                                            wanted.who) != operators.end();
    const bool is_allowed = is_operator && (wanted.how == revoke_kind::request_release ||
                                            h.what.terms.policy.by_operators);
    if (!is_allowed) {
        return {break_stage::refused, end_reason::none, 0, 0};
    }
    const hold_key key{wanted.name, wanted.token};
    auto& known = demands_[key];
    const auto* mine = find_or_add(from, wanted, known, now);
    if (mine == nullptr) {
        return {break_stage::no_answer, end_reason::none, 0, 0};
    }
    plan_asks(key, known);
    return outcome_for(h, mine->how, mine->is_heard, known);
}

/// Null: there is no room for it.
revocations::pending_demand* revocations::find_or_add(const peer_id& from,
                                                      const revoke_request& wanted, demands& known,
                                                      base::time_point now) {
    auto& all = known.all;
    const auto mine = std::find_if(all.begin(), all.end(), [&](const pending_demand& d) {
        return d.by == from && d.number == wanted.number && d.how == wanted.how;
    });
    if (mine != all.end()) {
        return &*mine;
    }
    if (all.size() >= most_demands) {
        const auto oldest = std::find_if(all.begin(), all.end(), [](const pending_demand& d) {
            return d.how == revoke_kind::request_release;
        });
        if (oldest == all.end()) {
            return nullptr;
        }
        all.erase(oldest);
    }
    all.push_back(
        {from, wanted.number, wanted.how, wanted.who, wanted.why, wanted.grace, false, {now, 0}});
    HOLDFAST_ASSERT(all.size() <= most_demands);
    return &all.back();
}

break_outcome revocations::outcome_for(const granted_hold& h, revoke_kind how, bool is_heard,
                                       const demands& known) const {
    if (how == revoke_kind::request_release) {
        return {is_heard ? break_stage::delivered : break_stage::sent, end_reason::none, 0, 0};
    }
    std::set<std::string_view> who;
    for (const auto& other : known.all) {
        if (other.how == revoke_kind::break_hold) {
            who.insert(other.who);
        }
    }
    const auto needed = std::max<std::uint8_t>(h.what.terms.policy.approvals, 1);
    const auto approvals = static_cast<std::uint8_t>(std::min<std::size_t>(who.size(), 255));
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
    plan_asks(at->first, at->second);
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
    asks_due_.set(at->first, at->second.repeat_at, std::nullopt);
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
                      b.again.sent(settings_, now)});
        breaks_due_.set(key, b.repeat_at, b.again.next);
    }
}

void revocations::repeat_asks(const tenures& ours, base::time_point now, owner_outbox& out) {
    for (const auto& key : asks_due_.due(now)) {
        const auto at = demands_.find(key);
        HOLDFAST_ASSERT(at != demands_.end());
        const auto& [name, token] = key;
        const auto* h = ours.find_hold(name, token);
        if (h == nullptr) {
            forget(at);
            continue;
        }
        for (auto& d : at->second.all) {
            if (d.how == revoke_kind::request_release && !d.is_heard && d.again.is_due(now)) {
                out.push(send{h->what.holder,
                              release_request{name, token, d.by, d.number, d.who, d.why, d.grace},
                              d.again.sent(settings_, now)});
            }
        }
        plan_asks(key, at->second);
    }
}

void revocations::plan_asks(const hold_key& key, demands& known) {
    std::optional<base::time_point> first;
    for (const auto& d : known.all) {
        if (d.how == revoke_kind::request_release && !d.is_heard) {
            base::earlier(first, d.again.next);
        }
    }
    asks_due_.set(key, known.repeat_at, first);
}

// ---- what there is

std::optional<base::time_point> revocations::deadline() const {
    auto due = breaks_due_.next();
    base::earlier(due, asks_due_.next());
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
        HOLDFAST_ASSERT(!known.all.empty() && known.all.size() <= most_demands);
        for (const auto& d : known.all) {
            HOLDFAST_ASSERT(!d.is_heard || d.how == revoke_kind::request_release);
            HOLDFAST_ASSERT(d.how != revoke_kind::request_release || d.is_heard ||
                            (known.repeat_at && *known.repeat_at <= d.again.next));
        }
    }
    for (const auto& [key, b] : breaks_) {
        HOLDFAST_ASSERT(!b.holder.is_nil());
        HOLDFAST_ASSERT(b.repeat_at == b.again.next);
    }
}

}  // namespace holdfast::lock
