// Messages to the owner of a slot, each repeated until a serving owner answers it (NET-2).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include <holdfast/ids.hpp>

#include "base/agenda.hpp"
#include "base/assert.hpp"
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
        std::optional<base::time_point> repeat_at{};
    };

    /// `send_one(item)` if it is new, or is to be sent in any case; one that waits already stays as
    /// it was. Whether it is new.
    template <class Send>
    bool add(const Key& key, slot at, Message what, bool in_any_case, Send send_one) {
        const auto [place, is_new] = all_.try_emplace(key, item{at, std::move(what)});
        if (is_new || in_any_case) {
            send(*place, send_one);
        }
        return is_new;
    }
    /// Its tries; nothing: it was acked before.
    std::optional<base::retry> acked(const Key& key) {
        const auto at = all_.find(key);
        if (at == all_.end()) {
            return std::nullopt;
        }
        const auto tries = at->second.again;
        forget(at);
        return tries;
    }
    void clear() {
        all_.clear();
        due_.clear();
    }

    [[nodiscard]] bool is_empty() const { return all_.empty(); }
    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] bool has(const Key& key) const { return !all_.empty() && all_.contains(key); }

    /// `send_one(item)` for each whose next try is due.
    template <class Send>
    void repeat(base::time_point now, Send send_one) {
        for (const auto& key : due_.due(now)) {
            send(*all_.find(key), send_one);
        }
    }
    /// LOAD-4: those that `is_meant(slot)` are sent again at once.
    template <class Meant>
    void make_due(Meant is_meant, base::time_point now) {
        for (auto& [key, one] : all_) {
            if (is_meant(one.at)) {
                one.again.next = now;
                due_.set(key, one.repeat_at, now);
            }
        }
    }
    /// To the new owners of slots that have moved: from the beginning, at once.
    template <class Moved, class Send>
    void send_to_new_owners(Moved has_moved, Send send_one) {
        for (auto& one : all_) {
            if (has_moved(one.second.at)) {
                one.second.again.reset();
                send(one, send_one);
            }
        }
    }
    template <class Moved>
    void forget_moved(Moved has_moved) {
        for (auto at = all_.begin(); at != all_.end();) {
            const auto here = at++;
            if (has_moved(here->second.at)) {
                forget(here);
            }
        }
    }
    [[nodiscard]] std::optional<base::time_point> next() const { return due_.next(); }

    void invariants() const {
        HOLDFAST_ASSERT(due_.size() == all_.size());
        if (base::checks_everything()) {
            for (const auto& [key, one] : all_) {
                HOLDFAST_ASSERT(one.repeat_at == one.again.next);
            }
        }
    }

private:
    friend struct explore::state_access;

    using map = std::map<Key, item>;

    /// It plans the next try.
    template <class Send>
    void send(typename map::value_type& one, Send send_one) {
        send_one(one.second);
        due_.set(one.first, one.second.repeat_at, one.second.again.next);
    }
    void forget(typename map::iterator at) {
        due_.set(at->first, at->second.repeat_at, std::nullopt);
        all_.erase(at);
    }

    map all_;
    base::agenda<Key> due_;
};

}  // namespace holdfast::lock
