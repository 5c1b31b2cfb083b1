#include "node/early_messages.hpp"

#include <algorithm>
#include <numeric>

namespace holdfast::node {
namespace {

std::size_t entries_of(const lock::report& r) { return r.holds.size() + r.delays.size(); }

}  // namespace

bool early_messages::keep(const peer_id& from, const lock::to_holder& what, view_number installed) {
    const auto* asked = std::get_if<lock::gather>(&what);
    if (asked == nullptr || asked->named <= installed) {
        return false;
    }
    keep({asked->named, from, what});
    return true;
}

bool early_messages::keep(const peer_id& from, const lock::to_owner& what, view_number installed) {
    if (const auto* told = std::get_if<lock::no_holds_of>(&what);
        told != nullptr && told->named > installed) {
        keep({told->named, from, what});
        return true;
    }
    if (const auto* given = std::get_if<lock::report>(&what);
        given != nullptr && given->named > installed) {
        keep_report(from, *given);
        return true;
    }
    return false;
}

void early_messages::keep(item one) {
    if (all_.size() == most) {
        all_.erase(all_.begin());
    }
    all_.push_back(std::move(one));
}

void early_messages::keep_report(const peer_id& from, const lock::report& given) {
    reports_.erase(from);
    const auto so_far = std::accumulate(
        reports_.begin(), reports_.end(), std::size_t{0},
        [](std::size_t sum, const auto& r) { return sum + 1 + entries_of(r.second); });
    if (so_far + 1 + entries_of(given) <= most_reported) {
        reports_.emplace(from, given);
    }
}

std::vector<std::pair<peer_id, early_messages::kept>> early_messages::take(const view& v) {
    const auto late = std::stable_partition(all_.begin(), all_.end(),
                                            [&](const item& i) { return i.named > v.number; });
    std::vector<std::pair<peer_id, kept>> out;
    for (auto at = late; at != all_.end(); ++at) {
        out.emplace_back(at->from, std::move(at->what));
    }
    all_.erase(late, all_.end());
    std::erase_if(reports_, [&](auto& r) {
        const bool is_member = v.has(r.first);
        const bool is_due = r.second.named <= v.number;
        if (is_member && is_due) {
            out.emplace_back(r.first, lock::to_owner{std::move(r.second)});
        }
        return is_due || !is_member;
    });
    return out;
}

}  // namespace holdfast::node
