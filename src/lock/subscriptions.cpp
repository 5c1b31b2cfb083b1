#include "lock/subscriptions.hpp"

#include <utility>

#include "base/assert.hpp"

namespace holdfast::lock {

subscriptions::item* subscriptions::add(std::string_view name) {
    const auto [at, is_new] = all_.try_emplace(std::string{name});
    if (!is_new) {
        return nullptr;
    }
    at->second.what = {at->first, ++last_number_};
    return &at->second;
}

std::optional<subscriptions::item> subscriptions::remove(std::string_view name) {
    const auto at = all_.find(name);
    if (at == all_.end()) {
        return std::nullopt;
    }
    due_.set(at->first, at->second.repeat_at, std::nullopt);
    auto out = std::move(at->second);
    all_.erase(at);
    return out;
}

subscriptions::heard subscriptions::hear(const lock_state& told) {
    const auto at = all_.find(told.name);
    if (at == all_.end()) {
        return heard::not_watched;
    }
    auto& one = at->second;
    if (told.number != one.what.number) {
        return heard::old;  // for an earlier watch: ours is repeated until it is answered
    }
    if (told.in >= one.registered_in) {
        one.is_answered = true;
        due_.set(told.name, one.repeat_at, std::nullopt);
    }
    if (std::pair{told.in, told.serial} <= std::pair{one.in, one.serial}) {
        return heard::old;  // it was overtaken
    }
    one.in = told.in;
    one.serial = told.serial;
    return heard::news;
}

bool subscriptions::put_off(const watch_refused& said, base::time_point until) {
    const auto at = all_.find(said.name);
    if (at == all_.end() || at->second.what.number != said.number || at->second.is_answered) {
        return false;
    }
    auto& one = at->second;
    one.again = {until, 0};
    due_.set(at->first, one.repeat_at, until);
    return true;
}

void subscriptions::invariants() const {
    if (base::checks_everything()) {
        for (const auto& [name, one] : all_) {
            HOLDFAST_ASSERT(one.what.name == name);
            HOLDFAST_ASSERT(one.what.number > 0 && one.what.number <= last_number_);
            HOLDFAST_ASSERT(!one.repeat_at || one.repeat_at == one.again.next);
            HOLDFAST_ASSERT(one.repeat_at.has_value() == !one.is_answered);
        }
    }
}

}  // namespace holdfast::lock
