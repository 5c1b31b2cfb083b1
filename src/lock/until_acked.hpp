// Messages to the owner of a slot, each repeated until a serving owner answers it (NET-2).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include <holdfast/ids.hpp>

#include "base/deadline.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"

namespace holdfast::lock {

template <class Key, class Message>
class until_acked {
public:
    struct item {
        slot at;
        Message what;
        base::retry again{};
    };

    /// And whether it is new: a message that waits already stays as it was.
    std::pair<item&, bool> add(const Key& key, slot at, Message what) {
        const auto [place, is_new] = all_.try_emplace(key, item{at, std::move(what)});
        return {place->second, is_new};
    }
    void acked(const Key& key) { all_.erase(key); }
    void clear() { all_.clear(); }

    [[nodiscard]] bool is_empty() const { return all_.empty(); }
    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] bool has(const Key& key) const { return !all_.empty() && all_.contains(key); }

    /// `send_one(item)` for each whose next try is due.
    template <class Send>
    void repeat(base::time_point now, Send send_one) {
        for (auto& [key, one] : all_) {
            if (one.again.is_due(now)) {
                send_one(one);
            }
        }
    }
    /// To the new owners of slots that have moved: from the beginning, at once.
    template <class Moved, class Send>
    void send_to_new_owners(Moved has_moved, Send send_one) {
        for (auto& [key, one] : all_) {
            if (has_moved(one.at)) {
                one.again.reset();
                send_one(one);
            }
        }
    }
    template <class Moved>
    void forget_moved(Moved has_moved) {
        std::erase_if(all_, [&](const auto& one) { return has_moved(one.second.at); });
    }
    [[nodiscard]] std::optional<base::time_point> next() const {
        std::optional<base::time_point> due;
        for (const auto& [key, one] : all_) {
            base::earlier(due, one.again.next);
        }
        return due;
    }

private:
    friend struct explore::state_access;

    std::map<Key, item> all_;
};

}  // namespace holdfast::lock
