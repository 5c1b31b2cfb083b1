#include "lines.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <holdfast/printable.hpp>

namespace holdfast_tool {
namespace {

/// False when it cannot be written. Waits for the reader.
bool write_all(int to, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const auto n = ::write(to, text.data() + done, text.size() - done);
        if (n > 0) {
            done += static_cast<std::size_t>(n);
        } else if (n < 0 && errno == EAGAIN) {
            pollfd fd{to, POLLOUT, 0};  // another program has made it so that it does not wait
            poll(&fd, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

std::string told_as_lost(std::uint64_t count) {
    return "holdfast: " + std::to_string(count) + (count == 1 ? " line was" : " lines were") +
           " lost here, for nothing was read\n";
}

}  // namespace

struct line_writer::queue {
    explicit queue(int descriptor) : to{descriptor} {}

    const int to;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::deque<std::string> waiting;
    std::uint64_t lost = 0;  // since the last that waits; while it is above 0 all others are, too
    std::uint64_t taken = 0, written = 0;  // numbers of texts
    std::uint64_t failed_at = 0;           // the number of the last that could not be written
    bool has_thread = false, is_writing = false, is_over = false;

    void run();
};

void line_writer::queue::run() {
    std::unique_lock guard{mutex};
    for (;;) {
        changed.wait(guard, [&] { return is_over || !waiting.empty() || lost > 0; });
        if (is_over) {
            return;
        }
        const bool is_one_of_ours = waiting.empty();
        std::string text;
        if (is_one_of_ours) {
            text = told_as_lost(std::exchange(lost, 0));
        } else {
            text = std::move(waiting.front());
            waiting.pop_front();
        }
        is_writing = true;
        guard.unlock();
        const bool is_done = write_all(to, text);
        guard.lock();
        is_writing = false;
        if (!is_one_of_ours) {
            ++written;
            failed_at = is_done ? failed_at : written;
        }
        changed.notify_all();
    }
}

line_writer::line_writer(int to) : queue_{std::make_shared<queue>(to)} {}

line_writer::~line_writer() {
    const std::lock_guard guard{queue_->mutex};
    queue_->is_over = true;
    queue_->changed.notify_all();
}

/// Not before there is something to print: who forks at its start has one thread then.
void line_writer::start_thread() {
    // A thread that takes no signal is not ended by SIGPIPE either.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread{[q = queue_] { q->run(); }}.detach();
        queue_->has_thread = true;
    } catch (const std::exception&) {  // tried again with the next line
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void line_writer::put(std::string text) {
    const std::lock_guard guard{queue_->mutex};
    if (!queue_->has_thread) {
        start_thread();
    }
    if (queue_->lost > 0 || queue_->waiting.size() >= most_waiting) {
        ++queue_->lost;
    } else {
        queue_->waiting.push_back(std::move(text));
        ++queue_->taken;
    }
    queue_->changed.notify_all();
}

bool line_writer::write(std::string text, const std::stop_token& stop) {
    std::unique_lock guard{queue_->mutex};
    if (!queue_->has_thread) {
        start_thread();
    }
    if (!queue_->has_thread) {
        return false;
    }
    queue_->waiting.push_back(std::move(text));
    const auto mine = ++queue_->taken;
    queue_->changed.notify_all();
    return queue_->changed.wait(guard, stop, [&] { return queue_->written >= mine; }) &&
           queue_->failed_at < mine;
}

void line_writer::finish(std::chrono::milliseconds patience) {
    std::unique_lock guard{queue_->mutex};
    if (queue_->has_thread) {
        queue_->changed.wait_for(guard, patience, [&] {
            return queue_->waiting.empty() && queue_->lost == 0 && !queue_->is_writing;
        });
    }
}

line_writer& standard_output() {
    static auto* const one = new line_writer{STDOUT_FILENO};
    return *one;
}

line_writer& standard_error() {
    static auto* const one = new line_writer{STDERR_FILENO};
    return *one;
}

void log_line(const std::string& text) {
    standard_error().put("holdfast: " + holdfast::printable(text) + "\n");
}

void page::line(const char* format, ...) {
    std::va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    std::string made(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, format, values)), '\0');
    std::vsnprintf(made.data(), made.size() + 1, format, again);
    va_end(again);
    va_end(values);
    text_ += holdfast::printable(made) + "\n";
}

}  // namespace holdfast_tool
