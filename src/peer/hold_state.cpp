#include "peer/hold_state.hpp"

namespace holdfast::runtime {

std::stop_token stopped_token() {
    std::stop_source stopped;
    stopped.request_stop();
    return stopped.get_token();
}

std::optional<errc> hold_state::why_lost() const {
    const auto how = end_.load(std::memory_order_acquire);
    return how == held || how == released ? std::nullopt : std::optional{static_cast<errc>(how)};
}

std::stop_token hold_state::lost_token() {
    if (process_.is_forked()) {
        return stopped_token();
    }
    const std::lock_guard guard{listeners_mutex_};
    if (!lost_) {
        lost_.emplace();
        if (why_lost()) {
            lost_->request_stop();  // no callback is registered yet, so none runs here
        }
    }
    return lost_->get_token();
}

std::stop_token hold_state::asked_back_token() {
    if (process_.is_forked()) {
        return stopped_token();
    }
    const std::lock_guard guard{listeners_mutex_};
    if (!asked_back_) {
        asked_back_.emplace();
        if (is_asked_back_) {
            asked_back_->request_stop();  // no callback is registered yet
        }
    }
    return asked_back_->get_token();
}

void hold_state::notify_asked_back(const release_request& by) {
    std::optional<std::stop_source> asked;
    std::function<void(const release_request&)> on_release_requested;
    {
        const std::lock_guard guard{listeners_mutex_};
        is_asked_back_ = true;
        asked = asked_back_;
        on_release_requested = on_asked_back_;
    }
    if (asked) {
        asked->request_stop();
    }
    if (on_release_requested) {
        on_release_requested(by);
    }
}

bool hold_state::has_listeners() {
    const std::lock_guard guard{listeners_mutex_};
    return lost_ || on_lost_ || on_asked_back_;
}

void hold_state::forget_listeners() {
    std::function<void(errc)> on_lost;
    std::function<void(const release_request&)> on_release_requested;
    const std::lock_guard guard{listeners_mutex_};
    on_lost.swap(on_lost_);
    on_release_requested.swap(on_asked_back_);
}

void hold_state::notify_lost() {
    std::optional<std::stop_source> lost;
    std::function<void(errc)> on_lost;
    std::function<void(const release_request&)> no_longer;
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

void hold_state::mark_consistent() {
    const std::lock_guard guard{last_words_mutex_};
    last_words_.says_consistent = true;
}

void hold_state::set_value(std::string value) {
    const std::lock_guard guard{last_words_mutex_};
    last_words_.value = std::move(value);
}

lock::release_params hold_state::take_last_words() {
    const std::lock_guard guard{last_words_mutex_};
    return std::move(last_words_);
}

}  // namespace holdfast::runtime
