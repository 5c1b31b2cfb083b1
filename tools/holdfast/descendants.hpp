// The processes that a program has started, and those that these have started, whatever group or
// session they are in.
//
// A subreaper becomes the parent of each descendant whose own parent has ended. So who ends all of
// its children, and does so again until there is none, has ended every descendant: none can get
// away by a group or session of its own, or by a second fork.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

namespace holdfast_tool {

/// From now on this process is the parent of its descendants without one.
[[nodiscard]] bool become_subreaper();

/// Calls with each child of this process that has not been waited for, as soon as it is found: one
/// that starts another and ends, again and again, would be gone by the end of the list. Needs
/// /proc, be it one with the numbers of a process namespace above.
void for_each_child(const std::function<void(pid_t)>& call);
[[nodiscard]] std::vector<pid_t> children();

}  // namespace holdfast_tool
