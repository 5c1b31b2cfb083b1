// A thread on which callbacks of the application run: in order, outside every lock of the library.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace holdfast::runtime {

class dispatcher {
public:
    dispatcher() : queue_{std::make_shared<queue>()} {}
    ~dispatcher() { stop(); }
    dispatcher(const dispatcher&) = delete;
    dispatcher& operator=(const dispatcher&) = delete;

    /// Starts the thread. Throws std::system_error.
    void start();
    /// Starts the thread when it is the first. Any thread may call, under any lock but the
    /// application's. Not after stop(). Never fails, for it tells of failures: when no thread can
    /// be made, the callback waits for one (`catch_up`); what finds no memory is counted as missed.
    template <class Callback>
    void post(Callback&& callback) noexcept {
        post(std::forward<Callback>(callback), false);
    }
    /// The same, for what may be missed: no more than `most_events` of these wait, for strangers
    /// can cause some.
    template <class Callback>
    void post_event(Callback&& callback) noexcept {
        post(std::forward<Callback>(callback), true);
    }
    static constexpr std::size_t most_events = 4096;
    /// Tries again to make the thread that callbacks wait for. To be called now and then.
    void catch_up() noexcept;
    /// Runs what was posted, then ends the thread. Called by a callback: the thread ends by itself
    /// after it. Takes no memory.
    void stop();
    [[nodiscard]] bool is_this_thread() const;
    void count_missed(std::size_t count = 1) noexcept {
        queue_->missed.fetch_add(count, std::memory_order_relaxed);
    }
    /// Callbacks that were never called.
    [[nodiscard]] std::uint64_t missed() const {
        return queue_->missed.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t exceptions() const {
        return queue_->exceptions.load(std::memory_order_relaxed);
    }

private:
    struct entry {
        std::function<void()> callback;
        bool is_event;
    };
    // Outlives the dispatcher when that is destroyed by a callback.
    struct queue {
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<entry> waiting;
        // empty until stop(); even an empty one takes memory to make
        std::deque<entry> never_run;
        std::size_t events_waiting = 0;
        bool is_stopping = false;
        std::atomic<std::thread::id> thread{};
        std::atomic<std::uint64_t> exceptions{0};
        std::atomic<std::uint64_t> missed{0};
    };
    static void run(const std::shared_ptr<queue>& q);
    template <class Callback>
    void post(Callback&& callback, bool is_event) noexcept {
        try {
            put({std::forward<Callback>(callback), is_event});
        } catch (...) {
            count_missed();
        }
    }
    void put(entry e);
    /// Under queue_->mutex.
    void start_or_wait() noexcept;

    std::shared_ptr<queue> queue_;
    std::thread thread_;  // touched under queue_->mutex, and by stop()
    std::atomic<bool> lacks_thread_{false};
};

}  // namespace holdfast::runtime
