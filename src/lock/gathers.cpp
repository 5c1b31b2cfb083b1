#include "lock/gathers.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"
#include "lock/checks.hpp"

namespace holdfast::lock {
namespace {

bool is_awaited(const member& m, const gathers::round& g) {
    return m.since < g.named && !g.heard.contains(m.id);
}

gather ask_of(std::uint64_t serial, const gathers::round& g) {
    return {g.named, g.promise, serial, {g.slots.begin(), g.slots.end()}};
}

}  // namespace

void gathers::want(slot s, view_number named, epoch promise, bool is_told) {
    HOLDFAST_ASSERT(!wanted_.contains(s));
    wanted_.emplace(s, wanted_slot{named, promise, is_told});
}

void gathers::forget(slot s) {
    wanted_.erase(s);
    for (auto at = rounds_.begin(); at != rounds_.end();) {
        at->second.slots.erase(s);
        at = at->second.slots.empty() ? rounds_.erase(at) : std::next(at);
    }
}

void gathers::ask_wanted(const view& v, base::time_point now, owner_outbox& out) {
    std::map<std::pair<view_number, bool>, std::pair<epoch, std::vector<slot>>> by_name;
    for (const auto& [s, gained] : wanted_) {
        auto& [promise, slots] = by_name[{gained.named, gained.is_told}];
        HOLDFAST_ASSERT(slots.empty() || promise == gained.promise);
        promise = gained.promise;
        slots.push_back(s);
    }
    wanted_.clear();
    for (const auto& [name, asked] : by_name) {
        const auto& [promise, slots] = asked;
        for (auto from = slots.begin(); from != slots.end();) {
            const auto to = from + std::min<std::ptrdiff_t>(slots.end() - from, slots_in_a_message);
            start({name.first, promise, {from, to}, {}, {}, name.second}, 0, v, now, out);
            from = to;
        }
    }
}

/// `attempt`: with which try it begins.
void gathers::start(round begun, unsigned attempt, const view& v, base::time_point now,
                    owner_outbox& out) {
    HOLDFAST_ASSERT(!begun.slots.empty());
    HOLDFAST_ASSERT(begun.named <= v.number);
    const auto serial = ++last_serial_;
    auto& g = rounds_.emplace(serial, std::move(begun)).first->second;
    g.again.attempt = attempt;
    if (g.is_told) {
        base::count(base::effect::own_12_spares_asks);
        g.again.planned = now;
        g.again.next = now + settings_.lease / 4;
    } else {
        ask(serial, g, v, now, out);
    }
}

/// A member holds more in these slots than one message takes: ask every member anew, for half of
/// them at a time. Such reports go by stream, so the asks begin with the first try that does
/// (LOAD-5).
void gathers::halve(std::uint64_t serial, const view& v, base::time_point now, owner_outbox& out) {
    const auto whole = std::move(rounds_.at(serial));
    rounds_.erase(serial);
    const auto middle =
        std::next(whole.slots.begin(), static_cast<std::ptrdiff_t>(whole.slots.size() / 2));
    start({whole.named, whole.promise, {whole.slots.begin(), middle}, {}}, 1, v, now, out);
    start({whole.named, whole.promise, {middle, whole.slots.end()}, {}}, 1, v, now, out);
}

void gathers::ask(std::uint64_t serial, round& g, const view& v, base::time_point now,
                  owner_outbox& out) {
    // Every new owner asks every member at the same time. What was measured before says little of
    // how long all of that takes.
    const auto attempt = g.again.count();
    g.again.planned = now;
    g.again.next = now + pace_.pause({}, attempt, settings_.lease / 4);
    const auto what = ask_of(serial, g);
    for (const auto& m : v.members) {
        if (is_awaited(m, g)) {
            out.push(send{m.id, what, attempt});
        }
    }
}

void gathers::ask_again(const peer_id& member, const view& v, owner_outbox& out) const {
    const auto* m = v.find(member);
    for (const auto& [serial, g] : rounds_) {
        if (m != nullptr && is_awaited(*m, g)) {
            out.push(send{member, ask_of(serial, g), g.again.attempt});
        }
    }
}

/// LOAD-5: reports that come show that the others are on their way.
void gathers::put_off(round& g, base::time_point now) const {
    const auto latest = g.again.planned + settings_.lease / 2;
    g.again.next = std::max(g.again.next, std::min(now + settings_.lease / 4, latest));
}

void gathers::repeat(const view& v, base::time_point now, owner_outbox& out) {
    for (auto& [serial, g] : rounds_) {
        if (g.again.is_due(now)) {
            ask(serial, g, v, now, out);
        }
    }
}

bool gathers::hear(const peer_id& from, const report& given, const view& v, base::time_point now,
                   owner_outbox& out) {
    if (!v.has(from) || given.number == 0) {
        base::count(base::effect::own_8_drops);
        return false;
    }
    bool is_any = false;
    if (given.serial == 0) {  // OWN-12
        for (auto& [serial, g] : rounds_) {
            if (g.is_told && g.named == given.named && !given.is_too_large) {
                is_any = take(g, from, given, now) || is_any;
            }
        }
        return is_any;
    }
    const auto at = rounds_.find(given.serial);
    if (at == rounds_.end() || at->second.named != given.named) {
        base::count(base::effect::own_8_drops);
        return false;  // OWN-8: not an answer to a present gather of ours
    }
    const auto before = at->second.heard.find(from);
    if (before != at->second.heard.end() && given.number <= before->second.number) {
        return false;
    }
    if (given.is_too_large) {
        if (at->second.slots.size() > 1) {
            halve(at->first, v, now, out);
        }
        return false;
    }
    return take(at->second, from, given, now);
}

bool gathers::take(round& g, const peer_id& from, const report& given, base::time_point now) {
    auto& heard = g.heard[from];
    if (given.number <= heard.number) {
        return false;
    }
    if (heard.number == 0) {
        put_off(g, now);
    }
    heard.number = given.number;
    heard.holds = given.holds;
    heard.delays = given.delays;
    heard.at = now;
    return true;
}

/// What it tells was said before anything that the same member was asked for: it never takes the
/// place of a report.
bool gathers::hear(const no_holds_of& told, const view& v, base::time_point now) {
    bool is_any = false;
    for (auto& [serial, g] : rounds_) {
        if (!g.is_told || g.named != told.named) {
            continue;
        }
        for (const auto& member : told.members) {
            if (v.has(member) && !g.heard.contains(member)) {
                is_any = take(g, member, {told.named, serial, 1, false, {}}, now) || is_any;
            }
        }
    }
    return is_any;
}

bool gathers::is_finished(const round& g, const view& v, const void_times& voids,
                          base::time_point now, std::optional<base::time_point>& look_again) const {
    for (const auto& m : v.members) {
        if (is_awaited(m, g)) {
            return false;  // OWN-4 (a)
        }
    }
    for (const auto& [id, end] : voids.removed()) {
        if (end.since < g.named && !g.heard.contains(id) && now < end.at) {
            base::count(base::effect::own_4_waits_for_void);
            base::earlier(look_again, end.at);
            return false;  // OWN-4 (b)
        }
    }
    if (now < voids.earlier_leases_end()) {
        base::earlier(look_again, voids.earlier_leases_end());
        return false;  // OWN-4 (c)
    }
    return true;
}

std::vector<gathers::round> gathers::take_finished(const view& v, const void_times& voids,
                                                   base::time_point now,
                                                   std::optional<base::time_point>& look_again) {
    std::vector<round> done;
    for (auto at = rounds_.begin(); at != rounds_.end();) {
        if (is_finished(at->second, v, voids, now, look_again)) {
            HOLDFAST_ASSERT(knows_every_hold(at->second, v, voids, now));
            done.push_back(std::move(at->second));
            at = rounds_.erase(at);
        } else {
            ++at;
        }
    }
    return done;
}

bool gathers::has(slot s) const {
    return wanted_.contains(s) || std::any_of(rounds_.begin(), rounds_.end(), [&](const auto& g) {
               return g.second.slots.contains(s);
           });
}

std::optional<base::time_point> gathers::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& [serial, g] : rounds_) {
        base::earlier(due, g.again.next);
    }
    return due;
}

void gathers::invariants() const {
    HOLDFAST_ASSERT(wanted_.empty());  // what a call wants, it asks for
    HOLDFAST_ASSERT(rounds_.empty() || rounds_.rbegin()->first <= last_serial_);
    if (!base::checks_everything()) {
        return;
    }
    std::set<slot> seen;
    for (const auto& [serial, g] : rounds_) {
        HOLDFAST_ASSERT(!g.slots.empty());
        HOLDFAST_ASSERT(g.again.attempt > 0 || g.is_told);
        for (const auto& s : g.slots) {
            HOLDFAST_ASSERT(seen.insert(s).second);  // each slot is asked for once
        }
        for (const auto& [from, heard] : g.heard) {
            HOLDFAST_ASSERT(heard.number > 0);
        }
    }
}

}  // namespace holdfast::lock
