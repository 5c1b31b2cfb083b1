// The shapes of what answers are made of. One key means one thing in every answer:
//
//     peer    {"id", "name", "address", "liveness"}, as far as they are known; under the key of its
//             role where it has one: "owner", "holder", "leader", "by", "whom"
//     lock    the name of a lock        token   of a hold, a text of digits (it has up to 63 bits)
//     mode    "exclusive", "shared", "1 of 4"        note    what the holder gave with its request
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <holdfast/holdfast.hpp>

namespace holdfast_tool {

// ---- from the library's answers

[[nodiscard]] nlohmann::json peer_json(const holdfast::peer_id& id);
[[nodiscard]] nlohmann::json peer_json(const holdfast::peer_id& id, const std::string& name);
[[nodiscard]] nlohmann::json peer_json(const holdfast::member& m);
[[nodiscard]] nlohmann::json peer_json(const holdfast::known_peer& p);
[[nodiscard]] std::string token_json(holdfast::token t);
[[nodiscard]] nlohmann::json holder_json(const holdfast::lock_holder& h);
[[nodiscard]] nlohmann::json outcome_json(const holdfast::break_outcome& o);
/// RIVAL-1.
[[nodiscard]] nlohmann::json other_clusters_json(const holdfast::peer& p);

// ---- from the arguments of a question

/// The text of an argument or answer that is there.
[[nodiscard]] std::string text(const nlohmann::json& of, const char* key);
[[nodiscard]] std::string text_or(const nlohmann::json& of, const char* key, std::string otherwise);
/// Of the argument `wait`; 10 s without one. Throws `failure`.
[[nodiscard]] std::chrono::nanoseconds wait_of(const nlohmann::json& arguments);

// ---- for people: what others chose is escaped

/// As `text` and `text_or`.
[[nodiscard]] std::string shown(const nlohmann::json& of, const char* key);
[[nodiscard]] std::string shown_or(const nlohmann::json& of, const char* key,
                                   std::string otherwise);
/// The first 8 digits of the id of a peer.
[[nodiscard]] std::string short_id(const nlohmann::json& peer);
/// Its name, and the first digits of its id in brackets.
[[nodiscard]] std::string called(const nlohmann::json& peer);
/// Of the answer's "other_clusters", a sentence for each: nothing, as a rule.
[[nodiscard]] std::vector<std::string> warnings_of_others(const nlohmann::json& answer);
/// `1.5 s`, `3 min`, `2 h`.
[[nodiscard]] std::string in_words(double seconds);

}  // namespace holdfast_tool
