// The locks that this peer watches, and the last it was told of each (WATCH-1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/ids.hpp>

#include "base/agenda.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

class subscriptions {
public:
    struct item {
        slot at;
        watch what;
        // of the last move of the slot; what owners of earlier views tell is no answer
        view_number registered_in{};
        view_number in{};          // of the last state told
        std::uint64_t serial = 0;  // likewise
        bool is_answered = true;   // false: it is repeated
        base::retry again{};
        std::optional<base::time_point> repeat_at{};
    };
    enum class heard : std::uint8_t { not_watched, old, news };

    /// Null: it is watched already.
    [[nodiscard]] item* add(std::string_view name);
    /// Nothing: it was not watched.
    [[nodiscard]] std::optional<item> remove(std::string_view name);
    [[nodiscard]] heard hear(const lock_state& told);
    /// LOAD-3: it is asked again then. False: it is another watch.
    [[nodiscard]] bool put_off(const watch_refused& said, base::time_point until);
    void clear() {
        all_.clear();
        due_.clear();
    }

    template <class Each>
    void for_each(Each each) {
        for (auto& [name, one] : all_) {
            each(one);
        }
    }
    /// `send_one(one)`, which plans the next try, until it is answered.
    template <class Send>
    void ask(item& one, Send send_one) {
        one.is_answered = false;
        send_one(one);
        due_.set(one.what.name, one.repeat_at, one.again.next);
    }
    /// Those whose next try is due.
    template <class Send>
    void repeat(base::time_point now, Send send_one) {
        for (const auto& name : due_.due(now)) {
            ask(all_.find(name)->second, send_one);
        }
    }
    /// LOAD-4: those that were asked for, in slots that `is_meant(slot)`, are asked for again at
    /// once.
    template <class Meant>
    void make_due(Meant is_meant, base::time_point now) {
        for (const auto& name : due_.all()) {
            auto& one = all_.find(name)->second;
            if (one.again.attempt > 0 && is_meant(one.at)) {
                one.again.next = now;
                due_.set(name, one.repeat_at, now);
            }
        }
    }
    /// When the next try of one is due.
    [[nodiscard]] std::optional<base::time_point> next() const { return due_.next(); }

    void invariants() const;

private:
    friend struct explore::state_access;

    std::map<std::string, item, std::less<>> all_;
    base::agenda<std::string> due_;  // those that are not answered
    std::uint64_t last_number_ = 0;
};

}  // namespace holdfast::lock
