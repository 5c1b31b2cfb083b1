#include "sim/record_judge.hpp"

#include <algorithm>
#include <iterator>

#include "lock/records.hpp"

namespace holdfast::sim {

void record_judge::has_recorded(const judged_facts::record_key& what, std::uint32_t revision,
                                const std::set<peer_id>& at, std::size_t seats, instant now) {
    if (seats > 0 && at.size() < seats / 2 + 1) {
        facts_.object(guarantee::record, now,
                      "record " + std::to_string(what.second) + " of " +
                          to_string(what.first).substr(0, 8) + " counts as kept, by " +
                          std::to_string(at.size()) + " of " + std::to_string(seats) +
                          " seats (RECORD-1)");
    }
    auto& known = records_[what][revision];
    for (auto id : at) {
        known.insert(id);
        for (auto next = next_.find(id); next != next_.end(); next = next_.find(next->second)) {
            known.insert(next->second);
        }
    }
}

void record_judge::goes_on(const peer_id& before, const peer_id& after) {
    if (before == after) {
        return;  // a mutant
    }
    next_[before] = after;
    for (auto& [what, states] : records_) {
        for (auto& [revision, at] : states) {
            if (at.contains(before)) {
                at.insert(after);
            }
        }
    }
}

void record_judge::reads_records(run r, std::uint64_t reading, const std::set<peer_id>& asked,
                                 std::size_t seats) {
    auto& must = facts_.runs[r].must_read[reading];
    for (const auto& [what, states] : records_) {
        // A seat among those asked has not forgotten the record: a PeerId is never used again.
        std::set<peer_id> have_it;  // this state of it, or a later one
        for (auto state = states.rbegin(); state != states.rend() && !must.contains(what);
             ++state) {
            std::copy_if(asked.begin(), asked.end(), std::inserter(have_it, have_it.end()),
                         [&](const peer_id& id) { return state->second.contains(id); });
            if (asked.size() - have_it.size() < seats / 2 + 1) {
                must[what] = state->first;
            }
        }
    }
}

void record_judge::has_read_records(run r, std::uint64_t reading,
                                    const std::map<record_key, std::uint32_t>& what, instant now) {
    if (what.size() >= holdfast::lock::archive::most) {
        return;  // each seat has erased the oldest that it had
    }
    for (const auto& [key, revision] : facts_.runs[r].must_read[reading]) {
        const auto read = what.find(key);
        if (read == what.end() || read->second < revision) {
            facts_.object(guarantee::record, now,
                          facts_.name_of(r) + " asked for what was done, and record " +
                              std::to_string(key.second) + " of " +
                              to_string(key.first).substr(0, 8) +
                              (read == what.end() ? " is missing" : " is in an earlier state") +
                              ", which a majority of the seats had kept (RECORD-1)");
        }
    }
    facts_.runs[r].must_read.erase(reading);
}

void record_judge::was_done(run r, const record_key& what, instant now) {
    if (!records_.contains(what)) {
        facts_.object(guarantee::record, now,
                      facts_.name_of(r) + " has done what was not recorded (RECORD-1)");
    }
}

void record_judge::step_is_over(run r, instant now) {
    for (auto i = to_record_.lower_bound({r, {}}); i != to_record_.end() && i->first == r;) {
        facts_.object(guarantee::record, now,
                      facts_.name_of(r) + " ends a hold by its policy and does not record that " +
                          "(RECORD-1)");
        i = to_record_.erase(i);
    }
}

}  // namespace holdfast::sim
