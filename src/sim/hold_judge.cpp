#include "sim/hold_judge.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim {
namespace {

using kind = lock_mode::kind;

}  // namespace

void hold_judge::crashed(run r) {
    facts_.runs[r].lease_ends.reset();
    facts_.runs[r].watched.clear();
    for (const auto l : std::exchange(facts_.runs[r].holding, {})) {
        auto& g = facts_.locks[l];
        for (const auto& h : g.holds) {
            if (h.by == r) {
                ended_without_release(g, h);
            }
        }
        std::erase_if(g.holds, [&](const judged_facts::hold& h) { return h.by == r; });
    }
}

void hold_judge::gave_up(run r, instant now) {
    for (const auto l : facts_.runs[r].holding) {
        const auto& g = facts_.locks[l];
        for (const auto& h : g.holds) {
            if (h.by == r) {
                facts_.object(guarantee::no_loss, now,
                              facts_.name_of(r) +
                                  " stopped being what it was and did not report \"" + g.name +
                                  "\" " + text_of_token(h.what) + " lost (VIEW-4)");
            }
        }
    }
    crashed(r);
}

void hold_judge::granted(run r, lock l, token t, request_number number, instant now) {
    auto& g = facts_.locks[l];
    const auto known = g.tokens.find(t);
    const auto asked = facts_.runs[r].requests[number];
    const auto mode = asked.mode;
    if (known == g.tokens.end()) {
        facts_.object(guarantee::fence, now,
                      facts_.name_of(r) + " was granted \"" + g.name + "\" " + text_of_token(t) +
                          ", which no owner gave");
    } else if (known->second.holder != facts_.runs[r].id) {
        facts_.object(guarantee::fence, now,
                      facts_.name_of(r) + " was granted \"" + g.name + "\" " + text_of_token(t) +
                          ", which was given to another");
    } else if (facts_.is_held(l, t)) {
        facts_.object(
            guarantee::fence, now,
            facts_.name_of(r) + " was granted \"" + g.name + "\" " + text_of_token(t) + " twice");
    }
    if (known != g.tokens.end()) {
        known->second.mode = mode;
    }
    const auto& ends = facts_.runs[r].lease_ends;
    if (const auto gone = g.gone_from.find(t); gone != g.gone_from.end()) {
        facts_.object_by_the_clock(guarantee::look, now,
                                   facts_.name_of(r) + " was granted \"" + g.name + "\" " +
                                       text_of_token(t) + ", which had been seen, and at " +
                                       text_of_instant(gone->second) + " no more (LOOK-1)");
    }
    if (asked.together != 0) {
        facts_.runs[r].together[asked.together].insert({l, t});
    }
    g.holds.push_back({r, t, mode, asked, now, now, ends && now < *ends, true, false});
    facts_.runs[r].holding.insert(l);
}

void hold_judge::told_of_predecessor(run r, lock l, token t, const predecessor& before,
                                     instant now) {
    auto& g = facts_.locks[l];
    const auto at = std::find_if(g.holds.begin(), g.holds.end(), [&](const judged_facts::hold& h) {
        return h.by == r && h.what == t;
    });
    const auto known = g.tokens.find(t);
    if (at == g.holds.end() || known == g.tokens.end() || at->mode.how != kind::exclusive) {
        return;
    }
    const auto last = std::exchange(g.last_exclusive, t);
    const auto former = g.tokens.find(last);
    // how holds ended in another cluster is not known here
    const bool is_known = former != g.tokens.end() && former->second.life == known->second.life;
    // A hold that is still in the table was not released: its holder does not know yet that it
    // ended.
    const bool is_there = std::any_of(g.holds.begin(), g.holds.end(),
                                      [&](const judged_facts::hold& h) { return h.what == last; });
    g.is_unclean = is_known && (g.is_unclean || is_there);
    const bool says_clean = before.how == end_reason::none || before.how == end_reason::released;
    const auto text = facts_.name_of(r) + " was granted \"" + g.name + "\" " + text_of_token(t) +
                      " and told that all is well, but ";
    if (says_clean && g.is_unclean) {
        facts_.object_by_the_clock(
            guarantee::fate, now,
            text + text_of_token(last) +
                ", or one before it, ended without a release, and no holder has said "
                "since that it is mended");
    } else if (before.how == end_reason::released &&
               (before.what != last || !before.has_its_value)) {
        facts_.object_by_the_clock(guarantee::fate, now,
                                   text + text_of_token(last) + " came before it, not " +
                                       text_of_token(before.what) +
                                       (before.has_its_value ? "" : ", or its value is lost"));
    }
}

