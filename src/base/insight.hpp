// The one friend of the machines of the core: src/explore/insight.cpp, which names every member of
// theirs.
#pragma once

namespace holdfast::explore {

struct insight;

}  // namespace holdfast::explore
