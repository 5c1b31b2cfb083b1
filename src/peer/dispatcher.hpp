// The thread on which the application's callbacks run: in order, outside every lock of the library.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace holdfast::runtime {

class dispatcher {
public:
    dispatcher() : queue_{std::make_shared<queue>()} {}
    ~dispatcher() { stop(); }
    dispatcher(const dispatcher&) = delete;
    dispatcher& operator=(const dispatcher&) = delete;

    /// Starts the thread when it is the first. Any thread may call, under any lock but the application's. Not after stop().
    void post(std::function<void()> callback);
    /// Runs what was posted, then ends the thread. Called by a callback: the thread ends by itself after it.
    void stop();
    [[nodiscard]] bool is_this_thread() const;
    [[nodiscard]] std::uint64_t exceptions() const { return queue_->exceptions.load(std::memory_order_relaxed); }

private:
    // Outlives the dispatcher when that is destroyed by a callback.
    struct queue {
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<std::function<void()>> waiting;
        bool is_stopping = false;
        std::atomic<std::thread::id> thread{};
        std::atomic<std::uint64_t> exceptions{0};
    };
    static void run(const std::shared_ptr<queue>& q);

    std::shared_ptr<queue> queue_;
    std::thread thread_;  // touched under queue_->mutex, and by stop()
};

}  // namespace holdfast::runtime
