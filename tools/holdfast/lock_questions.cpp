#include "lock_questions.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/holdfast.hpp>

#include "failure.hpp"
#include "options.hpp"
#include "relay.hpp"

namespace holdfast_tool {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string text(const json& of, const char* key) { return of.at(key).get<std::string>(); }
std::string short_id(const json& of, const char* key) { return text(of, key).substr(0, 8); }
std::string text_or(const json& of, const char* key, std::string otherwise) {
    return of.contains(key) ? text(of, key) : std::move(otherwise);
}

/// "1.5 s", "3 min", "2 h": for people.
std::string in_words(double seconds) {
    char out[32];
    if (seconds < 120) {
        std::snprintf(out, sizeof out, "%.1f s", seconds);
    } else if (seconds < 7200) {
        std::snprintf(out, sizeof out, "%.0f min", seconds / 60);
    } else {
        std::snprintf(out, sizeof out, "%.0f h", seconds / 3600);
    }
    return out;
}

std::chrono::nanoseconds wait_of(const json& arguments) {
    const auto given = text_or(arguments, "wait", "10s");
    const auto wait = duration_of(given);
    if (!wait) {
        throw failure{"usage", "--wait: \"" + given + "\" is no duration; write 10s or 500ms"};
    }
    return *wait;
}

const char* name_of(holdfast::slot_state s) {
    switch (s) {
        case holdfast::slot_state::no_answer:
            return "unheard";
        case holdfast::slot_state::moving:
            return "moving";
        case holdfast::slot_state::receiving:
            return "receiving";
        case holdfast::slot_state::gathering:
            return "gathering";
        case holdfast::slot_state::unleased:
            return "unleased";
        case holdfast::slot_state::serving:
            return "serving";
    }
    return "";
}
const char* name_of(holdfast::break_stage s) {
    switch (s) {
        case holdfast::break_stage::no_answer:
            return "unheard";
        case holdfast::break_stage::sent:
            return "told";
        case holdfast::break_stage::delivered:
            return "heard";
        case holdfast::break_stage::needs_approval:
            return "needs_approval";
        case holdfast::break_stage::ended:
            return "gone";
        case holdfast::break_stage::refused:
            return "refused";
    }
    return "";
}
const char* name_of(holdfast::end_reason f) {
    switch (f) {
        case holdfast::end_reason::none:
            return "none";
        case holdfast::end_reason::released:
            return "released";
        case holdfast::end_reason::expired:
            return "expired";
        case holdfast::end_reason::died:
            return "died";
        case holdfast::end_reason::broken:
            return "broken";
        case holdfast::end_reason::unknown:
            return "moved";
    }
    return "";
}
const char* name_of(holdfast::admin_action d) {
    switch (d) {
        case holdfast::admin_action::requested_release:
            return "asked";
        case holdfast::admin_action::broke:
            return "broke";
        case holdfast::admin_action::evicted:
            return "evicted";
        case holdfast::admin_action::fenced:
            return "fenced";
    }
    return "";
}
std::string name_of(const holdfast::lock_mode& m) {
    switch (m.how) {
        case holdfast::lock_mode::kind::exclusive:
            return "exclusive";
        case holdfast::lock_mode::kind::shared:
            return "shared";
        case holdfast::lock_mode::kind::permit:
            return "1 of " + std::to_string(m.limit);
    }
    return "";
}

json to_json(const holdfast::lock_holder& h) {
    return {{"holder", to_string(h.peer)},
            {"name", h.peer_name},
            {"seems", std::string{to_string(h.liveness)}},
            {"token", h.token.value},
            {"note", h.note},
            {"mode", name_of(h.mode)}};
}
json to_json(const holdfast::break_outcome& o) {
    json out{{"stage", name_of(o.stage)}};
    if (o.stage == holdfast::break_stage::ended) {
        out["how"] = name_of(o.how);
    }
    if (o.needed > 0) {
        out["approvals"] = o.approvals;
        out["needed"] = o.needed;
    }
    return out;
}

std::string who_is(const json& holder) {
    const auto name = text(holder, "name");
    return (name.empty() ? short_id(holder, "holder")
                         : name + " (" + short_id(holder, "holder") + ")");
}

// ---- looking

void locks(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto all = must(p.locks(wait_of(arguments)));
    json out = json::array();
    for (const auto& l : all.locks) {
        json holders = json::array();
        for (const auto& h : l.holders) {
            holders.push_back(to_json(h));
        }
        out.push_back({{"lock", l.name},
                       {"owner", to_string(l.owner)},
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
        const auto token = holders.empty() ? std::string{"-"}
                                           : std::to_string(holders[0]["token"].get<long long>());
        const auto who = holders.empty()
                             ? std::string{"nobody"}
                             : who_is(holders[0]) +
                                   (more > 1 ? " and " + std::to_string(more - 1) + " more" : "");
        std::printf("%-32s %-20s %-28s %7u  %s\n", text(l, "lock").c_str(), token.c_str(),
                    who.c_str(), l["waiting"].get<unsigned>(),
                    holders.empty() ? "" : text(holders[0], "note").c_str());
    }
    if (const auto missing = all["slots_not_served"].get<unsigned>(); missing > 0) {
        std::printf("not all: the owners of %u slots did not answer for certain\n", missing);
    }
}

void why(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto seen = must(p.inspect(text(arguments, "name"), wait_of(arguments)));
    json holders = json::array();
    for (const auto& h : seen.holders) {
        auto one = to_json(h);
        one.update({{"held_for_ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(h.held_for).count()},
                    {"held_longer", h.age_is_lower_bound},
                    {"asked_back", h.is_release_requested},
                    {"being_broken", h.is_being_broken}});
        holders.push_back(one);
    }
    json queue = json::array();
    for (const auto& w : seen.queue) {
        queue.push_back({{"peer", to_string(w.peer)},
                         {"name", w.peer_name},
                         {"note", w.note},
                         {"mode", name_of(w.mode)}});
    }
    json out{{"lock", seen.name},
             {"slot", seen.slot},
             {"state", name_of(seen.state)},
             {"holders", holders},
             {"holder_count", seen.holder_count},
             {"queue", queue},
             {"waiting", seen.waiting},
             {"why", seen.explain()},
             {"owner", nullptr}};
    if (seen.owner) {
        out["owner"] = {{"id", to_string(seen.owner->id)},
                        {"name", seen.owner->name},
                        {"address", to_string(seen.owner->address)},
                        {"seems", std::string{to_string(seen.owner_liveness)}}};
    }
    to.tell(out);
}

void print_why(const json& l) {
    std::printf("%s: %s\n", text(l, "lock").c_str(), text(l, "why").c_str());
    if (!l["owner"].is_null()) {
        const auto& o = l["owner"];
        std::printf("  owner   %s (%s) at %s, %s, seems %s\n", text(o, "name").c_str(),
                    short_id(o, "id").c_str(), text(o, "address").c_str(), text(l, "state").c_str(),
                    text(o, "seems").c_str());
    }
    for (const auto& h : l["holders"]) {
        const auto seconds = h["held_for_ms"].get<double>() / 1000;
        std::printf("  holder  %s, token %lld, %s, for %s%s, seems %s%s%s%s%s\n", who_is(h).c_str(),
                    h["token"].get<long long>(), text(h, "mode").c_str(),
                    h["held_longer"].get<bool>() ? "more than " : "", in_words(seconds).c_str(),
                    text(h, "seems").c_str(), h["asked_back"].get<bool>() ? ", asked back" : "",
                    h["being_broken"].get<bool>() ? ", being broken" : "",
                    text(h, "note").empty() ? "" : ": ", text(h, "note").c_str());
    }
    int place = 0;
    for (const auto& w : l["queue"]) {
        const auto name = text(w, "name");
        std::printf("  %5d.  %s waits, %s%s%s\n", ++place,
                    name.empty() ? short_id(w, "peer").c_str() : name.c_str(),
                    text(w, "mode").c_str(), text(w, "note").empty() ? "" : ": ",
                    text(w, "note").c_str());
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
                  {"held", now.holder_count > 0},
                  {"holder_count", now.holder_count},
                  {"waiting", now.waiting}};
        if (!now.holders.empty()) {
            line.update(to_json(now.holders.front()));
            line.erase("seems");  // gossip, which changes without news
        }
        if (line != last) {  // after a change of owners a state is told again
            last = line;
            changes.put(std::move(line));
        }
    }));
    changes.pass_on(to);
}

void print_watch(const json& now) {
    if (now["held"].get<bool>()) {
        const auto count = now["holder_count"].get<unsigned>();
        std::printf("%s is held by %s%s, token %lld, %u waiting: %s\n", text(now, "lock").c_str(),
                    who_is(now).c_str(),
                    count > 1 ? (" and " + std::to_string(count - 1) + " more").c_str() : "",
                    now["token"].get<long long>(), now["waiting"].get<unsigned>(),
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
                line.update({{"token", now.token.value},
                             {"leader", to_string(now.holder)},
                             {"value", now.value.value_or("")}});
            }
            changes.put(std::move(line));
        }));
    changes.pass_on(to);
}

