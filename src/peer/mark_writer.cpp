#include "peer/mark_writer.hpp"

#include <algorithm>
#include <chrono>

#include "peer/signals.hpp"

namespace holdfast::runtime {
namespace {

constexpr std::chrono::seconds before_another_try{1};

}  // namespace

void mark_writer::start() {
    if (to_) {
        const signals_blocked quiet;
        thread_ = std::thread{[this] { run(); }};
    }
}

void mark_writer::write(epoch mark) {
    const std::lock_guard guard{mutex_};
    wanted_ = std::max(wanted_, mark);
    is_asked_ = true;
    changed_.notify_one();
}

void mark_writer::stop() {
    {
        const std::lock_guard guard{mutex_};
        is_stopping_ = true;
        changed_.notify_one();
    }
    if (thread_.joinable()) {
        thread_.join();
    }
    to_.reset();
}

void mark_writer::run() {
    std::unique_lock guard{mutex_};
    while (true) {
        changed_.wait(guard, [&] { return is_asked_ || is_stopping_; });
        if (is_stopping_) {
            return;
        }
        is_asked_ = false;
        const auto mark = wanted_;
        guard.unlock();
        const auto stored = to_->store(mark);
        tell_(stored ? result<epoch>{mark} : tl::unexpected<error>{stored.error()});
        guard.lock();
        if (!stored) {
            changed_.wait_for(guard, before_another_try, [&] { return is_stopping_; });
            is_asked_ = true;
        }
    }
}

}  // namespace holdfast::runtime
