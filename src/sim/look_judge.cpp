#include "sim/look_judge.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

void look_judge::looks(run r, lock l, std::uint64_t question, instant now) {
    std::set<token> held;
    for (const auto& h : facts_.locks[l].holds) {
        if (!h.is_new && facts_.is_valid(h, now)) {
            held.insert(h.what);
        }
    }
    facts_.runs[r].looks[question] = {l, std::move(held), now};
}

void look_judge::has_seen(run r, std::uint64_t question, const std::set<token>& held, instant now) {
    const auto at = facts_.runs[r].looks.find(question);
    if (at == facts_.runs[r].looks.end()) {
        facts_.object(guarantee::look, now,
                      facts_.name_of(r) + " is answered a question that it did not ask");
        return;
    }
    const auto [l, before, since] = std::move(at->second);
    facts_.runs[r].looks.erase(at);
    auto& g = facts_.locks[l];
    for (const auto& t : before) {
        // Still valid, so it was so all the while.
        const bool is_there = std::any_of(
            g.holds.begin(), g.holds.end(),
            [&](const judged_facts::hold& h) { return h.what == t && facts_.is_valid(h, now); });
        if (is_there && !held.contains(t)) {
            facts_.object_by_the_clock(guarantee::look, now,
                                       facts_.name_of(r) + " looked at \"" + g.name +
                                           "\" and saw " + text_of_tokens(held) + ", but " +
                                           text_of_token(t) +
                                           " was held from before to after (LOOK-1)");
        }
    }
    for (const auto& t : held) {
        if (!g.tokens.contains(t) && !g.former_tokens.contains(t)) {
            facts_.object(guarantee::look, now,
                          facts_.name_of(r) + " looked at \"" + g.name + "\" and saw " +
                              text_of_token(t) + ", which no owner gave");
        }
        if (const auto gone = g.gone_from.find(t);
            gone != g.gone_from.end() && gone->second < since) {
            facts_.object_by_the_clock(guarantee::look, now,
                                       facts_.name_of(r) + " looked at \"" + g.name +
                                           "\" and saw " + text_of_token(t) +
                                           ", which had been seen, and at " +
                                           text_of_instant(gone->second) + " no more (LOOK-1)");
        }
        g.seen_from.try_emplace(t, now);
    }
    for (const auto& [t, first] : g.seen_from) {
        if (first < since && !held.contains(t)) {
            g.gone_from.try_emplace(t, now);
        }
    }
}

void look_judge::told(run r, lock l, judged_facts::lock_summary summary) {
    if (const auto at = facts_.runs[r].watched.find(l); at != facts_.runs[r].watched.end()) {
        at->second = std::move(summary);
    }
}

void look_judge::check_watchers(instant now) {
    for (run r = 1; r < facts_.runs.size(); ++r) {
        for (const auto& [l, known] : facts_.runs[r].watched) {
            const auto& g = facts_.locks[l];
            std::set<token> truth;
            for (const auto& h : g.holds) {
                truth.insert(h.what);
            }
            if (!known || known->held != truth || known->waiting != 0) {
                facts_.object(guarantee::watch, now,
                              facts_.name_of(r) + " watches \"" + g.name + "\" and was last told " +
                                  (known ? text_of_tokens(known->held) + ", " +
                                               std::to_string(known->waiting) + " waiting"
                                         : "nothing") +
                                  ", but it is " + text_of_tokens(truth) +
                                  ", none waiting (WATCH-1)");
            }
        }
    }
}

}  // namespace holdfast::sim
