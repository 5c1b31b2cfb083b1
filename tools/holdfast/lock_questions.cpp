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

void print_locks(const json& all) {
    std::printf("%-32s %-20s %-28s %7s  %s\n", "LOCK", "TOKEN", "HELD BY", "WAITING", "NOTE");
    for (const auto& l : all["locks"]) {
        const auto more = l["holder_count"].get<unsigned>();
        const auto& holders = l["holders"];
        const auto token = holders.empty() ? std::string{"-"} : text(holders[0], "token");
        const auto who = holders.empty()
                             ? std::string{"-"}
                             : called(holders[0]["holder"]) +
                                   (more > 1 ? " and " + std::to_string(more - 1) + " more" : "");
        std::printf("%-32s %-20s %-28s %7u  %s\n", text(l, "lock").c_str(), token.c_str(),
                    who.c_str(), l["waiting"].get<unsigned>(),
                    holders.empty() ? "" : text(holders[0], "note").c_str());
    }
    if (const auto missing = all["slots_not_served"].get<unsigned>(); missing > 0) {
        std::printf("incomplete: the owners of %u slots did not answer for certain\n", missing);
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
             {"owner", nullptr}};
    if (seen.owner) {
        out["owner"] = peer_json(*seen.owner);
        out["owner"]["liveness"] = std::string{to_string(seen.owner_liveness)};
    }
    to.tell(out);
}

void print_holder(const json& h) {
    const auto note = text(h, "note");
    std::printf("  holder  %s, token %s, %s, for %s%s, %s%s%s%s%s\n", called(h["holder"]).c_str(),
                text(h, "token").c_str(), text(h, "mode").c_str(),
                h["age_is_lower_bound"].get<bool>() ? "more than " : "",
                in_words(h["held_for_ms"].get<double>() / 1000).c_str(),
                text(h["holder"], "liveness").c_str(),
                h["is_release_requested"].get<bool>() ? ", release requested" : "",
                h["is_being_broken"].get<bool>() ? ", being broken" : "", note.empty() ? "" : ": ",
                note.c_str());
}

void print_why(const json& l) {
    std::printf("%s: %s\n", text(l, "lock").c_str(), text(l, "explanation").c_str());
    if (!l["owner"].is_null()) {
        const auto& o = l["owner"];
        std::printf("  owner   %s at %s, %s, %s\n", called(o).c_str(), text(o, "address").c_str(),
                    text(l, "state").c_str(), text(o, "liveness").c_str());
    }
    for (const auto& h : l["holders"]) {
        print_holder(h);
    }
    int place = 0;
    for (const auto& w : l["queue"]) {
        const auto note = text(w, "note");
        std::printf("  %5d.  %s waits, %s%s%s\n", ++place, called(w["peer"]).c_str(),
                    text(w, "mode").c_str(), note.empty() ? "" : ": ", note.c_str());
    }
    if (const auto waiting = l["waiting"].get<int>(); waiting > place) {
        std::printf("          and %d more\n", waiting - place);
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

void print_watch(const json& now) {
    if (now["is_held"].get<bool>()) {
        const auto count = now["holder_count"].get<unsigned>();
        std::printf("%s is held by %s%s, token %s, %u waiting: %s\n", text(now, "lock").c_str(),
                    called(now["holder"]).c_str(),
                    count > 1 ? (" and " + std::to_string(count - 1) + " more").c_str() : "",
                    text(now, "token").c_str(), now["waiting"].get<unsigned>(),
                    text(now, "note").c_str());
    } else {
        std::printf("%s is free, %u waiting\n", text(now, "lock").c_str(),
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

void print_observe(const json& now) {
    if (now["exists"].get<bool>()) {
        std::printf("%s: %s leads, token %s: %s\n", text(now, "election").c_str(),
                    short_id(now["leader"]).c_str(), text(now, "token").c_str(),
                    text(now, "note").c_str());
    } else {
        std::printf("%s: there is no leader\n", text(now, "election").c_str());
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

void print_group(const json& all) {
    std::printf("%-10s %-24s %-20s %-8s  %s\n", "PEER", "NAME", "TOKEN", "LIVENESS", "NOTE");
    for (const auto& m : all) {
        const auto& peer = m["peer"];
        std::printf("%-10s %-24s %-20s %-8s  %s\n", short_id(peer).c_str(),
                    text(peer, "name").c_str(), text(m, "token").c_str(),
                    text(peer, "liveness").c_str(), text(m, "note").c_str());
    }
}

const parameter wait{"wait", "--wait", "how long to wait, e.g. 10s or 500ms (default: 10s)", false};

}  // namespace

std::vector<question> lock_questions() {
    return {
        {"locks", "every lock that is held or waited for", {wait}, locks, print_locks},
        {"why",
         "the state of a lock: owner, holders, queue, and what it waits for",
         {{"name", "NAME", "the lock"}, wait},
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
         {{"name", "NAME", "the group"}, wait},
         group,
         print_group},
    };
}

}  // namespace holdfast_tool
