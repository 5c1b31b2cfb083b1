#include "lock/lock_watchers.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"

namespace holdfast::lock {

lock_watchers::added lock_watchers::add(slot s, const peer_id& by, const watch& asked,
                                        quotas& used) {
    auto& known = all_[{s, asked.name}];
    auto at =
        std::find_if(known.begin(), known.end(), [&](const auto& w) { return w.second.by == by; });
    if (at == known.end()) {
        if (!used.has_room_to_watch(by)) {
            if (known.empty()) {
                all_.erase({s, asked.name});
            }
            return added::too_many;
        }
        used.add_watch(by);
        at = known.emplace(++last_place_, watcher{by, asked.number}).first;
    }
    auto& w = at->second;
    if (asked.number < w.number) {
        return added::is_old;
    }
    w.number = asked.number;
    return added::yes;
}

template <class Gone>
lock_watchers::map::iterator lock_watchers::remove_from(map::iterator at, quotas& used,
                                                        Gone is_gone) {
    auto& known = at->second;
    for (auto w = known.begin(); w != known.end();) {
        const auto here = w++;
        if (is_gone(here->second)) {
            repeat(at->first, *here, std::nullopt);
            used.remove_watch(here->second.by);
            known.erase(here);
        }
    }
    return known.empty() ? all_.erase(at) : std::next(at);
}

void lock_watchers::remove(slot s, const peer_id& by, const unwatch& asked, quotas& used) {
    if (const auto at = all_.find({s, asked.name}); at != all_.end()) {
        remove_from(at, used,
                    [&](const watcher& w) { return w.by == by && w.number <= asked.number; });
    }
}

void lock_watchers::seen(slot s, const peer_id& by, const lock_state_seen& what) {
    const auto at = all_.find({s, what.name});
    if (at == all_.end()) {
        return;
    }
    for (auto& w : at->second) {
        if (w.second.by == by && w.second.serial == what.serial) {
            w.second.has_seen = true;
            repeat(at->first, w, std::nullopt);
        }
    }
}

void lock_watchers::forget(slot s, quotas& used) {
    for (auto at = all_.lower_bound({s, ""}); at != all_.end() && at->first.first == s;) {
        at = remove_from(at, used, [](const watcher&) { return true; });
    }
}

void lock_watchers::drop_non_members(const view& v, quotas& used) {
    for (auto at = all_.begin(); at != all_.end();) {
        at = remove_from(at, used, [&](const watcher& w) { return !v.has(w.by); });
    }
}

bool lock_watchers::has(slot s, const std::string& name) const {
    return !all_.empty() && all_.contains({s, name});
}

std::vector<std::string> lock_watchers::names_in(slot s) const {
    std::vector<std::string> out;
    for (auto at = all_.lower_bound({s, ""}); at != all_.end() && at->first.first == s; ++at) {
        out.push_back(at->first.second);
    }
    return out;
}

std::size_t lock_watchers::count_of(const peer_id& member) const {
    std::size_t out = 0;
    for (const auto& [lock, known] : all_) {
        for (const auto& [place, w] : known) {
            out += w.by == member ? 1 : 0;
        }
    }
    return out;
}

void lock_watchers::notify(slot s, const std::string& name, const lock_summary& summary,
                           view_number in, base::time_point now, owner_outbox& out) {
    if (const auto at = all_.find({s, name}); at != all_.end()) {
        for (auto& w : at->second) {
            tell(at->first, w, summary, in, now, out);
        }
    }
}

void lock_watchers::notify(const peer_id& one, slot s, const std::string& name,
                           const lock_summary& summary, view_number in, base::time_point now,
                           owner_outbox& out) {
    if (const auto at = all_.find({s, name}); at != all_.end()) {
        for (auto& w : at->second) {
            if (w.second.by == one) {
                tell(at->first, w, summary, in, now, out);
            }
        }
    }
}

void lock_watchers::tell(const map::key_type& lock, watchers::value_type& w,
                         const lock_summary& summary, view_number in, base::time_point now,
                         owner_outbox& out) {
    auto& to = w.second;
    HOLDFAST_ASSERT(to.serial <= last_serial_);
    to.serial = ++last_serial_;
    to.has_seen = false;
    to.again.reset();
    const auto attempt = to.again.sent(pace_, to.by, now);
    repeat(lock, w, to.again.next);
    out.push(send{to.by, lock_state{lock.second, in, to.serial, to.number, summary}, attempt});
}

void lock_watchers::renotify(const tenures& ours, view_number in, base::time_point now,
                             owner_outbox& out) {
    for (const auto& [s, name, place] : due_.due(now)) {
        const auto at = all_.find({s, name});
        auto& w = *at->second.find(place);
        auto& to = w.second;
        const auto attempt = to.again.sent(pace_, to.by, now);
        repeat(at->first, w, to.again.next);
        const auto* e = ours.find_lock(s, name);
        out.push(send{to.by,
                      lock_state{name, in, to.serial, to.number,
                                 e == nullptr ? lock_summary{} : e->summary()},
                      attempt});
    }
}

void lock_watchers::make_due(const peer_id& peer, base::time_point now) {
    for (const auto& [s, name, place] : due_.all()) {
        const auto at = all_.find({s, name});
        auto& w = *at->second.find(place);
        if (w.second.by == peer) {
            w.second.again.next = now;
            repeat(at->first, w, now);
        }
    }
}

void lock_watchers::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    std::size_t untold = 0;
    for (const auto& [lock, known] : all_) {
        HOLDFAST_ASSERT(!known.empty());
        for (auto w = known.begin(); w != known.end(); ++w) {
            const auto& to = w->second;
            HOLDFAST_ASSERT(to.serial <= last_serial_);
            HOLDFAST_ASSERT(!to.has_seen || to.serial > 0);
            const bool is_told_again = !to.has_seen && to.serial > 0;
            HOLDFAST_ASSERT(to.repeat_at ==
                            (is_told_again ? std::optional{to.again.next} : std::nullopt));
            untold += is_told_again ? 1 : 0;
            HOLDFAST_ASSERT(std::none_of(
                known.begin(), w, [&](const auto& other) { return other.second.by == to.by; }));
        }
    }
    HOLDFAST_ASSERT(untold == due_.size());
}

}  // namespace holdfast::lock
