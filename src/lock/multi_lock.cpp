#include "lock/multi_lock.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/assert.hpp"

namespace holdfast::lock {

multi_lock::multi_lock(std::vector<std::string> names)
    : names_{std::move(names)}, order_(names_.size()), is_lost_(names_.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(),
              [&](std::size_t a, std::size_t b) { return names_[a] < names_[b]; });
    // ALL-1: no name is followed by a lesser one
    HOLDFAST_ASSERT(std::adjacent_find(order_.begin(), order_.end(), [&](auto a, auto b) {
                        return names_[a] > names_[b];
                    }) == order_.end());
}

std::optional<std::string> multi_lock::given_twice(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() ? std::nullopt : std::optional{*twice};
}

std::optional<std::size_t> multi_lock::wanted() const {
    return has_failed_ || granted_ == order_.size() ? std::nullopt
                                                    : std::optional{order_[granted_]};
}

void multi_lock::was_granted() {
    HOLDFAST_ASSERT(granted_ < order_.size());
    ++granted_;
    HOLDFAST_ASSERT(!has_all() || !wanted());
}

void multi_lock::was_lost(std::size_t at) {
    HOLDFAST_ASSERT(at < is_lost_.size());
    is_lost_[at] = true;
    has_failed_ = true;
    HOLDFAST_ASSERT(!wanted() && !has_all());  // ALL-1
}

std::vector<std::size_t> multi_lock::held() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < granted_; ++i) {
        if (!is_lost_[order_[i]]) {
            out.push_back(order_[i]);
        }
    }
    // ALL-1: all that were granted, but for the lost
    const auto lost = std::count(is_lost_.begin(), is_lost_.end(), true);
    HOLDFAST_ASSERT(out.size() + static_cast<std::size_t>(lost) == granted_);
    return out;
}

}  // namespace holdfast::lock
