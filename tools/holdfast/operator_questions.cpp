#include "operator_questions.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "failure.hpp"
#include "shapes.hpp"
#include "started_with.hpp"

namespace holdfast_tool {
namespace {

using nlohmann::json;

// ---- ending holds of others

holdfast::break_options options_of(const json& arguments) {
    return {text_or(arguments, "operator", ""), text_or(arguments, "reason", ""),
            wait_of(arguments)};
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
        throw failure{"not_so", name + " is not held"};
    }
    if (seen.holder_count > 1) {
        throw failure{"not_so", name + " has " + std::to_string(seen.holder_count) +
                                    " holders; say which with --token"};
    }
    return seen.holders.front().token;
}

void tell_outcome(const std::string& name, holdfast::token t, const holdfast::break_outcome& got,
                  const listener& to) {
    json out = outcome_json(got);
    out.update({{"lock", name}, {"token", token_json(t)}});
    to.tell(out);
    switch (got.stage) {
        case holdfast::break_stage::ended:
            return;
        case holdfast::break_stage::no_answer:
            throw failure{"timed_out", "the owner of the lock did not answer"};
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
                "the policy of this hold forbids it, or this operator is not one of the list"};
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

void print_outcome(const json& o, page& on) {
    on.line("%s, token %s: %s%s%s", shown(o, "lock").c_str(), shown(o, "token").c_str(),
            shown(o, "stage").c_str(), o.contains("end_reason") ? ", " : "",
            shown_or(o, "end_reason", "").c_str());
}

/// The member with this name, this id, or an id that begins so.
holdfast::member member_called(const holdfast::peer& p, const std::string& who) {
    const auto v = p.view();
    std::optional<holdfast::member> found;
    for (const auto& m : v ? v->members : std::vector<holdfast::member>{}) {
        if (m.name == who || (who.size() >= 4 && to_string(m.id).starts_with(who))) {
            if (found) {
                throw failure{"not_so", "more than one member is called " + who +
                                            "; give the id (`holdfast members`)"};
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
    // A process id that is not known is left empty: `kill 0` would end this process and its group.
    const auto pid = m.process.pid == 0 ? "" : std::to_string(m.process.pid);
    std::vector<std::string> words{"HOLDFAST_PEER=" + to_string(m.id), "HOLDFAST_NAME=" + m.name,
                                   "HOLDFAST_ADDRESS=" + to_string(m.address),
                                   "HOLDFAST_PID=" + pid};
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
        at_start().give_back();
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
    to.tell({{"evicted", peer_json(whom)}});
}

void print_evict(const json& e, page& on) {
    on.line("%s is no member any more; its locks are granted again when its lease has ended",
            called(e["evicted"]).c_str());
}

/// Says what is at risk. Acts only when the operator has confirmed that the voters are stopped.
void force_new_cluster(const holdfast::peer& p, const json& arguments, const listener& to) {
    std::vector<std::string> seats;
    std::istringstream list{text(arguments, "seats")};
    for (std::string one; std::getline(list, one, ',');) {
        seats.push_back(one);
    }
    json voters = json::array();
    for (const auto& m : p.members()) {
        if (m.is_voter && m.id != p.id()) {
            voters.push_back(peer_json(m));
        }
    }
    const bool is_confirmed = text_or(arguments, "confirm", "") == "they-are-stopped";
    if (is_confirmed) {
        if (const auto done = p.force_new_cluster(seats); !done) {
            throw failure{done.error()};
        }
    }
    to.tell({{"seats", seats}, {"former_voters", voters}, {"is_done", is_confirmed}});
    if (!is_confirmed) {
        throw failure{"not_so",
                      "nothing was done. If one of these voters runs on, its cluster may grant "
                      "locks that the new one grants, too. Make sure that they "
                      "are stopped, then say so: --confirm they-are-stopped"};
    }
}

void print_force_new_cluster(const json& f, page& on) {
    for (const auto& v : f["former_voters"]) {
        on.line("voter %s at %s: %s", called(v).c_str(), shown(v, "address").c_str(),
                shown(v, "liveness").c_str());
    }
    if (f["is_done"].get<bool>()) {
        on.line(
            "this peer takes part in founding a cluster of the seats named; do the same at the "
            "others, and change their configuration");
    }
}

void audit_log(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto all = must(p.audit_log(wait_of(arguments)));
    json out{{"records", json::array()}, {"whole_since_ms", all.whole_since_ms}};
    for (const auto& r : all.records) {
        out["records"].push_back({{"at_ms", r.at_ms},
                                  {"action", std::string{to_string(r.what)}},
                                  {"lock", r.name},
                                  {"token", token_json(r.token)},
                                  {"whom", peer_json(r.whom, r.whom_name)},
                                  {"operator", r.who},
                                  {"reason", r.why},
                                  {"by", peer_json(r.by)},
                                  {"outcome", outcome_json(r.outcome)},
                                  {"took_ms", r.took.count()}});
    }
    to.tell(out);
}

std::string utc(const json& ms) {
    const std::time_t seconds = ms.get<std::int64_t>() / 1000;
    std::tm time{};
    gmtime_r(&seconds, &time);
    char when[32];
    std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &time);
    return when;
}

void print_audit_log(const json& all, page& on) {
    on.line("whole since %s", utc(all["whole_since_ms"]).c_str());
    for (const auto& r : all["records"]) {
        const auto& o = r["outcome"];
        const auto lock = shown(r, "lock").empty()
                              ? std::string{}
                              : " for " + shown(r, "lock") + ", token " + shown(r, "token");
        on.line("%s  %s %s %s%s: %s [%s%s%s, %lld ms]", utc(r["at_ms"]).c_str(),
                shown(r, "operator").c_str(), shown(r, "action").c_str(), called(r["whom"]).c_str(),
                lock.c_str(), shown(r, "reason").c_str(), shown(o, "stage").c_str(),
                o.contains("end_reason") ? ", " : "", shown_or(o, "end_reason", "").c_str(),
                r["took_ms"].get<long long>());
    }
}

const parameter lock_name{"name", "NAME", "the lock"};
const parameter operator_name{"operator", "--operator",
                              "the operator, for the audit log (default: this peer's name)", false};
const parameter reason{"reason", "--reason", "why, for the holder and the audit log"};
const parameter maybe_reason{"reason", "--reason", "why, for the holder and the audit log", false};
const parameter token{"token", "--token", "of the hold (default: of the only one there is)", false};

}  // namespace

std::vector<question> operator_questions() {
    return {
        {"request-release",
         "ask a holder's program to release its lock",
         {lock_name, token, maybe_reason, operator_name, wait_parameter},
         request_release,
         print_outcome},
        {"break",
         "have a holder's library give its lock up, whatever its program does",
         {lock_name, reason, token, operator_name, wait_parameter},
         break_hold,
         print_outcome},
        {"approve",
         "agree to the breaking of a hold whose policy wants several operators",
         {lock_name, reason, token, operator_name, wait_parameter},
         break_hold,
         print_outcome},
        {"evict",
         "remove a member that does not answer; its lease is waited out",
         {{"peer", "PEER", "its name or id"},
          reason,
          operator_name,
          wait_parameter,
          {"fence", "--fence",
           "a command that makes sure it can do nothing any more, and exits with 0 then; its lease "
           "is not waited out",
           false}},
         evict,
         print_evict},
        {"force-new-cluster",
         "found a new cluster of other seats, at each peer that is to go on, when a majority of "
         "the former ones is lost for good",
         {{"seats", "--seats", "the seats of the new cluster: A,B,C"},
          {"confirm", "--confirm",
           "they-are-stopped: your word that the former majority is stopped", false}},
         force_new_cluster,
         print_force_new_cluster},
        {"audit-log",
         "what operators and policies did to holds and members",
         {wait_parameter},
         audit_log,
         print_audit_log},
    };
}

}  // namespace holdfast_tool
