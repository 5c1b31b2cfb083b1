#include "lock/wait_queue.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"

namespace holdfast::lock {

bool wait_queue::contradicts(const lock_mode& mode) const {
    const bool is_permit = mode.how == lock_mode::kind::permit;
    return is_permit && permits_.size() > (permits_.contains(mode.limit) ? 1U : 0U);
}

void wait_queue::insert(waiter w) {
    const place last{-std::int64_t{w.priority}, ++last_arrival_};
    const auto peer = w.peer;
    const auto number = w.number;
    add(last, std::move(w));
    if (base::checks_everything()) {
        // OWN-10, PRIORITY: it overtakes only those of a lower priority
        const auto at = order_.find(places_.at({peer, number}));
        HOLDFAST_ASSERT(std::none_of(std::next(at), order_.end(), [&](const auto& later) {
            return later.second.priority >= at->second.priority;
        }));
    }
}

void wait_queue::move_to_front(const peer_id& heir) {
    const auto at = places_.lower_bound({heir, request_number{}});
    if (at != places_.end() && at->first.first == heir) {
        move_to_front(heir, at->first.second);
    }
}

void wait_queue::move_to_front(const peer_id& peer, request_number number) {
    auto w = take(order_.find(places_.at({peer, number})));
    // PRIORITY: who comes later does not go before it either
    constexpr auto highest = std::numeric_limits<std::int32_t>::max();
    w.priority = highest;
    add({-std::int64_t{highest}, --last_heir_}, std::move(w));
    HOLDFAST_ASSERT(front().peer == peer && front().number == number);
}

const waiter* wait_queue::find(const peer_id& peer, request_number number) const {
    const auto at = places_.find({peer, number});
    return at == places_.end() ? nullptr : &order_.at(at->second);
}

bool wait_queue::remove(const peer_id& peer, request_number number) {
    const auto at = places_.find({peer, number});
    if (at == places_.end()) {
        return false;
    }
    (void)take(order_.find(at->second));
    return true;
}

std::vector<waiter> wait_queue::first(std::size_t most) const {
    std::vector<waiter> out;
    for (auto at = order_.begin(); at != order_.end() && out.size() < most; ++at) {
        out.push_back(at->second);
    }
    return out;
}

void wait_queue::add(place at, waiter w) {
    const bool is_new = places_.emplace(std::pair{w.peer, w.number}, at).second;
    HOLDFAST_ASSERT(is_new);
    if (w.terms.mode.how == lock_mode::kind::permit) {
        ++permits_[w.terms.mode.limit];
    }
    order_.emplace(at, std::move(w));
}

waiter wait_queue::take(order::iterator at) {
    HOLDFAST_ASSERT(at != order_.end());
    auto w = std::move(at->second);
    places_.erase({w.peer, w.number});
    order_.erase(at);
    if (w.terms.mode.how == lock_mode::kind::permit) {
        const auto those = permits_.find(w.terms.mode.limit);
        HOLDFAST_ASSERT(those != permits_.end());
        if (--those->second == 0) {
            permits_.erase(those);
        }
    }
    return w;
}

void wait_queue::invariants() const {
    HOLDFAST_ASSERT(order_.size() == places_.size());
    if (!base::checks_everything()) {
        return;
    }
    std::size_t permits = 0;
    const waiter* before = nullptr;
    for (const auto& [at, w] : order_) {
        const auto found = places_.find({w.peer, w.number});
        HOLDFAST_ASSERT(found != places_.end() && found->second == at);
        HOLDFAST_ASSERT(before == nullptr || before->priority >= w.priority);  // PRIORITY
        permits += w.terms.mode.how == lock_mode::kind::permit ? 1 : 0;
        before = &w;
    }
    for (const auto& [limit, count] : permits_) {
        HOLDFAST_ASSERT(limit > 0 && count > 0 && count <= permits);
        permits -= count;
    }
    HOLDFAST_ASSERT(permits == 0);
}

}  // namespace holdfast::lock
