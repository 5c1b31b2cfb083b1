#include "lock/told_delays.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace holdfast::lock {

void told_delays::install(const view& v, base::time_point now) {
    voters_.clear();
    for (const auto& s : v.seats) {
        if (v.has(s.filled_by)) {
            voters_.insert(s.filled_by);
        }
    }
    quorum_ = v.quorum();
    for (auto at = all_.begin(); at != all_.end();) {
        auto& one = *at++;
        std::erase_if(one.second.kept_by, [&](const peer_id& p) { return !voters_.contains(p); });
        if (!is_kept_by_all(one.second)) {
            one.second.again.reset();
            set_due(one, now);
        } else if (one.second.is == delay_stage::over) {
            set_due(one, std::nullopt);
            all_.erase(std::prev(at));
        } else {
            set_due(one, std::nullopt);
        }
    }
}

void told_delays::put(key k, delay_stage is, base::duration length, base::time_point until,
                      base::time_point now) {
    auto& one = *all_.try_emplace(std::move(k)).first;
    one.second.is = is;
    one.second.length = length;
    one.second.until = until;
    one.second.kept_by.clear();
    one.second.again.reset();
    set_due(one, now);
}

void told_delays::add(slot s, const hold_info& h, bool is_granted, base::time_point now) {
    if (h.terms.delay.count() > 0) {
        const key k{s, h.name, h.token};
        put(k, delay_stage::held, h.terms.delay, {}, now);
        all_.at(k).may_be_granted = is_granted;
    }
}

void told_delays::start(slot s, const std::string& name, holdfast::token t, base::time_point until,
                        base::time_point now) {
    put({s, name, t}, delay_stage::running, until - now, until, now);
}

void told_delays::end(slot s, const std::string& name, holdfast::token t, base::time_point now) {
    put({s, name, t}, delay_stage::over, {}, {}, now);
}

void told_delays::end_started(slot s, const std::string& name, base::time_point now) {
    for (auto at = all_.lower_bound({s, name, {}});
         at != all_.end() && std::get<0>(at->first) == s && std::get<1>(at->first) == name; ++at) {
        if (at->second.is == delay_stage::running) {
            put(at->first, delay_stage::over, {}, {}, now);
        }
    }
}

void told_delays::forget(slot s) {
    for (auto at = all_.lower_bound({s, "", {}});
         at != all_.end() && std::get<0>(at->first) == s;) {
        set_due(*at, std::nullopt);
        at = all_.erase(at);
    }
}

bool told_delays::holds_back(slot s, const hold_info& h) const {
    if (h.terms.delay.count() == 0) {
        return false;  // as a rule; a key costs a copy of the name
    }
    const auto at = all_.find({s, h.name, h.token});
    return at != all_.end() && !at->second.may_be_granted;
}

bool told_delays::kept(const peer_id& by, slot s, const delay& what) {
    const auto at = all_.find({s, what.name, what.token});
    if (at == all_.end() || at->second.is != what.is || !voters_.contains(by)) {
        return false;  // it has changed since, or is ours no more
    }
    auto& one = at->second;
    one.kept_by.insert(by);
    const bool is_enough =
        !one.may_be_granted && one.is == delay_stage::held && one.kept_by.size() >= quorum_;
    one.may_be_granted = one.may_be_granted || is_enough;
    if (is_kept_by_all(one)) {
        set_due(*at, std::nullopt);
        if (one.is == delay_stage::over) {
            all_.erase(at);
        }
    }
    return is_enough;
}

void told_delays::tell(epoch in, base::time_point now, owner_outbox& out) {
    // What is new does not go with what is repeated, which may be left out (LOAD-4).
    std::map<std::pair<peer_id, bool>, std::pair<keep_delays, unsigned>> by_voter;
    for (const auto& k : due_.due(now)) {
        auto& one = *all_.find(k);
        auto& [is, length, until, may_be_granted, kept_by, again, tell_at] = one.second;
        const auto attempt = again.sent(pace_, {}, now);
        const auto left =
            is == delay_stage::running ? std::max(until - now, base::duration{}) : length;
        for (const auto& voter : voters_) {
            if (!kept_by.contains(voter)) {
                auto& [told, most] = by_voter[{voter, attempt > 0}];
                told.what.push_back({std::get<1>(k), left, std::get<2>(k), is});
                most = std::max(most, attempt);
            }
        }
        set_due(one, again.next);
    }
    for (auto& [to, what] : by_voter) {
        auto& [told, attempt] = what;
        told.in = in;
        told.number = ++last_number_;
        out.push(send{to.first, std::move(told), attempt});
    }
}

void told_delays::make_due(const peer_id& voter, base::time_point now) {
    if (!voters_.contains(voter)) {
        return;
    }
    for (auto& one : all_) {
        if (!one.second.kept_by.contains(voter)) {
            set_due(one, now);
        }
    }
}

std::vector<delay> told_delays::of(slot s, base::time_point now) const {
    std::vector<delay> out;
    for (auto at = all_.lower_bound({s, "", {}}); at != all_.end() && std::get<0>(at->first) == s;
         ++at) {
        const auto& one = at->second;
        if (one.is != delay_stage::held) {
            const auto left = one.is == delay_stage::running
                                  ? std::max(one.until - now, base::duration{})
                                  : base::duration{};
            out.push_back({std::get<1>(at->first), left, std::get<2>(at->first), one.is});
        }
    }
    return out;
}

void told_delays::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    std::size_t listed = 0;
    for (const auto& [k, one] : all_) {
        listed += one.tell_at ? 1 : 0;
        HOLDFAST_ASSERT(one.tell_at.has_value() == !is_kept_by_all(one));  // NET-2
        HOLDFAST_ASSERT(one.is != delay_stage::over || one.tell_at);
        HOLDFAST_ASSERT(
            std::includes(voters_.begin(), voters_.end(), one.kept_by.begin(), one.kept_by.end()));
    }
    HOLDFAST_ASSERT(listed == due_.size());
}

std::map<told_delays::key, base::time_point> delays_heard(const gathers::round& g,
                                                          const slot_function& slot_of,
                                                          base::time_point now) {
    std::map<told_delays::key, base::time_point> out;
    for (const auto& [from, heard] : g.heard) {
        for (const auto& d : heard.delays) {
            const auto s = slot_of(d.name);
            if (!g.slots.contains(s)) {
                continue;
            }
            // Each voter counts from when it was told, so none is too early.
            const auto ends = (d.is == delay_stage::running ? heard.at : now) + d.left;
            const auto [known, is_new] = out.try_emplace({s, d.name, d.token}, ends);
            known->second = std::min(known->second, ends);
        }
    }
    return out;
}

}  // namespace holdfast::lock
