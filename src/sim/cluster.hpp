// Processes on machines: real nodes, each with its clocks, its part of the network and its
// application.
//
// Everything a driver of nodes does in production is done here in pretence: it hands packets over
// with the time read after they arrived, drains the outputs, arms one timer, keeps the epoch on a
// disk, and makes a new node when one is over. What happens is told to the judge at once, and to
// the applications when the event is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "lock/inquiry.hpp"
#include "node/node.hpp"
#include "sim/event_queue.hpp"
#include "sim/judge.hpp"
#include "sim/machine_clock.hpp"
#include "sim/message_kind.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"
#include "sim/trace.hpp"
#include "wire/codec.hpp"

namespace holdfast::sim {

/// What runs in the processes. Told after the event is over, so it may ask for more at once.
class application {
public:
    virtual void started(std::uint32_t place) = 0;
    virtual void ended(std::uint32_t place) = 0;
    virtual void resumed(std::uint32_t place) = 0;
    virtual void granted(std::uint32_t place, request_number number, judge::lock l, token t,
                         bool is_clean) = 0;
    virtual void failed(std::uint32_t place, request_number number) = 0;
    virtual void lost(std::uint32_t place, judge::lock l, token t) = 0;
    virtual void asked_back(std::uint32_t place, judge::lock l, token t) = 0;

protected:
    ~application() = default;
};

/// What may meddle with a message at the moment when it is sent.
class meddler {
public:
    struct verdict {
        bool is_lost = false;
        base::duration delay{};
        /// of the same kind to the same process; for tables only
        bool brings_back_older = false;
        bool is_doubled = false;
    };
    virtual verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) = 0;

protected:
    ~meddler() = default;
};

/// What may look on: it is told each thing that a node puts out, before it is done.
class witness {
public:
    virtual void saw(std::uint32_t place, const node::output& what) = 0;

protected:
    ~witness() = default;
};

struct acquire_how {
    bool is_try = false;
    std::optional<base::duration> timeout;
    lock_mode mode;
    break_policy breaking{};
    base::duration max_hold{};
    base::duration progress_every{};
    stuck_action when_stuck{};
    std::int32_t priority = 0;
    std::chrono::milliseconds delay{};
    std::uint64_t together = 0;  ///< which several locks it is one of, for the judge
};

class cluster {
public:
    struct counters {
        std::uint64_t steps = 0;
        std::uint64_t views_installed = 0;
        std::uint64_t nodes_started = 0;
        std::uint64_t holds_lost = 0;
        std::uint64_t slots_gathered = 0;
        std::uint64_t tables_received = 0;
        std::uint64_t lock_messages = 0;  // also those that went round
    };

    cluster(const scenario& plan, std::uint64_t seed, judge& watching, sim::trace& trace,
            event_queue& events);
    ~cluster();

    void attach(application& runs, meddler& meddles, witness* looks_on = nullptr);
    /// datagram, stream, timer, start, resume.
    void handle(const event& e);
    /// The applications hear what happened in the event that is over.
    void tell_applications();

    // ---- what applications do

    [[nodiscard]] request_number acquire(std::uint32_t place, judge::lock l,
                                         const acquire_how& how);
    void cancel(std::uint32_t place, request_number number);
    /// The value it leaves to the next is its token.
    void release(std::uint32_t place, judge::lock l, token t, bool says_consistent = false,
                 std::optional<std::uint32_t> heir = {});
    void watch(std::uint32_t place, judge::lock l);
    void unwatch(std::uint32_t place, judge::lock l);
    void progress(std::uint32_t place, judge::lock l, token t);
    /// The process at `place` asks how the lock stands.
    void look(std::uint32_t place, judge::lock l);
    /// Somebody there wants this hold to end.
    void demand(std::uint32_t place, judge::lock l, token t, lock::urging how,
                const std::string& who);
    /// Somebody there has what runs at `whom` removed.
    void evict(std::uint32_t place, std::uint32_t whom);
    /// FORCE-1: a person there says which places are to be the seats. False: its lease runs.
    bool force_view(std::uint32_t place, const std::vector<std::uint32_t>& seats);
    /// Somebody there has done something, which is recorded, and again with what came of it.
    void record(std::uint32_t place);
    /// Somebody there asks what was done.
    void read_records(std::uint32_t place);
    /// A person has the owner at `place` break the holds whose grants were not answered yet
    /// (BREAK-1).
    void break_untaken(std::uint32_t place);

