// The state_dir of one simulated process (DISK-1): the mark that is on it, and the write under way.
#pragma once

#include <algorithm>
#include <optional>

#include <holdfast/ids.hpp>

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/instant.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::sim {

/// A write that is not done yet is lost with its process, or not: a disk says nothing of it. One
/// that was said to be done is not lost.
class disk {
public:
    disk(const disk_plan& plan, std::uint64_t seed) : plan_{plan}, random_{seed} {}

    void set(const disk_plan& plan) { plan_ = plan; }
    void begin(epoch mark) { wanted_ = std::max(wanted_, mark); }
    /// How long the write takes that begins now; nothing: it fails, and is tried again later.
    [[nodiscard]] std::optional<base::duration> takes(instant now) {
        if (now < plan_.full_until) {
            return std::nullopt;
        }
        return plan_.longest_write == base::duration::zero()
                   ? base::duration::zero()
                   : random_.between({}, plan_.longest_write);
    }
    void finish() { written_ = std::max(written_, wanted_); }
    void lose_power(instant now) {
        if (wanted_ > written_ && now >= plan_.full_until && random_.chance(0.5)) {
            written_ = wanted_;
        }
        wanted_ = written_;
    }
    [[nodiscard]] bool is_writing() const { return wanted_ > written_; }
    [[nodiscard]] epoch written() const { return written_; }

private:
    disk_plan plan_;
    base::random_source random_;
    epoch written_;
    epoch wanted_;
};

}  // namespace holdfast::sim
