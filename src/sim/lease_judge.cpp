#include "sim/lease_judge.hpp"

#include <algorithm>
#include <functional>

namespace holdfast::sim {
namespace {

using kind = lock_mode::kind;

/// Whether two holds may not both be valid, whatever else there is.
bool exclude_each_other(const lock_mode& a, const lock_mode& b) {
    if (a.how == kind::exclusive || b.how == kind::exclusive || a.how != b.how) {
        return true;
    }
    return a.how == kind::permit && a.limit != b.limit;
}

}  // namespace

void lease_judge::lease(run r, std::optional<instant> ends, instant now) {
    auto& p = facts_.runs[r];
    const bool has_ended = p.lease_ends && *p.lease_ends <= now;
    p.lease_ends = ends;
    const bool is_running = ends && now < *ends;
    for (const auto l : p.holding) {
        auto& g = facts_.locks[l];
        for (auto& h : g.holds) {
            if (h.by == r) {
                check_hold(r, g, h, has_ended, now);
            }
        }
    }
    if (p.has_granted) {
        p.has_granted = false;
        if (!is_running) {
            facts_.object_by_the_clock(
                guarantee::minority, now,
                facts_.name_of(r) + " granted while its lease was not running (OWN-1)");
        }
    }
    if (!is_running) {
        return;
    }
    if (!may_act_until(p, *ends, now)) {
        const auto cut_off = cut_off_at(p, now);
        facts_.object_by_the_clock(
            guarantee::minority, now,
            facts_.name_of(r) + " has a lease until " + text_of_instant(*ends) +
                ", but a quorum can have given none" +
                (cut_off ? " beyond " + text_of_instant(*cut_off) : "") + " (LEASE-2)");
    }
    check_against_the_others(r, now);
}

void lease_judge::check_hold(run r, const judged_facts::guarded& g, judged_facts::hold& h,
                             bool has_ended, instant now) {
    const bool is_running = facts_.is_valid(h, now);
    h.has_lapsed = h.has_lapsed || (has_ended && h.was_valid);
    h.was_valid = h.was_valid || is_running;
    if (h.is_new && !is_running) {
        facts_.object_by_the_clock(guarantee::mutex, now,
                                   facts_.name_of(r) + " was told that it holds \"" + g.name +
                                       "\" " + text_of_token(h.what) +
                                       " while its lease was not running (HOLD-7)");
    }
    h.is_new = false;
    check_ends(r, g, h, now);
    if (h.has_lapsed && is_running) {
        facts_.object_by_the_clock(guarantee::mutex, now,
                                   "the hold of \"" + g.name + "\" " + text_of_token(h.what) +
                                       " at " + facts_.name_of(r) +
                                       " had run out and counts again (LEASE-5)");
    }
}

void lease_judge::check_grant(run owner, lock l, token t, view_number in, instant now) {
    const auto cut_off = cut_off_at(facts_.runs[owner], now);
    if (!cut_off || *cut_off < now) {
        facts_.object_by_the_clock(guarantee::minority, now,
                                   facts_.text_of_grant(owner, l, t, in) +
                                       ", but no quorum can have let it act" +
                                       (cut_off ? " after " + text_of_instant(*cut_off) : ""));
    }
}

std::optional<instant> lease_judge::last_heard(const judged_facts::participant& p, std::size_t seat,
                                               instant now) {
    return p.seat == seat ? now : p.heard[seat];
}

std::optional<instant> lease_judge::cut_off_at(const judged_facts::participant& p,
                                               instant now) const {
    // The lease counts from when requests were sent, so from before their answers were heard: A
    // after the last moment at which it had heard from a quorum, it has ended on every clock within
    // the bound.
    std::vector<instant> heard;
    for (std::size_t seat = 0; seat < p.heard.size(); ++seat) {
        if (const auto at = last_heard(p, seat, now)) {
            heard.push_back(*at);
        }
    }
    const auto quorum = p.heard.size() / 2 + 1;
    if (heard.size() < quorum) {
        return std::nullopt;
    }
    std::sort(heard.begin(), heard.end(), std::greater<>{});
    return heard[quorum - 1] + facts_.rules.lease;
}

bool lease_judge::may_act_until(const judged_facts::participant& p, instant ends,
                                instant now) const {
    std::size_t since = 0;
    for (std::size_t seat = 0; seat < p.heard.size(); ++seat) {
        since += last_heard(p, seat, now) >= ends - facts_.rules.lease ? 1 : 0;
    }
    return since >= p.heard.size() / 2 + 1;
}

void lease_judge::check_against_the_others(run r, instant now) {
    for (const auto l : facts_.runs[r].holding) {
        const auto& g = facts_.locks[l];
        for (const auto& mine : g.holds) {
            if (mine.by != r) {
                continue;
            }
            std::size_t permits = 0;
            for (const auto& other : g.holds) {
                permits += other.mode == mine.mode && facts_.is_valid(other, now) ? 1 : 0;
                const bool is_too_many = mine.mode.how == kind::permit && permits > mine.mode.limit;
                if (&other != &mine && facts_.is_valid(other, now) &&
                    (exclude_each_other(mine.mode, other.mode) || is_too_many)) {
                    object_to_both(g, mine, other, now);
                }
            }
        }
    }
}

void lease_judge::object_to_both(const judged_facts::guarded& g, const judged_facts::hold& mine,
                                 const judged_facts::hold& other, instant now) {
    const auto until =
        std::min(*facts_.runs[mine.by].lease_ends, *facts_.runs[other.by].lease_ends);
    facts_.object_by_the_clock(guarantee::mutex, now,
                               "\"" + g.name + "\" is held by " + facts_.name_of(mine.by) + " (" +
                                   text_of_token(mine.what) + ") and by " +
                                   facts_.name_of(other.by) + " (" + text_of_token(other.what) +
                                   "), until " + text_of_instant(until));
}

void lease_judge::check_ends(run r, const judged_facts::guarded& g, const judged_facts::hold& h,
                             instant now) {
    const auto ends_before = [&](instant since, instant longest) {
        return longest > instant{} && !facts_.runs[r].is_paused &&
               now > std::max(since, facts_.runs[r].resumed) + longest + longest / 100 +
                         facts_.rules.slack;
    };
    if (ends_before(h.since, h.asked.longest) || ends_before(h.got_on, h.asked.longest_stuck)) {
        facts_.object_by_the_clock(guarantee::ends, now,
                                   facts_.name_of(r) + " still has \"" + g.name + "\" " +
                                       text_of_token(h.what) + " of " + text_of_instant(h.since) +
                                       ", which was to end by itself (max_hold, progress_every)");
    }
}

}  // namespace holdfast::sim