void print_observe(const json& now) {
    if (now["exists"].get<bool>()) {
        std::printf("%s: %s leads, token %lld: %s\n", text(now, "election").c_str(),
                    short_id(now, "leader").c_str(), now["token"].get<long long>(),
                    text(now, "value").c_str());
    } else {
        std::printf("%s: nobody leads\n", text(now, "election").c_str());
    }
}

void group(const holdfast::peer& p, const json& arguments, const listener& to) {
    json out = json::array();
    for (const auto& m : must(p.group(text(arguments, "name")).members(wait_of(arguments)))) {
        out.push_back({{"peer", to_string(m.peer)},
                       {"name", m.peer_name},
                       {"token", m.token.value},
                       {"note", m.note},
                       {"seems", std::string{to_string(m.liveness)}}});
    }
    to.tell(out);
}

void print_group(const json& all) {
    std::printf("%-10s %-24s %-20s %-8s  %s\n", "PEER", "NAME", "TOKEN", "SEEMS", "NOTE");
    for (const auto& m : all) {
        std::printf("%-10s %-24s %-20lld %-8s  %s\n", short_id(m, "peer").c_str(),
                    text(m, "name").c_str(), m["token"].get<long long>(), text(m, "seems").c_str(),
                    text(m, "note").c_str());
    }
}

