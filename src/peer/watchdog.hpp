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
    /// The process is killed then (NOW-2). The latest call counts.
    void kill_at(base::right_time end) { tell(end); }
    void let_live() { tell({}); }

private:
    void tell(base::right_time end);

    int told_ = -1;  // a pipe; closed: it ends
    base::right_time last_told_{};
};

}  // namespace holdfast::runtime
