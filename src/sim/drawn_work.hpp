// What chance decides about requests and holds, and what operators do now and then.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "sim/cluster.hpp"
#include "sim/judge.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::sim {

class drawn_work {
public:
    drawn_work(const run_plan& plan, base::random_source& random, cluster& machines,
               const judge& watching)
        : plan_{plan}, random_{random}, machines_{machines}, judge_{watching} {}

    /// `may_be_wrong`: some processes may have a semaphore's limit wrong.
    [[nodiscard]] lock_mode mode(judge::lock l, bool may_be_wrong);
    void policy(acquire_how& how);
    [[nodiscard]] base::duration hold_time();
    void operate(std::uint32_t place);

private:
    const run_plan& plan_;
    base::random_source& random_;
    cluster& machines_;
    const judge& judge_;
};

}  // namespace holdfast::sim