// ---- ending holds of others

holdfast::break_options options_of(const json& arguments) {
    return {text_or(arguments, "who", ""), text_or(arguments, "reason", ""), wait_of(arguments)};
}

/// As given, or that of the hold that is there now.
holdfast::token token_of(const holdfast::peer& p, const std::string& name, const json& arguments) {
    if (arguments.contains("token")) {
        const auto given = text(arguments, "token");
        holdfast::token t;
        const auto [end, wrong] =
            std::from_chars(given.data(), given.data() + given.size(), t.value);
        if (wrong != std::errc{} || end != given.data() + given.size() || t.value <= 0) {
            throw failure{"usage", "--token: \"" + given + "\" is no token; `holdfast why " + name +
                                       "` shows it"};
        }
        return t;
    }
    const auto seen = must(p.inspect(name, wait_of(arguments)));
    if (seen.state != holdfast::slot_state::serving) {
        throw failure{"timed_out", seen.explain()};
    }
    if (seen.holders.empty()) {
        throw failure{"not_so", "nobody holds " + name};
    }
    if (seen.holder_count > 1) {
        throw failure{"not_so", std::to_string(seen.holder_count) + " hold " + name +
                                    "; say which with --token"};
    }
    return seen.holders.front().token;
}

void tell_outcome(const std::string& name, holdfast::token t, const holdfast::break_outcome& got,
                  const listener& to) {
    json out = to_json(got);
    out.update({{"lock", name}, {"token", t.value}});
    to.tell(out);
    switch (got.stage) {
        case holdfast::break_stage::ended:
            return;
        case holdfast::break_stage::no_answer:
            throw failure{"timed_out", "its owner did not answer"};
        case holdfast::break_stage::sent:
            throw failure{"timed_out",
                          "the holder does not answer; `holdfast evict` removes its peer"};
        case holdfast::break_stage::delivered:
            throw failure{"timed_out", "the holder's program knows, and has not released it"};
        case holdfast::break_stage::needs_approval:
            throw failure{"not_so",
                          std::to_string(got.approvals) + " of " + std::to_string(got.needed) +
                              " operators want it broken; another one runs `holdfast approve`"};
        case holdfast::break_stage::refused:
            throw failure{
                "not_so",
                "the policy of this hold does not allow it, or you are not one of the operators"};
    }
}

void request_release(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto name = text(arguments, "name");
    const auto t = token_of(p, name, arguments);
    tell_outcome(name, t, must(p.request_release(name, t, options_of(arguments))), to);
}

