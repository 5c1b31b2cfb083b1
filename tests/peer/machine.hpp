// What a test can do to the machine under the peers of its own process: its clocks, the network,
// threads that cannot be made. This program has its own clock_gettime, sendto, send and
// pthread_create, which everything linked into it uses.
#pragma once

#include <chrono>

namespace machine {

/// The raw clock, whatever is done to the others.
[[nodiscard]] std::chrono::nanoseconds raw_now();
/// The machine slept for so long: the boot clock jumps, and no thread has read it yet.
void suspend(std::chrono::nanoseconds how_long);
/// While it lives, CLOCK_MONOTONIC and CLOCK_BOOTTIME are that many parts in a million faster.
class slewed_clocks {
public:
    slewed_clocks(int monotonic, int boot);
    ~slewed_clocks();
    slewed_clocks(const slewed_clocks&) = delete;
    slewed_clocks& operator=(const slewed_clocks&) = delete;
};
/// While it lives, the raw clock of this thread is behind, which breaks what the library relies on.
class clock_set_back {
public:
    explicit clock_set_back(std::chrono::nanoseconds how_far);
    ~clock_set_back();
    clock_set_back(const clock_set_back&) = delete;
    clock_set_back& operator=(const clock_set_back&) = delete;
};
/// While it lives, nothing leaves this process by datagram or stream.
class no_network {
public:
    no_network();
    ~no_network();
    no_network(const no_network&) = delete;
    no_network& operator=(const no_network&) = delete;
};
/// While it lives, no thread more than `count` can be started.
class few_threads {
public:
    explicit few_threads(int count);
    ~few_threads();
    few_threads(const few_threads&) = delete;
    few_threads& operator=(const few_threads&) = delete;
};

}  // namespace machine
