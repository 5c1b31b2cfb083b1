// What is granted in the slots that this peer serves, and what follows from a hold that ends.
//
// Its parts are passive: they keep one thing each, answer questions about it, and append what is to
// be sent to the outbox they are given. Only this class grants.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/agenda.hpp"
#include "base/pace.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "base/timers.hpp"
#include "lock/delays.hpp"
#include "lock/former_holds.hpp"
#include "lock/hold_end.hpp"
#include "lock/lock_entry.hpp"
#include "lock/lock_set.hpp"
#include "lock/lock_watchers.hpp"
#include "lock/owner_output.hpp"
#include "lock/quotas.hpp"
#include "lock/revocations.hpp"
#include "lock/tenure.hpp"
#include "lock/tenures.hpp"
#include "lock/told_delays.hpp"
#include "lock/view_change.hpp"
#include "lock/void_times.hpp"

namespace holdfast::lock {

class granter {
public:
    granter(const base::settings& settings, base::pace& pace, slot_function slot_of);

    void install(const view_change& s, base::time_point now);
    void set_leased(bool is_leased, base::time_point now);

    /// The tenure has its table: everything in it that can be granted is.
    void serve(slot s, tenure& t, base::time_point now);
    /// The slot is ours no more, nor is anything in it.
    void forget(slot s);
    /// Grants what can be granted. Says whether that was anything; then watchers have been told.
    bool grant_waiters(slot s, const std::string& name, lock_entry& e, base::time_point now);
    void add_waiter(lock_entry& e, waiter w) {
        quotas_.add_waiting(w.peer, w);
        e.queue.insert(std::move(w));
    }
    [[nodiscard]] bool remove_waiter(lock_entry& e, const peer_id& peer, request_number number);
    /// That another owner granted.
    void add_hold(lock_entry& e, granted_hold h) {
        quotas_.add_hold(h.what);
        told_.add(tenures_.slot_of(h.what.name), h.what, h.what.is_taken, h.since);
        e.held.add(std::move(h));
    }
    void send_grant(slot s, granted_hold& h, bool is_contended, base::time_point now);
    /// DELAY: no owner has sent its grant. After a hand-over that is not known.
    [[nodiscard]] bool was_never_sent(slot s, const granted_hold& h) const {
        return h.is_since_grant && told_.holds_back(s, h.what);
    }
    void acknowledge(slot s, granted_hold& h, base::time_point now) {
        if (!h.what.is_taken) {
            h.again.answered(pace_, h.what.holder, now);
        }
        h.what.is_taken = true;
        repeat_grant(s, h, std::nullopt);
    }
    /// Without `how`: the application never had it.
    void end_hold(slot s, const std::string& name, lock_entry& e, holdfast::token t,
                  std::optional<hold_end> how, base::time_point now);
    void break_hold_of(slot s, const hold_info& h, const std::string& who, const std::string& why,
                       base::time_point now);
    /// FATE, from the owner before.
    void remember(slot s, const std::string& name, previous_hold what);
    [[nodiscard]] bool is_delayed(slot s, const std::string& name, base::time_point now) const {
        return delays_.is_delayed(s, name, now);
    }
    /// DELAY: after a hold that ended at another owner.
    void wait_for(slot s, const std::string& name, holdfast::token t, base::time_point until,
                  base::time_point now);
    /// A voter keeps delays. What waited for that is granted.
    void heard(const peer_id& from, const lock::delays_kept& said, base::time_point now);
    /// At the end of a call.
    void tell_delays(base::time_point now) { told_.tell(grant_epoch_, now, out_); }
    [[nodiscard]] const told_delays& told() const { return told_; }
    void drop_non_members(base::time_point now);
    void end_holds_of_removed(base::time_point now);
    void notify(slot s, const std::string& name, base::time_point now);
    [[nodiscard]] break_outcome how_it_ended(const std::string& name, holdfast::token t) const {
        const auto* last = former_holds_.find(tenures_.slot_of(name), name);
        const bool is_known = last != nullptr && last->token == t;
        return {break_stage::ended, is_known ? last->how : end_reason::none, 0, 0};
    }
    [[nodiscard]] std::string name_of(const peer_id& id) const {
        const auto* m = view_->find(id);
        return m == nullptr ? std::string{} : m->name;
    }

