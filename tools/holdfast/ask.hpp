// A question from the command line: put to the agent if one is named, else to a peer of our
// own.
#pragma once

#include "options.hpp"
#include "questions.hpp"

namespace holdfast_tool {

/// Prints the answer, line by line as it comes. 0, 128 + n after signal n, or the exit code of the
/// failure.
int ask(const question& what, const nlohmann::json& arguments, const common& options, bool as_json);

}  // namespace holdfast_tool
