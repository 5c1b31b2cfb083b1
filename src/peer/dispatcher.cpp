#include "peer/dispatcher.hpp"

#include <utility>

#include "peer/forks.hpp"
#include "peer/signals.hpp"

namespace holdfast::runtime {

void dispatcher::post(std::function<void()> callback) {
    const std::lock_guard guard{queue_->mutex};
    if (queue_->is_stopping) {
        return;
    }
    queue_->waiting.push_back(std::move(callback));
    if (thread_.joinable()) {
        queue_->changed.notify_one();
        return;
    }
    const signals_blocked quiet;
    thread_ = std::thread{[q = queue_] { run(q); }};
}

void dispatcher::stop() {
    std::thread ending;
    {
        const std::lock_guard guard{queue_->mutex};
        queue_->is_stopping = true;
        queue_->changed.notify_one();
        ending = std::move(thread_);
    }
    if (!ending.joinable()) {
        return;
    }
    if (is_this_thread()) {
        ending.detach();
    } else {
        ending.join();
    }
}

bool dispatcher::is_this_thread() const { return queue_->thread.load() == std::this_thread::get_id(); }

void dispatcher::run(const std::shared_ptr<queue>& q) {
    q->thread = std::this_thread::get_id();
    const auto born = fork_count();
    std::unique_lock guard{q->mutex};
    while (true) {
        q->changed.wait(guard, [&] { return q->is_stopping || !q->waiting.empty(); });
        if (q->waiting.empty()) {
            break;
        }
        auto callback = std::move(q->waiting.front());
        q->waiting.pop_front();
        guard.unlock();
        try {
            callback();
        } catch (...) {
            q->exceptions.fetch_add(1, std::memory_order_relaxed);
        }
        callback = nullptr;  // what it kept alive goes outside the lock, too
        if (fork_count() != born) {
            return;  // the callback forked and came back in the child: what waits is the parent's to run, as the lock is its own
        }
        guard.lock();
    }
    q->thread = std::thread::id{};
}

}  // namespace holdfast::runtime
