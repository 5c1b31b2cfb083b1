// A tiny process that kills this one at the end of its lease, unless it hears of a renewal first
// (config::watchdog).
//
// It needs nothing of us to do so: it has a descriptor of our process and the time, and works when
// we are stopped, hung or starved.
#pragma once

#include <sys/types.h>

#include "base/time.hpp"

namespace holdfast::runtime {

class watchdog {
public:
    watchdog();   ///< forks, before threads of ours are started
    ~watchdog();  ///< it ends, and does nothing
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    [[nodiscard]] bool is_running() const { return told_ >= 0; }
    /// By the boot clock: the process is killed then. The latest call counts.
    void kill_at(base::time_point end) { tell(end.time_since_epoch().count()); }
    void let_live() { tell(0); }

private:
    void tell(base::duration::rep end);

    int told_ = -1;  // a pipe; closed: it ends
    base::duration::rep last_told_ = 0;
};

}  // namespace holdfast::runtime
