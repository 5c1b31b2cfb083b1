// `holdfast run`: a command that lives no longer than its lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <holdfast/peer.hpp>

namespace holdfast_tool {

struct run_options {
    std::string lock;
    std::string wait;  ///< `10s`, `500ms`; empty: for ever
    std::string note;  ///< empty: which process it is
    bool is_shared = false;
    std::uint32_t permits = 0;  ///< if any, the lock is a semaphore of so many
    [[nodiscard]] holdfast::lock_mode mode() const {
        return permits > 0 ? holdfast::lock_mode::permit(permits)
               : is_shared ? holdfast::lock_mode::shared()
                           : holdfast::lock_mode::exclusive();
    }
    std::vector<std::string> command;
};

/// `join` starts the peer, once the guard runs (guard.hpp); `lease` is A. Returns the command's own
/// exit code, 128 + n when a signal ended it or the wait for the lock, 75 when the lock was not to
/// be had in time, 69 without a quorum, 76 when the lock was lost while the command ran, 64 for a
/// bad duration, 71 when the system refuses or the guard was killed, 126 and 127 as shells do.
int run(const std::function<holdfast::result<holdfast::peer>(std::stop_token)>& join,
        std::chrono::nanoseconds lease, const run_options& options);

}  // namespace holdfast_tool
