// DELAY: what an owner tells the voters of holds with a delay, until each of them keeps it. An
// owner that gathers hears it again from all members, so the delay is waited for if holder and
// owner are both gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/agenda.hpp"
#include "base/pace.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/gathers.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class told_delays {
public:
    using key = std::tuple<slot, std::string, holdfast::token>;

    explicit told_delays(base::pace& pace) : pace_{pace} {}

    /// The voters of this view are told what they have not been told yet.
    void install(const view& v, base::time_point now);
    /// A hold, if it has a delay. `is_granted`: its holder has it already.
    void add(slot s, const hold_info& h, bool is_granted, base::time_point now);
    /// The delay after this hold is waited for until then.
    void start(slot s, const std::string& name, holdfast::token t, base::time_point until,
               base::time_point now);
    /// It is waited for no more, or never was.
    void end(slot s, const std::string& name, holdfast::token t, base::time_point now);
    /// All that were waited for at this lock.
    void end_started(slot s, const std::string& name, base::time_point now);
    /// The slot is ours no more.
    void forget(slot s);

    /// No quorum of the voters keeps it yet: the hold must not be granted.
    [[nodiscard]] bool holds_back(slot s, const hold_info& h) const;
    /// A voter keeps this. Whether the hold may be granted, which it might not before.
    [[nodiscard]] bool kept(const peer_id& by, slot s, const delay& what);
    /// What is due, one message for each voter, and one more with what it is told for the first
    /// time. `in`: the epoch in which we serve these locks.
    void tell(epoch in, base::time_point now, owner_outbox& out);
    /// LOAD-4: what `voter` does not keep yet is told again by the next tell().
    void make_due(const peer_id& voter, base::time_point now);
    /// For the next owner: delays that run, and what the voters have to forget yet.
    [[nodiscard]] std::vector<delay> of(slot s, base::time_point now) const;
    [[nodiscard]] std::optional<base::time_point> deadline() const { return due_.next(); }
    [[nodiscard]] bool has(slot s, const std::string& name, holdfast::token t) const {
        return all_.contains({s, name, t});
    }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

    void invariants() const;

private:
    friend struct explore::state_access;

    struct item {
        delay_stage is{};
        base::duration length{};
        base::time_point until{};     // if it runs
        bool may_be_granted = false;  // a quorum has kept it once
        std::set<peer_id> kept_by{};  // as it is now
        base::retry again{};
        std::optional<base::time_point> tell_at{};  // as listed below
    };
    using map = std::map<key, item>;

    void put(key k, delay_stage is, base::duration length, base::time_point until,
             base::time_point now);
    void set_due(map::value_type& one, std::optional<base::time_point> when) {
        due_.set(one.first, one.second.tell_at, when);
    }
    [[nodiscard]] bool is_kept_by_all(const item& one) const {
        return one.kept_by.size() == voters_.size();
    }

    base::pace& pace_;
    std::set<peer_id> voters_;
    std::size_t quorum_ = 0;
    map all_;
    base::agenda<key> due_;
    std::uint64_t last_number_ = 0;
};

/// What the members that reported to this gather keep, and until when each is waited for: after a
/// hold that was not seen to end from now on.
[[nodiscard]] std::map<told_delays::key, base::time_point> delays_heard(
    const gathers::round& g, const slot_function& slot_of, base::time_point now);

}  // namespace holdfast::lock
