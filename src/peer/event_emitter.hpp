// Events on their way to the application (`config::on_event`). Everything under the driver's mutex.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <holdfast/error.hpp>
#include <holdfast/events.hpp>

#include "base/slew_watch.hpp"
#include "peer/dispatcher.hpp"

namespace holdfast::runtime {

class event_emitter {
public:
    event_emitter(dispatcher& callbacks, const std::function<void(const event&)>& on_event);

    [[nodiscard]] bool has_listener() const { return on_event_ != nullptr; }
    /// An event for which there is no memory or no room is counted as missed. `events::stopped`
    /// always has room.
    void emit(event what) noexcept;

    /// Emits it, and remembers it as the likely reason why the peer is not ready.
    void report_problem(error what);
    [[nodiscard]] const std::optional<error>& last_problem() const { return last_problem_; }
    void forget_problem() { last_problem_.reset(); }
    /// NOW-2: reports each minute over which CLOCK_MONOTONIC differed from CLOCK_MONOTONIC_RAW by
    /// more than half of `clock_drift`. It is no reason why the peer is not ready.
    void note_clocks(const base::clock_reading& now, double clock_drift);

private:
    dispatcher& callbacks_;
    // Shared, so that no code of the application (a copy of it) runs under the mutex.
    const std::shared_ptr<const std::function<void(const event&)>> on_event_;
    std::optional<error> last_problem_;
    base::slew_watch slew_;
};

}  // namespace holdfast::runtime