    // ---- what happens to processes

    /// Started again `after` that, as a new peer.
    void crash(std::uint32_t place, base::duration after);
    /// For good.
    void lose(std::uint32_t place);
    /// Nothing runs until then, but the clocks. `in_mid_step`: it stops at its next step, between
    /// what it does and the packets that tell of it.
    void pause(std::uint32_t place, base::duration how_long, bool in_mid_step);
    void leave(std::uint32_t place, base::duration restart_after);
    void set_rate(std::uint32_t place, int parts_per_million);
    void step_boot(std::uint32_t place, base::duration by);
    void step_wall(std::uint32_t place, std::chrono::seconds by);
    /// Whoever is down or paused is started or resumed now.
    void mend();
    [[nodiscard]] sim::network& net() { return network_; }

    // ---- looking

    [[nodiscard]] bool is_up(std::uint32_t place) const { return places_[place].node != nullptr; }
    [[nodiscard]] bool is_paused(std::uint32_t place) const {
        return places_[place].paused_until.has_value();
    }
    [[nodiscard]] judge::run run_at(std::uint32_t place) const { return places_[place].run; }
    [[nodiscard]] std::size_t places() const { return places_.size(); }
    /// Null: nothing runs there.
    [[nodiscard]] const node::node* node_at(std::uint32_t place) const {
        return places_[place].node.get();
    }
    /// p3, or p3.2 for what runs there after a restart.
    [[nodiscard]] const std::string& name_at(std::uint32_t place) const {
        return places_[place].name;
    }
    [[nodiscard]] bool is_leased(std::uint32_t place) const {
        return places_[place].node && places_[place].lease_ends &&
               events_.now() < *places_[place].lease_ends;
    }
    /// How many records were read there, when that was last done and answered.
    [[nodiscard]] std::optional<std::size_t> records_read_at(std::uint32_t place) const {
        return places_[place].records_read;
    }
    /// HOLD-2, as its program would ask.
    [[nodiscard]] bool holds(std::uint32_t place, judge::lock l, token t) const;
    /// Where the owner of `l` runs, as some process that is up believes.
    [[nodiscard]] std::optional<std::uint32_t> owner_of(judge::lock l) const;
    [[nodiscard]] std::optional<std::uint32_t> holder_of(judge::lock l) const;
    /// STUCK: whether any owner keeps a hold at all, and which ones nobody holds.
    [[nodiscard]] bool has_owned_holds() const;
    void report_owned_holds() const;
    [[nodiscard]] const counters& counted() const { return counters_; }
    /// A line in the trace that is about nobody in particular.
    void note(std::string_view text) { trace_.line(events_.now(), "--", text); }

private:
    struct inquiry {
        lock::inquiry asked;
        std::optional<holdfast::record> writes;  // else it reads
        std::uint64_t number = 0;
    };
    struct machine {
        explicit machine(const place_plan& plan)
            : clock{plan.boot, plan.parts_per_million, plan.wall_s} {}

        machine_clock clock;
        epoch persisted;           // on the disk, where there is a state_dir
        std::uint32_t starts = 0;  // of processes here
        std::string name;          // p3, p3.2
        peer_id id;
        judge::run run = 0;
        base::settings settings;
        std::unique_ptr<node::node> node;  // null: nothing runs here
        std::vector<std::uint32_t> seats;  // the places that it takes for the seats
        std::deque<inquiry> inquiries;
        std::uint64_t last_record = 0;
        std::uint64_t last_inquiry = 0;
        std::optional<std::size_t> records_read;  // when it last did
        bool is_leaving = false;
        bool is_gone = false;
        base::duration restart_after{};
        std::optional<instant> paused_until;
        // NOW-1, planted: the clock as read before the pause
        std::optional<base::moment> earlier_turn;
        base::time_point paused_at;  // by its own clock
        std::optional<base::duration> pause_in_next_step;
        std::vector<peer_id> suspects;        // in the present step, of its own machine
        std::vector<network::number> inbox;   // came while it was paused
        std::vector<network::number> unsent;  // of the step in which it was paused
        std::optional<base::time_point> timer;
        std::uint32_t timer_generation = 0;
        std::optional<base::time_point> lease_end;  // as last asked, and in true time
        std::optional<instant> lease_ends;
        std::uint64_t conflicts = 0;
        std::uint64_t steps = 0;
        std::optional<node::must_restart> is_over;
        bool has_left = false;
    };
    struct news {
        enum class what : std::uint8_t {
            started,
            ended,
            resumed,
            granted,
            failed,
            lost,
            asked_back,
            recorded
        } kind{};
        std::uint32_t place = 0;
        request_number number;
        judge::lock lock = 0;
        token held;
        bool is_clean = true;
        std::optional<holdfast::record> recorded{};
    };

