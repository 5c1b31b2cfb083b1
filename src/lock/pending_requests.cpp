#include "lock/pending_requests.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {

pending_requests::iterator pending_requests::add(std::string_view name, acquire_params wanted) {
    const request_number number{++last_number_};
    pending_request p{number, std::string{name}};
    p.wanted = std::move(wanted);
    const auto [at, is_new] = all_.emplace(number, std::move(p));
    HOLDFAST_ASSERT(is_new);
    return at;
}

pending_requests::iterator pending_requests::renumber(iterator at) {
    const request_number number{++last_number_};
    HOLDFAST_ASSERT(at->first < number);
    auto p = remove(at);
    renumbered_[p.caller] = number;
    return all_.emplace(number, std::move(p)).first;
}

pending_request pending_requests::remove(iterator at) {
    if (at->second.due) {
        due_.erase({*at->second.due, at->first});
    }
    auto p = std::move(at->second);
    p.due.reset();
    renumbered_.erase(p.caller);
    all_.erase(at);
    return p;
}

pending_requests::map pending_requests::take_all() {
    due_.clear();
    renumbered_.clear();
    return std::exchange(all_, {});
}

pending_requests::iterator pending_requests::find_caller(request_number number) {
    const auto now = renumbered_.find(number);
    return all_.find(now == renumbered_.end() ? number : now->second);
}

void pending_requests::schedule(iterator at) {
    auto& [number, p] = *at;
    auto due = p.wanted.until;
    if (p.again) {
        base::earlier(due, p.again->next);
    }
    if (due == p.due) {
        return;
    }
    if (p.due) {
        due_.erase({*p.due, number});
    }
    if (due) {
        due_.emplace(*due, number);
    }
    p.due = due;
}

pending_requests::iterator pending_requests::find_due(base::time_point now) {
    if (due_.empty() || due_.begin()->first > now) {
        return all_.end();
    }
    const auto at = all_.find(due_.begin()->second);
    HOLDFAST_ASSERT(at != all_.end());
    return at;
}

std::optional<base::time_point> pending_requests::deadline() const {
    return due_.empty() ? std::nullopt : std::optional{due_.begin()->first};
}

void pending_requests::invariants() const {
    HOLDFAST_ASSERT(due_.size() <= all_.size());
    HOLDFAST_ASSERT(all_.empty() || all_.rbegin()->first.value <= last_number_);
    if (!base::checks_everything()) {
        return;
    }
    std::size_t due = 0;
    std::size_t renumbered = 0;
    for (const auto& [number, p] : all_) {
        HOLDFAST_ASSERT(p.caller <= number);
        if (p.caller != number) {
            const auto known = renumbered_.find(p.caller);
            HOLDFAST_ASSERT(known != renumbered_.end() && known->second == number);
            ++renumbered;
        }
        HOLDFAST_ASSERT(!p.due || due_.contains({*p.due, number}));
        HOLDFAST_ASSERT(!p.again || (p.due && *p.due <= p.again->next));
        HOLDFAST_ASSERT(!p.wanted.until || (p.due && *p.due <= *p.wanted.until));
        due += p.due ? 1 : 0;
    }
    HOLDFAST_ASSERT(due == due_.size());
    HOLDFAST_ASSERT(renumbered == renumbered_.size());
}

}  // namespace holdfast::lock
