#include "peer/mark_writer.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "peer/noexcept_error.hpp"
#include "peer/signals.hpp"

namespace holdfast::runtime {
namespace {

constexpr std::chrono::seconds before_another_try{1};

/// What lacks memory has failed, as on a full disk.
template <class Write>
result<void> tried(Write&& write) {
    try {
        return write();
    } catch (const std::bad_alloc&) {
        return tl::unexpected<error>{make_error_noexcept(errc::out_of_memory)};
    }
}

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
    has_news_ = true;
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

void mark_writer::write(node::persist_records what) {
    const std::lock_guard guard{mutex_};
    records_ = std::move(what);
    has_complained_ = false;
    has_news_ = true;
    changed_.notify_one();
}

bool mark_writer::write_mark(std::unique_lock<std::mutex>& guard) {
    is_asked_ = false;
    const auto mark = wanted_;
    guard.unlock();
    auto stored = tried([&] { return to_->store(mark); });
    const bool is_done = stored.has_value();
    // not copied: that takes memory
    tell_.mark(is_done ? result<epoch>{mark} : tl::unexpected<error>{std::move(stored.error())});
    guard.lock();
    is_asked_ = is_asked_ || !is_done;
    return is_done;
}

bool mark_writer::write_records(std::unique_lock<std::mutex>& guard) {
    auto what = *std::exchange(records_, std::nullopt);
    const bool is_again = has_complained_;
    guard.unlock();
    const bool was_gone = to_->records().is_gone();
    auto stored = tried([&] {
        return what.is_all ? to_->records().replace(what.what) : to_->records().append(what.what);
    });
    const bool is_done = stored.has_value();
    const bool is_gone = to_->records().is_gone();
    if (is_done) {
        tell_.records({what.by, what.number, node::write_outcome::done, std::nullopt});
    } else if (!is_again || (is_gone && !was_gone)) {
        tell_.records({what.by, what.number,
                       is_gone ? node::write_outcome::gone : node::write_outcome::failed,
                       std::move(stored.error())});
    }
    guard.lock();
    if (!is_done && !records_) {
        records_ = std::move(what);
        has_complained_ = true;
    }
    return is_done;
}

void mark_writer::run() {
    std::unique_lock guard{mutex_};
    while (true) {
        changed_.wait(guard, [&] { return is_asked_ || records_ || is_stopping_; });
        if (is_stopping_) {
            return;
        }
        // The mark first: an accept waits for it. Then the other all the same, if that failed.
        has_news_ = false;
        bool has_failed = is_asked_ && !write_mark(guard);
        if (records_ && !is_stopping_) {
            has_failed = !write_records(guard) || has_failed;
        }
        if (has_failed) {
            // What is new is not kept waiting by what cannot be written.
            changed_.wait_for(guard, before_another_try, [&] { return is_stopping_ || has_news_; });
        }
    }
}

}  // namespace holdfast::runtime
