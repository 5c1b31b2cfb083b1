// When each of many things is due (LOAD-1).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace holdfast::base {

/// What is due first is found at once, and a change costs O(log n): a member can make most of these
/// long, and a packet or a tick must not pay for all of it.
template <class Key>
class agenda {
public:
    /// The rest of what is due comes a moment later: other work goes between (LOAD-2).
    static constexpr std::size_t most_at_once = 256;
    static constexpr duration moment_later = std::chrono::milliseconds{1};

    /// `listed`: what its owner keeps for this agenda with each thing, at first nothing; it is when
    /// the thing is due. `when`: nothing if it is not due any more.
    void set(const Key& key, std::optional<time_point>& listed, std::optional<time_point> when) {
        if (listed == when) {
            return;
        }
        if (!listed) {
            order_.emplace(*when, key);
        } else {
            const auto at = order_.find(std::pair<time_point, const Key&>{*listed, key});
            HOLDFAST_ASSERT(at != order_.end());
            if (when) {
                auto node = order_.extract(at);
                node.value().first = *when;
                order_.insert(std::move(node));
            } else {
                order_.erase(at);
            }
        }
        listed = when;
    }
    [[nodiscard]] std::optional<time_point> next() const {
        return order_.empty() ? std::nullopt
                              : std::optional{std::max(order_.begin()->first, not_before_)};
    }
    [[nodiscard]] bool is_due(time_point now) const {
        const auto first = next();
        return first && *first <= now;
    }
    /// In the order of their keys. Each of them has to be set anew, or it is due again.
    [[nodiscard]] std::vector<Key> due(time_point now) {
        std::vector<Key> out;
        if (!is_due(now)) {
            return out;
        }
        for (auto at = order_.begin(); at != order_.end() && at->first <= now; ++at) {
            if (out.size() == most_at_once) {
                not_before_ = now + moment_later;
                break;
            }
            out.push_back(at->second);
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    /// Whatever is due, and when. Looks at all of them.
    [[nodiscard]] std::vector<Key> all() const {
        std::vector<Key> out;
        out.reserve(order_.size());
        for (const auto& [when, key] : order_) {
            out.push_back(key);
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    [[nodiscard]] std::size_t size() const { return order_.size(); }
    void clear() { order_.clear(); }

private:
    struct earlier_first {
        using is_transparent = void;
        template <class One, class Other>
        bool operator()(const One& x, const Other& y) const {
            return x.first != y.first ? x.first < y.first : x.second < y.second;
        }
    };

    std::set<std::pair<time_point, Key>, earlier_first> order_;
    time_point not_before_{};
};

}  // namespace holdfast::base
