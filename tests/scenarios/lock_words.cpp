#include "lock_words.hpp"

#include <chrono>
#include <cstdint>

namespace holdfast::scenarios {

lock_mode take_mode(words& w) {
    if (w.takes("shared")) {
        return lock_mode::shared();
    }
    return w.takes("as 1 of") ? lock_mode::permit(static_cast<std::uint32_t>(w.take_number()))
                              : lock_mode::exclusive();
}

sim::acquire_how take_how(words& w) {
    sim::acquire_how how;
    how.mode = take_mode(w);
    if (w.takes("for")) {
        how.timeout = w.take_time();
    }
    how.break_policy.by_operators = !w.takes("unbreakable");
    if (w.takes("broken by")) {
        how.break_policy.approvals = static_cast<std::uint8_t>(w.take_number());
    }
    if (w.takes("broken after")) {
        how.break_policy.waited_for =
            std::chrono::duration_cast<std::chrono::milliseconds>(w.take_time());
    }
    if (w.takes("priority")) {
        how.priority = static_cast<std::int32_t>(w.take_number());
    }
    if (w.takes("lock_delay")) {
        how.delay = std::chrono::duration_cast<std::chrono::milliseconds>(w.take_time());
    }
    if (w.takes("max_hold")) {
        how.max_hold = w.take_time();
    }
    if (w.takes("progress_timeout")) {
        how.progress_timeout = w.take_time();
        how.on_stall = stall_action::break_hold;
    }
    return how;
}

}  // namespace holdfast::scenarios
