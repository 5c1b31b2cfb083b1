// The audit records in the state_dir of one simulated process (RECORD-1): those that are on it, and
// the write under way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <holdfast/audit_log.hpp>

#include "base/random.hpp"
#include "base/time.hpp"
#include "node/audit.hpp"
#include "sim/instant.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::sim {

/// Of a write that is not done yet no record, some or all are there after a crash: a disk says
/// nothing of it. What is written anew is there as a whole, or what was there before.
class record_disk {
public:
    record_disk(const disk_plan& plan, std::uint64_t seed) : plan_{plan}, random_{seed} {}

    void set(const disk_plan& plan) { plan_ = plan; }
    void begin(const node::persist_records& what, instant now) {
        wanted_ = what;
        begun_ = now;
    }
    /// How long the write takes that begins now; nothing: it fails, and is tried again later.
    [[nodiscard]] std::optional<base::duration> takes(instant now) {
        if (now < plan_.full_until) {
            is_behind_ = true;
            return std::nullopt;
        }
        return plan_.longest_write == base::duration::zero()
                   ? base::duration::zero()
                   : random_.between({}, plan_.longest_write);
    }
    /// It is on the disk; answers what it was.
    node::persist_records finish(instant now, base::duration lease) {
        is_behind_ = is_behind(now, lease);
        keep(wanted_->what.records.size());
        return *std::exchange(wanted_, std::nullopt);
    }
    void lose_power(instant now) {
        if (wanted_ && now >= plan_.full_until && random_.chance(0.5)) {
            const auto all = wanted_->what.records.size();
            keep(wanted_->is_all ? all : random_.below(all + 1));
        }
        wanted_.reset();
        is_behind_ = false;
    }
    /// The step is over in which the last write was done.
    void rest() { is_behind_ = is_behind_ && wanted_; }

    [[nodiscard]] const node::persist_records* writing() const {
        return wanted_ ? &*wanted_ : nullptr;
    }
    /// The process may have said of records that they are kept although they are not here: it waits
    /// for no disk that fails, or takes long.
    [[nodiscard]] bool is_behind(instant now, base::duration lease) const {
        return is_behind_ || (wanted_ && now - begun_ >= lease / 2);
    }
    /// Nothing: there is no file.
    [[nodiscard]] const std::optional<audit_history>& written() const { return written_; }

private:
    void keep(std::size_t count) {
        const auto& from = wanted_->what;
        if (wanted_->is_all || !written_) {
            written_.emplace();
        }
        if (wanted_->is_all || count == from.records.size()) {
            written_->whole_since_ms = from.whole_since_ms;
        } else if (count > 0) {  // as record_file: only the last says that more is whole
            written_->whole_since_ms = std::max(written_->whole_since_ms, from.whole_since_ms);
        }
        written_->records.insert(written_->records.end(), from.records.begin(),
                                 from.records.begin() + static_cast<std::ptrdiff_t>(count));
    }

    disk_plan plan_;
    base::random_source random_;
    std::optional<audit_history> written_;
    std::optional<node::persist_records> wanted_;
    instant begun_{};
    bool is_behind_ = false;
};

}  // namespace holdfast::sim