    template <class Call>
    void step(std::uint32_t at, Call&& call);
    void start(std::uint32_t at);
    void make_node(std::uint32_t at, const peer_id& id);
    void end_node(std::uint32_t at);
    void resume(std::uint32_t at);
    void receive(std::uint32_t at, network::number n);
    void drain(std::uint32_t at);
    void settle(std::uint32_t at);
    void arm(std::uint32_t at);
    void clock_has_changed(std::uint32_t at);
    void tell_lease(std::uint32_t at);

    void ask_the_seats(std::uint32_t at, const lock::question& what,
                       std::optional<holdfast::record> writes);
    void hear(std::uint32_t at, std::uint64_t number, const std::optional<lock::answer>& what,
              std::optional<errc> why_none);
    void record_outcome(std::uint32_t at, holdfast::record what);
    void end_inquiry(std::uint32_t at, const inquiry& i);
    void perform(std::uint32_t at, node::send& s);
    void look_for_suspects(std::uint32_t at);
    void remember_table(const packet& sent, bool brings_back_older);
    void perform(std::uint32_t at, const node::persist_epoch& p);
    void perform(std::uint32_t at, const node::granted& g);
    void perform(std::uint32_t at, const node::request_failed& f);
    void perform(std::uint32_t at, const node::hold_lost& l);
    void perform(std::uint32_t at, const node::view_installed& v);
    void perform(std::uint32_t at, const node::must_restart& m);
    void perform(std::uint32_t at, const node::has_left&);
    void perform(std::uint32_t at, const node::owner_granted& g);
    void perform(std::uint32_t at, const node::complaint& c);
    void perform(std::uint32_t, const node::at_risk&) {}
    void perform(std::uint32_t, const node::hold_stuck&) {}
    void perform(std::uint32_t at, const node::unanswered& u);
    void perform(std::uint32_t at, const node::was_asked_back& a);
    void perform(std::uint32_t at, const node::broke_by_policy& b);
    void perform(std::uint32_t at, const node::answered& a);
    /// CERT-1, as the runtime does it: whoever suspects a process of its own machine looks whether
    /// it is there.
    void perform(std::uint32_t at, const node::belief_changed& b);
    void perform(std::uint32_t at, const node::lock_changed& c);

    [[nodiscard]] base::moment moment_of(const machine& p) const;
    [[nodiscard]] judge::lock lock_of(std::string_view name) const;
    [[nodiscard]] static std::vector<endpoint> addresses_of(
        const std::vector<std::uint32_t>& places);
    [[nodiscard]] std::optional<std::uint32_t> place_at(const endpoint& address) const;
    [[nodiscard]] peer_id draw_id();
    void broken(std::uint32_t at, std::string_view what);
    void say(std::uint32_t at, std::string_view text);
    void measure_walls();

    const scenario& plan_;
    base::random_source random_;
    judge& judge_;
    sim::trace& trace_;
    event_queue& events_;
    sim::network network_;
    // who is born as what: not moved by how much was said before, or stories would name other
    // owners
    base::random_source births_;
    application* application_ = nullptr;
    meddler* meddler_ = nullptr;
    witness* witness_ = nullptr;
    std::vector<machine> places_;
    std::vector<std::uint32_t> place_of_run_{0};
    std::map<peer_id, std::uint32_t> place_of_id_;
    std::map<peer_id, std::uint32_t> start_of_id_;  // which process of its place it is
    std::vector<news> news_;
    std::vector<news> telling_;
    wire::packet packet_;                                        // reused for what is sent
    std::map<std::uint32_t, std::deque<packet>> former_tables_;  // sent to each place
    std::int64_t least_wall_ = 0;
    std::int64_t most_wall_ = 0;
    counters counters_;
};

}  // namespace holdfast::sim
