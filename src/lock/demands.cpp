// Who asks an owner how locks stand (LOOK-1), and who wants a hold to end (BREAK-1).
#include <algorithm>
#include <set>
#include <utility>

#include "base/deadline.hpp"
#include "lock/owner.hpp"

namespace holdfast::lock {
namespace {

/// At one hold. More asks take the place of the oldest, which is asked again if anybody still
/// waits; further breakers are not heard.
constexpr std::size_t most_demands = 64;

}  // namespace

// ---- looking

void owner::on(const peer_id& from, const look& asked, base::time_point now) {
    if (!is_member(from)) {
        ++counters_.dropped;
        return;
    }
    const auto s = slot_of_(asked.name);
    looked answer{asked.number, tenure_state::elsewhere, {}, 0, {}, 0};
    if (const auto* t = current(s)) {
        // LOOK-1: as with a grant (OWN-1), nobody else can be serving it while we do and our lease
        // runs.
        answer.is = std::holds_alternative<waiting>(t->state)     ? tenure_state::receives
                    : std::holds_alternative<gathering>(t->state) ? tenure_state::gathers
                    : is_leased_ || settings_.bug == base::planted::looks_without_a_lease
                        ? tenure_state::serves
                        : tenure_state::unleased;
        if (const auto at = t->table.find(asked.name); at != t->table.end()) {
            const auto& e = at->second;
            answer.holders = static_cast<std::uint32_t>(e.held.size());
            answer.waiting = static_cast<std::uint32_t>(e.queue.size());
            std::size_t bytes = 0;
            for (const auto& h : e.held) {
                bytes += bytes_of(h.what) + h.holder_name.size();
                if (bytes > bytes_in_a_message) {
                    break;
                }
                const auto wanted = demands_.find({asked.name, h.what.token});
                const bool is_asked =
                    wanted != demands_.end() &&
                    std::any_of(wanted->second.begin(), wanted->second.end(),
                                [](const urged& u) { return u.how == urging::ask; });
                answer.held.push_back({h.what, h.holder_name, now - h.since, h.is_since_grant,
                                       is_asked, breaks_.contains({asked.name, h.what.token})});
            }
            for (std::size_t i = 0; i < std::min(e.queue.size(), most_told); ++i) {
                answer.queue.push_back(e.queue[i]);
            }
        }
    }
    out_.push(send{from, std::move(answer)});
}

void owner::on(const peer_id& from, const list_locks& asked, base::time_point) {
    if (!is_member(from)) {
        ++counters_.dropped;
        return;
    }
    std::vector<std::pair<std::string_view, const entry*>> all;
    listed answer{asked.number, {}, true, 0};
    for (const auto& [s, t] : tenures_) {
        answer.not_served += std::holds_alternative<serving>(t.state) ? 0 : 1;
        for (const auto& [name, e] : t.table) {
            if (name > asked.after) {
                all.emplace_back(name, &e);
            }
        }
    }
    std::sort(all.begin(), all.end());
    std::size_t bytes = 0;
    for (const auto& [name, e] : all) {
        auto stands = standing_of(*e);
        for (const auto& h : stands.held) {
            bytes += bytes_of(h);
        }
        bytes += name.size() + 64;
        if (bytes > bytes_in_a_message && !answer.locks.empty()) {
            answer.is_all = false;
            break;
        }
        answer.locks.push_back({std::string{name}, std::move(stands)});
    }
    out_.push(send{from, std::move(answer)});
}

// ---- demands

void owner::on(const peer_id& from, const demand& wanted, base::time_point now) {
    const auto s = slot_of_(wanted.name);
    // Without a lease another may serve by now: then "it is gone" would be no answer, and no policy
    // of ours counts.
    auto* t = is_member(from) && is_leased_ ? serving_at(s) : nullptr;
    if (t == nullptr) {
        ++counters_.dropped;  // it is asked again, perhaps elsewhere
        return;
    }
    const auto at = t->table.find(wanted.name);
    const auto* h = at == t->table.end() ? nullptr : at->second.find(wanted.token);
    if (h == nullptr) {
        out_.push(send{from, demanded{wanted.number, how_it_ended(wanted.name, wanted.token)}});
        return;
    }
    const auto& operators = settings_.operators;
    const bool is_operator = operators.empty() || std::find(operators.begin(), operators.end(),
                                                            wanted.who) != operators.end();
    const bool is_allowed =
        is_operator && (wanted.how == urging::ask || h->what.policy.by_operators ||
                        settings_.bug == base::planted::policies_not_asked);
    auto& known = demands_[{wanted.name, wanted.token}];
    auto mine = std::find_if(known.begin(), known.end(), [&](const urged& u) {
        return u.by == from && u.number == wanted.number;
    });
    if (is_allowed && mine == known.end() && known.size() >= most_demands) {
        if (const auto oldest = std::find_if(known.begin(), known.end(),
                                             [](const urged& u) { return u.how == urging::ask; });
            oldest != known.end()) {
            known.erase(oldest);
            mine = known.end();
        }
    }
    if (!is_allowed || (mine == known.end() && known.size() >= most_demands)) {
        if (known.empty()) {
            demands_.erase({wanted.name, wanted.token});
        }
        out_.push(send{from, demanded{wanted.number,
                                      {is_allowed ? break_stage::unheard : break_stage::refused,
                                       fate::none, 0, 0}}});
        return;
    }
    if (mine == known.end()) {
        mine = known.insert(known.end(), {from, wanted.number, wanted.how, wanted.who, wanted.why,
                                          wanted.grace, false, now, 0});
    }
    const auto so_far = outcome_for(*h, *mine);
    if (wanted.how == urging::break_it && so_far.stage == break_stage::told) {
        break_hold_of(*h, wanted.who, wanted.why, now);
    }
    if (wanted.how == urging::ask) {
        repeat_asks(now);
    }
    out_.push(send{from, demanded{wanted.number, so_far}});
}

break_outcome owner::outcome_for(const granted_hold& h, const urged& u) const {
    if (u.how == urging::ask) {
        return {u.is_heard ? break_stage::heard : break_stage::told, fate::none, 0, 0};
    }
    std::set<std::string_view> who;
    for (const auto& other : demands_.at({h.what.name, h.what.token})) {
        if (other.how == urging::break_it) {
            who.insert(other.who);
        }
    }
    const auto needed = std::max<std::uint8_t>(h.what.policy.approvals, 1);
    const auto approvals = static_cast<std::uint8_t>(std::min<std::size_t>(who.size(), 255));
    const bool is_enough =
        approvals >= needed || settings_.bug == base::planted::policies_not_asked;
    return {is_enough ? break_stage::told : break_stage::needs_approval, fate::none, approvals,
            needed};
}

break_outcome owner::how_it_ended(const std::string& name, token t) const {
    const auto* last = pasts_.find(slot_of_(name), name);
    return {break_stage::gone, last != nullptr && last->token == t ? last->how : fate::none, 0, 0};
}

void owner::answer_demands(const std::string& name, token t) {
    if (demands_.empty()) {
        return;
    }
    const auto at = demands_.find({name, t});
    if (at == demands_.end()) {
        return;
    }
    for (const auto& u : at->second) {
        out_.push(send{u.by, demanded{u.number, how_it_ended(name, t)}});
    }
    demands_.erase(at);
}

void owner::break_hold_of(const granted_hold& h, const std::string& who, const std::string& why,
                          base::time_point now) {
    const auto [at, is_new] = breaks_.try_emplace(
        {h.what.name, h.what.token}, breaking{h.what.holder, h.what.number, who, why, now, 0});
    if (is_new && settings_.bug == base::planted::broken_without_the_holder) {
        const std::string name{h.what.name};
        free_hold(slot_of_(name), name, current(slot_of_(name))->table.find(name)->second,
                  h.what.token, farewell{fate::broken, false, {}}, now);
        return;
    }
    if (is_new) {
        repeat_breaks(now);
    }
}

void owner::break_for_the_patient(base::time_point now) {
    if (!base::is_due(next_patience_, now)) {
        return;
    }
    next_patience_.reset();
    if (!is_leased_) {
        // who waits may have gone to another owner
        base::earlier(next_patience_, now + settings_.retry);
        return;
    }
    const auto names = contended_;
    for (const auto& [s, name] : names) {
        auto* t = serving_at(s);
        const auto at = t == nullptr ? locks::iterator{} : t->table.find(name);
        if (t == nullptr || at == t->table.end() || !at->second.first) {
            continue;
        }
        const auto& first = *at->second.first;
        for (const auto& h : at->second.held) {
            const auto patience = h.what.policy.waited_for;
            if (patience.count() <= 0 || breaks_.contains({name, h.what.token})) {
                continue;
            }
            if (first.since + patience > now) {
                base::earlier(next_patience_, first.since + patience);
                continue;
            }
            const auto who = ("policy, for " + name_of(first.peer)).substr(0, base::limits::who);
            const auto why = "it has waited for " + std::to_string(patience.count()) + " ms";
            out_.push(broke_by_policy{h.what, who, why});
            break_hold_of(h, who, why, now);
            if (settings_.bug == base::planted::broken_without_the_holder) {
                break;  // it is gone, and with it where we were
            }
        }
    }
}

// ---- until it is heard

void owner::repeat_breaks(base::time_point now) {
    for (auto at = breaks_.begin(); at != breaks_.end();) {
        auto& [key, b] = *at;
        const auto ends = void_at(b.holder);
        if (serving_at(slot_of_(key.first)) == nullptr || (ends && *ends <= now)) {
            at = breaks_.erase(at);
            continue;
        }
        if (b.next_send <= now) {
            b.next_send = now + pause_after(settings_, b.attempt);
            out_.push(send{b.holder, break_hold{key.first, key.second, b.number, b.who, b.why},
                           b.attempt++});
        }
        ++at;
    }
}

void owner::repeat_asks(base::time_point now) {
    next_ask_.reset();
    for (auto at = demands_.begin(); at != demands_.end();) {
        const auto& [name, token] = at->first;
        auto* t = serving_at(slot_of_(name));
        const auto lock = t == nullptr ? locks::iterator{} : t->table.find(name);
        const auto* h = t == nullptr || lock == t->table.end() ? nullptr : lock->second.find(token);
        if (h == nullptr) {
            at = demands_.erase(at);  // whoever asks, asks the next owner
            continue;
        }
        for (auto& u : at->second) {
            if (u.how != urging::ask || u.is_heard) {
                continue;
            }
            if (u.next_send <= now) {
                u.next_send = now + pause_after(settings_, u.attempt);
                out_.push(send{h->what.holder,
                               ask_back{name, token, u.by, u.number, u.who, u.why, u.grace},
                               u.attempt++});
            }
            base::earlier(next_ask_, u.next_send);
        }
        ++at;
    }
}

void owner::on(const peer_id& from, const ask_heard& heard, base::time_point) {
    const auto at = demands_.find({heard.name, heard.token});
    auto* t = serving_at(slot_of_(heard.name));
    const auto lock = t == nullptr ? locks::iterator{} : t->table.find(heard.name);
    const auto* h =
        t == nullptr || lock == t->table.end() ? nullptr : lock->second.find(heard.token);
    if (at == demands_.end() || h == nullptr || h->what.holder != from) {
        return;
    }
    for (auto& u : at->second) {
        if (u.by == heard.by && u.number == heard.number && !u.is_heard) {
            u.is_heard = true;
            out_.push(send{u.by, demanded{u.number, {break_stage::heard, fate::none, 0, 0}}});
        }
    }
}

}  // namespace holdfast::lock
