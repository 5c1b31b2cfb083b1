// Are the promises kept?
//
// The judge sees what applications were told, which tokens owners gave, which views were installed,
// when leases end and which messages were delivered, all in true time. It shares no code with what
// it judges: only ids, tokens and views as data. Each promise has a part of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/fence_judge.hpp"
#include "sim/hold_judge.hpp"
#include "sim/judged_facts.hpp"
#include "sim/lease_judge.hpp"
#include "sim/look_judge.hpp"
#include "sim/queue_order.hpp"
#include "sim/record_judge.hpp"
#include "sim/view_judge.hpp"

namespace holdfast::sim {

class judge {
public:
    using rules = judged_facts::rules_of_run;
    using run = judged_facts::run;
    using lock = judged_facts::lock;
    using terms = judged_facts::terms;
    using lock_summary = judged_facts::lock_summary;
    using record_key = judged_facts::record_key;
    using predecessor = hold_judge::predecessor;

    judge(rules r, std::vector<std::string> locks) : facts_{r, std::move(locks)} {}
    judge(const judge&) = delete;
    judge& operator=(const judge&) = delete;

    // ---- processes

    /// `seats`: how many it was told of, and `seat`: which of them is its own.
    void started(run r, const peer_id& id, std::string name, std::size_t seats,
                 std::optional<std::size_t> seat);
    /// It crashed: it holds nothing any more.
    void crashed(run r);
    /// Its PeerId is over, so it must have reported every hold lost.
    void gave_up(run r, instant now);
    void asked_to_leave(run r);
    /// FORCE-1: an operator has told a process of other seats.
    void forced() { fence_.forced(); }
    void paused(run r) { facts_.runs[r].is_paused = true; }
    void resumed(run r, instant now);
    /// LEASE: its lease was over before it was renewed, and only datagrams were lost.
    void lost_its_lease(run r, instant now);
    /// A message from the process at `seat` was handled by `r`.
    void heard(run r, std::size_t seat, instant now) { facts_.runs[r].heard[seat] = now; }
    /// After every step of `r`, when everything else was told.
    void lease(run r, std::optional<instant> ends, instant now) { leases_.lease(r, ends, now); }
    /// So far, the wall clocks have differed by this much at most, over places and times.
    void wall_clocks_differ_by(std::chrono::nanoseconds most) {
        fence_.wall_clocks_differ_by(most);
    }

    // ---- applications

    void asked(run r, lock l, request_number number, const terms& what, instant now);
    void request_ended(run r, request_number number);
    /// The application was told that its request was granted.
    void granted(run r, lock l, token t, request_number number, instant now) {
        holds_.granted(r, l, t, number, now);
    }
    void told_of_predecessor(run r, lock l, token t, const predecessor& before, instant now) {
        holds_.told_of_predecessor(r, l, t, before, now);
    }
    /// The application releases; it counts from before the call.
    void released(run r, lock l, token t, bool says_consistent = false) {
        holds_.released(r, l, t, says_consistent);
    }
    /// And names its heir.
    void is_for(lock l, const peer_id& heir) { queue_order_.is_for(l, heir); }
    /// The application was told that a hold ended.
    void lost(run r, lock l, token t, errc why, instant now) { holds_.lost(r, l, t, why, now); }
    /// Its program makes progress with the hold.
    void progressed(run r, lock l, token t, instant now) { holds_.progressed(r, l, t, now); }
    /// The application writes to what the lock guards. Says whether the gate let it in.
    bool wrote(lock l, token t, instant now) { return fence_.wrote(l, t, now); }
    /// ALL-1: the application is told that it has all of them, and how many.
    void has_all(run r, std::uint64_t together, std::size_t how_many, instant now) {
        holds_.has_all(r, together, how_many, now);
    }
    /// That it could not have them all; by then it has none.
    void has_none(run r, std::uint64_t together, instant now) { holds_.has_none(r, together, now); }
    /// LOOK-1: an application asks how `l` stands, and is told.
    void looks(run r, lock l, std::uint64_t question, instant now) {
        looks_.looks(r, l, question, now);
    }
    void has_seen(run r, std::uint64_t question, const std::set<token>& held, instant now) {
        looks_.has_seen(r, question, held, now);
    }
    void watches(run r, lock l);
    void unwatches(run r, lock l) { facts_.runs[r].watched.erase(l); }
    /// A watcher was told how `l` stands.
    void told(run r, lock l, lock_summary summary) { looks_.told(r, l, std::move(summary)); }

    // ---- owners and members

    /// An owner tells a waiter that it is in the queue.
    void queued(run owner, const peer_id& who, request_number number, instant now) {
        queue_order_.queued(owner, who, number, now);
    }
    /// The owner has installed a view in which `l` belongs to another.
    void owns_no_more(run owner, lock l) { queue_order_.lost(owner, l); }
    void owner_granted(run owner, lock l, token t, const peer_id& holder, request_number number,
                       view_number in, instant now);
    /// `owners`: the slot map, written out.
    void installed(run r, const view& v, const std::vector<peer_id>& owners, instant now);
    void reported_conflict(run r, instant now);

    // ---- operators

    /// An operator breaks this hold, so its holder is right to report it lost.
    void is_to_break(lock l, token t) { facts_.locks[l].broken.insert(t); }
    /// An operator demands it, which that hold's policy may allow.
    void is_to_break(lock l, token t, const std::string& who) {
        facts_.locks[l].requested_by[t].insert(who);
    }
    [[nodiscard]] record_judge& records() { return records_; }

    // ---- what only the end of a run can tell

    void not_granted(run r, lock l, instant since, instant now);
    /// STUCK: an owner keeps this as held; some process must hold it.
    void is_kept(run owner, lock l, token t, instant now);
    /// Nothing has changed for a while: every watcher must know the state as it is (WATCH-1).
    void check_watchers(instant now) { looks_.check_watchers(now); }
    void object(guarantee broken, instant now, std::string text) {
        facts_.object(broken, now, std::move(text));
    }
    /// Nothing more will be told.
    void finish(instant now) { views_.finish(holds_.evictions(), fence_.last_cluster(), now); }

    [[nodiscard]] const std::vector<violation>& violations() const { return facts_.violations; }
    /// How often each promise was broken that clocks beyond the bound may break.
    [[nodiscard]] const std::array<std::uint64_t, guarantee_kinds>& excused() const {
        return facts_.excused;
    }
    [[nodiscard]] std::uint64_t grants() const { return fence_.grants(); }
    [[nodiscard]] bool is_held(lock l, token t) const { return facts_.is_held(l, t); }
    [[nodiscard]] std::vector<std::pair<lock, token>> holds_of(run r) const;
    /// Null: it has no holder.
    [[nodiscard]] std::optional<token> newest_hold(lock l) const;
    /// The run that now validly holds `l`, or 0.
    [[nodiscard]] run holder_of(lock l, instant now) const;

private:
    judged_facts facts_;
    hold_judge holds_{facts_};
    lease_judge leases_{facts_};
    fence_judge fence_{facts_};
    view_judge views_{facts_};
    look_judge looks_{facts_};
    record_judge records_{facts_};
    queue_order queue_order_;
};

}  // namespace holdfast::sim
