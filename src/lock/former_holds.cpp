#include "lock/former_holds.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace holdfast::lock {

const previous_hold* former_holds::find(slot s, const std::string& name) const {
    const auto at = all_.find({s, name});
    return at == all_.end() ? nullptr : &at->second.what;
}

std::optional<slot> former_holds::keep(slot s, const std::string& name, previous_hold what) {
    const auto [at, is_new] = all_.try_emplace({s, name});
    auto& now = at->second;
    auto& to = order_of(what);
    if (is_new) {
        now.turn = to.insert(to.end(), &at->first);
    } else {
        // nothing is allocated: this is done with every release
        to.splice(to.end(), order_of(now.what), now.turn);
    }
    now.what = std::move(what);
    HOLDFAST_ASSERT(clean_.size() + unclean_.size() == all_.size());
    if (all_.size() <= most_) {
        return std::nullopt;
    }
    const bool is_clean = !clean_.empty();
    const auto oldest = all_.find(*(is_clean ? clean_ : unclean_).front());
    const auto whose = oldest->first.first;
    HOLDFAST_ASSERT(oldest != all_.end() && oldest->second.what.is_clean() == is_clean);
    erase(oldest);
    return is_clean ? std::nullopt : std::optional{whose};
}

void former_holds::forget(slot s) {
    for (auto at = all_.lower_bound({s, ""}); at != all_.end() && at->first.first == s;) {
        erase(at++);
    }
}

std::vector<std::pair<std::string, previous_hold>> former_holds::of(slot s) const {
    std::vector<std::pair<std::string, previous_hold>> out;
    for (auto at = all_.lower_bound({s, ""}); at != all_.end() && at->first.first == s; ++at) {
        out.emplace_back(at->first.second, at->second.what);
    }
    std::stable_partition(out.begin(), out.end(),
                          [](const auto& p) { return !p.second.is_clean(); });
    return out;
}

void former_holds::erase(map::iterator at) {
    order_of(at->second.what).erase(at->second.turn);
    all_.erase(at);
}

}  // namespace holdfast::lock
