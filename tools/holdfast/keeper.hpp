// What the guard of a command does, in its own process (guard.hpp).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace holdfast_tool {

/// Starts `command` and ends it as it is told over `socket`, until nothing of it is left. `job`:
/// the process group of `holdfast run`.
[[noreturn]] void keep(int socket, pid_t job, const std::vector<std::string>& command,
                       const std::string& lock);

}  // namespace holdfast_tool
