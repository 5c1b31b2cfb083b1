#include "lock/lock_watchers.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {

bool lock_watchers::add(slot s, const peer_id& by, const watch& asked) {
    auto& watchers = all_[{s, asked.name}];
    const auto at = std::find_if(watchers.begin(), watchers.end(),
                                 [&](const watcher& w) { return w.by == by; });
    auto& w = at == watchers.end() ? watchers.emplace_back(watcher{by, asked.number}) : *at;
    if (asked.number < w.number) {
        return false;
    }
    w.number = asked.number;
    return true;
}

void lock_watchers::remove(slot s, const peer_id& by, const unwatch& asked) {
    const auto at = all_.find({s, asked.name});
    if (at == all_.end()) {
        return;
    }
    std::erase_if(at->second,
                  [&](const watcher& w) { return w.by == by && w.number <= asked.number; });
    if (at->second.empty()) {
        all_.erase(at);
    }
}

void lock_watchers::seen(slot s, const peer_id& by, const lock_state_seen& what) {
    const auto at = all_.find({s, what.name});
    if (at == all_.end()) {
        return;
    }
    for (auto& w : at->second) {
        if (w.by == by && w.serial == what.serial) {
            w.has_seen = true;
        }
    }
}

void lock_watchers::forget(slot s) {
    const auto first = all_.lower_bound({s, ""});
    auto last = first;
    while (last != all_.end() && last->first.first == s) {
        ++last;
    }
    all_.erase(first, last);
}

void lock_watchers::drop_non_members(const view& v) {
    for (auto at = all_.begin(); at != all_.end();) {
        std::erase_if(at->second, [&](const watcher& w) { return !v.has(w.by); });
        at = at->second.empty() ? all_.erase(at) : std::next(at);
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

void lock_watchers::notify(slot s, const std::string& name, const lock_summary& summary,
                           view_number in, base::time_point now, owner_outbox& out) {
    if (const auto at = all_.find({s, name}); at != all_.end()) {
        for (auto& w : at->second) {
            tell(name, w, summary, in, now, out);
        }
    }
}

void lock_watchers::notify(const peer_id& one, slot s, const std::string& name,
                           const lock_summary& summary, view_number in, base::time_point now,
                           owner_outbox& out) {
    if (const auto at = all_.find({s, name}); at != all_.end()) {
        for (auto& w : at->second) {
            if (w.by == one) {
                tell(name, w, summary, in, now, out);
            }
        }
    }
}

void lock_watchers::tell(const std::string& name, watcher& w, const lock_summary& summary,
                         view_number in, base::time_point now, owner_outbox& out) {
    HOLDFAST_ASSERT(w.serial <= last_serial_);
    w.serial = ++last_serial_;
    w.has_seen = false;
    w.again.reset();
    w.again.plan(settings_, now);
    base::earlier(next_, w.again.next);
    out.push(send{w.by, lock_state{name, in, w.serial, w.number, summary}, w.again.attempt});
}

void lock_watchers::renotify(const tenures& ours, view_number in, base::time_point now,
                             owner_outbox& out) {
    if (!base::is_due(next_, now)) {
        return;
    }
    next_.reset();
    for (auto& [key, watchers] : all_) {
        for (auto& w : watchers) {
            if (w.has_seen || w.serial == 0) {
                continue;
            }
            if (w.again.is_due(now)) {
                w.again.plan(settings_, now);
                (void)w.again.count();
                const auto* e = ours.find_lock(key.first, key.second);
                out.push(send{w.by,
                              lock_state{key.second, in, w.serial, w.number,
                                         e == nullptr ? lock_summary{} : e->summary()},
                              w.again.attempt});
            }
            base::earlier(next_, w.again.next);
        }
    }
}

void lock_watchers::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [key, watchers] : all_) {
        HOLDFAST_ASSERT(!watchers.empty());
        for (auto w = watchers.begin(); w != watchers.end(); ++w) {
            HOLDFAST_ASSERT(w->serial <= last_serial_);
            HOLDFAST_ASSERT(!w->has_seen || w->serial > 0);
            // The timer is not later than what is to be told again.
            HOLDFAST_ASSERT(w->has_seen || w->serial == 0 || (next_ && *next_ <= w->again.next));
            HOLDFAST_ASSERT(std::none_of(watchers.begin(), w,
                                         [&](const watcher& other) { return other.by == w->by; }));
        }
    }
}

}  // namespace holdfast::lock
