// Ends a command at the end of its lock's lease when `holdfast run` itself cannot: because it was
// stopped (SIGSTOP) or killed.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace holdfast_tool {

/// A process of its own that is told again and again until when a process group may live. Start it
/// before any thread.
class guard {
public:
    guard();
    ~guard();  ///< the guard ends; a group it still guards is killed
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

    [[nodiscard]] bool is_running() const { return pipe_ >= 0; }
    /// CLOCK_BOOTTIME in nanoseconds. From then on the group is killed, until a later time is told.
    void let_live(pid_t group, std::int64_t until);
    /// The group has ended. Say so before its leader is reaped: afterwards its id may be that of
    /// another process.
    void has_ended();

private:
    void tell(std::int64_t group, std::int64_t until);

    int pipe_ = -1;
    pid_t id_ = -1;
};

[[nodiscard]] std::int64_t boot_now();

}  // namespace holdfast_tool
