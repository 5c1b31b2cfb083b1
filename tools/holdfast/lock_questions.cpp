#include "lock_questions.hpp"

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "failure.hpp"
#include "relay.hpp"
#include "shapes.hpp"

namespace holdfast_tool {
namespace {

using nlohmann::json;

void locks(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto all = must(p.locks(wait_of(arguments)));
    json out = json::array();
    for (const auto& l : all.locks) {
        json holders = json::array();
        for (const auto& h : l.holders) {
            holders.push_back(holder_json(h));
        }
        out.push_back({{"lock", l.name},
                       {"owner", peer_json(l.owner)},
                       {"holders", holders},
                       {"holder_count", l.holder_count},
                       {"waiting", l.waiting}});
    }
    to.tell({{"locks", out}, {"slots_not_served", all.slots_not_served}});
}

void print_locks(const json& all, page& on) {
    on.line("%-32s %-20s %-28s %7s  %s", "LOCK", "TOKEN", "HELD BY", "WAITING", "NOTE");
    for (const auto& l : all["locks"]) {
        const auto more = l["holder_count"].get<unsigned>();
        const auto& holders = l["holders"];
        const auto token = holders.empty() ? std::string{"-"} : shown(holders[0], "token");
        const auto who = holders.empty()
                             ? std::string{"-"}
                             : called(holders[0]["holder"]) +
                                   (more > 1 ? " and " + std::to_string(more - 1) + " more" : "");
        on.line("%-32s %-20s %-28s %7u  %s", shown(l, "lock").c_str(), token.c_str(), who.c_str(),
                l["waiting"].get<unsigned>(),
                holders.empty() ? "" : shown(holders[0], "note").c_str());
    }
    if (const auto missing = all["slots_not_served"].get<unsigned>(); missing > 0) {
        on.line("incomplete: the owners of %u slots did not answer for certain", missing);
    }
}

void why(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto seen = must(p.inspect(text(arguments, "name"), wait_of(arguments)));
    json holders = json::array();
    for (const auto& h : seen.holders) {
        auto one = holder_json(h);
        one.update({{"held_for_ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(h.held_for).count()},
                    {"age_is_lower_bound", h.age_is_lower_bound},
                    {"is_release_requested", h.is_release_requested},
                    {"is_being_broken", h.is_being_broken}});
        holders.push_back(one);
    }
    json queue = json::array();
    for (const auto& w : seen.queue) {
        queue.push_back({{"peer", peer_json(w.peer, w.peer_name)},
                         {"note", w.note},
                         {"mode", to_string(w.mode)}});
    }
    json out{{"lock", seen.name},
             {"slot", seen.slot},
             {"state", std::string{to_string(seen.state)}},
             {"holders", holders},
             {"holder_count", seen.holder_count},
             {"queue", queue},
             {"waiting", seen.waiting},
             {"explanation", seen.explain()},
             {"other_clusters", other_clusters_json(p)},
             {"owner", nullptr}};
    if (seen.owner) {
        out["owner"] = peer_json(*seen.owner);
        out["owner"]["liveness"] = std::string{to_string(seen.owner_liveness)};
    }
    to.tell(out);
}

void print_holder(const json& h, page& on) {
    const auto note = shown(h, "note");
    on.line("  holder  %s, token %s, %s, for %s%s, %s%s%s%s%s", called(h["holder"]).c_str(),
            shown(h, "token").c_str(), shown(h, "mode").c_str(),
            h["age_is_lower_bound"].get<bool>() ? "more than " : "",
            in_words(h["held_for_ms"].get<double>() / 1000).c_str(),
            shown(h["holder"], "liveness").c_str(),
            h["is_release_requested"].get<bool>() ? ", release requested" : "",
            h["is_being_broken"].get<bool>() ? ", being broken" : "", note.empty() ? "" : ": ",
            note.c_str());
}

void print_why(const json& l, page& on) {
    on.line("%s: %s", shown(l, "lock").c_str(), shown(l, "explanation").c_str());
    if (!l["owner"].is_null()) {
        const auto& o = l["owner"];
        on.line("  owner   %s at %s, %s, %s", called(o).c_str(), shown(o, "address").c_str(),
                shown(l, "state").c_str(), shown(o, "liveness").c_str());
    }
    for (const auto& h : l["holders"]) {
        print_holder(h, on);
    }
    int place = 0;
    for (const auto& w : l["queue"]) {
        const auto note = shown(w, "note");
        on.line("  %5d.  %s waits, %s%s%s", ++place, called(w["peer"]).c_str(),
                shown(w, "mode").c_str(), note.empty() ? "" : ": ", note.c_str());
    }
    if (const auto waiting = l["waiting"].get<int>(); waiting > place) {
        on.line("          and %d more", waiting - place);
    }
    for (const auto& warning : warnings_of_others(l)) {
        on.line("%s", warning.c_str());
    }
}

void watch(const holdfast::peer& p, const json& arguments, const listener& to) {
    relay changes;
    json last;
    const auto seen = must(p.watch(text(arguments, "name"), [&](const holdfast::lock_status& now) {
        json line{{"lock", now.name},
                  {"is_held", now.holder_count > 0},
                  {"holder_count", now.holder_count},
                  {"waiting", now.waiting}};
        if (!now.holders.empty()) {
            line.update(holder_json(now.holders.front()));
            line["holder"].erase("liveness");  // gossip, which changes without news of the lock
        }
        if (line != last) {  // after a change of owners a state is told again
            last = line;
            changes.put(std::move(line));
        }
    }));
    changes.pass_on(to);
}

void print_watch(const json& now, page& on) {
    if (now["is_held"].get<bool>()) {
        const auto count = now["holder_count"].get<unsigned>();
        on.line("%s is held by %s%s, token %s, %u waiting: %s", shown(now, "lock").c_str(),
                called(now["holder"]).c_str(),
                count > 1 ? (" and " + std::to_string(count - 1) + " more").c_str() : "",
                shown(now, "token").c_str(), now["waiting"].get<unsigned>(),
                shown(now, "note").c_str());
    } else {
        on.line("%s is free, %u waiting", shown(now, "lock").c_str(),
                now["waiting"].get<unsigned>());
    }
}

void observe(const holdfast::peer& p, const json& arguments, const listener& to) {
    relay changes;
    const auto seen =
        must(p.election(text(arguments, "name")).observe([&](const holdfast::leader& now) {
            json line{{"election", now.election}, {"exists", now.exists}};
            if (now.exists) {
                line.update({{"token", token_json(now.token)},
                             {"leader", peer_json(now.holder)},
                             {"note", now.note.value_or("")}});
            }
            changes.put(std::move(line));
        }));
    changes.pass_on(to);
}

void print_observe(const json& now, page& on) {
    if (now["exists"].get<bool>()) {
        on.line("%s: %s leads, token %s: %s", shown(now, "election").c_str(),
                short_id(now["leader"]).c_str(), shown(now, "token").c_str(),
                shown(now, "note").c_str());
    } else {
        on.line("%s: there is no leader", shown(now, "election").c_str());
    }
}

void group(const holdfast::peer& p, const json& arguments, const listener& to) {
    json out = json::array();
    for (const auto& m : must(p.group(text(arguments, "name")).members(wait_of(arguments)))) {
        auto peer = peer_json(m.peer, m.peer_name);
        peer["liveness"] = std::string{to_string(m.liveness)};
        out.push_back({{"peer", peer}, {"token", token_json(m.token)}, {"note", m.note}});
    }
    to.tell(out);
}

void print_group(const json& all, page& on) {
    on.line("%-10s %-24s %-20s %-8s  %s", "PEER", "NAME", "TOKEN", "LIVENESS", "NOTE");
    for (const auto& m : all) {
        const auto& peer = m["peer"];
        on.line("%-10s %-24s %-20s %-8s  %s", short_id(peer).c_str(), shown(peer, "name").c_str(),
                shown(m, "token").c_str(), shown(peer, "liveness").c_str(),
                shown(m, "note").c_str());
    }
}

}  // namespace

std::vector<question> lock_questions() {
    return {
        {"locks", "every lock that is held or waited for", {wait_parameter}, locks, print_locks},
        {"why",
         "the state of a lock: owner, holders, queue, and what it waits for",
         {{"name", "NAME", "the lock"}, wait_parameter},
         why,
         print_why},
        {"watch",
         "who holds a lock and how many wait, now and after each change, until interrupted",
         {{"name", "NAME", "the lock"}},
         watch,
         print_watch},
        {"observe",
         "who leads an election, now and after each change, until interrupted",
         {{"name", "NAME", "the election"}},
         observe,
         print_observe},
        {"group",
         "the members of a group",
         {{"name", "NAME", "the group"}, wait_parameter},
         group,
         print_group},
    };
}

}  // namespace holdfast_tool
