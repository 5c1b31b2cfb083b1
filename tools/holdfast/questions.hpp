// The questions: each a function from a peer to an answer, and a way to print it. The same for the
// peer of an agent and a peer of the command's own.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include <nlohmann/json.hpp>

#include <holdfast/peer.hpp>

#include "lines.hpp"

namespace holdfast_tool {

/// The receiver of an answer. An answer has any number of lines. One without an end of its own ends
/// soon after `stop`.
struct listener {
    /// It may wait for the other side, and throws when that is gone.
    std::function<void(const nlohmann::json& line)> tell;
    std::stop_token stop;
};

/// An argument of a question: always a text.
struct parameter {
    const char* key;     ///< in the `arguments` of the question
    const char* option;  ///< on the command line: `NAME`, or `--reason`
    const char* about;
    bool is_required = true;
};

/// Of the questions that other peers answer.
inline const parameter wait_parameter{"wait", "--wait",
                                      "how long to wait, e.g. 10s or 500ms (default: 10s)", false};

struct question {
    const char* name;
    const char* about;
    std::vector<parameter> parameters;
    /// On a thread that may wait; throws `failure`. Required arguments are there.
    void (*answer)(const holdfast::peer& p, const nlohmann::json& arguments, const listener& to);
    void (*print)(const nlohmann::json& line, page& on);  ///< for people
};

const std::vector<question>& questions();

/// Answers `{"ask": NAME, "arguments": {KEY: TEXT, ...}}`. Throws `failure`.
void answer(const holdfast::peer& p, const nlohmann::json& asked, const listener& to);

}  // namespace holdfast_tool
