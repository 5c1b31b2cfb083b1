#include "lock/local_holds.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

bool held_lock::note_demand(const peer_id& by, std::uint64_t of) {
    constexpr std::size_t most_remembered = 64;
    const std::pair revoke_request{by, of};
    if (std::find(asked_by.begin(), asked_by.end(), revoke_request) != asked_by.end()) {
        return false;
    }
    if (asked_by.size() == most_remembered) {
        asked_by.erase(asked_by.begin());
    }
    asked_by.push_back(revoke_request);
    HOLDFAST_ASSERT(asked_by.size() <= most_remembered);
    return true;
}

held_lock* local_holds::find(const hold_key& key) {
    const auto at = all_.find(key);
    return at == all_.end() ? nullptr : &at->second;
}

void local_holds::add(const hold_key& key, held_lock h) {
    const bool is_new = all_.emplace(key, std::move(h)).second;
    HOLDFAST_ASSERT(is_new);
}

std::vector<local_holds::limit_reached> local_holds::check_limits(base::time_point now) {
    std::vector<limit_reached> out;
    for (auto& [key, h] : all_) {
        if (const auto how = h.limits.check(now); how != hold_limits::verdict::within) {
            out.push_back({key, how, h.limits.on_stall()});
        }
    }
    return out;
}

std::optional<base::time_point> local_holds::next_limit() const {
    std::optional<base::time_point> due;
    for (const auto& [key, h] : all_) {
        base::earlier(due, h.limits.next());
    }
    return due;
}

std::map<slot, std::vector<hold_info>> local_holds::in_slots(const std::set<slot>& wanted,
                                                             const peer_id& self) const {
    std::map<slot, std::vector<hold_info>> out;
    for (const auto& [key, h] : all_) {
        if (wanted.contains(h.at)) {
            out[h.at].push_back({key.first, key.second, self, h.number, h.terms, true});
        }
    }
    return out;
}

report local_holds::report_for(const gather& asked, const peer_id& self,
                               std::uint64_t number) const {
    report answer{asked.named, asked.serial, number, false, {}};
    std::size_t bytes = 0;
    for (const auto& [key, h] : all_) {
        if (!std::binary_search(asked.slots.begin(), asked.slots.end(), h.at)) {
            continue;
        }
        auto& said = answer.holds.emplace_back(
            hold_info{key.first, key.second, self, h.number, h.terms, true});

        bytes += bytes_of(said);
        if (bytes > bytes_in_a_message && asked.slots.size() > 1) {
            answer.is_too_large = true;
            answer.holds.clear();
            break;
        }
    }
    if (base::checks_everything()) {  // OWN-4: what is said is what is held
        for (const auto& said : answer.holds) {
            const auto held = all_.find({said.name, said.token});
            HOLDFAST_ASSERT(held != all_.end() && held->second.terms == said.terms &&
                            held->second.number == said.number);
        }
    }
    return answer;
}

}  // namespace holdfast::lock
