#include "lock/checks.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/message_groups.hpp"

namespace holdfast::lock {

bool are_valid_together(const hold_set& held, const lock_mode& one_more) {
    const bool are_shared = one_more.how == lock_mode::kind::shared;
    const bool are_permits =
        one_more.how == lock_mode::kind::permit && held.size() + 1 <= one_more.limit;
    return held.empty() ||
           ((are_shared || are_permits) &&
            std::all_of(held.all().begin(), held.all().end(), [&](const auto& h) {
                const auto& other = h.second.what.terms.mode;
                return other.how == one_more.how && (are_shared || other.limit == one_more.limit);
            }));
}

queue_order order_of(const lock_entry& e) {
    queue_order out;
    if (base::checks_everything()) {
        e.queue.for_each([&](const waiter& w) { out.emplace_back(w.peer, w.number); });
    }
    return out;
}

bool is_end_of(const queue_order& left, const queue_order& all) {
    return left.size() <= all.size() && std::equal(left.rbegin(), left.rend(), all.rbegin());
}

std::vector<token> holds_besides(const tenures& ours, const std::string& name, token ended) {
    std::vector<token> out;
    const auto* e = base::checks_everything() ? ours.find_lock(name) : nullptr;
    if (e != nullptr) {
        for (const auto& [t, h] : e->held.all()) {
            if (t != ended) {
                out.push_back(t);
            }
        }
    }
    return out;
}

bool has_all(const tenures& ours, const std::string& name, const std::vector<token>& tokens) {
    return std::all_of(tokens.begin(), tokens.end(),
                       [&](token t) { return ours.find_hold(name, t) != nullptr; });
}

bool may_say(const message& what, const tenures& ours, bool is_leased) {
    if (const auto* done = base::get_message_if<released>(what)) {
        return ours.serving(ours.slot_of(done->name)) != nullptr;
    }
    const auto* told = base::get_message_if<inspect_reply>(what);
    return told == nullptr || told->is != tenure_state::serves || is_leased;
}

bool has_no_lease(const peer_id& peer, const view& v, const void_times& voids,
                  base::time_point now) {
    if (v.has(peer)) {
        return false;
    }
    const auto removed = voids.removed().find(peer);
    return now >=
           (removed == voids.removed().end() ? voids.earlier_leases_end() : removed->second.at);
}

bool knows_every_hold(const gathers::round& g, const view& v, const void_times& voids,
                      base::time_point now) {
    const auto is_known = [&](const peer_id& id, view_number since) {
        return since >= g.named || g.heard.contains(id);
    };
    return std::all_of(v.members.begin(), v.members.end(),
                       [&](const member& m) { return is_known(m.id, m.since); }) &&
           std::all_of(voids.removed().begin(), voids.removed().end(),
                       [&](const auto& r) {
                           return is_known(r.first, r.second.since) || r.second.at <= now;
                       }) &&
           voids.earlier_leases_end() <= now;
}

}  // namespace holdfast::lock
