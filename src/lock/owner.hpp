// The owner's side: which slots this peer serves, and what members ask of it (OWN-1 to OWN-10).
//
// For each slot and each time it was given to us there is one tenure. The current one waits for the
// former owner's table, gathers, or serves. One that ended before its table came stays in transit:
// the table is forwarded on arrival. The table is a cache; what holders report is the truth.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/pace.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/gathers.hpp"
#include "lock/granter.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/request_intake.hpp"
#include "lock/tenure.hpp"
#include "lock/transfers.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class owner {
public:
    using output = owner_output;

    struct counters {
        std::uint64_t granted = 0;
        std::uint64_t slots_gathered = 0;
        std::uint64_t tables_received = 0;
        std::uint64_t conflicts = 0;  ///< HOLD-4
        std::uint64_t dropped = 0;
        std::uint64_t refused = 0;  ///< LOAD-3
    };

    owner(const base::settings& settings, base::pace& pace, const peer_id& self,
          slot_function slot_of)
        : settings_{settings},
          self_{self},
          granter_{settings, pace, std::move(slot_of)},
          intake_{settings},
          gathers_{settings, pace},
          transfers_{pace} {}

    void install(const view_change& s, base::time_point now);
    /// OWN-1: whether this peer's own lease is running. Told before anything else is handled.
    void set_leased(bool is_leased, base::time_point now);
    void handle(const peer_id& from, const to_owner& what, base::time_point now);
    /// LOAD-4: the stream to that member was lost, perhaps with what was sent on it.
    void stream_lost(const peer_id& member, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return granter_.out().next(); }

    /// No table waits to be handed over or forwarded (LEAVE-1).
    [[nodiscard]] bool has_handed_over() const { return transfers_.is_empty(); }
    [[nodiscard]] std::vector<hold_info> holds() const { return granter_.slots().holds(); }
    /// The former owners whose tables have not come (VIEW-9). Looks at all slots.
    [[nodiscard]] std::set<peer_id> table_givers() const { return granter_.slots().table_givers(); }
    /// LOAD-3: what a member takes up here.
    [[nodiscard]] quotas::usage used_by(const peer_id& member) const {
        return granter_.quotas().of(member);
    }
    [[nodiscard]] counters counted() const {
        auto out = counters_;
        out.granted = granter_.granted();
        out.refused = granter_.quotas().refused();
        return out;
    }
    void invariants() const;

private:
    friend struct explore::state_access;

    void on(const peer_id& from, const request& asked, base::time_point now);
    void on(const peer_id& from, const grant_ack& answer, base::time_point now);
    void on(const peer_id& from, const release& done, base::time_point now);
    void on(const peer_id& from, const cancel& asked, base::time_point now);
    void on(const peer_id& from, const report& given, base::time_point now);
    void on(const peer_id& from, const table& given, base::time_point now);
    void on(const peer_id& from, const no_table& given, base::time_point now);
    void on(const peer_id& from, const table_ack& given, base::time_point now);
    void on(const peer_id& from, const still_waiting& asked, base::time_point now);
    void on(const peer_id& from, const watch& asked, base::time_point now);
    void on(const peer_id& from, const unwatch& asked, base::time_point now);
    void on(const peer_id& from, const lock_state_seen& seen, base::time_point now);
    void on(const peer_id& from, const inspect_request& asked, base::time_point now);
    void on(const peer_id& from, const list_locks& asked, base::time_point now);
    void on(const peer_id& from, const revoke_request& wanted, base::time_point now);
    void on(const peer_id& from, const release_request_ack& heard, base::time_point now);
    void on(const peer_id& from, const no_holds_of& told, base::time_point now) {
        if (view_->is_voter(from) && gathers_.hear(told, *view_, now)) {
            try_serve(now);
        }
    }
    void on(const peer_id& from, const delays_kept& said, base::time_point now) {
        granter_.heard(from, said, now);
    }

    /// `is_told`: this view removed its owner, `from`, and members say what they hold in it.
    void gain(slot s, const peer_id& from, bool is_told);
    void lose(slot s, const peer_id& to, base::time_point now);
    void start_gather(slot s, tenure& t, bool is_told = false);
    void take_table(const peer_id& from, view_number in, tenure& t, const slot_table& given,
                    base::time_point now);
    void add_hold(tenure& t, const hold_info& h, base::time_point now);
    void try_serve(base::time_point now);
    void serve_gathered(const gathers::round& g, base::time_point now);
    void serve(slot s, tenure& t, base::time_point now);

    void send_to(const peer_id& to, message what);
    [[nodiscard]] bool is_member(const peer_id& id) const { return view_ && view_->has(id); }
    [[nodiscard]] slot slot_of(std::string_view name) const {
        return granter_.slots().slot_of(name);
    }
    [[nodiscard]] lock_entry* find_lock(slot s, const std::string& name) {
        return granter_.slots().find_lock(s, name);
    }

    const base::settings& settings_;
    peer_id self_;
    std::shared_ptr<const view> view_;
    base::shared_slot_map map_;
    granter granter_;
    request_intake intake_;
    gathers gathers_;
    transfers transfers_;
    counters counters_;
};

}  // namespace holdfast::lock
