#include "lock/hold_set.hpp"

#include "base/assert.hpp"

namespace holdfast::lock {

const granted_hold* hold_set::find(token t) const {
    const auto at = by_token_.find(t);
    return at == by_token_.end() ? nullptr : &at->second;
}

granted_hold* hold_set::find(token t) {
    const auto at = by_token_.find(t);
    return at == by_token_.end() ? nullptr : &at->second;
}

granted_hold* hold_set::find(const peer_id& holder, request_number number) {
    const auto at = by_request_.lower_bound({holder, number, token{}});
    const bool is_there = at != by_request_.end() && std::get<peer_id>(*at) == holder &&
                          std::get<request_number>(*at) == number;
    return is_there ? find(std::get<token>(*at)) : nullptr;
}

granted_hold& hold_set::add(granted_hold h) {
    const auto t = h.what.token;
    by_request_.emplace(h.what.holder, h.what.number, t);
    if (const auto waits = h.what.terms.policy.waited_for; waits.count() > 0) {
        patient_.emplace(waits, t);
    }
    const auto [at, is_new] = by_token_.emplace(t, std::move(h));
    HOLDFAST_ASSERT(is_new);
    return at->second;
}

void hold_set::remove(token t) {
    const auto at = by_token_.find(t);
    if (at == by_token_.end()) {
        return;
    }
    const auto& h = at->second.what;
    by_request_.erase({h.holder, h.number, t});
    patient_.erase({h.terms.policy.waited_for, t});
    by_token_.erase(at);
}

std::vector<const hold_info*> hold_set::take_patient(patience at_most) {
    std::vector<const hold_info*> out;
    while (!patient_.empty() && patient_.begin()->first <= at_most) {
        out.push_back(&by_token_.at(patient_.begin()->second).what);
        patient_.erase(patient_.begin());
    }
    return out;
}

void hold_set::invariants() const {
    HOLDFAST_ASSERT(by_request_.size() == by_token_.size());
    HOLDFAST_ASSERT(patient_.size() <= by_token_.size());
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [t, h] : by_token_) {
        HOLDFAST_ASSERT(h.what.token == t);
        HOLDFAST_ASSERT(by_request_.contains({h.what.holder, h.what.number, t}));
    }
}

}  // namespace holdfast::lock
