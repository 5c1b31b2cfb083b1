// The owner's side: the tables of the slots this peer owns (OWN-1 to OWN-10).
//
// For each slot and each time it was given to us there is one tenure. The current one waits for the
// former owner's table, gathers, or serves. One that ended before its table came stays in transit:
// the table is forwarded on arrival. The table is a cache; what holders report is the truth.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/insight.hpp"
#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/outputs.hpp"
#include "lock/pasts.hpp"
#include "lock/slots.hpp"

namespace holdfast::lock {

/// The lock was granted, for the first time (observers only).
struct gave {
    hold what;
    view_number in;
};
/// OWN-6: the sequence nears its end.
struct epoch_wanted {};

class owner {
public:
    using output = std::variant<send, gave, broke_by_policy, epoch_wanted>;

    struct counters {
        std::uint64_t granted = 0;
        std::uint64_t slots_gathered = 0;
        std::uint64_t tables_received = 0;
        std::uint64_t conflicts = 0;  ///< HOLD-4
        std::uint64_t dropped = 0;
    };

    owner(const base::settings& settings, const peer_id& self, slot_function slot_of)
        : settings_{settings},
          self_{self},
          slot_of_{std::move(slot_of)},
          pasts_{settings.most_pasts} {}

    void install(const step& s, base::time_point now);
    /// OWN-1: whether this peer's own lease is running. Told before anything else is handled.
    void set_leased(bool is_leased, base::time_point now);
    void handle(const peer_id& from, const to_owner& what, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }

    /// No table waits to be handed over or forwarded (LEAVE-1).
    [[nodiscard]] bool has_handed_over() const { return passages_.empty() && transit_.empty(); }
    [[nodiscard]] std::vector<hold> holds() const;
    [[nodiscard]] const counters& counted() const { return counters_; }
    void check() const;

private:
    friend struct explore::insight;

    struct granted_hold {
        hold what;
        std::string holder_name;       // as long as it is known, for it may be removed
        base::time_point next_send{};  // while not taken
        unsigned attempt = 0;
        unsigned asked = 0;        // OWN-9
        base::time_point since{};  // we know of it
        bool is_since_grant = false;
    };
    struct entry {
        std::vector<granted_hold> held;
        std::deque<waiter> queue;
        struct first_waiter {
            peer_id peer;
            request_number number;
            base::time_point since;  // it became the first
        };
        std::optional<first_waiter> first;
        [[nodiscard]] bool is_empty() const { return held.empty() && queue.empty(); }
        /// Null: there is no such hold.
        [[nodiscard]] granted_hold* find(holdfast::token t);
    };
    using locks = std::map<std::string, entry, std::less<>>;

    struct waiting {
        peer_id from;  // the owner before, whose table for view `gained` we want
    };
    struct gathering {
        std::uint64_t serial = 0;  // of the gather in gathers_
    };
    struct serving {};
    struct tenure {
        view_number gained;
        epoch gained_epoch;
        std::variant<waiting, gathering, serving> state;
        locks table;
        // nobody has served it yet in this cluster (FATE)
        bool is_unused = false;
        bool knows_all = false;                         // FATE, as in slot_table
        std::deque<std::pair<peer_id, request>> early;  // kept until we serve (OWN-10)
    };
    /// A tenure that ended while it waited: where its table comes from, and goes to.
    struct in_transit {
        peer_id from;
        view_number lost;
        peer_id to;
    };
    /// Tables, or the word that there are none, on their way to the owner in view `to_view`, until
    /// acked.
    struct passage {
        view_number to_view;
        peer_id to;
        std::map<slot, slot_table> tables;
        std::map<slot, bool> none;  // and whether it is unused
        base::time_point next_send{};
        unsigned attempt = 0;
    };
    struct report_heard {
        std::uint64_t number = 0;
        std::vector<hold> holds;
    };
    struct gather_round {
        view_number named;
        epoch promise;  // that view's epoch (HOLD-1)
        std::set<slot> slots;
        std::map<peer_id, report_heard> heard;
        base::time_point next_send{};
        unsigned attempt = 0;
    };
    /// BREAK-1, until the token is released or its holder's lease is void.
    struct breaking {
        peer_id holder;
        request_number number;
        std::string who;
        std::string why;
        base::time_point next_send{};
        unsigned attempt = 0;
    };
    /// Somebody wants a hold to end.
    struct urged {
        peer_id by;
        std::uint64_t number = 0;  // of its demand
        urging how{};
        std::string who;
        std::string why;
        base::duration grace{};
        bool is_heard = false;  // of an ask: by the holder
        base::time_point next_send{};
        unsigned attempt = 0;
    };
    struct watched {
        peer_id by;
        std::uint64_t number = 0;
        std::uint64_t serial = 0;  // of the last state told
        bool has_seen = false;
        base::time_point next_send{};
        unsigned attempt = 0;
    };

