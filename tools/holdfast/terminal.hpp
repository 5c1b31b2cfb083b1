// The terminal that controls this session. One group of processes has it: the others may not read
// it, and its keys (Ctrl-C, Ctrl-Z) do not reach them.
#pragma once

#include <sys/types.h>

#include "descriptor.hpp"

namespace holdfast_tool {

/// It passes from the job that `holdfast run` is part of to the command, and back. For a process
/// that blocks SIGTTOU.
class terminal {
public:
    explicit terminal(pid_t job);

    [[nodiscard]] bool is_there() const { return descriptor_ >= 0; }
    /// Whether the job is a pipeline. Its other programs may read the terminal as well (a pager),
    /// so the command gets it once it reads it, and not before.
    [[nodiscard]] bool is_shared() const { return is_shared_; }
    [[nodiscard]] bool is_handed_over() const { return is_handed_over_; }
    /// False, and nothing is done, when the job has not got it: the job runs in the background.
    bool hand_to(pid_t group);
    /// Unless another has it who is not the command: a shell that goes on.
    void take_back(pid_t from);
    /// The same from each group that the command may have given it to.
    void take_back();

private:
    const descriptor descriptor_;
    const pid_t job_;
    const bool is_shared_;
    bool is_handed_over_ = false;
};

}  // namespace holdfast_tool
