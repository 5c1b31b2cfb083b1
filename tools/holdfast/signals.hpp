// Signals that are taken one by one instead of ending the process.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <initializer_list>
#include <stop_token>
#include <thread>

#include "descriptor.hpp"

namespace holdfast_tool {

/// From its making on these signals are blocked, here and in every thread started later: make it
/// before a peer starts.
class signals {
public:
    /// Without SIGHUP where that was ignored at the start, as nohup has it.
    signals(std::initializer_list<int> which);
    /// Without those that were ignored at the start, but for SIGTERM: a command does not get them
    /// either.
    [[nodiscard]] static signals for_command(std::initializer_list<int> which);

    [[nodiscard]] int waiting() const { return descriptor_; }  ///< readable when one has come
    /// The next that has come, or 0.
    [[nodiscard]] int take() const;
    /// The next that comes ends the process at once, with 128 + n. Not for a process that has other
    /// threads than those that block all signals.
    void end_at_the_next() const;
    /// What `wait` returns; a signal that comes meanwhile asks it to stop, and is still there to be
    /// taken. So does the end of who reads from `reader`, a pipe or a socket, if that is given.
    template <class Wait>
    auto until_one_comes(Wait wait, int reader = -1) const {
        const descriptor over{eventfd(0, EFD_CLOEXEC)};
        std::stop_source stop;
        const std::jthread looking{[&](std::stop_token is_over) {
            const std::stop_callback wake{is_over, [&] { eventfd_write(over, 1); }};
            pollfd fds[3] = {{descriptor_, POLLIN, 0}, {over, POLLIN, 0}, {reader, 0, 0}};
            poll(fds, 3, -1);
            if (fds[0].revents != 0 || fds[2].revents != 0) {
                stop.request_stop();
            }
        }};
        return wait(stop.get_token());
    }

private:
    explicit signals(const sigset_t& which);

    sigset_t which_;
    descriptor descriptor_;
};

}  // namespace holdfast_tool