    void on(const peer_id& from, const request& asked, base::time_point now);
    void on(const peer_id& from, const taken& answer, base::time_point now);
    void on(const peer_id& from, const release& done, base::time_point now);
    void on(const peer_id& from, const cancel& asked, base::time_point now);
    void on(const peer_id& from, const report& given, base::time_point now);
    void on(const peer_id& from, const table& given, base::time_point now);
    void on(const peer_id& from, const no_table& given, base::time_point now);
    void on(const peer_id& from, const table_ack& given, base::time_point now);
    void on(const peer_id& from, const watch& asked, base::time_point now);
    void on(const peer_id& from, const unwatch& asked, base::time_point now);
    void on(const peer_id& from, const lock_state_seen& seen, base::time_point now);
    void on(const peer_id& from, const look& asked, base::time_point now);
    void on(const peer_id& from, const list_locks& asked, base::time_point now);
    void on(const peer_id& from, const demand& wanted, base::time_point now);
    void on(const peer_id& from, const ask_heard& heard, base::time_point now);

    void gain(slot s, const peer_id& from, base::time_point now);
    void lose(slot s, const peer_id& to, base::time_point now);
    void start_gathers(base::time_point now);
    void start_gather(view_number named, epoch promise, std::set<slot> slots, base::time_point now);
    void halve(std::uint64_t serial, base::time_point now);
    void ask_reports(std::uint64_t serial, gather_round& g, base::time_point now);
    void try_serve(base::time_point now);
    [[nodiscard]] bool may_serve(const gather_round& g, base::time_point now);
    void serve_gathered(const gather_round& g, base::time_point now);
    void serve(slot s, tenure& t, base::time_point now);
    void take_table(tenure& t, const slot_table& given, base::time_point now);
    [[nodiscard]] slot_table table_of(slot s, const tenure& t, base::time_point now) const;
    passage& passage_to(view_number to_view, const peer_id& to, base::time_point now);
    void send_passages(base::time_point now);
    void send_passage(passage& p, base::time_point now);
    void forget_grants_of(slot s);
    void schedule_void(base::time_point at);
    void source_has_none(slot s, view_number to_view, const peer_id& from, bool is_unused,
                         base::time_point now);
    void drop_strangers(base::time_point now);
    void resend_grants(base::time_point now);

