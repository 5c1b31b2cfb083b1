// Are the promises kept? (DESIGN section 0)
//
// The judge sees what applications were told, which tokens owners gave, which views were installed,
// when leases end and which messages were delivered, all in true time. It shares no code with what
// it judges: only ids, tokens and views as data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/fate.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "sim/instant.hpp"
#include "sim/turns.hpp"

namespace holdfast::sim {

enum class promise : std::uint8_t {
    mutex,
    fence,
    one_view,
    no_loss,
    minority,
    live,
    stuck,
    invariant,
    silence,
    watch,
    order,
    fate,
    look,
    all,
    record,
    ends
};
constexpr std::size_t promise_kinds = 16;
[[nodiscard]] std::string_view to_string(promise p);

struct violation {
    promise broken{};
    instant at{};
    std::string text;
};

class judge {
public:
    struct rules {
        instant lease{};  ///< A
        instant slack{};  ///< how late a timer may be
        /// Clock rates differ by less than the bound. Beyond it, what rests on clocks may fail:
        /// MUTEX, NO-LOSS, MINORITY and FENCE over a total restart are then counted as excused.
        bool clocks_keep_the_bound = true;
        /// every process remembers its highest epoch (FENCE over a total restart)
        bool has_state_dir = false;
    };
    /// One run of a process under one PeerId; numbered from 1 by the driver, in the order of their
    /// starts.
    using run = std::uint32_t;
    using lock = std::uint32_t;  // a place in the list of names

    judge(rules r, std::vector<std::string> locks);

    // ---- what happens

    /// `seats`: how many it was told of, and `seat`: which of them is its own.
    void started(run r, const peer_id& id, std::string name, std::size_t seats,
                 std::optional<std::size_t> seat);
    /// It crashed: it holds nothing any more.
    void crashed(run r);
    /// Its PeerId is over, so it must have reported every hold lost.
    void gave_up(run r, instant now);
    void asked_to_leave(run r);
    /// FORCE-1: a person has told somebody of other seats. With a state_dir, FENCE rests on wall
    /// clocks that differ by less than an hour from then on.
    void forced() { is_forced_ = true; }
    void paused(run r) { runs_[r].is_paused = true; }
    void resumed(run r, instant now) {
        runs_[r].is_paused = false;
        runs_[r].resumed = now;
    }

    /// What an application asks for.
    struct terms {
        lock_mode mode{};
        break_policy breaking{};
        instant longest{};        ///< max_hold
        instant longest_stuck{};  ///< progress_every, where it is broken then
        std::int32_t priority = 0;
        std::uint64_t together = 0;  ///< which several locks it is one of (ALL-1); 0: of none
        [[nodiscard]] bool ends_itself() const {
            return longest > instant{} || longest_stuck > instant{};
        }
    };
    void asked(run r, lock l, request_number number, const terms& what, instant now) {
        turns_.asked(runs_[r].id, number, l, what.priority, now);
        runs_[r].requests[number] = what;
        if (what.together != 0) {
            runs_[r].together[what.together];
        }
    }
    /// ALL-1: the application is told that it has all of them, and how many.
    void has_all(run r, std::uint64_t together, std::size_t how_many, instant now);
    /// That it could not have them all; by then it has none.
    void has_none(run r, std::uint64_t together, instant now);
    /// Its program gets on with what it holds.
    void progressed(run r, lock l, token t, instant now);
    void request_ended(run r, request_number number) {
        turns_.ended(runs_[r].id, number);
        runs_[r].requests.erase(number);
    }
    /// An owner tells a waiter that it is in the queue.
    void queued(run owner, const peer_id& who, request_number number, instant now) {
        turns_.queued(owner, who, number, now);
    }
    /// The owner has installed a view in which `l` belongs to another.
    void owns_no_more(run owner, lock l) { turns_.lost(owner, l); }

    /// The application was told that its request was granted.
    void granted(run r, lock l, token t, request_number number, instant now);
    /// What it was told with its grant of the holder before (FATE).
    struct predecessor {
        holdfast::fate how{};
        token what;
        bool has_its_value = false;  ///< the value that came with it is the one it left
    };
    void told_of_predecessor(run r, lock l, token t, const predecessor& before, instant now);
    /// The application releases; it counts from before the call.
    void released(run r, lock l, token t, bool says_consistent = false);
    /// And names who is to have it next.
    void is_for(lock l, const peer_id& heir) { turns_.is_for(l, heir); }
    /// The application was told that a hold ended.
    void lost(run r, lock l, token t, errc why, instant now);
    /// The application writes to what the lock guards. Says whether the gate let it in.
    bool wrote(lock l, token t, instant now);

