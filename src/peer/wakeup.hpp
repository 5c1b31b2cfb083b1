// How a waiting caller sleeps, and how another thread wakes it: one futex, or an eventfd beside the
// stream that the caller reads.
#pragma once

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>

#include "os/unique_fd.hpp"
#include "peer/fork_guard.hpp"

namespace holdfast::runtime {

/// std::atomic::wait spins and yields first, which only takes the core from the thread that has the
/// answer.
inline void sleep_while(const std::atomic<std::uint32_t>& state, std::uint32_t is) {
    while (state.load(std::memory_order_acquire) == is) {
        syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, is, nullptr, nullptr, 0);
    }
}
/// Only the address is used: the sleeper may have seen the new value already and be gone.
inline void wake_sleeper(const std::atomic<std::uint32_t>* state) {
    syscall(SYS_futex, state, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// Shared with the threads that are about to wake, so that its number is not another file's by
/// then.
class waker {
public:
    waker() : fd_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
        if (!fd_) {
            throw std::system_error{errno, std::generic_category(), "eventfd"};
        }
    }

    [[nodiscard]] int descriptor() const { return fd_.get(); }
    void wake() const {
        const std::uint64_t one = 1;
        // full: it is awake already
        [[maybe_unused]] const auto written = write(fd_.get(), &one, sizeof one);
    }
    void clear() const {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = read(fd_.get(), &count, sizeof count);
    }

    /// One for each thread that ever reads, kept until it ends. A child of a fork shares the old
    /// one with its parent, so it takes a new one.
    [[nodiscard]] static const std::shared_ptr<waker>& of_this_thread() {
        thread_local std::shared_ptr<waker> mine;
        thread_local unsigned born = 0;
        if (!mine || born != fork_count()) {
            mine = std::make_shared<waker>();
            born = fork_count();
        }
        return mine;
    }

private:
    os::unique_fd fd_;
};

}  // namespace holdfast::runtime
