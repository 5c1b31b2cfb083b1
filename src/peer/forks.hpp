// Whether this process is the one that started a peer.
#pragma once

namespace holdfast::runtime {

/// Counts the forks on the way to this process. A peer remembers the figure of its start: where it
/// differs, we are a child that has copies of the peer's memory and sockets, but neither its
/// threads nor its rights.
[[nodiscard]] unsigned fork_count();

}  // namespace holdfast::runtime
