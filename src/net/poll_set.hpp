// One epoll set.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "os/unique_fd.hpp"

namespace holdfast::net {

class poll_set {
public:
    poll_set() : fd_{::epoll_create1(EPOLL_CLOEXEC)} {}

    /// False: it could not be made, errno says why.
    [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
    [[nodiscard]] int descriptor() const { return fd_.get(); }

    /// `what`: told with each event of it.
    void add(std::uint64_t what, int fd, std::uint32_t events) {
        control(EPOLL_CTL_ADD, what, fd, events);
    }
    void change(std::uint64_t what, int fd, std::uint32_t events) {
        control(EPOLL_CTL_MOD, what, fd, events);
    }
    void remove(int fd) { ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

private:
    void control(int operation, std::uint64_t what, int fd, std::uint32_t events) {
        epoll_event e{};
        e.events = events;
        e.data.u64 = what;
        ::epoll_ctl(fd_.get(), operation, fd, &e);
    }

    os::unique_fd fd_;
};

}  // namespace holdfast::net
