#include "view/probation.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"

namespace holdfast::views {
namespace {

constexpr std::chrono::hours remembered_for{1};
constexpr std::size_t most_doublings = 6;

}  // namespace

void probation::installed(const view& now_installed, const view* before, base::time_point now) {
    forget_old(now);
    if (before != nullptr) {
        for (const auto& m : before->members) {
            if (!now_installed.has(m.id)) {
                note_removal(m, now);
            }
        }
        for (const auto& m : now_installed.members) {
            if (!before->has(m.id)) {
                joined_.emplace(m.id, now);
            }
        }
    }
    std::erase_if(joined_, [&](const auto& j) { return !now_installed.has(j.first); });
    std::erase_if(departing_, [&](const peer_id& id) { return !now_installed.has(id); });
    invariants();
}

void probation::invariants() const {
    HOLDFAST_ASSERT(failures_.size() <= base::limits::members);
    if (base::checks_everything()) {
        HOLDFAST_ASSERT(std::all_of(failures_.begin(), failures_.end(), [](const auto& f) {
            return !f.second.empty() && f.second.size() <= most_doublings &&
                   std::is_sorted(f.second.begin(), f.second.end());
        }));
    }
}

base::duration probation::length_for(const member& m, base::time_point now) const {
    std::size_t doublings = 0;
    if (const auto known = failures_.find(origin_of(m)); known != failures_.end()) {
        doublings = static_cast<std::size_t>(
            std::count_if(known->second.begin(), known->second.end(),
                          [&](base::time_point at) { return now - at < remembered_for; }));
    }
    HOLDFAST_ASSERT(doublings <= most_doublings);
    return settings_.lease * (1 << doublings);
}

/// The default name ends in the process id, and each start has another.
probation::origin probation::origin_of(const member& m) {
    const auto colon = m.name.rfind(':');
    const bool ends_in_number =
        colon != std::string::npos && colon + 1 < m.name.size() &&
        m.name.find_first_not_of("0123456789", colon + 1) == std::string::npos;
    return {m.address.ip, ends_in_number ? m.name.substr(0, colon) : m.name};
}

void probation::note_removal(const member& m, base::time_point now) {
    if (m.weight == 0) {
        return;  // it is never settled, and tells nothing of the members that are
    }
    const auto from = origin_of(m);
    const auto joined = joined_.find(m.id);
    // Of one that was there before us we know that it lived until now.
    const bool has_failed = joined != joined_.end() && !m.leaving && !departing_.contains(m.id) &&
                            now - joined->second < 4 * length_for(m, now);
    if (!has_failed) {
        failures_.erase(from);
        return;
    }
    if (failures_.size() >= base::limits::members && !failures_.contains(from)) {
        return;
    }
    auto& all = failures_[from];
    if (all.size() == most_doublings) {
        all.erase(all.begin());
    }
    all.push_back(now);
}

void probation::forget_old(base::time_point now) {
    for (auto& [from, all] : failures_) {
        std::erase_if(all, [&](base::time_point at) { return now - at >= remembered_for; });
    }
    std::erase_if(failures_, [](const auto& f) { return f.second.empty(); });
}

}  // namespace holdfast::views