    void owner_granted(run owner, lock l, token t, const peer_id& holder, request_number number,
                       view_number in, instant now);
    /// `owners`: the slot map, written out.
    void installed(run r, const view& v, const std::vector<peer_id>& owners, instant now);
    void reported_conflict(run r, instant now);
    /// A person breaks this hold: its holder is right to report it lost.
    void is_to_break(lock l, token t) { locks_[l].broken.insert(t); }
    /// An operator demands it, which that hold's policy may allow.
    void is_to_break(lock l, token t, const std::string& who) { locks_[l].demanded[t].insert(who); }
    /// LOOK-1: an application asks how `l` stands, and is told.
    void looks(run r, lock l, std::uint64_t question, instant now);
    void has_seen(run r, std::uint64_t question, const std::set<token>& held, instant now);
    /// RECORD-1: `at` says that it has kept this record, in this state of it; its writer has heard
    /// enough.
    using record_key = std::pair<peer_id, std::uint64_t>;
    void has_recorded(const record_key& what, std::uint32_t revision, const std::set<peer_id>& at);
    /// Somebody asks those who fill the seats, `seats` of them with those that are vacant, what was
    /// done.
    void reads_records(run r, std::uint64_t reading, const std::set<peer_id>& asked,
                       std::size_t seats);
    void has_read_records(run r, std::uint64_t reading,
                          const std::map<record_key, std::uint32_t>& what, instant now);
    void watches(run r, lock l) {
        if (!runs_[r].is_leaving) {
            runs_[r].watched[l].reset();
        }
    }
    void unwatches(run r, lock l) { runs_[r].watched.erase(l); }
    struct standing {
        std::set<token> held;
        std::size_t waiting = 0;
    };
    /// A watcher was told how `l` stands.
    void told(run r, lock l, standing stands);
    /// A message from the process at `seat` was handled by `r`.
    void heard(run r, std::size_t seat, instant now);

    /// After every step of `r`, when everything above was told: its lease ends then, by its own
    /// clock put into true time; nothing without a lease. Told again when the rate of its clock
    /// changes.
    void lease(run r, std::optional<instant> ends, instant now);
    /// So far, the wall clocks have differed by this much at most, over places and times.
    void wall_clocks_differ_by(std::chrono::nanoseconds most) { wall_difference_ = most; }

    // ---- what only the end of a run can tell

    void not_granted(run r, lock l, instant since, instant now);
    /// An owner keeps this as held; somebody must hold it.
    void is_kept(run owner, lock l, token t, instant now);
    /// Nothing has changed for a while: every watcher must know the state as it is (WATCH-1).
    void check_watchers(instant now);
    void object(promise broken, instant now, std::string text);
    /// Nothing more will be told.
    void finish(instant now);

