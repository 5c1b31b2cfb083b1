// How a waiting caller sleeps, and is woken by whoever has its answer: one futex, or an eventfd
// beside the stream it reads.
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
#include "peer/forks.hpp"

namespace holdfast::runtime {

/// std::atomic::wait spins and yields first, which only takes the core from whoever has the answer.
inline void sleep_while(const std::atomic<std::uint32_t>& word, std::uint32_t is) {
    while (word.load(std::memory_order_acquire) == is) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, is, nullptr, nullptr, 0);
    }
}
/// Only the address is used: the sleeper may have seen the new value already and be gone.
inline void wake_sleeper(const std::atomic<std::uint32_t>* word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// Shared with whoever is about to wake, so that its number is not another file's by then.
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
    /// one with its parent.
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
