// What operators do to holds and members of others, and the log of it.
#pragma once

#include <vector>

#include "questions.hpp"

namespace holdfast_tool {

[[nodiscard]] std::vector<question> operator_questions();

}  // namespace holdfast_tool
