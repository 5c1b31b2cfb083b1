#include "node/evictions.hpp"

#include <algorithm>

#include "base/deadline.hpp"

namespace holdfast::node {

void evictions::add(const views::evict& wanted, base::time_point until, base::time_point now) {
    auto& known = all_[wanted.whom];
    known = {
        std::max(known.proof, wanted.proof), std::max(known.until, until), now, {}, wanted.who};
}

std::vector<views::evict> evictions::due(bool has_view, base::time_point now) {
    std::erase_if(all_, [&](const auto& e) { return e.second.until <= now; });
    std::vector<views::evict> out;
    for (auto& [whom, e] : all_) {
        if (has_view && e.next_send <= now) {
            // LOAD-5: every member of a machine may say so at once. Voters forget it after A, and
            // datagrams are lost.
            e.pause = e.pause == base::duration::zero()
                          ? settings_.retry
                          : std::max(settings_.retry, std::min(2 * e.pause, settings_.lease / 4));
            e.next_send = now + e.pause;
            out.push_back({whom, e.proof, e.who});
        }
    }
    return out;
}

void evictions::installed(const view& v) {
    std::erase_if(all_, [&](const auto& e) { return !v.has(e.first); });
}

std::optional<base::time_point> evictions::deadline(bool has_view) const {
    std::optional<base::time_point> due;
    for (const auto& [whom, e] : all_) {
        base::earlier(due, has_view ? std::min(e.until, e.next_send) : e.until);
    }
    return due;
}

}  // namespace holdfast::node
