#include "peer/held_locks.hpp"

#include <chrono>
#include <new>

#include "base/assert.hpp"
#include "peer/clock.hpp"

namespace holdfast::runtime {

base::duration held_locks::remaining(const hold_state& h) const {
    // The end of the lease before the clock, and both before the end of the hold: a lease that ran
    // out unnoticed and came back has ended this hold before the new end could be seen
    // (driver::publish).
    const auto until = lease_end();
    const auto left = until - moment_now().for_rights();
    return h.is_held() && left > base::duration::zero() ? left : base::duration::zero();
}

void held_locks::add(std::shared_ptr<hold_state> h) {
    HOLDFAST_ASSERT(h->is_held());
    const key at{h->token(), h->name()};
    const bool is_new = holds_.emplace(at, std::move(h)).second;
    HOLDFAST_ASSERT(is_new);
}

bool held_locks::release(hold_state& h) {
    if (!h.end_as_released()) {
        return false;
    }
    const auto erased = holds_.erase({h.token(), h.name()});
    HOLDFAST_ASSERT(erased == 1);
    return true;
}

void held_locks::on_lost(node::hold_lost& what) {
    const auto at = holds_.find(key{what.token, what.name});
    if (at == holds_.end()) {
        return;
    }
    auto h = std::move(at->second);
    holds_.erase(at);
    if (what.why == errc::lease_lost) {
        // a sudden loss (the machine slept): the warning comes late, but before the loss
        signal_at_risk();
    }
    mark_lost(*h, what.why, std::move(what.broken_by), std::move(what.broken_for));
    notify_lost(std::move(h));
}

void held_locks::on_release_requested(lock::release_request& what) {
    const auto at = holds_.find(key{what.token, what.name});
    if (at == holds_.end()) {
        return;
    }
    const release_request by{what.name, what.token, std::move(what.who), std::move(what.why),
                             std::chrono::duration_cast<std::chrono::milliseconds>(what.grace)};
    events_.emit(events::release_requested{by});
    callbacks_.post([h = at->second, by] { h->notify_asked_back(by); });
}

void held_locks::lose_all(errc why) noexcept {
    for (auto& [at, h] : std::exchange(holds_, {})) {
        mark_lost(*h, why);
        notify_lost(h);
    }
}

void held_locks::mark_lost(hold_state& h, errc why, std::string by, std::string reason) noexcept {
    if (!h.end_as_lost(why)) {
        return;
    }
    try {
        events_.emit(events::hold_lost{h.name(), h.token(), why, std::move(by), std::move(reason)});
    } catch (const std::bad_alloc&) {
        callbacks_.count_missed();
    }
}

void held_locks::notify_lost(std::shared_ptr<hold_state> h) noexcept {
    if (h->has_listeners()) {
        callbacks_.post([h = std::move(h)] { h->notify_lost(); });
    }
}

void held_locks::set_lease_end(std::optional<base::right_time> end) {
    lease_end_.store(end ? end->time_since_epoch().count() : 0, std::memory_order_release);
}

void held_locks::signal_at_risk() {
    if (!std::exchange(is_at_risk_, true)) {
        callbacks_.post([source = at_risk_]() mutable { source.request_stop(); });
    }
}

void held_locks::clear_at_risk() {
    if (is_at_risk_) {
        at_risk_ = std::stop_source{};
        is_at_risk_ = false;
    }
}

}  // namespace holdfast::runtime
