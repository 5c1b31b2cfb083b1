// The holds of this peer, until when they are good, and how their loss is told.
//
// Everything under the driver's mutex, except where it says otherwise.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/token.hpp>

#include "base/time.hpp"
#include "node/node.hpp"
#include "peer/dispatcher.hpp"
#include "peer/event_emitter.hpp"
#include "peer/hold_state.hpp"

namespace holdfast::runtime {

class held_locks {
public:
    held_locks(dispatcher& callbacks, event_emitter& events)
        : callbacks_{callbacks}, events_{events} {}

    // ---- any thread, without the mutex

    /// Until when this peer may act (NOW-2); the epoch of that clock when it may not at all.
    [[nodiscard]] base::right_time lease_end() const {
        return base::right_time{base::duration{lease_end_.load(std::memory_order_acquire)}};
    }
    /// HOLD-2, by the lease end last set: how long `h` is good still; zero if it is not.
    [[nodiscard]] base::duration remaining(const hold_state& h) const;

    // ---- holds

    [[nodiscard]] std::size_t size() const { return holds_.size(); }
    [[nodiscard]] bool empty() const { return holds_.empty(); }
    void add(std::shared_ptr<hold_state> h);
    /// False: it had ended before.
    [[nodiscard]] bool release(hold_state& h);
    void on_lost(node::hold_lost& what);
    void on_release_requested(lock::release_request& what);
    /// This peer has stopped.
    void lose_all(errc why) noexcept;

    // ---- the lease

    /// Nothing: this peer may not act.
    void set_lease_end(std::optional<base::right_time> end);
    /// Stopped when the lease is late to be renewed.
    [[nodiscard]] std::stop_token at_risk() const { return at_risk_.get_token(); }
    void signal_at_risk();
    void clear_at_risk();

private:
    using key = std::pair<token, std::string_view>;  // the name is that of the hold_state

    void mark_lost(hold_state& h, errc why, std::string by = {}, std::string reason = {}) noexcept;
    void notify_lost(std::shared_ptr<hold_state> h) noexcept;

    dispatcher& callbacks_;
    event_emitter& events_;
    std::atomic<base::duration::rep> lease_end_{0};
    std::map<key, std::shared_ptr<hold_state>> holds_;
    std::stop_source at_risk_;
    bool is_at_risk_ = false;  // a stop of at_risk_ is requested
};

}  // namespace holdfast::runtime