void break_hold(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto name = text(arguments, "name");
    const auto t = token_of(p, name, arguments);
    tell_outcome(name, t, must(p.break_hold(name, t, options_of(arguments))), to);
}

void print_outcome(const json& o) {
    const auto stage = text(o, "stage");
    std::printf("%s, token %lld: %s%s%s\n", text(o, "lock").c_str(), o["token"].get<long long>(),
                stage.c_str(), o.contains("how") ? ", " : "",
                o.contains("how") ? text(o, "how").c_str() : "");
}

/// By its name, its id, or the beginning of that.
holdfast::member member_called(const holdfast::peer& p, const std::string& who) {
    const auto v = p.view();
    std::optional<holdfast::member> found;
    for (const auto& m : v ? v->members : std::vector<holdfast::member>{}) {
        if (m.name == who || (who.size() >= 4 && to_string(m.id).starts_with(who))) {
            if (found) {
                throw failure{"not_so", "more than one member is called " + who +
                                            "; give its id (`holdfast members`)"};
            }
            found = m;
        }
    }
    if (!found) {
        throw failure{"not_so", "no member is called " + who + " (`holdfast members`)"};
    }
    return *found;
}

/// Runs it with a shell: it exits with 0 once the member can do nothing any more.
bool has_fenced(const std::string& command, const holdfast::member& m) {
    // Made before the fork: a child of a program with threads may call little.
    std::vector<std::string> words{"HOLDFAST_PEER=" + to_string(m.id), "HOLDFAST_NAME=" + m.name,
                                   "HOLDFAST_ADDRESS=" + to_string(m.address),
                                   "HOLDFAST_PID=" + std::to_string(m.process.pid)};
    std::vector<char*> surroundings;
    for (auto& one : words) {
        surroundings.push_back(one.data());
    }
    for (char** one = environ; *one != nullptr; ++one) {
        surroundings.push_back(*one);
    }
    surroundings.push_back(nullptr);
    const char* const arguments[] = {"sh", "-c", command.c_str(), nullptr};
    const auto child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        execve("/bin/sh", const_cast<char* const*>(arguments), surroundings.data());
        _exit(127);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw failure{"not_so", "the fence did not succeed, so nothing was done"};
    }
    return true;
}

void evict(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto whom = member_called(p, text(arguments, "peer"));
    auto options = options_of(arguments);
    if (arguments.contains("fence")) {
        options.fence = [command = text(arguments, "fence")](const holdfast::member& m) {
            return has_fenced(command, m);
        };
    }
    if (const auto done = p.evict(whom.id, std::move(options)); !done) {
        throw failure{done.error()};
    }
    to.tell({{"evicted", to_string(whom.id)}, {"name", whom.name}});
}

void print_evict(const json& e) {
    std::printf(
        "%s (%s) is no member any more; its locks are granted again when its lease is over\n",
        text(e, "name").c_str(), short_id(e, "evicted").c_str());
}

/// What is at risk, and the deed itself once the name of the cluster confirms it.
void force_new_cluster(const holdfast::peer& p, const json& arguments, const listener& to) {
    std::vector<std::string> seats;
    std::istringstream list{text(arguments, "seats")};
    for (std::string one; std::getline(list, one, ',');) {
        seats.push_back(one);
    }
    json unreached = json::array();
    for (const auto& m : p.members()) {
        if (m.is_voter && m.id != p.id()) {
            unreached.push_back({{"id", to_string(m.id)},
                                 {"name", m.name},
                                 {"address", to_string(m.address)},
                                 {"seems", std::string{to_string(m.liveness)}}});
        }
    }
    const bool is_confirmed = text_or(arguments, "confirm", "") == "they-are-stopped";
    if (is_confirmed) {
        if (const auto done = p.force_new_cluster(seats); !done) {
            throw failure{done.error()};
        }
    }
    to.tell({{"seats", seats}, {"former_voters", unreached}, {"done", is_confirmed}});
    if (!is_confirmed) {
        throw failure{"not_so",
                      "nothing was done. If one of these voters runs on, its cluster may grant "
                      "locks that the new one grants, too. Make sure that they "
                      "are stopped, then say so: --confirm they-are-stopped"};
    }
}

