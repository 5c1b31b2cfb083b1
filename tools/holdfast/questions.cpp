#include "questions.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include <holdfast/holdfast.hpp>

#include "failure.hpp"
#include "lock_questions.hpp"
#include "operator_questions.hpp"
#include "shapes.hpp"

namespace holdfast_tool {
namespace {

using nlohmann::json;

void members(const holdfast::peer& p, const json&, const listener& to) {
    json out = json::array();
    for (const auto& m : p.members()) {
        out.push_back({{"peer", peer_json(m)},
                       {"is_member", m.is_member},
                       {"is_voter", m.is_voter},
                       {"is_leaving", m.is_leaving},
                       {"is_settled", m.is_settled},
                       {"weight", m.weight},
                       {"slots", m.slots}});
    }
    to.tell(out);
}

void print_members(const json& all, page& on) {
    on.line("%-10s %-24s %-24s %-8s %-6s %6s  %s", "ID", "NAME", "ADDRESS", "MEMBER", "VOTER",
            "SLOTS", "LIVENESS");
    for (const auto& m : all) {
        const auto& peer = m["peer"];
        on.line("%-10s %-24s %-24s %-8s %-6s %6d  %s", short_id(peer).c_str(),
                shown(peer, "name").c_str(), shown(peer, "address").c_str(),
                m["is_member"].get<bool>() ? "yes" : "no", m["is_voter"].get<bool>() ? "yes" : "no",
                m["slots"].get<int>(), shown(peer, "liveness").c_str());
    }
}

void view(const holdfast::peer& p, const json&, const listener& to) {
    const auto v = p.view();
    if (!v) {
        throw failure{"not_a_member", "there is no view here yet"};
    }
    json seats = json::array();
    for (const auto& s : v->seats) {
        seats.push_back(
            {{"address", to_string(s.address)},
             {"filled_by", s.filled_by.is_nil() ? json(nullptr) : peer_json(s.filled_by)}});
    }
    to.tell({{"cluster", to_string(v->cluster)},
             {"number", v->number.value},
             {"epoch", v->epoch.value},
             {"seats", seats},
             {"other_clusters", other_clusters_json(p)},
             {"member_count", v->members.size()},
             {"wire_version", v->wire_version()}});
}

void print_view(const json& v, page& on) {
    on.line("view %d of cluster %s, epoch %u, %d members, protocol %u", v["number"].get<int>(),
            shown(v, "cluster").substr(0, 8).c_str(), v["epoch"].get<unsigned>(),
            v["member_count"].get<int>(), v.value("wire_version", 0u));
    for (const auto& s : v["seats"]) {
        on.line("  seat %-24s %s", shown(s, "address").c_str(),
                s["filled_by"].is_null() ? "vacant" : short_id(s["filled_by"]).c_str());
    }
    for (const auto& warning : warnings_of_others(v)) {
        on.line("%s", warning.c_str());
    }
}

void owner(const holdfast::peer& p, const json& arguments, const listener& to) {
    const auto name = text(arguments, "name");
    to.tell({{"lock", name}, {"owner", peer_json(must(p.owner_of(name)))}});
}

void print_owner(const json& o, page& on) {
    on.line("%s is owned by %s at %s", shown(o, "lock").c_str(), called(o["owner"]).c_str(),
            shown(o["owner"], "address").c_str());
}

}  // namespace

const std::vector<question>& questions() {
    static const std::vector<question> all = [] {
        std::vector<question> out{
            {"members", "every peer known here, member or not", {}, members, print_members},
            {"view", "the view that the cluster has agreed on", {}, view, print_view},
            {"owner",
             "which member owns a lock's name",
             {{"name", "NAME", "the lock"}},
             owner,
             print_owner},
        };
        for (auto* more : {lock_questions, operator_questions}) {
            for (auto& one : more()) {
                out.push_back(std::move(one));
            }
        }
        return out;
    }();
    return all;
}

void answer(const holdfast::peer& p, const json& asked, const listener& to) {
    if (!asked.is_object()) {
        throw failure{"usage", "a question is one line with a JSON object"};
    }
    const auto name = asked.value("ask", json{});
    const auto found = std::find_if(questions().begin(), questions().end(),
                                    [&](const question& one) { return name == json(one.name); });
    if (found == questions().end()) {
        throw failure{"usage", "there is no question " + name.dump() + "; the agent may be older"};
    }
    const auto arguments = asked.value("arguments", json::object());
    for (const auto& one : found->parameters) {
        // false also where they are no object
        const bool is_there = arguments.contains(one.key);
        if (is_there ? !arguments[one.key].is_string() : one.is_required) {
            throw failure{"usage", std::string{found->name} + " needs a text as " + one.option};
        }
    }
    found->answer(p, arguments, to);
}

}  // namespace holdfast_tool
