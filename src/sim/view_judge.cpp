#include "sim/view_judge.hpp"

#include <algorithm>

namespace holdfast::sim {

void view_judge::installed(run r, const view& v, const std::vector<peer_id>& owners, instant now) {
    auto& p = facts_.runs[r];
    const auto text = facts_.name_of(r) + " installed view " + std::to_string(v.number.value);
    if (!p.cluster.is_nil() && p.cluster != v.cluster) {
        facts_.object(guarantee::one_view, now, text + " of a second cluster (FOUND-3)");
    }
    if (p.newest.value != 0 && v.number != p.newest.next()) {
        facts_.object(guarantee::one_view, now,
                      text + " after view " + std::to_string(p.newest.value) + " (VIEW-3)");
    }
    p.cluster = v.cluster;
    p.newest = v.number;
    check_itself(p, v, text, now);
    const auto [at, is_new] = views_.try_emplace({v.cluster, v.number}, seen_view{v, owners, r});
    if (!is_new && at->second.what != v) {
        facts_.object(guarantee::one_view, now,
                      text + ", and " + facts_.name_of(at->second.first_seen_at) +
                          " another under that number");
    } else if (!is_new && at->second.owners != owners) {
        facts_.object(
            guarantee::one_view, now,
            text + " with another slot map than " + facts_.name_of(at->second.first_seen_at));
    }
    if (const auto before = views_.find({v.cluster, v.number.previous()});
        before != views_.end() && before->second.what.epoch >= v.epoch) {
        facts_.object(guarantee::fence, now,
                      text + " with an epoch that is not above the one before (VIEW-1)");
    }
    if (const auto before = views_.find({v.cluster, v.number.previous()});
        is_new && before != views_.end()) {
        for (const auto& m : before->second.what.members) {
            if (!v.has(m.id)) {
                removed_.insert({v.cluster, m.id});
            }
        }
    }
    for (const auto& m : v.members) {
        if (is_new && removed_.contains({v.cluster, m.id})) {
            facts_.object(guarantee::one_view, now,
                          text + ", which has a member that an earlier view removed (VIEW-3)");
        }
    }
    auto& newest = newest_views_[v.cluster];
    newest = std::max(newest, v.number);
}

void view_judge::check_itself(const judged_facts::participant& p, const view& v,
                              const std::string& text, instant now) {
    const auto filled = std::count_if(v.seats.begin(), v.seats.end(),
                                      [](const seat& s) { return !s.filled_by.is_nil(); });
    if (static_cast<std::size_t>(filled) < v.seats.size() / 2 + 1) {
        facts_.object(guarantee::live, now,
                      text + " with fewer filled seats than a quorum (VIEW-6)");
    }
    if (!v.has(p.id)) {
        facts_.object(guarantee::one_view, now, text + ", which it is not in (VIEW-4)");
    }
}

void view_judge::finish(const std::vector<hold_judge::claimed_eviction>& evictions,
                        const std::optional<cluster_id>& last_cluster, instant now) const {
    for (const auto& e : evictions) {
        // A cluster that was founded anew may have taken the view that removed it along: its last
        // voters are gone.
        if (last_cluster != e.cluster) {
            continue;
        }
        const auto newest = newest_views_.find(e.cluster);
        if (newest != newest_views_.end() &&
            views_.at({e.cluster, newest->second}).what.has(facts_.runs[e.by].id)) {
            facts_.object(guarantee::no_loss, now, e.text + ", but it is in the newest view");
        }
    }
}

}  // namespace holdfast::sim
