// The callers that have to be woken once the driver's mutex is free.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "peer/call.hpp"
#include "peer/wakeup.hpp"

namespace holdfast::runtime {

class wake_list {
public:
    /// `c` is over; it is not touched again after run() has said so.
    void add_answered(call& c) noexcept {
        add({&c.state, c.read_fd.load(std::memory_order_relaxed) >= 0 ? c.waker : nullptr});
    }
    /// `c` is not over, but has to stop reading.
    void add_reader(const call& c) noexcept { add({nullptr, c.waker}); }
    void run();

private:
    struct entry {
        std::atomic<std::uint32_t>* state;
        std::shared_ptr<waker> reading;
    };
    void add(entry e) noexcept;
    static void wake(const entry& e) noexcept;

    std::vector<entry> entries_;
};

}  // namespace holdfast::runtime
