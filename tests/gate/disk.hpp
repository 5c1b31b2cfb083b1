// A disk that fails, and a machine that dies, at a chosen call. This program has its own write,
// fsync and renameat, which the gate uses; while a plan is there they count, and remember what a
// power cut could take back.
#pragma once

namespace disk {

enum class trouble {
    none,
    error,      ///< the call does nothing and fails with EIO
    kill,       ///< the process ends before the call; a write has done half
    power_cut,  ///< as `kill`; besides, what was not synced is lost
};

/// At the `at`-th call from now on comes the trouble. A power cut truncates files that were not
/// synced to half, and takes back those renames since the last sync of a directory whose bits are
/// set in `lost`, the first being bit 0: a disk need not keep their order.
void plan(int at, trouble what, unsigned lost = 0);
/// Ends the plan, and the counting; how many calls there were.
int calls();
/// The power cut of the plan, now. For a forked child: does not return.
[[noreturn]] void cut_power(unsigned lost);

/// How a child ends that met its `kill` or `power_cut`.
constexpr int died = 9;

}  // namespace disk
