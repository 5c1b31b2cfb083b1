// Questions about locks, elections and groups. They change nothing.
#pragma once

#include <vector>

#include "questions.hpp"

namespace holdfast_tool {

[[nodiscard]] std::vector<question> lock_questions();

}  // namespace holdfast_tool
