#include "shapes.hpp"

#include <cstdio>
#include <utility>

#include <holdfast/printable.hpp>

#include "failure.hpp"

namespace holdfast_tool {

using nlohmann::json;

json peer_json(const holdfast::peer_id& id) { return {{"id", to_string(id)}}; }

json peer_json(const holdfast::peer_id& id, const std::string& name) {
    return {{"id", to_string(id)}, {"name", name}};
}

json peer_json(const holdfast::member& m) {
    return {{"id", to_string(m.id)}, {"name", m.name}, {"address", to_string(m.address)}};
}

json peer_json(const holdfast::known_peer& p) {
    return {{"id", to_string(p.id)},
            {"name", p.name},
            {"address", to_string(p.address)},
            {"liveness", std::string{to_string(p.liveness)}}};
}

std::string token_json(holdfast::token t) { return std::to_string(t.value); }

json holder_json(const holdfast::lock_holder& h) {
    auto holder = peer_json(h.peer, h.peer_name);
    holder["liveness"] = std::string{to_string(h.liveness)};
    return {{"holder", holder},
            {"token", token_json(h.token)},
            {"note", h.note},
            {"mode", to_string(h.mode)}};
}

json outcome_json(const holdfast::break_outcome& o) {
    json out{{"stage", std::string{to_string(o.stage)}}};
    if (o.stage == holdfast::break_stage::ended) {
        out["end_reason"] = std::string{to_string(o.how)};
    }
    if (o.needed > 0) {
        out["approvals"] = o.approvals;
        out["needed"] = o.needed;
    }
    return out;
}

std::string text(const json& of, const char* key) { return of.at(key).get<std::string>(); }

std::string text_or(const json& of, const char* key, std::string otherwise) {
    return of.contains(key) ? text(of, key) : std::move(otherwise);
}

std::chrono::nanoseconds wait_of(const json& arguments) {
    const auto wait = holdfast::parse_duration(text_or(arguments, "wait", "10s"));
    if (!wait) {
        throw failure{"usage", "--wait: " + wait.error().text};
    }
    return *wait;
}

std::string shown(const json& of, const char* key) { return holdfast::printable(text(of, key)); }

std::string shown_or(const json& of, const char* key, std::string otherwise) {
    return of.contains(key) ? shown(of, key) : std::move(otherwise);
}

std::string short_id(const json& peer) { return shown(peer, "id").substr(0, 8); }

std::string called(const json& peer) {
    const auto name = shown_or(peer, "name", "");
    return name.empty() ? short_id(peer) : name + " (" + short_id(peer) + ")";
}

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

json other_clusters_json(const holdfast::peer& p) {
    json out = json::array();
    for (const auto& c : p.other_clusters()) {
        json seats = json::array();
        for (const auto& s : c.seats) {
            seats.push_back(to_string(s));
        }
        out.push_back({{"cluster", to_string(c.id)}, {"number", c.number.value}, {"seats", seats}});
    }
    return out;
}

std::vector<std::string> warnings_of_others(const json& answer) {
    std::vector<std::string> out;
    for (const auto& c : answer.value("other_clusters", json::array())) {
        auto line =
            "another cluster of this name grants locks, too: " + shown(c, "cluster").substr(0, 8) +
            " in view " + std::to_string(c["number"].get<std::uint64_t>());
        for (const auto& s : c["seats"]) {
            line += ", seat " + s.get<std::string>();
        }
        out.push_back(std::move(line));
    }
    return out;
}

}  // namespace holdfast_tool
