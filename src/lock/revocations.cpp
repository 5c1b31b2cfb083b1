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
    auto& known = demands_[{wanted.name, wanted.token}];
    const auto* mine = find_or_add(from, wanted, known, now);
    if (mine == nullptr) {
        return {break_stage::no_answer, end_reason::none, 0, 0};
    }
    return outcome_for(h, mine->how, mine->is_heard, known);
}

/// Null: there is no room for it.
revocations::pending_demand* revocations::find_or_add(const peer_id& from,
                                                      const revoke_request& wanted, demands& known,
                                                      base::time_point now) {
    const auto mine = std::find_if(known.begin(), known.end(), [&](const pending_demand& d) {
        return d.by == from && d.number == wanted.number && d.how == wanted.how;
    });
    if (mine != known.end()) {
        return &*mine;
    }
    if (known.size() >= most_demands) {
        const auto oldest = std::find_if(known.begin(), known.end(), [](const pending_demand& d) {
            return d.how == revoke_kind::request_release;
        });
        if (oldest == known.end()) {
            return nullptr;
        }
        known.erase(oldest);
    }
    known.push_back(
        {from, wanted.number, wanted.how, wanted.who, wanted.why, wanted.grace, false, {now, 0}});
    HOLDFAST_ASSERT(known.size() <= most_demands);
    return &known.back();
}

break_outcome revocations::outcome_for(const granted_hold& h, revoke_kind how, bool is_heard,
                                       const demands& known) const {
    if (how == revoke_kind::request_release) {
        return {is_heard ? break_stage::delivered : break_stage::sent, end_reason::none, 0, 0};
    }
    std::set<std::string_view> who;
    for (const auto& other : known) {
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
    for (const auto& d : at->second) {
        out.push(send{d.by, revoke_reply{d.number, how}});
    }
    demands_.erase(at);
}

void revocations::heard(const release_request_ack& what, owner_outbox& out) {
    const auto at = demands_.find({what.name, what.token});
    if (at == demands_.end()) {
        return;
    }
    for (auto& d : at->second) {
        if (d.by == what.by && d.number == what.number && !d.is_heard) {
            d.is_heard = true;
            out.push(send{
                d.by, revoke_reply{d.number, {break_stage::delivered, end_reason::none, 0, 0}}});
        }
    }
}

// ---- breaking

bool revocations::start_break(const hold_info& h, const std::string& who, const std::string& why,
                              base::time_point now) {
    return breaks_
        .try_emplace({h.name, h.token}, pending_break{h.holder, h.number, who, why, {now, 0}})
        .second;
}

void revocations::start_break_of_conflict(const hold_info& h, base::time_point now) {
    breaks_[{h.name, h.token}] = {
        h.holder, h.number, {}, "two holds exclude each other (HOLD-4)", {now, 0}};
}

void revocations::hold_ended(const std::string& name, token t) {
    if (!breaks_.empty()) {
        breaks_.erase({name, t});
    }
}

void revocations::repeat_breaks(const tenures& ours, const void_times& voids, const view& v,
                                base::time_point now, owner_outbox& out) {
    for (auto at = breaks_.begin(); at != breaks_.end();) {
        auto& [key, b] = *at;
        const auto ends = voids.of(b.holder, v);
        if (ours.serving(ours.slot_of(key.first)) == nullptr || (ends && *ends <= now)) {
            at = breaks_.erase(at);
            continue;
        }
        if (b.again.is_due(now)) {
            out.push(send{b.holder, break_hold{key.first, key.second, b.number, b.who, b.why},
                          b.again.sent(settings_, now)});
        }
        ++at;
    }
}

void revocations::repeat_asks(const tenures& ours, base::time_point now, owner_outbox& out) {
    timers_.clear(timer::ask);
    for (auto at = demands_.begin(); at != demands_.end();) {
        const auto& [name, token] = at->first;
        const auto* h = ours.find_hold(name, token);
        if (h == nullptr) {
            at = demands_.erase(at);  // a member that still wants it asks the next owner
            continue;
        }
        for (auto& d : at->second) {
            if (d.how != revoke_kind::request_release || d.is_heard) {
                continue;
            }
            if (d.again.is_due(now)) {
                out.push(send{h->what.holder,
                              release_request{name, token, d.by, d.number, d.who, d.why, d.grace},
                              d.again.sent(settings_, now)});
            }
            timers_.set_earliest(timer::ask, d.again.next);
        }
        ++at;
    }
}

// ---- the patience of waiters

void revocations::note_patience(const lock_entry& e) {
    HOLDFAST_ASSERT(e.first.has_value());
    for (const auto& h : e.held) {
        if (const auto patience = h.what.terms.policy.waited_for; patience.count() > 0) {
            timers_.set_earliest(timer::patience, e.first->since + patience);
        }
    }
}

bool revocations::take_patience_due(base::time_point now) {
    return timers_.take_due(timer::patience, now);
}

void revocations::look_again_at_patience(base::time_point at) {
    timers_.set_earliest(timer::patience, at);
}

std::vector<const hold_info*> revocations::out_of_patience(const std::string& name,
                                                           const lock_entry& e,
                                                           base::time_point now) {
    std::vector<const hold_info*> out;
    if (!e.first) {
        return out;
    }
    for (const auto& h : e.held) {
        const auto patience = h.what.terms.policy.waited_for;
        if (patience.count() <= 0 || is_to_break(name, h.what.token)) {
            continue;
        }
        if (e.first->since + patience > now) {
            timers_.set_earliest(timer::patience, e.first->since + patience);
            continue;
        }
        out.push_back(&h.what);
    }
    return out;
}

// ---- what there is

std::optional<base::time_point> revocations::deadline() const {
    auto due = timers_.deadline();
    for (const auto& [key, b] : breaks_) {
        base::earlier(due, b.again.next);
    }
    return due;
}

bool revocations::is_release_requested(const std::string& name, token t) const {
    const auto wanted = demands_.find({name, t});
    return wanted != demands_.end() &&
           std::any_of(wanted->second.begin(), wanted->second.end(), [](const pending_demand& d) {
               return d.how == revoke_kind::request_release;
           });
}

bool revocations::is_to_break(const std::string& name, token t) const {
    return breaks_.contains({name, t});
}

void revocations::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [key, known] : demands_) {
        HOLDFAST_ASSERT(!known.empty() && known.size() <= most_demands);
        for (const auto& d : known) {
            HOLDFAST_ASSERT(!d.is_heard || d.how == revoke_kind::request_release);
            // The timer is not later than an ask to repeat.
            const auto& due = timers_.at(timer::ask);
            HOLDFAST_ASSERT(d.how != revoke_kind::request_release || d.is_heard ||
                            (due && *due <= d.again.next));
        }
    }
    for (const auto& [key, b] : breaks_) {
        HOLDFAST_ASSERT(!b.holder.is_nil());
        HOLDFAST_ASSERT(b.again.attempt > 0);  // it was sent in the call that began it
    }
}

}  // namespace holdfast::lock
