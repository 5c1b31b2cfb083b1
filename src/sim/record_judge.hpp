// RECORD: what a majority of the seats kept is read.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class record_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit record_judge(judged_facts& told) : facts_{told} {}

    using record_key = judged_facts::record_key;

    /// RECORD-1: `at` say that they have kept this record, in this state of it; its writer has
    /// heard enough of the `seats` (0: not known).
    void has_recorded(const record_key& what, std::uint32_t revision, const std::set<peer_id>& at,
                      std::size_t seats, instant now);
    /// The process of `before` is `after` now: what it has said that it keeps is on its disk, or in
    /// the memory of a process that lives.
    void goes_on(const peer_id& before, const peer_id& after);
    /// The seats are asked what was done, `seats` of them with those that are vacant.
    void reads_records(run r, std::uint64_t reading, const std::set<peer_id>& asked,
                       std::size_t seats);
    /// BREAK-2: `r` ends this hold, and is to record that in the same step.
    void breaks_by_policy(run r, token t) { to_record_.emplace(r, t); }
    void sends_record(run r, token t) { to_record_.erase({r, t}); }
    [[nodiscard]] bool is_waiting() const { return !to_record_.empty(); }
    void step_is_over(run r, instant now);
    /// What was not refused was recorded before.
    void was_done(run r, const record_key& what, instant now);
    void has_read_records(run r, std::uint64_t reading,
                          const std::map<record_key, std::uint32_t>& what, instant now);

private:
    using kept_at = std::map<std::uint32_t, std::set<peer_id>>;  // by state of the record

    judged_facts& facts_;
    std::map<record_key, kept_at> records_;
    std::map<peer_id, peer_id> next_;  // who has what another had
    std::set<std::pair<run, token>> to_record_;
};

}  // namespace holdfast::sim