    [[nodiscard]] const std::vector<violation>& violations() const { return violations_; }
    /// How often each promise was broken that clocks beyond the bound may break.
    [[nodiscard]] const std::array<std::uint64_t, promise_kinds>& excused() const {
        return excused_;
    }
    [[nodiscard]] std::uint64_t grants() const { return grants_; }
    [[nodiscard]] bool is_held(lock l, token t) const;
    [[nodiscard]] std::vector<std::pair<lock, token>> holds_of(run r) const;
    /// Null: nobody holds it.
    [[nodiscard]] std::optional<token> newest_hold(lock l) const {
        const auto& holds = locks_[l].holds;
        return holds.empty() ? std::nullopt : std::optional{holds.back().what};
    }
    /// The run that now validly holds `l`, or 0.
    [[nodiscard]] run holder_of(lock l, instant now) const;

private:
    struct look_begun {
        lock at = 0;
        std::set<token> held;  // then
        instant since{};
    };
    struct participant {
        peer_id id;
        std::string name;
        std::optional<std::size_t> seat;
        bool is_leaving = false;
        std::optional<instant> lease_ends;
        std::set<lock> holding;                     // where it has a hold
        std::vector<std::optional<instant>> heard;  // by seat
        cluster_id cluster;
        view_number newest;
        bool has_granted = false;                         // in the present step
        std::map<lock, std::optional<standing>> watched;  // and what was told of it last
        std::map<request_number, terms> requests;         // what was asked for
        std::map<std::uint64_t, look_begun> looks;
        // what was granted of several
        std::map<std::uint64_t, std::set<std::pair<lock, token>>> together;
        // in each reading that is under way
        std::map<std::uint64_t, std::map<record_key, std::uint32_t>> must_read;
        bool is_paused = false;
        instant resumed{};
    };
    struct hold {
        run by = 0;
        token what;
        lock_mode mode;
        terms asked;
        instant since{};
        instant got_on{};
        bool was_valid = false;
        bool is_new = true;  // granted in the present step
        bool has_lapsed = false;
    };
    /// One grant, and its place in the order of all grants of its lock.
    struct given {
        peer_id holder;
        request_number number;
        lock_mode mode;
        std::size_t life = 0;
        view_number in;
        std::uint64_t order = 0;
        auto place() const { return std::tuple{life, in, order}; }
    };
    /// The grants of a lock in one view.
    struct in_view {
        view_number in;
        run owner = 0;
        token first;
        token last;
    };
    struct guarded {
        std::string name;
        std::vector<hold> holds;
        std::map<token, given> tokens;
        std::set<token> broken;
        std::map<token, std::set<std::string>> demanded;    // by which operators
        std::map<std::size_t, std::vector<in_view>> lives;  // views in rising order
        // the gate: what it has let in (DESIGN section 7)
        token exclusive_mark;
        token mark;
        std::optional<given> newest_exclusive;
        std::optional<given> newest;
        // LOOK: since when it has been seen by somebody, and then by nobody any more
        std::map<token, instant> seen_from;
        std::map<token, instant> gone_from;
        // FATE
        token last_exclusive;  // that an application was told of
        // that one ended without a release, or one before it, and nobody has said since that all is
        // well
        bool is_unclean = false;
    };
    /// All grants of one cluster id.
    struct life {
        cluster_id cluster;
        instant last_grant{};
    };
    struct seen_view {
        view what;
        std::vector<peer_id> owners;
        run first_seen_at = 0;
    };
    struct claimed_eviction {
        run by = 0;
        cluster_id cluster;
        std::string text;
    };

    [[nodiscard]] bool may_be_broken(run r, const guarded& g, token t) const;
    [[nodiscard]] bool is_valid(const hold& h, instant now) const;
    static void ended_without_release(guarded& g, const hold& h);
    void take_away(run r, lock l, token t);
    /// When it last heard from this seat: from its own, now.
    [[nodiscard]] static std::optional<instant> last_heard(const participant& p, std::size_t seat,
                                                           instant now);
    /// Until when a quorum of seats can have let it act, given what it was told.
    [[nodiscard]] std::optional<instant> cut_off_at(const participant& p, instant now) const;
    /// Whether that is not before `ends`: asked after every step.
    [[nodiscard]] bool may_act_until(const participant& p, instant ends, instant now) const;
    void check_against_the_others(run r, instant now);
    void check_order(guarded& g, run owner, token t, std::size_t life_number, view_number in,
                     instant now);
    std::size_t life_of(const cluster_id& cluster, instant now);
    void object_by_the_clock(promise broken, instant now, std::string text);
    void check_ends(run r, const guarded& g, const hold& h, instant now);
    [[nodiscard]] const std::string& name_of(run r) const { return runs_[r].name; }

    rules rules_;
    std::vector<participant> runs_;  // by run; the first is nobody
    std::vector<guarded> locks_;
    std::vector<life> lives_;  // in the order of their first grants
    std::map<std::pair<cluster_id, view_number>, seen_view> views_;
    std::map<cluster_id, view_number> newest_views_;
    // one that was never welcomed may yet found another cluster (FOUND-3)
    std::set<std::pair<cluster_id, peer_id>> removed_;
    std::vector<claimed_eviction> evictions_;
    struct recorded {
        std::uint32_t revision = 0;
        std::set<peer_id> at;
    };
    std::map<record_key, recorded> records_;
    turns turns_;
    std::chrono::nanoseconds wall_difference_{};
    bool is_forced_ = false;
    std::uint64_t grants_ = 0;
    std::array<std::uint64_t, promise_kinds> excused_{};
    std::vector<violation> violations_;
};

}  // namespace holdfast::sim
