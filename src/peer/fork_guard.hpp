// Whether this process is the one that started a peer.
#pragma once

namespace holdfast::runtime {

/// The number of forks on the way to this process.
[[nodiscard]] unsigned fork_count();

/// Remembers the process that made it. Where the count of forks differs, this process is a child
/// that has copies of the peer's memory and sockets, but neither its threads nor its rights.
class fork_guard {
public:
    [[nodiscard]] bool is_forked() const { return born_ != fork_count(); }

private:
    unsigned born_ = fork_count();
};

}  // namespace holdfast::runtime
