// The process between `holdfast run` and its command. It ends the command, and all that this has
// started, at the end of the lock's lease, also when `run` itself cannot: because it was stopped
// (SIGSTOP) or killed.
//
// It is the parent of the command, and of each process below that has lost its own parent
// (descendants.hpp). So it knows when none of them is left, and not before that is the lock given
// up. It is in the session of `run`, for the command has to be, and in a group of its own: what
// stops or ends the job of a terminal must not reach it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// NOW-2: a guard must count as the holder does, so this is the one place of the tools that includes
// more than public headers.
#include "base/suspend_count.hpp"
#include "base/time.hpp"

namespace holdfast_tool {

/// What `run` tells its guard.
struct order {
    enum class kind : std::uint8_t {
        start,     ///< the command, with `token`, to live until `until`
        let_live,  ///< until `until` (NOW-2), as `count` counts; from then on all is killed
        pass_on,   ///< `signal` to the command's group; after its end, what is left is killed
        stop,      ///< the command: its job was stopped
        go_on,     ///< its job goes on
        end_all    ///< now
    };
    kind what{};
    int signal = 0;
    holdfast::base::right_time until{};
    std::int64_t token = 0;
    holdfast::base::suspend_count count{};
};

/// What a guard tells `run`.
struct report {
    enum class kind : std::uint8_t {
        not_started,  ///< `status` is an errno
        stopped,      ///< the command, by the terminal: its job stops with it. `status`: the signal
        ended,        ///< the command; `status` as of waitpid. What it has left behind may live
        all_gone      ///< the command and all that it has started
    };
    kind what{};
    bool had_terminal = false;  ///< with `ended`
    int status = 0;
};

class guard {
public:
    /// Forks: to be called before any thread is started. `lock` is the name for the command.
    guard(const std::vector<std::string>& command, const std::string& lock);
    ~guard();  ///< what still lives is killed
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

    [[nodiscard]] bool is_running() const { return socket_ >= 0; }
    /// False when the guard is gone.
    [[nodiscard]] bool start(std::int64_t token, holdfast::base::right_time until);
    void let_live(holdfast::base::right_time until);
    void pass_on(int signal_number);
    void stop();
    void go_on();
    void end_all();
    /// Readable when a report has come, or the guard is gone.
    [[nodiscard]] int reports() const { return socket_; }
    [[nodiscard]] std::optional<report> take();
    /// After a report was awaited in vain: it was killed. What it guarded are children of this
    /// process then, if that is a subreaper.
    [[nodiscard]] bool is_gone() const { return is_gone_; }

private:
    bool tell(const order& what);

    int socket_ = -1;
    pid_t id_ = -1;
    bool is_gone_ = false;
};

/// By what such times are told.
[[nodiscard]] holdfast::base::right_time right_now();

}  // namespace holdfast_tool
