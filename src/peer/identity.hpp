// Which process this is, and whether another one of the same machine is gone (CERT-1).
#pragma once

#include <holdfast/view.hpp>

#include "os/unique_fd.hpp"

namespace holdfast::runtime {

/// Machine 0 where the system does not tell, or where /proc is that of another process namespace:
/// the process ids in it are others then (CERT-3).
[[nodiscard]] process_identity own_identity();

struct looked_for {
    /// For certain: no process has that id, or another one does, or all its threads have ended. A
    /// process that may not be looked at is not gone.
    bool is_gone = false;
    /// Readable when it ends. None: it is gone, or the system has no such descriptor for us.
    os::unique_fd handle;
};
/// Only of a process of this machine. In the order of CERT-3: the descriptor first, then what it
/// is of.
[[nodiscard]] looked_for look_for(const process_identity& process);

}  // namespace holdfast::runtime
