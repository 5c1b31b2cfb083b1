// What runs in the processes of a simulated cluster, and what it may ask for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "sim/judge.hpp"

namespace holdfast::sim {

/// Told after the event is over, so it may ask for more at once.
class application {
public:
    virtual void started(std::uint32_t place) = 0;
    virtual void ended(std::uint32_t place) = 0;
    virtual void resumed(std::uint32_t place) = 0;
    virtual void granted(std::uint32_t place, request_number number, judge::lock l, token t,
                         bool is_clean) = 0;
    virtual void failed(std::uint32_t place, request_number number) = 0;
    virtual void lost(std::uint32_t place, judge::lock l, token t) = 0;
    virtual void release_request(std::uint32_t place, judge::lock l, token t) = 0;

protected:
    ~application() = default;
};

struct acquire_how {
    bool is_try = false;
    std::optional<base::duration> timeout;
    lock_mode mode;
    holdfast::break_policy break_policy{};
    base::duration max_hold{};
    base::duration progress_timeout{};
    stall_action on_stall{};
    std::int32_t priority = 0;
    std::chrono::milliseconds delay{};
    std::uint64_t together = 0;  ///< which several locks it is one of, for the judge
};

}  // namespace holdfast::sim
