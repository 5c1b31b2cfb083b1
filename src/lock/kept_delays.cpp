#include "lock/kept_delays.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace holdfast::lock {

std::vector<delay> kept_delays::keep(const peer_id& from, const keep_delays& told,
                                     const std::map<slot, epoch>& promises,
                                     const slot_function& slot_of, base::time_point now) {
    std::vector<delay> kept;
    auto& newest = newest_[from];
    if (told.number < newest) {
        return kept;  // a copy that came late: what it says may have been taken back since
    }
    newest = told.number;
    for (const auto& d : told.what) {
        const auto s = slot_of(d.name);
        const auto promised = promises.find(s);
        if (promised != promises.end() && told.in < promised->second) {
            continue;  // HOLD-1
        }
        auto& told_in = told_in_[s];
        if (told.in < told_in) {
            continue;
        }
        told_in = told.in;
        keep_one(s, d, now);
        kept.push_back(d);
    }
    return kept;
}

void kept_delays::keep_one(slot s, const delay& d, base::time_point now) {
    key k{s, d.name, d.token};
    if (d.is == delay_stage::over) {
        if (const auto at = all_.find(k); at != all_.end()) {
            forget(at);
        }
        return;
    }
    auto& one = *all_.try_emplace(std::move(k)).first;
    one.second.length = d.left;
    ends_.set(one.first, one.second.ends,
              d.is == delay_stage::running ? std::optional{now + d.left} : std::nullopt);
}

void kept_delays::add_to(report& answer, const gather& asked, base::time_point now) const {
    if (all_.empty() || answer.is_too_large) {
        return;
    }
    std::size_t bytes = 0;
    for (const auto& h : answer.holds) {
        bytes += bytes_of(h);
    }
    for (const auto& s : asked.slots) {
        for (auto at = all_.lower_bound({s, "", {}});
             at != all_.end() && std::get<0>(at->first) == s; ++at) {
            const auto& [length, ends] = at->second;
            if (ends && *ends <= now) {
                continue;
            }
            const auto& [in, name, token] = at->first;
            answer.delays.push_back({name, ends ? *ends - now : length, token,
                                     ends ? delay_stage::running : delay_stage::held});
            bytes += bytes_of(answer.delays.back());
            if (bytes > bytes_in_a_message && asked.slots.size() > 1) {
                answer.is_too_large = true;
                answer.holds.clear();
                answer.delays.clear();
                return;
            }
        }
    }
}

void kept_delays::tick(base::time_point now) {
    for (const auto& k : ends_.due(now)) {
        forget(all_.find(k));
    }
}

void kept_delays::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    std::size_t running = 0;
    for (const auto& [k, one] : all_) {
        running += one.ends ? 1 : 0;
        HOLDFAST_ASSERT(told_in_.contains(std::get<0>(k)));
    }
    HOLDFAST_ASSERT(running == ends_.size());
}

}  // namespace holdfast::lock
