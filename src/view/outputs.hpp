// What the agreement tells the driver; node passes it on as it is.
#pragma once

#include <string>

#include <holdfast/error.hpp>
#include <holdfast/view.hpp>

namespace holdfast::views {

/// DISK-1: write this to state_dir, durably, and call persisted() when it is there. What must not
/// happen before waits in the node. If the write fails, try again.
struct persist {
    epoch mark;
};
/// What a person should know: seeds_differ, wrong cluster, ring function lacking. The peer goes on
/// trying.
struct problem {
    errc why{};
    std::string text;
};

}  // namespace holdfast::views
