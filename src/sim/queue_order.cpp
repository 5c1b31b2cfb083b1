#include "sim/queue_order.hpp"

#include <algorithm>

namespace holdfast::sim {

void queue_order::ended(const peer_id& who, request_number number) {
    asked_.erase({who, number});
    std::erase_if(queue_, [&](const waiter& w) { return w.who == who && w.number == number; });
}

void queue_order::ended(const peer_id& who) {
    std::erase_if(asked_, [&](const auto& a) { return a.first.first == who; });
    std::erase_if(queue_, [&](const waiter& w) { return w.who == who; });
}

void queue_order::queued(run owner, const peer_id& who, request_number number, instant now) {
    const auto known = asked_.find({who, number});
    if (known == asked_.end() || !serving_.contains({owner, known->second.of})) {
        return;
    }
    const bool is_there = std::any_of(queue_.begin(), queue_.end(), [&](const waiter& w) {
        return w.owner == owner && w.who == who && w.number == number;
    });
    if (!is_there) {
        queue_.push_back({owner, known->second.of, who, number, known->second.priority, now});
    }
}

void queue_order::lost(run owner, lock l) {
    serving_.erase({owner, l});
    std::erase_if(queue_, [&](const waiter& w) { return w.owner == owner && w.of == l; });
}

void queue_order::installed(run owner, const view& v) {
    std::erase_if(queue_, [&](const waiter& w) { return w.owner == owner && !v.has(w.who); });
}

std::optional<peer_id> queue_order::granted(run owner, lock l, const peer_id& who,
                                            request_number number) {
    serving_.insert({owner, l});
    std::erase_if(queue_, [&](const waiter& w) {
        return w.owner == owner && w.who == who && w.number == number;
    });
    const auto known = asked_.find({who, number});
    if (known == asked_.end()) {
        return std::nullopt;
    }
    if (const auto heirs = heirs_.find(l); heirs != heirs_.end() && heirs->second.contains(who)) {
        return std::nullopt;
    }
    const auto& mine = known->second;
    const auto first = std::find_if(queue_.begin(), queue_.end(), [&](const waiter& w) {
        return w.owner == owner && w.of == l &&
               (w.priority > mine.priority || (w.priority == mine.priority && w.since < mine.at));
    });
    return first == queue_.end() ? std::nullopt : std::optional{first->who};
}

}  // namespace holdfast::sim
