// The one friend of the machines of the core: src/explore/state_access.cpp, which names every
// member of theirs.
#pragma once

namespace holdfast::explore {

struct state_access;

}  // namespace holdfast::explore
