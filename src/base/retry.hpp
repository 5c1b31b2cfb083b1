// What is sent until it is answered (NET-2).
#pragma once

#include <holdfast/ids.hpp>

#include "base/pace.hpp"
#include "base/time.hpp"

namespace holdfast::base {

/// The tries of one message.
struct retry {
    time_point next{};     ///< when the next try is due
    unsigned attempt = 0;  ///< how many there were
    time_point planned{};  ///< when the last one was sent

    [[nodiscard]] bool is_due(time_point now) const { return next <= now; }
    /// The next try comes after the pause that follows the present one; the first is not below
    /// `least`.
    void plan(pace& p, const peer_id& to, time_point now, duration least = {}) {
        next = now + p.pause(to, attempt, least);
        planned = now;
    }
    /// The same for what its receiver may have to ignore (OWN-7).
    void plan_soon(pace& p, const peer_id& to, time_point now) {
        next = now + p.short_pause(to, attempt);
        planned = now;
    }
    /// A try is sent: its number, from 0.
    [[nodiscard]] unsigned count() { return attempt++; }
    /// Both: a try is sent now.
    [[nodiscard]] unsigned sent(pace& p, const peer_id& to, time_point now) {
        plan(p, to, now);
        return count();
    }
    /// The answer to it is here.
    void answered(pace& p, const peer_id& by, time_point now) const {
        if (attempt == 1) {
            p.measured(by, now - planned);
        }
    }
    /// From the beginning, as at a new receiver.
    void reset() { attempt = 0; }
};

}  // namespace holdfast::base