void hold_judge::ended_without_release(judged_facts::guarded& g, const judged_facts::hold& h) {
    if (h.what == g.last_exclusive) {
        g.is_unclean = true;
    }
}

void hold_judge::released(run r, lock l, token t, bool says_consistent) {
    auto& g = facts_.locks[l];
    if (t == g.last_exclusive && says_consistent) {
        g.is_unclean = false;
    }
    take_away(r, l, t);
}

void hold_judge::take_away(run r, lock l, token t) {
    auto& holds = facts_.locks[l].holds;
    std::erase_if(holds, [&](const judged_facts::hold& h) { return h.by == r && h.what == t; });
    if (std::none_of(holds.begin(), holds.end(),
                     [&](const judged_facts::hold& h) { return h.by == r; })) {
        facts_.runs[r].holding.erase(l);
    }
}

void hold_judge::lost(run r, lock l, token t, errc why, instant now) {
    auto& p = facts_.runs[r];
    auto& g = facts_.locks[l];
    const auto text = facts_.name_of(r) + " lost \"" + g.name + "\" " + text_of_token(t) + " (" +
                      std::string{holdfast::to_string(why)} + ")";
    const bool was_running = p.lease_ends && now < *p.lease_ends;
    if (why == errc::internal_error) {
        facts_.object(guarantee::invariant, now, text);
    } else if (why == errc::evicted && was_running) {
        // whether it was removed is known once later views are
        evictions_.push_back({r, p.cluster, text});
    } else if (why == errc::broken && !may_be_broken(r, g, t)) {
        facts_.object(guarantee::no_loss, now,
                      text + ", and no one who may break it did (BREAK-1, BREAK-2)");
    } else if (was_running && why != errc::broken &&
               !(why == errc::shutting_down && p.is_leaving)) {
        facts_.object_by_the_clock(
            guarantee::no_loss, now,
            text + " while its lease ran until " + text_of_instant(*p.lease_ends));
    }
    for (const auto& h : g.holds) {
        if (h.by == r && h.what == t) {
            ended_without_release(g, h);
        }
    }
    take_away(r, l, t);
}

bool hold_judge::may_be_broken(run r, const judged_facts::guarded& g, token t) const {
    const auto h = std::find_if(g.holds.begin(), g.holds.end(), [&](const judged_facts::hold& one) {
        return one.by == r && one.what == t;
    });
    if (g.broken.contains(t) || h == g.holds.end()) {
        return true;
    }
    const auto& policy = h->asked.break_policy;
    const auto requested_by = g.requested_by.find(t);
    const bool by_operators =
        policy.by_operators && requested_by != g.requested_by.end() &&
        requested_by->second.size() >= std::max<std::size_t>(policy.approvals, 1);
    return by_operators || policy.waited_for.count() > 0 || h->asked.ends_itself();
}

void hold_judge::has_all(run r, std::uint64_t together, std::size_t how_many, instant now) {
    const auto& got = facts_.runs[r].together[together];
    if (got.size() != how_many) {
        facts_.object(guarantee::all, now,
                      facts_.name_of(r) + " is told that it has all of " +
                          std::to_string(how_many) + " locks, but " + std::to_string(got.size()) +
                          " were granted to it (ALL-1)");
    }
    for (const auto& [l, t] : got) {
        if (!facts_.is_held(l, t)) {
            facts_.object(guarantee::all, now,
                          facts_.name_of(r) + " is told that it has all of several locks, but \"" +
                              facts_.locks[l].name + "\" " + text_of_token(t) +
                              " it has no more (ALL-1)");
        }
    }
    facts_.runs[r].together.erase(together);
}

void hold_judge::has_none(run r, std::uint64_t together, instant now) {
    for (const auto& [l, t] : facts_.runs[r].together[together]) {
        if (facts_.is_held(l, t)) {
            facts_.object(guarantee::all, now,
                          facts_.name_of(r) +
                              " could not have all of several locks, and has kept \"" +
                              facts_.locks[l].name + "\" " + text_of_token(t) + " (ALL-1)");
        }
    }
    facts_.runs[r].together.erase(together);
}

void hold_judge::progressed(run r, lock l, token t, instant now) {
    for (auto& h : facts_.locks[l].holds) {
        if (h.by == r && h.what == t) {
            h.got_on = now;
        }
    }
}

}  // namespace holdfast::sim
