// What a seed draws beside the usual (`--wide`): networks that are half open, processes that die
// again and again, wall clocks that are years off, small quotas, long queues; and two kinds of runs
// that are quiet but for one thing.
//
// Apart, and from random numbers of its own: without it, seeds are the runs they were.
#pragma once

#include "sim/run_plan.hpp"

namespace holdfast::sim {

/// Of so many processes, some have seven seats, the most there are.
[[nodiscard]] bool has_seven_seats(const options& asked);
/// To a plan that is complete otherwise.
void draw_wide(run_plan& s);

}  // namespace holdfast::sim
