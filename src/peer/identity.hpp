// Which process this is, and whether another one of the same machine is gone (CERT-1).
#pragma once

#include <holdfast/view.hpp>

namespace holdfast::runtime {

/// Machine 0 where the system does not tell.
[[nodiscard]] process_identity own_identity();

/// For certain: no process has that id, or another one does. A process that may not be looked at,
/// and one that has ended and is not reaped (its threads may still run), is not gone. Only of a
/// process of this machine.
[[nodiscard]] bool is_gone(const process_identity& of);

}  // namespace holdfast::runtime
