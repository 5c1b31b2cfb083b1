// The locks that this peer watches, and the last it was told of each (WATCH-1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/ids.hpp>

#include "base/deadline.hpp"
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
    };
    enum class heard : std::uint8_t { not_watched, old, news };

    /// Null: it is watched already.
    [[nodiscard]] item* add(std::string_view name);
    /// Nothing: it was not watched.
    [[nodiscard]] std::optional<item> remove(std::string_view name);
    [[nodiscard]] heard hear(const lock_state& told);
    void clear() { all_.clear(); }

    template <class Each>
    void for_each(Each each) {
        for (auto& [name, one] : all_) {
            each(one);
        }
    }
    /// When the next try of one is due.
    [[nodiscard]] std::optional<base::time_point> next() const;

    void invariants() const;

private:
    friend struct explore::state_access;

    std::map<std::string, item, std::less<>> all_;
    std::uint64_t last_number_ = 0;
};

}  // namespace holdfast::lock
