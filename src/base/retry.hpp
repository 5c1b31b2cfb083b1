// What is sent until it is answered (NET-2).
#pragma once

#include <algorithm>

#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::base {

/// NET-2: the pause after a try, of which `attempt` came before. Copies pile up behind a cut, each
/// of them in three ways (NET-1), and all arrive when it ends; so the pause grows once every voter
/// was tried. It does not grow by much: who waits for an owner that gathers must be heard soon
/// after.
[[nodiscard]] constexpr duration pause_after(const settings& s, unsigned attempt) {
    return s.retry * (1 << std::min(attempt / 8, 2u));
}

/// The tries of one message.
struct retry {
    time_point next{};     ///< when the next try is due
    unsigned attempt = 0;  ///< how many there were

    [[nodiscard]] bool is_due(time_point now) const { return next <= now; }
    /// The next try comes after the pause that follows the present one.
    void plan(const settings& s, time_point now) { next = now + pause_after(s, attempt); }
    /// A try is sent: its number, from 0.
    [[nodiscard]] unsigned count() { return attempt++; }
    /// Both: a try is sent now.
    [[nodiscard]] unsigned sent(const settings& s, time_point now) {
        plan(s, now);
        return count();
    }
    /// From the beginning, as at a new receiver.
    void reset() { attempt = 0; }
};

}  // namespace holdfast::base
