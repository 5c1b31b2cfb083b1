#include "lock/lock_entry.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "lock/checks.hpp"

namespace holdfast::lock {

granted_hold* lock_entry::find(token t) {
    const auto at = std::find_if(held.begin(), held.end(),
                                 [&](const granted_hold& h) { return h.what.token == t; });
    return at == held.end() ? nullptr : &*at;
}

const granted_hold* lock_entry::find(token t) const {
    return const_cast<lock_entry*>(this)->find(t);
}

granted_hold* lock_entry::find_granted(const peer_id& to, request_number number) {
    const auto at = std::find_if(held.begin(), held.end(), [&](const granted_hold& h) {
        return h.what.holder == to && h.what.number == number;
    });
    return at == held.end() ? nullptr : &*at;
}

bool lock_entry::is_waiting(const peer_id& peer, request_number number) const {
    return std::any_of(queue.begin(), queue.end(),
                       [&](const waiter& w) { return w.peer == peer && w.number == number; });
}

bool lock_entry::has_room(const lock_mode& mode) const {
    const bool has = fits(mode);
    HOLDFAST_ASSERT(!base::checks_everything() || !has || are_valid_together(held, mode));  // MODES
    return has;
}

bool lock_entry::fits(const lock_mode& mode) const {
    const bool is_permit = mode.how == lock_mode::kind::permit;

    if (is_permit && held.size() >= mode.limit) {
        return false;
    }
    return std::all_of(held.begin(), held.end(), [&](const granted_hold& h) {
        const auto& other = h.what.terms.mode;
        return mode.is_compatible_with(other);
    });
}

bool lock_entry::contradicts(const lock_mode& mode) const {
    return std::any_of(
               held.begin(), held.end(),
               [&](const granted_hold& h) { return mode.contradicts(h.what.terms.mode); }) ||
           std::any_of(queue.begin(), queue.end(),
                       [&](const waiter& w) { return mode.contradicts(w.terms.mode); });
}

bool lock_entry::has_unacked() const {
    return std::any_of(held.begin(), held.end(),
                       [](const granted_hold& h) { return !h.what.is_taken; });
}

lock_summary lock_entry::summary() const {
    lock_summary out{
        {}, static_cast<std::uint32_t>(held.size()), static_cast<std::uint32_t>(queue.size())};
    for (std::size_t i = 0; i < std::min(held.size(), most_told); ++i) {
        out.held.push_back(held[i].what);
    }
    return out;
}

void lock_entry::insert_waiter(waiter w) {
    const auto peer = w.peer;
    const auto number = w.number;
    const auto priority = w.priority;
    const auto place = std::find_if(queue.begin(), queue.end(), [&](const waiter& other) {
        return other.priority < w.priority;
    });
    queue.insert(place, std::move(w));
    if (base::checks_everything()) {
        // OWN-10, PRIORITY: it overtakes only those of a lower priority
        const auto at = std::find_if(queue.begin(), queue.end(), [&](const waiter& other) {
            return other.peer == peer && other.number == number;
        });
        HOLDFAST_ASSERT(at != queue.end());
        HOLDFAST_ASSERT(std::none_of(
            at + 1, queue.end(), [&](const waiter& later) { return later.priority >= priority; }));
    }
}

void lock_entry::move_to_front(const peer_id& heir) {
    const auto at =
        std::find_if(queue.begin(), queue.end(), [&](const waiter& w) { return w.peer == heir; });
    if (at != queue.end()) {
        // PRIORITY: who comes later does not go before it either
        at->priority = std::numeric_limits<std::int32_t>::max();
        std::rotate(queue.begin(), at, at + 1);
        HOLDFAST_ASSERT(queue.front().peer == heir);
    }
}

bool lock_entry::remove_waiter(const peer_id& peer, request_number number) {
    return std::erase_if(queue,
                         [&](const waiter& w) { return w.peer == peer && w.number == number; }) > 0;
}

void lock_entry::note_first(base::time_point now) {
    if (queue.empty()) {
        first.reset();
        return;
    }
    const auto& w = queue.front();
    if (!first || first->peer != w.peer || first->number != w.number) {
        first = {w.peer, w.number, now};
    }
}

void lock_entry::invariants(const std::string& name, epoch newest) const {
    HOLDFAST_ASSERT(!is_empty());
    HOLDFAST_ASSERT(first.has_value() == !queue.empty());
    HOLDFAST_ASSERT(!first ||
                    (first->peer == queue.front().peer && first->number == queue.front().number));
    for (const auto& h : held) {
        HOLDFAST_ASSERT(h.what.name == name);
        HOLDFAST_ASSERT(h.what.token.of_epoch() <= newest);
    }
    for (const auto& w : queue) {
        HOLDFAST_ASSERT(w.name == name);
    }

    for (auto h = held.begin(); h != held.end(); ++h) {
        for (auto other = held.begin(); other != h; ++other) {
            HOLDFAST_ASSERT(
                h->what.terms.mode.is_compatible_with(other->what.terms.mode));  // MODES
            HOLDFAST_ASSERT(h->what.token != other->what.token);
        }
        const auto& mode = h->what.terms.mode;
        HOLDFAST_ASSERT(mode.how != lock_mode::kind::permit || held.size() <= mode.limit);
    }
    for (std::size_t i = 1; i < queue.size(); ++i) {
        HOLDFAST_ASSERT(queue[i - 1].priority >= queue[i].priority);  // PRIORITY
    }
}

}  // namespace holdfast::lock
