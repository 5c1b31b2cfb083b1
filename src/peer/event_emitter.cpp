#include "peer/event_emitter.hpp"

#include <array>
#include <cstdio>
#include <utility>
#include <variant>

namespace holdfast::runtime {

event_emitter::event_emitter(dispatcher& callbacks,
                             const std::function<void(const event&)>& on_event)
    : callbacks_{callbacks},
      on_event_{on_event ? std::make_shared<const std::function<void(const event&)>>(on_event)
                         : nullptr} {}

void event_emitter::emit(event what) noexcept {
    if (!on_event_) {
        return;
    }
    const bool is_last = std::holds_alternative<events::stopped>(what);
    auto callback = [to = on_event_, what = std::move(what)] { (*to)(what); };
    if (is_last) {
        callbacks_.post(std::move(callback));
    } else {
        callbacks_.post_event(std::move(callback));
    }
}

void event_emitter::report_problem(error what) {
    last_problem_ = what;
    emit(events::problem{std::move(what)});
}

void event_emitter::note_clocks(const base::clock_reading& now, double clock_drift) {
    const auto part = slew_.note(now, clock_drift / 2);
    if (!part) {
        return;
    }
    std::array<char, 32> percent{};
    std::snprintf(percent.data(), percent.size(), "%+.2f %%", *part * 100);
    emit(events::problem{{errc::clock_slewed, std::string{explain(errc::clock_slewed)} +
                                                  " (over the last minute: " + percent.data() +
                                                  ")"}});
}

}  // namespace holdfast::runtime
