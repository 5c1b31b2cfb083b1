// The questions about locks, groups and elections, and the demands of operators.
#pragma once

#include <vector>

#include "questions.hpp"

namespace holdfast_tool {

[[nodiscard]] std::vector<question> questions_about_locks();

}  // namespace holdfast_tool
