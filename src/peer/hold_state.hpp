// What a `hold` points to: one granted lock, shared with the driver as long as it is held.
//
// It keeps its driver alive, for the calls of the `hold`, but never calls it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/token.hpp>

#include "lock/acquire_params.hpp"
#include "peer/fork_guard.hpp"

namespace holdfast::runtime {

class driver;

/// One for which a stop is requested already.
[[nodiscard]] std::stop_token stopped_token();

class hold_state {
public:
    hold_state(std::shared_ptr<driver> d, std::string name, holdfast::token token,
               previous_hold before, std::function<void(errc)> on_lost,
               std::function<void(const release_request&)> on_release_requested)
        : driver_{std::move(d)},
          name_{std::move(name)},
          token_{token},
          before_{std::move(before)},
          on_lost_{std::move(on_lost)},
          on_asked_back_{std::move(on_release_requested)} {}
    hold_state(const hold_state&) = delete;
    hold_state& operator=(const hold_state&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] holdfast::token token() const { return token_; }
    [[nodiscard]] const previous_hold& before() const { return before_; }
    [[nodiscard]] driver& owner() const { return *driver_; }

    // ---- for the application

    /// FATE: said with the release.
    void mark_consistent();
    void set_value(std::string value);
    [[nodiscard]] lock::release_params take_last_words();

    [[nodiscard]] std::stop_token lost_token();
    [[nodiscard]] std::stop_token asked_back_token();

    // ---- how it ends: once, under the driver's mutex; read by any thread

    [[nodiscard]] bool is_held() const { return end_.load(std::memory_order_acquire) == held; }
    [[nodiscard]] bool is_released() const {
        return end_.load(std::memory_order_acquire) == released;
    }
    /// Nothing while it is held, and after a release.
    [[nodiscard]] std::optional<errc> why_lost() const;
    /// These two answer false if it had ended before.
    bool end_as_released() { return end(released); }
    bool end_as_lost(errc why) { return end(static_cast<std::uint8_t>(why)); }

    // ---- telling the application, on the callback thread, without locks

    /// Whether the application gave a callback or took a token.
    [[nodiscard]] bool has_listeners();
    void notify_lost();
    void notify_asked_back(const release_request& by);
    /// It has ended as the application wanted. Its callbacks are destroyed, for they may have the
    /// hold in them. Not under the driver's mutex.
    void forget_listeners();

private:
    static constexpr std::uint8_t held = 0;
    static constexpr std::uint8_t released = 255;  // any other value: an errc

    bool end(std::uint8_t how) {
        auto expected = held;
        return end_.compare_exchange_strong(expected, how, std::memory_order_acq_rel);
    }

    const fork_guard process_;
    const std::shared_ptr<driver> driver_;
    const std::string name_;
    const holdfast::token token_;
    const previous_hold before_;
    std::atomic<std::uint8_t> end_{held};

    std::mutex listeners_mutex_;
    // made when first asked for: most holds are never asked
    std::optional<std::stop_source> lost_;
    std::function<void(errc)> on_lost_;
    std::optional<std::stop_source> asked_back_;
    bool is_asked_back_ = false;
    std::function<void(const release_request&)> on_asked_back_;

    std::mutex last_words_mutex_;
    lock::release_params last_words_;
};

}  // namespace holdfast::runtime
