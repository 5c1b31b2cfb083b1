// Writes marks to the state_dir on a thread of its own, so that a slow disk keeps nothing else
// waiting (DISK-1).
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "peer/state_dir.hpp"

namespace holdfast::runtime {

class mark_writer {
public:
    /// `tell` is called on the thread: with a mark that is on the disk, or why a write failed. What
    /// failed is tried again by itself.
    mark_writer(std::optional<state_dir> to, std::function<void(const result<epoch>&)> tell)
        : to_{std::move(to)}, tell_{std::move(tell)} {}
    ~mark_writer() { stop(); }
    mark_writer(const mark_writer&) = delete;
    mark_writer& operator=(const mark_writer&) = delete;

    /// Without a state_dir there is no thread. Throws std::system_error.
    void start();
    /// Waits for nothing. Of several marks the highest is written.
    void write(epoch mark);
    /// Waits for the end of a write that is under way, and gives the directory up. Again: nothing.
    void stop();

private:
    void run();

    std::optional<state_dir> to_;
    std::function<void(const result<epoch>&)> tell_;
    std::mutex mutex_;
    std::condition_variable changed_;
    epoch wanted_;  // the highest so far
    bool is_asked_ = false;
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace holdfast::runtime
