// What the detector tells the application; node passes it on as it is.
#pragma once

#include <string>

#include <holdfast/ids.hpp>

#include "swim/messages.hpp"

namespace holdfast::swim {

/// This detector now believes this of `peer`. Told at every change, and when an address changes.
struct liveness_changed {
    peer_id peer;
    condition state = condition::alive;
    std::string name;
    endpoint address;
};

}  // namespace holdfast::swim
