#include "lease/way_watch.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <string>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::lease {
namespace {

constexpr std::size_t others_asked = 2;
// To all that one word makes it ask.
constexpr std::size_t most_asked = 8 * most_filler;

}  // namespace

void way_watch::installed(const view& now_installed) {
    const bool is_seated = now_installed.is_voter(self_);
    std::erase_if(records_,
                  [&](const auto& r) { return !is_seated || !now_installed.has(r.first); });
    invariants();
}

void way_watch::told(const peer_id& by, const waits_for& what, const view& current,
                     base::time_point now) {
    if (!current.has(by)) {
        return;
    }
    std::set<peer_id> asked{by};
    std::copy_if(what.whom.begin(), what.whom.end(), std::inserter(asked, asked.end()),
                 [&](const peer_id& id) { return current.has(id); });
    // Who hears so few of the others is more likely at fault itself, and all that asking costs.
    if (asked.size() > 2 && 3 * (asked.size() - 1) > current.members.size() - 1) {
        asked = {by};
    }
    // Those next to it in the order of PeerIds, the same at each voter.
    const auto first = std::find_if(current.members.begin(), current.members.end(),
                                    [&](const member& m) { return m.id == by; });
    const auto place = static_cast<std::size_t>(first - current.members.begin());
    std::set<peer_id> others;
    for (std::size_t i = 1; i < current.members.size() && others.size() < others_asked; ++i) {
        const auto& id = current.members[(place + i) % current.members.size()].id;
        if (id != self_ && !asked.contains(id)) {
            others.insert(id);
        }
    }
    asked.merge(others);
    // Their answers are as large, and leases share the wire.
    const auto most = std::clamp(most_asked / asked.size(), least_size, most_filler);
    const auto size = std::clamp(static_cast<std::size_t>(what.bytes), least_size, most);
    for (const auto& id : asked) {
        if (id != self_) {
            ask(id, size, now);
        }
    }
    invariants();
}

void way_watch::ask(const peer_id& whom, std::size_t size, base::time_point now) {
    auto& r = records_.try_emplace(whom, record{.next = now}).first->second;
    r.size = std::max(r.size, size);
    r.until = now + 2 * settings_.lease;
}

void way_watch::heard(const peer_id& from, const way_answer& answer, base::time_point now) {
    const auto at = records_.find(from);
    if (at != records_.end() && at->second.is_open && at->second.number == answer.number) {
        at->second.is_open = false;
        at->second.answered = now;
    }
}

void way_watch::brought_part(const peer_id& from, base::time_point now) {
    if (const auto at = records_.find(from); at != records_.end()) {
        at->second.asked = now;
    }
}

std::vector<way_watch::question> way_watch::due(base::time_point now) {
    std::erase_if(records_, [&](const auto& r) { return r.second.until <= now; });
    const auto between_questions = settings_.lease / 2;
    std::vector<question> out;
    for (auto& [peer, r] : records_) {
        if (r.next > now) {
            continue;
        }
        const auto copy_age = r.is_open ? between_questions : base::duration::zero();
        if (!r.is_open) {
            base::count(base::effect::view_9_asks);
            r.number = ++last_number_;
            r.is_open = true;
            r.asked = now;
            r.is_said = false;
        }
        r.next = now + std::max<base::duration>(between_questions, passage(r));
        out.push_back({peer, {r.number, std::string(r.size, '\0')}, copy_age});
    }
    invariants();
    return out;
}

std::vector<peer_id> way_watch::newly_found(base::time_point now) {
    std::vector<peer_id> out;
    for (auto& [peer, r] : records_) {
        if (!r.is_said && is_mute(peer, now)) {
            base::count(base::effect::view_9_finds);
            r.is_said = true;
            out.push_back(peer);
        }
    }
    return out;
}

std::optional<base::time_point> way_watch::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& [peer, r] : records_) {
        base::earlier(due, std::min(r.next, r.until));
    }
    return due;
}

base::duration way_watch::passage(const record& r) {
    return std::chrono::milliseconds{(r.size - least_size) / 64};
}

base::duration way_watch::patience(const record& r) const {
    return 2 * settings_.lease + passage(r);
}

bool way_watch::is_mute(const peer_id& peer, base::time_point now) const {
    const auto at = records_.find(peer);
    if (at == records_.end() || !at->second.is_open ||
        now - at->second.asked < patience(at->second)) {
        return false;
    }
    const auto since = at->second.asked + patience(at->second) / 2;
    return std::any_of(records_.begin(), records_.end(), [&](const auto& r) {
        return r.second.answered && *r.second.answered > since;
    });
}

bool way_watch::hears_other_than(const peer_id& peer, base::time_point now) const {
    return std::any_of(records_.begin(), records_.end(), [&](const auto& r) {
        return r.first != peer && r.second.answered && now - *r.second.answered < settings_.lease;
    });
}

void way_watch::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    HOLDFAST_ASSERT(!records_.contains(self_));
    HOLDFAST_ASSERT(std::all_of(records_.begin(), records_.end(), [&](const auto& entry) {
        const auto& r = entry.second;
        return r.number <= last_number_ && (!r.is_open || r.number > 0) && r.size >= least_size &&
               r.size <= most_filler;
    }));
}

}  // namespace holdfast::lease
