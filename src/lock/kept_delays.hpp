// DELAY: what owners have told this member of holds with a delay. It is a voter when it is told; it
// keeps what it was told as a member, also when others fill the seats, and says it in its reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/agenda.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class kept_delays {
public:
    /// `promises`: of this member, to owners that gather (HOLD-1). An owner before them may still
    /// have a lease, but what it told us now would be in no report.
    /// What of it is kept, to be answered.
    [[nodiscard]] std::vector<delay> keep(const peer_id& from, const keep_delays& told,
                                          const std::map<slot, epoch>& promises,
                                          const slot_function& slot_of, base::time_point now);
    /// Adds what is kept of the slots asked for; too much of it makes the report too large.
    void add_to(report& answer, const gather& asked, base::time_point now) const;
    void install(const view& v) {
        std::erase_if(newest_, [&](const auto& n) { return !v.has(n.first); });
    }
    /// Those that have ended are forgotten, whether their owner says so or not.
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const { return ends_.next(); }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

    void invariants() const;

private:
    friend struct explore::state_access;

    using key = std::tuple<slot, std::string, holdfast::token>;
    struct item {
        base::duration length{};
        std::optional<base::time_point> ends{};  // it runs; as listed below
    };
    using map = std::map<key, item>;

    void keep_one(slot s, const delay& d, base::time_point now);
    void forget(map::iterator at) {
        ends_.set(at->first, at->second.ends, std::nullopt);
        all_.erase(at);
    }

    map all_;
    base::agenda<key> ends_;
    std::map<slot, epoch> told_in_;            // the newest; what is older was overtaken
    std::map<peer_id, std::uint64_t> newest_;  // message of each owner
};

}  // namespace holdfast::lock
