#include "sim/judged_facts.hpp"

#include <algorithm>

namespace holdfast::sim {

std::string_view to_string(guarantee p) {
    constexpr std::string_view names[] = {"MUTEX", "FENCE",  "ONE-VIEW",  "NO-LOSS", "MINORITY",
                                          "LIVE",  "STUCK",  "INVARIANT", "SILENCE", "WATCH",
                                          "ORDER", "FATE",   "LOOK",      "ALL",     "RECORD",
                                          "ENDS",  "REPLAY", "LEASE"};
    return names[static_cast<std::size_t>(p)];
}

judged_facts::judged_facts(rules_of_run r, std::vector<std::string> names) : rules{r}, runs(1) {
    for (auto& name : names) {
        locks.emplace_back().name = std::move(name);
    }
}

void judged_facts::object(guarantee broken, instant now, std::string text) {
    violations.push_back({broken, now, std::move(text)});
}

void judged_facts::object_by_the_clock(guarantee broken, instant now, std::string text) {
    if (rules.clocks_keep_the_bound) {
        object(broken, now, std::move(text));
    } else {
        ++excused[static_cast<std::size_t>(broken)];
    }
}

std::string judged_facts::text_of_grant(run owner, lock l, token t, view_number in) const {
    return name_of(owner) + " granted \"" + locks[l].name + "\" " + text_of_token(t) + " in view " +
           std::to_string(in.value);
}

bool judged_facts::is_held(lock l, token t) const {
    const auto& holds = locks[l].holds;
    return std::any_of(holds.begin(), holds.end(), [&](const hold& h) { return h.what == t; });
}

bool judged_facts::is_valid(const hold& h, instant now) const {
    const auto& ends = runs[h.by].lease_ends;
    return ends && now < *ends;
}

std::string text_of_token(token t) {
    return std::to_string(t.of_epoch().value) + "/" + std::to_string(t.sequence());
}

std::string text_of_tokens(const std::set<token>& tokens) {
    std::string text;
    for (const auto t : tokens) {
        text += (text.empty() ? "" : " ") + text_of_token(t);
    }
    return text.empty() ? "free" : text;
}

std::string text_of_instant(instant at) { return to_string(at) + " s"; }

}  // namespace holdfast::sim
