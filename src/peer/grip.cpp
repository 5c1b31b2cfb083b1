#include "peer/grip.hpp"

#include "peer/clock.hpp"
#include "peer/driver.hpp"

namespace holdfast::runtime {

base::duration grip::remaining() const {
    if (driver_->is_forked()) {
        return {};
    }
    // The end of the lease before the clock, and both before our own end: a lease that ran out
    // unnoticed and came back has ended this hold before the new end could be seen
    // (driver::publish).
    auto until = driver_->lease_end();
    auto left = until - boot_now();
    if (left <= base::duration::zero() && end_.load(std::memory_order_acquire) == held) {
        // Perhaps the renewal has arrived and was not read yet. To answer "no" now and "yes" later
        // would break the promise that lost is lost, so the node decides.
        driver_->look_at_lease();
        until = driver_->lease_end();
        left = until - boot_now();
    }
    return end_.load(std::memory_order_acquire) == held && left > base::duration::zero()
               ? left
               : base::duration::zero();
}

std::optional<errc> grip::why_lost() const {
    if (driver_->is_forked()) {
        return errc::shutting_down;
    }
    if (remaining() > base::duration::zero()) {
        return std::nullopt;
    }
    const auto how = end_.load(std::memory_order_acquire);
    return how == held || how == released ? std::nullopt : std::optional{static_cast<errc>(how)};
}

namespace {

std::stop_token stopped_token() {
    std::stop_source stopped;
    stopped.request_stop();
    return stopped.get_token();
}

}  // namespace

std::stop_token grip::at_risk_token() {
    if (driver_->is_forked()) {
        return stopped_token();
    }
    const auto how = end_.load(std::memory_order_acquire);
    return how == held || how == released ? driver_->at_risk() : stopped_token();
}

std::stop_token grip::lost_token() {
    if (driver_->is_forked()) {
        return stopped_token();
    }
    const std::lock_guard guard{listeners_mutex_};
    if (!lost_) {
        lost_.emplace();
        const auto how = end_.load(std::memory_order_acquire);
        if (how != held && how != released) {
            lost_->request_stop();  // nobody can listen yet: no callback runs here
        }
    }
    return lost_->get_token();
}

std::stop_token grip::asked_back_token() {
    if (driver_->is_forked()) {
        return stopped_token();
    }
    const std::lock_guard guard{listeners_mutex_};
    if (!asked_back_) {
        asked_back_.emplace();
        if (is_asked_back_) {
            asked_back_->request_stop();  // nobody can listen yet
        }
    }
    return asked_back_->get_token();
}

void grip::tell_asked_back(const asked_back& by) {
    std::optional<std::stop_source> asked;
    std::function<void(const asked_back&)> on_asked_back;
    {
        const std::lock_guard guard{listeners_mutex_};
        is_asked_back_ = true;
        asked = asked_back_;
        on_asked_back = on_asked_back_;
    }
    if (asked) {
        asked->request_stop();
    }
    if (on_asked_back) {
        on_asked_back(by);
    }
}

bool grip::has_listeners() {
    const std::lock_guard guard{listeners_mutex_};
    return lost_ || on_lost_ || on_asked_back_;
}

void grip::forget_listeners() {
    std::function<void(errc)> on_lost;
    std::function<void(const asked_back&)> on_asked_back;
    const std::lock_guard guard{listeners_mutex_};
    on_lost.swap(on_lost_);
    on_asked_back.swap(on_asked_back_);
}

void grip::tell_lost() {
    std::optional<std::stop_source> lost;
    std::function<void(errc)> on_lost;
    std::function<void(const asked_back&)> no_longer;
    {
        const std::lock_guard guard{listeners_mutex_};
        lost = lost_;
        on_lost = std::exchange(on_lost_, nullptr);
        no_longer = std::exchange(on_asked_back_, nullptr);
    }
    if (lost) {
        lost->request_stop();
    }
    if (on_lost) {
        on_lost(static_cast<errc>(end_.load(std::memory_order_acquire)));
    }
}

void grip::mark_consistent() {
    const std::lock_guard guard{last_words_mutex_};
    last_words_.says_consistent = true;
}

void grip::leave_value(std::string value) {
    const std::lock_guard guard{last_words_mutex_};
    last_words_.value = std::move(value);
}

lock::parting grip::last_words() {
    const std::lock_guard guard{last_words_mutex_};
    return std::move(last_words_);
}

}  // namespace holdfast::runtime
