// What a person is told when a member takes up too much at an owner (LOAD-3).
#pragma once

#include <holdfast/view.hpp>

#include "lock/outputs.hpp"
#include "lock/owner_output.hpp"
#include "node/outputs.hpp"

namespace holdfast::node {

/// At the owner. Null: it is in no view.
[[nodiscard]] problem problem_of(const lock::quota_reached& q, const view* v);
/// At the member.
[[nodiscard]] problem problem_of(const lock::watch_not_taken& w);

}  // namespace holdfast::node
