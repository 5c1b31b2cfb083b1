#include "sim/fence_judge.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;
using kind = lock_mode::kind;

/// FENCE over a total restart, without a state_dir: nothing was granted for longer than the clocks
/// differ, plus this.
constexpr std::chrono::seconds restart_margin{2};

}  // namespace

bool fence_judge::owner_granted(run owner, lock l, token t, const peer_id& holder,
                                request_number number, view_number in, instant now) {
    ++grants_;
    auto& g = facts_.locks[l];
    const auto text = facts_.text_of_grant(owner, l, t, in);
    if (t.value <= 0) {
        facts_.object(guarantee::fence, now, text + ": not a positive token");
    }
    // first: a new life may excuse what was given before
    const auto at = life_of(facts_.runs[owner].cluster, now);
    const auto known = g.tokens.find(t);
    if (known != g.tokens.end()) {
        if (known->second.holder != holder || known->second.number != number) {
            facts_.object(guarantee::fence, now,
                          text + ", which had been given to another request");
        }
        return false;
    }
    if (at + 1 != lives_.size()) {
        facts_.object_by_the_clock(guarantee::fence, now,
                                   text + " after the next cluster had begun to grant (FOUND-1)");
    }
    check_order(owner, l, t, at, in, now);
    lives_[at].last_grant = now;
    g.tokens.emplace(t, judged_facts::given{holder, number, {}, at, in, grants_});
    return true;
}

void fence_judge::check_order(run owner, lock l, token t, std::size_t life_number, view_number in,
                              instant now) {
    auto& g = facts_.locks[l];
    const auto text = facts_.text_of_grant(owner, l, t, in);
    auto& views = g.lives[life_number];
    const auto after =
        std::upper_bound(views.begin(), views.end(), in,
                         [](view_number a, const judged_facts::in_view& b) { return a < b.in; });
    if (after != views.end() && after->first <= t) {
        facts_.object(guarantee::fence, now,
                      text + ", and " + text_of_token(after->first) + " was granted in view " +
                          std::to_string(after->in.value));
    }
    if (after != views.begin()) {
        auto& before = *(after - 1);
        if (t <= before.last) {
            facts_.object(guarantee::fence, now,
                          text + ", and " + text_of_token(before.last) +
                              " had been granted in view " + std::to_string(before.in.value));
        }
        if (before.in == in) {
            if (before.owner != owner) {
                facts_.object(
                    guarantee::fence, now,
                    text + ", where " + facts_.name_of(before.owner) + " had granted it too");
            }
            before.last = t;
            return;
        }
    }
    views.insert(after, judged_facts::in_view{in, owner, t, t});
    for (const auto& [number, others] : g.lives) {
        if (number < life_number && t <= others.back().last) {
            facts_.object_by_the_clock(guarantee::fence, now,
                                       text + ", and " + text_of_token(others.back().last) +
                                           " had been granted before the total restart (FOUND-5)");
        }
    }
}

std::size_t fence_judge::life_of(const cluster_id& cluster, instant now) {
    const auto at = std::find_if(lives_.begin(), lives_.end(),
                                 [&](const life& l) { return l.cluster == cluster; });
    if (at != lives_.end()) {
        return static_cast<std::size_t>(at - lives_.begin());
    }
    instant last_grant = -restart_margin;
    for (const auto& l : lives_) {
        last_grant = std::max(last_grant, l.last_grant);
    }
    const bool is_too_soon =
        !facts_.rules.has_state_dir && now - last_grant <= wall_difference_ + restart_margin;
    // of the hour, epochs take two minutes, and clocks have been set meanwhile
    const bool is_too_wrong = is_forced_ && wall_difference_ >= 57min;
    if (is_too_soon || is_too_wrong) {
        begin_anew();
    }
    lives_.push_back({cluster, now});
    return lives_.size() - 1;
}

/// The documented exception: the program that guards something has to know of it, and starts anew.
void fence_judge::begin_anew() {
    for (auto& g : facts_.locks) {
        for (const auto& known : g.tokens) {
            g.former_tokens.insert(known.first);
        }
        g.tokens.clear();
        g.lives.clear();
        g.exclusive_mark = g.mark = {};
        g.newest_exclusive.reset();
        g.newest.reset();
        g.last_exclusive = {};
        g.is_unclean = false;
        g.seen_from.clear();
        g.gone_from.clear();
    }
}

bool fence_judge::wrote(lock l, token t, instant now) {
    auto& g = facts_.locks[l];
    const auto known = g.tokens.find(t);
    if (known == g.tokens.end()) {
        return false;  // objected to when it was granted
    }
    const auto at = std::find_if(g.holds.begin(), g.holds.end(),
                                 [&](const judged_facts::hold& h) { return h.what == t; });
    if (known->second.mode.how == kind::permit) {
        return true;  // what several change at once has no order, and no gate
    }
    const bool is_exclusive = known->second.mode.how == kind::exclusive;
    if (const auto least = is_exclusive ? g.mark : g.exclusive_mark; t < least) {
        if (at != g.holds.end() && facts_.is_valid(*at, now)) {
            facts_.object_by_the_clock(guarantee::mutex, now,
                                       "the gate of \"" + g.name + "\" refused " +
                                           text_of_token(t) + " of " + facts_.name_of(at->by) +
                                           ", which is valid: it has seen " + text_of_token(least));
        }
        return false;
    }
    const auto& conflicting = is_exclusive ? g.newest : g.newest_exclusive;
    if (conflicting && known->second.place() < conflicting->place()) {
        const auto text = "the gate of \"" + g.name + "\" let " + text_of_token(t) +
                          " in after a hold that was granted later";
        if (known->second.life == conflicting->life) {
            facts_.object(guarantee::fence, now, text);
        } else {
            // only FOUND-1 keeps them apart
            facts_.object_by_the_clock(guarantee::fence, now, text + ", by another cluster");
        }
    }
    const auto note = [&](std::optional<judged_facts::given>& newest) {
        if (!newest || newest->place() < known->second.place()) {
            newest = known->second;
        }
    };
    g.mark = std::max(g.mark, t);
    note(g.newest);
    if (is_exclusive) {
        g.exclusive_mark = t;
        note(g.newest_exclusive);
    }
    return true;
}

}  // namespace holdfast::sim
