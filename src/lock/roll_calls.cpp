#include "lock/roll_calls.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"
#include "lock/orphans.hpp"

namespace holdfast::lock {
namespace {

constexpr base::duration least_pause = std::chrono::milliseconds{1};

}  // namespace

void roll_calls::installed(const view_change& s, base::time_point now) {
    installed_ = s.now->number;
    std::erase_if(calls_, [&](const auto& c) { return c.second.ends <= now; });
    const auto orphans = orphans_of(s);
    if (!orphans.empty() && collector_of(*s.now) == self_) {
        auto& c = calls_[installed_];
        for (const auto& [owner, slots] : orphans) {
            c.owners.push_back(owner);
        }
        c.awaited = static_cast<std::size_t>(
            std::count_if(s.now->members.begin(), s.now->members.end(),
                          [&](const member& m) { return m.since < installed_; }));
        c.pause = std::max(settings_.retry / 8, least_pause);
        c.ends = now + settings_.lease;
    }
    std::erase_if(early_, [&](const auto& e) { return !s.now->has(e.first); });
    for (const auto& [from, said] : std::map{early_}) {
        if (said.named <= installed_) {
            heard(from, said, now);
            early_.erase(from);
        }
    }
    invariants();
}

void roll_calls::heard(const peer_id& from, const no_holds& said, base::time_point now) {
    if (said.except.size() > settings_.max_owners) {
        return;  // there are no more to except
    }
    if (said.named > installed_) {
        early_.insert_or_assign(from, said);
        return;
    }
    if (const auto at = calls_.find(said.named); at != calls_.end()) {
        take(at->second, from, said, now);
        if (at->second.awaited == 0) {
            pass_on(at->first, at->second);
            calls_.erase(at);
        }
    }
    invariants();
}

void roll_calls::take(call& c, const peer_id& from, const no_holds& said, base::time_point now) {
    if (c.awaited == 0 || !c.heard.insert(from).second) {
        return;
    }
    --c.awaited;
    c.fresh.emplace_back(from, said);
    if (!c.next) {
        c.next = now + c.pause;
    }
}

/// To each of the new owners, those that have said since the last time that they hold nothing of
/// it.
void roll_calls::pass_on(view_number named, call& c) {
    for (const auto& owner : c.owners) {
        no_holds_of told{named, {}};
        for (const auto& [from, said] : c.fresh) {
            if (std::find(said.except.begin(), said.except.end(), owner) == said.except.end()) {
                told.members.push_back(from);
            }
        }
        if (!told.members.empty()) {
            base::count(base::effect::own_12_collects);
            out_.push(send{owner, std::move(told)});
        }
    }
    c.fresh.clear();
    c.next.reset();
    c.pause *= 2;
}

void roll_calls::tick(base::time_point now) {
    for (auto& [named, c] : calls_) {
        if (base::is_due(c.next, now)) {
            pass_on(named, c);
        }
    }
    HOLDFAST_ASSERT(!deadline() || *deadline() > now);
    invariants();
}

std::optional<base::time_point> roll_calls::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& [named, c] : calls_) {
        base::earlier(due, c.next);
    }
    return due;
}

void roll_calls::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [named, c] : calls_) {
        HOLDFAST_ASSERT(named <= installed_ && c.awaited > 0);
        HOLDFAST_ASSERT(c.next.has_value() == !c.fresh.empty());
        HOLDFAST_ASSERT(c.fresh.size() <= c.heard.size());
    }
}

}  // namespace holdfast::lock
