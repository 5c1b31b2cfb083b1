// The processes of a simulated cluster: real nodes, each with its clocks, its part of the network
// and its application.
//
// What happens is told to the judge at once, and to the applications when the event is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/application.hpp"
#include "sim/context.hpp"
#include "sim/message_sender.hpp"
#include "sim/operators.hpp"
#include "sim/output_reporter.hpp"
#include "sim/replayer.hpp"
#include "sim/sim_process.hpp"

namespace holdfast::sim {

class cluster {
public:
    cluster(const run_plan& plan, std::uint64_t seed, judge& watching, sim::trace& trace,
            event_queue& events);
    cluster(const cluster&) = delete;
    cluster& operator=(const cluster&) = delete;

    void attach(application& runs, interceptor& intercepts, observer* observes = nullptr);
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

    /// What people do to processes and holds.
    [[nodiscard]] sim::operators& operators() { return operators_; }
    [[nodiscard]] const sim::operators& operators() const { return operators_; }

    // ---- what happens to processes

    /// Started again `after` that, as a new peer.
    void crash(std::uint32_t place, base::duration after) { processes_[place].crash(after); }
    /// For good.
    void lose(std::uint32_t place) { processes_[place].lose(); }
    /// Nothing runs until then, but the clocks. `in_mid_step`: it stops at its next step, between
    /// what it does and the packets that tell of it.
    void pause(std::uint32_t place, base::duration how_long, bool in_mid_step) {
        processes_[place].pause(how_long, in_mid_step);
    }
    /// NOW-2: its machine, and so all its clocks.
    void suspend(std::uint32_t place, base::duration how_long,
                 std::optional<base::duration> phase) {
        processes_[place].suspend(how_long, phase);
    }
    void leave(std::uint32_t place, base::duration restart_after) {
        processes_[place].leave(restart_after);
    }
    void set_rate(std::uint32_t place, int parts_per_million) {
        processes_[place].set_rate(parts_per_million);
    }
    void step_raw(std::uint32_t place, base::duration by) { processes_[place].step_raw(by); }
    /// NOW-2: what is slewed is slewed so from now on.
    void slew(std::uint32_t place, int parts_per_million) {
        processes_[place].slew(parts_per_million);
    }
    void step_wall(std::uint32_t place, std::chrono::seconds by);
    void set_disk(std::uint32_t place, const disk_plan& plan) { processes_[place].set_disk(plan); }
    /// What is down or paused is started or resumed now.
    void heal();
    [[nodiscard]] sim::network& net() { return context_.net; }
    [[nodiscard]] sim::replayer& replays() { return replayer_; }
    /// Both ways. An end that `hears` takes it for the end of the other process.
    void reset_streams(std::uint32_t x, bool x_hears, std::uint32_t y, bool y_hears);
    /// CERT-3: the process at `by` is told that the one at `whom` is gone.
    void certify(std::uint32_t by, std::uint32_t whom) {
        processes_[by].hear_end({{}, 0, event_kind::process_gone, by, run_at(whom)});
    }

    // ---- looking

    /// CERT-1: two processes of one machine, as far as they can tell.
    [[nodiscard]] bool share_machine(std::uint32_t x, std::uint32_t y) const {
        const auto& places = context_.plan.places;
        return x != y && places[x].machine != 0 && places[x].machine == places[y].machine;
    }
    [[nodiscard]] bool is_up(std::uint32_t place) const { return node_at(place) != nullptr; }
    [[nodiscard]] bool is_paused(std::uint32_t place) const {
        return context_.places[place].paused_until.has_value();
    }
    [[nodiscard]] judge::run run_at(std::uint32_t place) const {
        return context_.places[place].run;
    }
    [[nodiscard]] std::size_t places() const { return context_.places.size(); }
    /// Null: nothing runs there.
    [[nodiscard]] const node::node* node_at(std::uint32_t place) const {
        return context_.places[place].node.get();
    }
    /// p3, or p3.2 for what runs there after a restart.
    [[nodiscard]] const std::string& name_at(std::uint32_t place) const {
        return context_.places[place].name;
    }
    [[nodiscard]] bool is_leased(std::uint32_t place) const;
    /// HOLD-2, as its program would ask.
    [[nodiscard]] bool holds(std::uint32_t place, judge::lock l, token t) const;
    /// Where the owner of `l` runs, as some process that is up believes.
    [[nodiscard]] std::optional<std::uint32_t> owner_of(judge::lock l) const;
    [[nodiscard]] std::optional<std::uint32_t> holder_of(judge::lock l) const;
    /// STUCK: whether any owner keeps a hold at all, and which of them have no holder.
    [[nodiscard]] bool has_owned_holds() const;
    void report_owned_holds() const;
    [[nodiscard]] const context::counters& counted() const { return context_.counted; }
    void count(trouble t) { context_.count(t); }
    /// A line in the trace that is about no process.
    void note(std::string_view text) { context_.trace.line(context_.events.now(), "--", text); }

private:
    void tell(const app_event& n);
    void measure_walls();

    context context_;
    message_sender sender_;
    output_reporter reporter_;
    std::vector<sim_process> processes_;
    sim::operators operators_;
    sim::replayer replayer_;
    application* application_ = nullptr;
    std::vector<app_event> telling_;
    std::int64_t least_wall_ = 0;
    std::int64_t most_wall_ = 0;
};

}  // namespace holdfast::sim
