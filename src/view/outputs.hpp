// What the agreement tells the driver; node passes it on as it is.
#pragma once

#include <string>

#include <holdfast/error.hpp>
#include <holdfast/view.hpp>

namespace holdfast::views {

/// FOUND-5: write this to state_dir, durably, before performing any later output.
struct persist {
    holdfast::epoch epoch;
};
/// What a person should know: seeds_differ, wrong cluster, ring function lacking. The peer goes on
/// trying.
struct problem {
    errc why{};
    std::string text;
};

}  // namespace holdfast::views