    void resend_grants(base::time_point now);
    void repeat_breaks(base::time_point now);
    /// LOAD-4: what `peer` has not answered is sent again at once.
    void stream_lost(const peer_id& peer, base::time_point now);
    /// OWN-5, OWN-4: a lease that is waited for may have ended. Taken once.
    [[nodiscard]] bool take_voids_due(base::time_point now) {
        return timers_.take_due(timer::voids, now);
    }
    void look_again(std::optional<base::time_point> at) { timers_.set_earliest(timer::voids, at); }
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    [[nodiscard]] bool is_leased() const { return is_leased_; }
    [[nodiscard]] const void_times& voids() const { return voids_; }
    [[nodiscard]] tenures& slots() { return tenures_; }
    [[nodiscard]] const tenures& slots() const { return tenures_; }
    [[nodiscard]] const former_holds& former() const { return former_holds_; }
    [[nodiscard]] lock_watchers& watchers() { return watchers_; }
    [[nodiscard]] revocations& pending() { return revocations_; }
    [[nodiscard]] holdfast::lock::quotas& quotas() { return quotas_; }
    [[nodiscard]] const holdfast::lock::quotas& quotas() const { return quotas_; }
    /// LOAD-3: something of this member was refused.
    void note_refusal(const peer_id& member, base::time_point now) {
        if (auto told = quotas_.refused(member, now)) {
            out_.push(*told);
        }
    }
    [[nodiscard]] owner_outbox& out() { return out_; }
    [[nodiscard]] std::uint64_t granted() const { return granted_; }

    void invariants() const;

private:
    friend struct explore::state_access;

    enum class timer : std::uint8_t {
        probes,  // OWN-9; set as long as a lock has a queue
        voids,   // OWN-5, OWN-4 (b) and (c)
    };

    template <class Each>
    void for_each_contended(Each each);
    void grant_one(slot s, lock_entry& e, waiter next, base::time_point now);
    /// Nothing: not any more.
    void repeat_grant(slot s, granted_hold& h, std::optional<base::time_point> when);
    void note_waiters(slot s, const std::string& name, lock_entry& e, base::time_point now);
    void ask_still_held(base::time_point now);
    void end_delay_of(slot s, const hold_info& h, const std::optional<hold_end>& how,
                      base::time_point now);
    void end_delays(base::time_point now);
    void plan_patience(slot s, const std::string& name, lock_entry& e);
    void break_for_waiters(base::time_point now);
    void remember_end(slot s, const std::string& name, const granted_hold& h, hold_end how);
    [[nodiscard]] previous_hold told_before(slot s, const std::string& name) const;
    waiter take_first(lock_entry& e);
    void check_quotas() const;
    void check_lock(slot s, const std::string& name, const lock_entry& e) const;

    const base::settings& settings_;
    base::pace& pace_;
    std::shared_ptr<const view> view_;
    epoch grant_epoch_;
    std::uint32_t sequence_ = 0;
    holdfast::token last_granted_;  // of any lock
    bool is_leased_ = false;
    void_times voids_;
    tenures tenures_;
    base::agenda<std::tuple<slot, std::string, holdfast::token>> unacked_;  // grants to repeat
    lock_set contended_;                                                    // locks with a queue
    // BREAK-2: locks whose first waiter may break a hold then
    base::agenda<std::pair<slot, std::string>> patience_;
    base::time_point breaks_from_{};  // for waiters, after a time without a lease
    base::timers<timer, timer::voids> timers_;
    former_holds former_holds_;
    lock_watchers watchers_;
    revocations revocations_;
    delays delays_;
    told_delays told_;
    holdfast::lock::quotas quotas_;
    std::uint64_t granted_ = 0;
    owner_outbox out_;
};

}  // namespace holdfast::lock
