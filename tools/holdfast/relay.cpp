#include "relay.hpp"

#include <utility>

#include "failure.hpp"

namespace holdfast_tool {

constexpr std::size_t max_waiting = 1024;

void relay::put(nlohmann::json line) {
    const std::lock_guard guard{mutex_};
    has_missed_ = has_missed_ || lines_.size() == max_waiting;
    if (!has_missed_) {
        lines_.push_back(std::move(line));
    }
    changed_.notify_one();
}

void relay::pass_on(const listener& to) {
    for (;;) {
        std::unique_lock guard{mutex_};
        if (!changed_.wait(guard, to.stop, [&] { return !lines_.empty() || has_missed_; }) ||
            to.stop.stop_requested()) {
            return;
        }
        if (lines_.empty()) {
            throw failure{"too_slow", "events were missed, for they were read too slowly"};
        }
        const auto line = std::move(lines_.front());
        lines_.pop_front();
        guard.unlock();
        to.tell(line);
    }
}

}  // namespace holdfast_tool
