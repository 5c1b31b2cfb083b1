// One process on one machine of a simulated cluster: a real node, its clocks and its timer.
//
// It does what a driver of nodes does in production: it hands packets over with the time read
// after they arrived, drains the outputs, arms one timer, keeps the epoch on a disk, and makes a
// new node when one is over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

#include "sim/context.hpp"
#include "sim/disk.hpp"
#include "sim/machine_clock.hpp"
#include "sim/message_sender.hpp"
#include "sim/output_reporter.hpp"
#include "sim/record_disk.hpp"
#include "sim/sockets.hpp"

namespace holdfast::sim {

class sim_process {
public:
    sim_process(context& shared, message_sender& sends, output_reporter& reports,
                std::uint32_t place);

    // ---- what happens to it

    void start();
    /// Started again `after` that, as a new peer.
    void crash(base::duration after);
    /// For good.
    void lose();
    /// `in_mid_step`: it stops at its next step, between what it does and the packets that tell of
    /// it.
    void pause(base::duration how_long, bool in_mid_step);
    /// Its machine is suspended: it stops, and its clocks too. When they go on, they take the time
    /// for so much shorter than it was.
    void suspend(base::duration how_long, std::optional<base::duration> phase);
    void leave(base::duration restart_after);
    void slew(int parts_per_million) { clock_.slew(parts_per_million, context_.events.now()); }
    void set_rate(int parts_per_million) {
        clock_.set_rate(parts_per_million, context_.events.now());
        clock_has_changed();
    }
    void step_raw(base::duration by) {
        clock_.step_raw(by, context_.events.now());
        clock_has_changed();
    }
    void step_wall(std::chrono::seconds by) { clock_.step_wall(by); }
    void set_disk(const disk_plan& plan) { disk_.set(plan), record_disk_.set(plan); }
    /// It is started or resumed now if it is down or paused, and is not stopped again.
    void heal();
    void resume();

    // ---- events

    void receive(network::number n);
    void timer_is_due(std::uint32_t generation);
    void start_is_due();
    void resume_is_due(judge::run of);
    void disk_is_due(std::uint64_t which);
    /// A stream to it, or a process of its machine, has ended; or it has found another peer where
    /// it dialled.
    void hear_end(const event& e);

    // ---- what its application and its operators do

    /// One entry into the node: `call(node, now)`, and everything it puts out. Nothing, when none
    /// runs.
    template <class Call>
    void step(Call&& call);
    /// An operator there reads what a majority of the seats remembers.
    void read_records();
    /// FORCE-1. False: its lease runs.
    bool force_new_cluster(const std::vector<std::uint32_t>& seats);
    void send(node::send& s);

    // ---- looking

    [[nodiscard]] base::moment moment() const;
    [[nodiscard]] bool are_all_seats_up() const;
    [[nodiscard]] bool is_running() const { return me().node && !me().paused_until; }
    [[nodiscard]] std::chrono::seconds wall_error() const;
    [[nodiscard]] std::optional<std::size_t> records_read() const { return records_read_; }

private:
    [[nodiscard]] occupant& me() { return context_.places[place_]; }
    [[nodiscard]] const occupant& me() const { return context_.places[place_]; }
    void say(std::string_view text) const { context_.say(place_, text); }

    /// `found`: what its state_dir, or the PeerId before, has of audit records.
    void make_node(const peer_id& id, const audit_history& found, bool is_on_disk);
    void lose_power();
    void end_node();
    void restart_as_new_peer();
    void drain();
    void settle();
    void arm();
    void clock_has_changed();
    void note_suspends();
    /// When nothing of `left_at(moment)` will be left.
    template <class Left>
    [[nodiscard]] instant when_over(Left&& left_at) const;
    void tell_lease();
    /// CERT-1, as the operating system would answer.
    [[nodiscard]] bool is_gone(const process_identity& process) const;
    void plan_gone(std::uint32_t watcher, const peer_id& whom);
    /// The process has ended: its system wakes those that watch it.
    void tell_watchers();

    void perform(node::send& s) { send(s); }
    void perform(const node::persist_mark& p);
    void perform(const node::dial_again& d) { me().node->dialled_again(d.peer, moment()); }
    void write_to_disk();
    void perform(const node::persist_records& p);
    void write_records();
    void finish_records();
    void perform(const node::must_restart& m) {
        reporter_.report(place_, m);
        is_over_ = m;
    }
    void perform(const node::has_left&);
    void perform(const node::unanswered&) {}
    void perform(const node::answered& a);
    void perform(const node::liveness_changed&) {}
    void perform(const node::check_process& c);
    void perform(const node::watch_process& w);
    void perform(const node::unwatch_process& w) { me().watched.erase(w.peer); }
    void perform(const node::audit_recorded& r);
    void perform(const node::audit_log_read& r);
    /// What needs nothing done is reported only.
    template <class Output>
    void perform(const Output& what) {
        reporter_.report(place_, what);
    }

    context& context_;
    message_sender& sender_;
    output_reporter& reporter_;
    sockets sockets_;
    std::uint32_t place_;
    machine_clock clock_;
    base::suspend_count suspends_;
    std::optional<base::duration> phase_;  // of the clock by which the present suspend is measured
    disk disk_;
    std::uint64_t disk_writes_ = 0;  // the number of the one under way
    record_disk record_disk_;
    std::uint64_t record_writes_ = 0;  // likewise
    bool keeps_records_ = true;        // what it says that it keeps is there when it starts again
    base::settings settings_;
    std::vector<std::uint32_t> seats_;         // the places that it takes for the seats
    std::vector<event> ends_;                  // that it will hear of when it goes on
    std::optional<std::size_t> records_read_;  // when it last did
    bool is_leaving_ = false;
    bool is_gone_ = false;
    base::duration restart_after_{};
    // NOW-1, a mutant: the clock as read before the pause
    std::optional<base::moment> earlier_turn_;
    base::time_point paused_at_;  // by its own clock
    std::optional<base::duration> pause_in_next_step_;
    std::vector<network::number> inbox_;   // came while it was paused
    std::vector<network::number> unsent_;  // of the step in which it was paused
    std::optional<base::time_point> timer_;
    std::uint32_t timer_generation_ = 0;
    std::uint64_t conflicts_ = 0;
    std::uint64_t leases_lost_ = 0;
    std::uint64_t steps_ = 0;
    std::optional<node::must_restart> is_over_;
    bool has_left_ = false;
};

template <class Call>
void sim_process::step(Call&& call) {
    if (!me().node) {
        return;
    }
    ++context_.counted.steps;
    try {
        note_suspends();
        const auto now = moment();
        call(*me().node, now);
        drain();
    } catch (const std::exception& e) {
        context_.broken(place_, e.what());
        return;
    }
    settle();
}

}  // namespace holdfast::sim
