#include "peer/dispatcher.hpp"

#include <exception>
#include <utility>

#include "peer/fork_guard.hpp"
#include "peer/signals.hpp"

namespace holdfast::runtime {

void dispatcher::start() {
    const std::lock_guard guard{queue_->mutex};
    const signals_blocked quiet;
    thread_ = std::thread{[q = queue_] { run(q); }};
}

void dispatcher::put(entry e) {
    const std::lock_guard guard{queue_->mutex};
    if (queue_->is_stopping) {
        return;
    }
    if (e.is_event && queue_->events_waiting >= most_events) {
        count_missed();
        return;
    }
    const bool is_event = e.is_event;
    queue_->waiting.push_back(std::move(e));
    queue_->events_waiting += is_event ? 1 : 0;
    start_or_wait();
}

void dispatcher::start_or_wait() noexcept {
    if (thread_.joinable()) {
        queue_->changed.notify_one();
        return;
    }
    try {
        const signals_blocked quiet;
        thread_ = std::thread{[q = queue_] { run(q); }};
        lacks_thread_ = false;
    } catch (const std::exception&) {
        lacks_thread_ = true;  // the system's limits; the program has to go on
    }
}

void dispatcher::catch_up() noexcept {
    if (!lacks_thread_) {
        return;
    }
    const std::lock_guard guard{queue_->mutex};
    if (!queue_->is_stopping) {
        start_or_wait();
    }
}

void dispatcher::stop() {
    std::thread ending;
    {
        const std::lock_guard guard{queue_->mutex};
        if (!queue_->waiting.empty()) {
            start_or_wait();
        }
        queue_->is_stopping = true;
        queue_->changed.notify_one();
        ending = std::move(thread_);
        if (!ending.joinable()) {
            queue_->never_run.swap(queue_->waiting);
        }
    }
    if (!ending.joinable()) {
        count_missed(queue_->never_run.size());
        queue_->never_run.clear();  // what the callbacks keep alive goes outside the lock
        return;
    }
    if (is_this_thread()) {
        ending.detach();
    } else {
        ending.join();
    }
}

bool dispatcher::is_this_thread() const {
    return queue_->thread.load() == std::this_thread::get_id();
}

void dispatcher::run(const std::shared_ptr<queue>& q) {
    q->thread = std::this_thread::get_id();
    const auto born = fork_count();
    std::unique_lock guard{q->mutex};
    while (true) {
        q->changed.wait(guard, [&] { return q->is_stopping || !q->waiting.empty(); });
        if (q->waiting.empty()) {
            break;
        }
        auto callback = std::move(q->waiting.front().callback);
        q->events_waiting -= q->waiting.front().is_event ? 1 : 0;
        q->waiting.pop_front();
        guard.unlock();
        try {
            callback();
        } catch (...) {
            q->exceptions.fetch_add(1, std::memory_order_relaxed);
        }
        callback = nullptr;  // what it kept alive goes outside the lock, too
        if (fork_count() != born) {
            // the callback forked and came back in the child: what waits is the parent's to run, as
            // the lock is its own
            return;
        }
        guard.lock();
    }
    q->thread = std::thread::id{};
}

}  // namespace holdfast::runtime
