#include "lock/lock_entry.hpp"

#include "base/assert.hpp"
#include "lock/checks.hpp"

namespace holdfast::lock {

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
    if (held.empty()) {
        return true;
    }
    const auto& other = held.newest().what.terms.mode;  // it goes with all the others
    return mode.is_compatible_with(other);
}

bool lock_entry::contradicts(const lock_mode& mode) const {
    return (!held.empty() && mode.contradicts(held.newest().what.terms.mode)) ||
           queue.contradicts(mode);
}

lock_summary lock_entry::summary() const {
    lock_summary out{
        {}, static_cast<std::uint32_t>(held.size()), static_cast<std::uint32_t>(queue.size())};
    for (const auto& [t, h] : held.all()) {
        if (out.held.size() == most_told) {
            break;
        }
        out.held.push_back(h.what);
    }
    return out;
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
    HOLDFAST_ASSERT(!patience_ends || first);
    held.invariants();
    queue.invariants();
    queue.for_each([&](const waiter& w) { HOLDFAST_ASSERT(w.name == name); });
    for (auto h = held.all().begin(); h != held.all().end(); ++h) {
        HOLDFAST_ASSERT(h->second.what.name == name);
        HOLDFAST_ASSERT(h->first.of_epoch() <= newest);
        const auto& mode = h->second.what.terms.mode;
        for (auto other = held.all().begin(); other != h; ++other) {
            HOLDFAST_ASSERT(mode.is_compatible_with(other->second.what.terms.mode));  // MODES
        }
        HOLDFAST_ASSERT(mode.how != lock_mode::kind::permit || held.size() <= mode.limit);
    }
}

}  // namespace holdfast::lock