    void enqueue(slot s, tenure& t, const peer_id& from, const request& asked,
                 base::time_point now);
    /// MODES: whether one more hold of this mode may be valid beside those there are.
    [[nodiscard]] bool has_room(const entry& e, const lock_mode& mode) const;
    [[nodiscard]] bool is_refused(const peer_id& from, const request& asked, const entry& e,
                                  base::time_point now);
    /// Grants what can be granted. Says whether that was anything; then watchers have been told.
    bool pump(slot s, const std::string& name, entry& e, base::time_point now);
    struct farewell {
        fate how{};
        bool is_consistent = false;
        std::optional<std::string> value;
    };
    /// Without `how`: nobody had it.
    void free_hold(slot s, const std::string& name, entry& e, holdfast::token t,
                   std::optional<farewell> how, base::time_point now);
    /// FATE.
    void remember(slot s, const std::string& name, const granted_hold& h, farewell how);
    [[nodiscard]] previous_hold before(slot s, const std::string& name);
    void keep(slot s, const std::string& name, previous_hold what);
    [[nodiscard]] std::string name_of(const peer_id& id) const;
    void enter(entry& e, waiter w) const;
    static void put_first(entry& e, const peer_id& heir);
    /// DELAY: until when nobody is granted it.
    void delay_after(slot s, const granted_hold& h, fate how, base::time_point now);
    [[nodiscard]] bool is_delayed(slot s, const std::string& name, base::time_point now);
    void end_delays(base::time_point now);
    void settle_untaken(slot s, const std::string& name);
    void note_waiters(slot s, const std::string& name, entry& e, base::time_point now);
    void send_grant(granted_hold& h, bool others_wait, base::time_point now);
    void break_hold_of(const granted_hold& h, const std::string& who, const std::string& why,
                       base::time_point now);
    void repeat_breaks(base::time_point now);
    void repeat_asks(base::time_point now);
    void break_for_the_patient(base::time_point now);
    [[nodiscard]] break_outcome outcome_for(const granted_hold& h, const urged& u) const;
    [[nodiscard]] break_outcome how_it_ended(const std::string& name, holdfast::token t) const;
    void answer_demands(const std::string& name, holdfast::token t);
    void tell_watchers(const std::string& name, base::time_point now);
    void tell(const std::string& name, watched& w, const standing& stands, base::time_point now);
    void tell_again(base::time_point now);
    [[nodiscard]] standing standing_of(const std::string& name);
    [[nodiscard]] static standing standing_of(const entry& e);
    void free_the_removed(base::time_point now);

    [[nodiscard]] tenure* current(slot s);
    [[nodiscard]] tenure* serving_at(slot s);
    [[nodiscard]] bool is_member(const peer_id& id) const { return view_ && view_->has(id); }
    /// OWN-5: when the holds of a peer that is no member end; nothing for members.
    [[nodiscard]] std::optional<base::time_point> void_at(const peer_id& id) const;

    const base::settings& settings_;
    peer_id self_;
    slot_function slot_of_;

    std::shared_ptr<const view> view_;
    base::shared_slot_map map_;
    epoch grant_epoch_;
    std::uint32_t sequence_ = 0;
    bool is_leased_ = false;
    base::time_point first_view_at_{};
    bool is_founder_ = false;  // the first view was view 1
    struct end_of_lease {
        base::time_point at;
        view_number since;
    };
    // of removed peers, until their formers are forgotten
    std::map<peer_id, end_of_lease> voids_;

    std::map<slot, tenure> tenures_;
    // by the view we gained the slot in
    std::map<std::pair<slot, view_number>, in_transit> transit_;
    std::vector<passage> passages_;
    std::map<std::uint64_t, gather_round> gathers_;
    std::uint64_t last_serial_ = 0;
    std::set<slot> to_gather_;  // decided in this call, asked for together

    std::set<std::pair<slot, std::string>> untaken_;    // grants to repeat
    std::set<std::pair<slot, std::string>> contended_;  // locks with a queue
    // not later than the first of them is due
    std::optional<base::time_point> next_repeat_;
    std::optional<base::time_point> next_still_;  // OWN-9
    std::optional<base::time_point> next_void_;   // OWN-5, OWN-4 (b)
    std::map<peer_id, request_number> settled_;   // OWN-10
    pasts pasts_;
    std::map<std::pair<slot, std::string>, std::vector<watched>> watches_;
    std::map<std::pair<std::string, token>, breaking> breaks_;
    std::map<std::pair<std::string, token>, std::vector<urged>> demands_;
    std::map<std::pair<slot, std::string>, base::time_point> delays_;  // DELAY
    // not later than the first that ends while somebody waits
    std::optional<base::time_point> next_delay_;
    // not later than the first ask to repeat
    std::optional<base::time_point> next_ask_;
    // not later than the first policy that lets a waiter break
    std::optional<base::time_point> next_patience_;
    std::uint64_t watch_serial_ = 0;
    // not later than the first state to tell again
    std::optional<base::time_point> next_tell_;

    counters counters_;
    base::outbox<output> out_;
};

}  // namespace holdfast::lock
