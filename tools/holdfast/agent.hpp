// `holdfast agent`: a full peer, with a control socket if one is named.
#pragma once

#include "options.hpp"

namespace holdfast_tool {

/// Until SIGTERM or SIGINT: 0. A second one ends it at once, with 128 + n. 70 when the peer has
/// stopped for good.
int agent(const common& options);

}  // namespace holdfast_tool
