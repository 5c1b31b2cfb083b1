// The one timer of a peer.
//
// A timerfd, not a uv_timer: any thread may set it with one cheap system call, without waking the
// loop only to tell it a time; and it runs on CLOCK_BOOTTIME, while a uv_timer stops in suspend: a
// machine that wakes looks soon whether its rights have ended meanwhile.
//
// No timer runs on the clock by which deadlines are told (NOW-2), and CLOCK_BOOTTIME may be slewed.
// So it may go off early, and is then set again, or late, which nothing but time rests on.
#pragma once

#include <optional>

#include "base/time.hpp"
#include "os/unique_fd.hpp"

namespace holdfast::runtime {

class timer {
public:
    timer();  ///< throws std::system_error

    /// Readable when it went off.
    [[nodiscard]] int descriptor() const { return fd_.get(); }
    /// Goes off at `when`, or before: a later time than the one it is set to changes nothing, for
    /// going off early costs less than setting it again and again.
    void need(base::time_point when);
    /// It went off.
    void clear();

private:
    os::unique_fd fd_;
    std::optional<base::time_point> set_to_;
};

}  // namespace holdfast::runtime
