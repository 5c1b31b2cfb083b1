// Holds that are to end before their holders release them (BREAK-1): what members ask for, and what
// the holders are told until they answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/agenda.hpp"
#include "base/pace.hpp"
#include "base/retry.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/lock_entry.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/tenures.hpp"
#include "lock/void_times.hpp"

namespace holdfast::lock {

class revocations {
public:
    using hold_key = std::pair<std::string, token>;

    revocations(const base::settings& settings, base::pace& pace)
        : settings_{settings}, pace_{pace} {}

    /// What a member that demands it is to be told now. The demand is kept until the hold is gone
    /// or it lapses, unless this refuses it. Of one operator the latest of a kind is kept
    /// (BREAK-2). Nothing: the member has made too many on this hold (LOAD-3).
    [[nodiscard]] std::optional<break_outcome> demanded_by(const peer_id& from,
                                                           const revoke_request& wanted,
                                                           const granted_hold& h,
                                                           base::time_point now);
    /// The holder is told to give it up, until it is heard. False: it has been told before.
    bool start_break(const hold_info& h, const std::string& who, const std::string& why,
                     base::time_point now);
    /// HOLD-4: this one excludes another one with a higher token.
    void start_break_of_conflict(const hold_info& h, base::time_point now);
    /// The holder has given it up, or it never had it.
    void hold_ended(const std::string& name, token t);
    /// All who asked for its end are told.
    void answer_all(const std::string& name, token t, const break_outcome& how, owner_outbox& out);
    void heard(const release_request_ack& what, owner_outbox& out);

    /// After slots have moved: of those that are ours no more.
    void forget_unserved(const tenures& ours);
    void repeat_breaks(const tenures& ours, const void_times& voids, const view& v,
                       base::time_point now, owner_outbox& out);
    /// And forgets what has lapsed.
    void repeat_asks(const tenures& ours, base::time_point now, owner_outbox& out);
    /// LOAD-4: what `holder` has not answered is due now.
    void make_due(const peer_id& holder, const tenures& ours, base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    [[nodiscard]] bool is_release_requested(const std::string& name, token t) const;
    [[nodiscard]] bool is_to_break(const std::string& name, token t) const;

    void invariants() const;

private:
    friend struct explore::state_access;

    /// Until the token is released or its holder's lease is void.
    struct pending_break {
        peer_id holder;
        request_number number;
        std::string who;
        std::string why;
        base::retry again{};
        std::optional<base::time_point> repeat_at{};
    };
    /// A member wants a hold to end.
    struct pending_demand {
        peer_id by;
        std::uint64_t number = 0;  // of its demand
        revoke_kind how{};
        std::string who;
        std::string why;
        base::duration grace{};
        bool is_heard = false;  // of an ask: by the holder
        base::retry again{};
        base::time_point heard_at;
    };
    /// Of one hold.
    struct demands {
        std::vector<pending_demand> all;
        std::optional<base::time_point> look_at{};  // an ask is to be repeated, or one lapses
    };

    [[nodiscard]] pending_demand* find_or_add(const peer_id& from, const revoke_request& wanted,
                                              demands& known, base::time_point now);
    void start_break(const hold_key& key, pending_break what, base::time_point now);
    void drop_lapsed(demands& known, base::time_point now) const;
    void plan(const hold_key& key, demands& known);
    void forget(std::map<hold_key, pending_break>::iterator at);
    void forget(std::map<hold_key, demands>::iterator at);
    [[nodiscard]] break_outcome outcome_for(const granted_hold& h, revoke_kind how, bool is_heard,
                                            const demands& known) const;

    const base::settings& settings_;
    base::pace& pace_;
    std::map<hold_key, pending_break> breaks_;
    std::map<hold_key, demands> demands_;
    base::agenda<hold_key> breaks_due_;
    base::agenda<hold_key> demands_due_;
};

}  // namespace holdfast::lock
