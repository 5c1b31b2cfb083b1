#include "view/change.hpp"

#include <algorithm>
#include <set>

#include "base/assert.hpp"
#include "base/settings.hpp"

namespace holdfast::views {
namespace {

tl::unexpected<error> does_not_follow(const char* why) {
    return fail(errc::internal_error,
                std::string{"a change that does not follow from its view: "} + why);
}

// Each makes a part of the change, or says why it does not fit; null: it does.

const char* remove_members(view& after, const change& what) {
    for (const auto& id : what.removed) {
        const auto at = std::find_if(after.members.begin(), after.members.end(),
                                     [&](const member& m) { return m.id == id; });
        if (at == after.members.end()) {
            return "it removes a peer that is no member";
        }
        after.former_members.push_back({id, at->since, what.number});
        after.members.erase(at);
    }
    return nullptr;
}

const char* mark_leaving(view& after, const change& what) {
    for (const auto& id : what.leaving) {
        const auto at = std::find_if(after.members.begin(), after.members.end(),
                                     [&](const member& m) { return m.id == id; });
        if (at == after.members.end() || at->leaving) {
            return "it marks a peer as leaving that is no member or leaves already";
        }
        at->leaving = true;
    }
    return nullptr;
}

const char* settle_members(view& after, const view& before, const change& what) {
    for (const auto& id : what.settled) {
        const auto at = std::find_if(after.members.begin(), after.members.end(),
                                     [&](const member& m) { return m.id == id; });
        if (at == after.members.end() || !before.has(id) || at->is_settled || at->leaving ||
            at->weight == 0) {
            return "it settles a peer that is no member yet, is settled, leaves or has no weight";
        }
        at->is_settled = true;
    }
    return nullptr;
}

const char* add_members(view& after, const view& before, const change& what) {
    for (const auto& m : what.added) {
        if (m.id.is_nil() || before.has(m.id) || after.has(m.id) ||
            after.find_former(m.id) != nullptr || m.leaving || m.is_settled) {
            // VIEW-3, OWN-11
            return "it adds a member, a former one, or one that leaves or is settled already";
        }
        member added = m;
        added.since = what.number;
        after.members.insert(
            std::upper_bound(after.members.begin(), after.members.end(), m.id,
                             [](const peer_id& id, const member& other) { return id < other.id; }),
            std::move(added));
    }
    return after.members.size() > base::limits::members ? "too many members" : nullptr;
}

const char* change_seats(view& after, const change& what) {
    for (const auto& s : what.seats) {
        if (s.index >= after.seats.size() || after.seats[s.index].filled_by == s.filled_by) {
            return "a seat that is not there or does not change";
        }
        after.seats[s.index].filled_by = s.filled_by;
        after.seats_since = what.number;
    }
    std::set<peer_id> seated;
    for (const auto& s : after.seats) {
        if (s.filled_by.is_nil()) {
            continue;
        }
        const auto* m = after.find(s.filled_by);
        if (m == nullptr || m->address != s.address || !seated.insert(m->id).second) {
            // FOUND-2
            return "a seat filled by no member, from another address, or by one that has a seat";
        }
    }
    if (seated.size() < after.quorum()) {
        return "fewer than a quorum of seats would be filled";  // VIEW-6
    }
    return nullptr;
}

/// The others need no file: they accept nothing, and a vacant seat does not either.
bool seats_remember(const view& v) {
    return std::all_of(v.seats.begin(), v.seats.end(), [&](const seat& s) {
        const auto* m = v.find(s.filled_by);
        return m == nullptr || m->has_state_dir;
    });
}

}  // namespace

bool all_seats_remember(const view& before, const view& after) {
    return seats_remember(before) && seats_remember(after);
}

bool change::removes(const peer_id& id) const {
    return std::find(removed.begin(), removed.end(), id) != removed.end();
}

result<view> apply(const view& before, const change& what) {
    if (what.cluster != before.cluster || what.number != before.number.next()) {
        return does_not_follow("another cluster or number");
    }
    if (what.epoch <= before.epoch) {
        return does_not_follow("the epoch does not rise");  // VIEW-1
    }
    if (what.epoch > last_by_clock && what.epoch.value - before.epoch.value > 1) {
        return does_not_follow("the epoch leaves too few for the views after it");  // VIEW-1
    }
    view after = before;
    after.number = what.number;
    after.epoch = what.epoch;
    std::erase_if(after.former_members, [&](const former_member& f) {
        return f.removed.value + base::limits::steps_kept < what.number.value;
    });
    const char* flaw = remove_members(after, what);
    if (flaw == nullptr) {
        flaw = mark_leaving(after, what);
    }
    if (flaw == nullptr) {
        flaw = settle_members(after, before, what);
    }
    if (flaw == nullptr) {
        flaw = add_members(after, before, what);
    }
    if (flaw == nullptr) {
        flaw = change_seats(after, what);
    }
    if (flaw != nullptr) {
        return does_not_follow(flaw);
    }
    // Each peer is added, removed or neither; none is lost and none is there twice.
    HOLDFAST_ASSERT(after.members.size() + what.removed.size() ==
                    before.members.size() + what.added.size());
    HOLDFAST_ASSERT(after.seats.size() == before.seats.size() && after.slots == before.slots);
    HOLDFAST_ASSERT(after.seats_since ==
                    (what.changes_seats() ? after.number : before.seats_since));
    HOLDFAST_ASSERT(after.epoch > before.epoch);  // tokens of a later view are greater
    const auto filled = std::count_if(after.seats.begin(), after.seats.end(),
                                      [](const seat& s) { return !s.filled_by.is_nil(); });
    HOLDFAST_ASSERT(2 * static_cast<std::size_t>(filled) > after.seats.size());  // VIEW-6
    if (base::checks_everything()) {
        HOLDFAST_ASSERT(std::is_sorted(after.members.begin(), after.members.end(),
                                       [](const auto& x, const auto& y) { return x.id < y.id; }));
        HOLDFAST_ASSERT(std::none_of(what.removed.begin(), what.removed.end(),
                                     [&](const peer_id& id) { return after.has(id); }));
        const auto is_remembered = [&](const peer_id& id) {
            return std::any_of(
                after.former_members.begin(), after.former_members.end(),
                [&](const auto& f) { return f.id == id && f.removed == after.number; });
        };
        HOLDFAST_ASSERT(std::all_of(what.removed.begin(), what.removed.end(), is_remembered));
    }
    return after;
}

}  // namespace holdfast::views