void print_force_view(const json& f) {
    for (const auto& v : f["former_voters"]) {
        std::printf("voter %s (%s) at %s seems %s\n", text(v, "name").c_str(),
                    short_id(v, "id").c_str(), text(v, "address").c_str(),
                    text(v, "seems").c_str());
    }
    if (f["done"].get<bool>()) {
        std::printf(
            "this peer takes part in founding a cluster of the seats named; do the same at the "
            "others, and change their configuration\n");
    }
}

void audit_log(const holdfast::peer& p, const json& arguments, const listener& to) {
    json out = json::array();
    for (const auto& r : must(p.audit_log(wait_of(arguments)))) {
        out.push_back({{"at_ms", r.at_ms},
                       {"what", name_of(r.what)},
                       {"lock", r.name},
                       {"token", r.token.value},
                       {"whom", to_string(r.whom)},
                       {"whom_name", r.whom_name},
                       {"who", r.who},
                       {"why", r.why},
                       {"by", to_string(r.by)},
                       {"outcome", to_json(r.outcome)},
                       {"took_ms", r.took.count()}});
    }
    to.tell(out);
}

void print_history(const json& all) {
    for (const auto& r : all) {
        const std::time_t seconds = r["at_ms"].get<std::int64_t>() / 1000;
        std::tm utc{};
        gmtime_r(&seconds, &utc);
        char when[32];
        std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
        const auto& o = r["outcome"];
        const auto lock = text(r, "lock").empty() ? std::string{}
                                                  : " for " + text(r, "lock") + ", token " +
                                                        std::to_string(r["token"].get<long long>());
        std::printf("%s  %s %s %s%s: %s [%s%s%s, %lld ms]\n", when, text(r, "who").c_str(),
                    text(r, "what").c_str(),
                    text(r, "whom_name").empty() ? short_id(r, "whom").c_str()
                                                 : text(r, "whom_name").c_str(),
                    lock.c_str(), text(r, "why").c_str(), text(o, "stage").c_str(),
                    o.contains("how") ? ", " : "", o.contains("how") ? text(o, "how").c_str() : "",
                    r["took_ms"].get<long long>());
    }
}

const parameter lock_name{"name", "NAME", "the lock"};
const parameter wait{"wait", "--wait", "how long to wait, e.g. 10s or 500ms (default: 10s)", false};
const parameter who{"who", "--who",
                    "the operator, as the records are to have it (default: this peer's name)",
                    false};
const parameter reason{"reason", "--reason", "why, for the holder and the records"};
const parameter token{"token", "--token", "of the hold (default: of the only one there is)", false};

}  // namespace

std::vector<question> questions_about_locks() {
    const parameter maybe_reason{"reason", "--reason", "why, for the holder and the records",
                                 false};
    return {
        {"locks", "every lock that is held or waited for", {wait}, locks, print_locks},
        {"why",
         "how a lock stands: owner, holders, queue, and what it waits for",
         {lock_name, wait},
         why,
         print_why},
        {"watch",
         "who holds a lock and how many wait, now and after each change, until interrupted",
         {lock_name},
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
        {"ask",
         "ask a holder's program to release its lock",
         {lock_name, token, maybe_reason, who, wait},
         request_release,
         print_outcome},
        {"break",
         "have a holder's library give its lock up, whatever its program does",
         {lock_name, reason, token, who, wait},
         break_hold,
         print_outcome},
        {"approve",
         "agree to the breaking of a hold whose policy wants several operators",
         {lock_name, reason, token, who, wait},
         break_hold,
         print_outcome},
        {"evict",
         "remove a member that does not answer; its lease is waited out",
         {{"peer", "PEER", "its name or id"},
          reason,
          who,
          wait,
          {"fence", "--fence",
           "a command that makes sure it can do nothing any more, and exits with 0 then; its lease "
           "is not waited out",
           false}},
         evict,
         print_evict},
        {"force-new-cluster",
         "found a new cluster of other seats, at each peer that is to go on, when a majority of "
         "the former ones is gone for good",
         {{"seats", "--seats", "the seats of the new cluster: A,B,C"},
          {"confirm", "--confirm",
           "they-are-stopped: your word that the former majority is stopped", false}},
         force_new_cluster,
         print_force_view},
        {"history",
         "what operators and policies did to holds and members",
         {wait},
         audit_log,
         print_history},
    };
}

}  // namespace holdfast_tool
