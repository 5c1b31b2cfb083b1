#include "sim/sim_process.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "node/succession.hpp"
#include "wire/codec.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// node::check() looks at everything a node has, so not after every step.
constexpr std::uint64_t steps_between_checks = 16;
// What the sockets of a process that does not read keep at least, and for each place.
constexpr std::size_t least_kept_while_paused = 1024;
constexpr std::size_t kept_for_each_place = 200;

}  // namespace

sim_process::sim_process(context& shared, message_sender& sends, output_reporter& reports,
                         std::uint32_t place)
    : context_{shared},
      sender_{sends},
      reporter_{reports},
      sockets_{shared},
      place_{place},
      clock_{shared.plan.places[place].raw, shared.plan.places[place].parts_per_million,
             shared.plan.places[place].wall_s},
      suspends_{clock_.read({})},
      disk_{shared.plan.places[place].disk, shared.plan.asked.seed * 64 + place},
      record_disk_{shared.plan.places[place].disk, ~(shared.plan.asked.seed * 64 + place)},
      seats_(shared.plan.seats) {
    std::iota(seats_.begin(), seats_.end(), 0u);
}

// ---- what happens to it

void sim_process::start() {
    const auto& plan = context_.plan;
    const auto& planned = plan.places[place_];
    const bool same_id = context_.is_mutant(mutant::restart_keeps_the_peer_id) && me().starts > 0;
    ++me().starts;
    settings_ = plan.common;
    settings_.name = planned.name;
    settings_.address = planned.address;
    settings_.weight = planned.weight;
    settings_.process = {planned.machine, place_ + 1, me().starts};
    settings_.wire_version = wire::newest_version + (planned.unknown_fields > 0 ? 1 : 0);
    settings_.lease = planned.lease.value_or(plan.common.lease);
    settings_.seeds = planned.seeds.empty() ? addresses_of(seats_) : planned.seeds;
    settings_.keeps_epochs = plan.has_state_dir;
    settings_.epochs = {};
    if (plan.has_state_dir) {
        settings_.epochs = {disk_.written(), {}, disk_.written()};
    }
    is_leaving_ = false;
    const auto found = plan.has_state_dir ? record_disk_.written() : std::nullopt;
    make_node(same_id ? me().id : context_.draw_id(), found.value_or(audit_history{}),
              found.has_value());
}

void sim_process::make_node(const peer_id& id, const audit_history& found, bool is_on_disk) {
    auto& c = context_;
    auto& p = me();
    p.run = static_cast<judge::run>(c.place_of_run.size());
    c.place_of_run.push_back(place_);
    c.id_of_run.push_back(id);
    c.place_of_id[id] = place_;
    if (keeps_records_ && !p.id.is_nil()) {
        c.judged_by.records().goes_on(p.id, id);
    }
    p.id = id;
    const auto runs = static_cast<std::uint32_t>(
        std::count(c.place_of_run.begin() + 1, c.place_of_run.end(), place_));
    p.name = c.plan.places[place_].name + (runs > 1 ? "." + std::to_string(runs) : "");
    conflicts_ = 0;
    leases_lost_ = 0;
    p.lease_end.reset();
    p.lease_ends.reset();
    c.trace.names(id, p.name);
    c.trace.add(std::uint64_t{0x57A47} + p.run);
    say("starts");
    const auto seat = std::find(seats_.begin(), seats_.end(), place_);
    c.judged_by.started(p.run, id, p.name, seats_.size(),
                        seat == seats_.end()
                            ? std::nullopt
                            : std::optional{static_cast<std::size_t>(seat - seats_.begin())});
    c.app_events.push_back({app_event::what::started, place_, {}, 0, {}});
    try {
        p.node = std::make_unique<node::node>(settings_, id, c.identity_random.next(), moment());
    } catch (const std::exception& e) {
        c.broken(place_, e.what());
        return;
    }
    step([&](node::node& n, base::moment now) { n.take_over(found, is_on_disk, now); });
}

void sim_process::end_node() {
    auto& c = context_;
    auto& p = me();
    if (p.node) {
        const auto& s = p.node->stats();
        c.counted.slots_gathered += s.slots_gathered;
        c.counted.tables_received += s.tables_received;
        c.counted.holds_lost += s.holds_lost;
    }
    p.node.reset();
    p.paused_until.reset();
    clock_.wake(phase_, c.events.now());
    earlier_turn_.reset();
    pause_in_next_step_.reset();
    records_read_.reset();
    timer_.reset();
    is_over_.reset();
    has_left_ = false;
    for (const auto n : std::exchange(inbox_, {})) {
        c.net.discard(n);
    }
    for (const auto n : std::exchange(unsent_, {})) {
        c.net.discard(n);
    }
    ends_.clear();
    p.watched.clear();
    p.proven.clear();
    p.proven_under.reset();
    p.recorded_seen.clear();
    c.net.run_ended(place_, p.run);
    c.app_events.push_back({app_event::what::ended, place_, {}, 0, {}});
}

void sim_process::crash(base::duration after) {
    if (!me().node) {
        return;
    }
    say("crashes");
    context_.judged_by.crashed(me().run);
    lose_power();
    end_node();
    tell_watchers();
    context_.events.plan(context_.events.now() + after, event_kind::start, place_);
}

/// What is being written is lost, or not.
void sim_process::lose_power() {
    const auto now = context_.events.now();
    keeps_records_ = context_.plan.has_state_dir && !record_disk_.is_behind(now, settings_.lease);
    disk_.lose_power(now);
    record_disk_.lose_power(now);
    ++disk_writes_;
    ++record_writes_;
}

void sim_process::lose() {
    is_gone_ = true;
    crash(24h);
}

void sim_process::pause(base::duration how_long, bool in_mid_step) {
    auto& p = me();
    if (!p.node || p.paused_until) {
        return;
    }
    if (in_mid_step) {
        pause_in_next_step_ = how_long;
        return;
    }
    say("is paused");
    context_.judged_by.paused(p.run);
    if (context_.is_mutant(mutant::time_of_an_earlier_turn)) {
        earlier_turn_ = moment();
    }
    paused_at_ = clock_.raw(context_.events.now());
    p.paused_until = context_.events.now() + how_long;
    context_.events.plan(*p.paused_until, event_kind::resume, place_, p.run);
}

void sim_process::suspend(base::duration how_long, std::optional<base::duration> phase) {
    if (!is_running()) {
        return;
    }
    pause(how_long, false);
    say("is suspended, with its machine");
    phase_ = phase;
    clock_.suspend(context_.events.now());
}

void sim_process::note_suspends() { suspends_.note(clock_.read(context_.events.now())); }

void sim_process::resume() {
    auto& p = me();
    say("goes on");
    p.paused_until.reset();
    context_.judged_by.resumed(p.run, context_.events.now());
    if (clock_.is_suspended()) {
        clock_.wake(phase_, context_.events.now());
        note_suspends();
        p.lease_end.reset();
        tell_lease();
    }
    if (context_.is_mutant(mutant::clock_stops_in_suspend)) {
        clock_.stood_still_at(paused_at_, context_.events.now());
        p.lease_end.reset();
    }
    context_.app_events.push_back({app_event::what::resumed, place_, {}, 0, {}});
    for (const auto n : std::exchange(unsent_, {})) {
        context_.net.post(n, {});
    }
    // Timers and sockets are both ready; drivers look at either first.
    const auto late_timer = [&] {
        if (is_running()) {
            timer_.reset();
            step([](node::node& n, base::moment now) { n.tick(now); });
        }
    };
    const bool timers_first = context_.random.chance(0.5);
    if (timers_first) {
        late_timer();
    }
    // What came in which order is not known any more; packets after the ends cost time only.
    for (const auto& e : std::exchange(ends_, {})) {
        hear_end(e);
    }
    for (const auto n : std::exchange(inbox_, {})) {
        receive(n);
    }
    if (!timers_first) {
        late_timer();
    }
    earlier_turn_.reset();
}

void sim_process::leave(base::duration restart_after) {
    if (!is_running() || is_leaving_) {
        return;
    }
    say("leaves");
    is_leaving_ = true;
    restart_after_ = restart_after;
    context_.judged_by.asked_to_leave(me().run);
    step([](node::node& n, base::moment now) { n.leave(now); });
}

/// What was computed from the clock as it ran until now.
void sim_process::clock_has_changed() {
    if (me().node) {
        me().lease_end.reset();
        tell_lease();
        timer_.reset();
        arm();
    }
}

void sim_process::perform(const node::persist_mark& p) {
    disk_.begin(p.mark);
    write_to_disk();
}

/// As the writing thread of a peer does it: one write at a time, and again if it fails.
void sim_process::write_to_disk() {
    if (!disk_.is_writing()) {
        me().node->persisted(disk_.written(), moment());
        return;
    }
    const auto now = context_.events.now();
    const auto takes = disk_.takes(now);
    if (takes == base::duration::zero()) {
        disk_.finish();
        me().node->persisted(disk_.written(), moment());
        return;
    }
    context_.count(takes ? trouble::slow_write : trouble::failed_write);
    if (context_.trace.is_printed()) {
        say(takes ? "writes to a slow disk" : "cannot write to its disk");
    }
    context_.events.plan(now + takes.value_or(1s), event_kind::disk, place_,
                         ++disk_writes_ * 4 + (takes ? 1 : 0));
}

void sim_process::perform(const node::persist_records& p) {
    record_disk_.begin(p, context_.events.now());
    write_records();
}

void sim_process::write_records() {
    const auto now = context_.events.now();
    const auto takes = record_disk_.takes(now);
    if (takes == base::duration::zero()) {
        finish_records();
        return;
    }
    context_.count(takes ? trouble::slow_write : trouble::failed_write);
    if (context_.trace.is_printed()) {
        say(takes ? "writes audit records to a slow disk" : "cannot write audit records");
    }
    if (!takes) {
        const auto& w = *record_disk_.writing();
        me().node->records_persisted(w.by, w.number, node::write_outcome::failed, moment());
    }
    context_.events.plan(now + takes.value_or(1s), event_kind::disk, place_,
                         ++record_writes_ * 4 + 2 + (takes ? 1 : 0));
}

void sim_process::finish_records() {
    const auto w = record_disk_.finish(context_.events.now(), settings_.lease);
    me().node->records_persisted(w.by, w.number, node::write_outcome::done, moment());
}

void sim_process::disk_is_due(std::uint64_t which) {
    const bool is_done = which % 2 == 1;
    const bool is_of_records = which / 2 % 2 == 1;
    if (which / 4 != (is_of_records ? record_writes_ : disk_writes_) || !me().node) {
        return;
    }
    if (me().paused_until) {
        context_.events.plan(context_.events.now() + 50ms, event_kind::disk, place_, which);
        return;
    }
    if (is_of_records) {
        if (!record_disk_.writing()) {
            return;  // what was to be tried again went with a later write
        }
        step([&](node::node&, base::moment) { is_done ? finish_records() : write_records(); });
        return;
    }
    if (is_done) {
        disk_.finish();
    }
    step([&](node::node&, base::moment) { write_to_disk(); });
}

/// By our view. A seat that can write no mark agrees to no later view (DISK-1), so a second one
/// that is empty would end all changes.
bool sim_process::are_all_seats_up() const {
    const auto v = me().node ? me().node->installed() : nullptr;
    return !v || std::all_of(v->seats.begin(), v->seats.end(), [&](const auto& s) {
        const auto at = context_.place_of_id.find(s.filled_by);
        const auto* node =
            at == context_.place_of_id.end() ? nullptr : context_.places[at->second].node.get();
        return node != nullptr && node->self() == s.filled_by;
    });
}

void sim_process::heal() {
    const bool fills_up = context_.plan.places[place_].disk_fills_up && are_all_seats_up();
    if (fills_up) {
        context_.count(trouble::disk_fills_up);
    }
    set_disk({{}, fills_up ? instant::max() : instant{}});
    pause_in_next_step_.reset();
    restart_after_ = {};
    if (!me().node) {
        start();
    } else if (me().paused_until) {
        resume();
    }
}

// ---- events

void sim_process::timer_is_due(std::uint32_t generation) {
    if (!is_running() || !timer_ || timer_generation_ != generation) {
        return;
    }
    timer_.reset();
    step([](node::node& n, base::moment now) {
        if (n.is_due(now)) {
            n.tick(now);
        }
    });
}

void sim_process::start_is_due() {
    if (!me().node && !is_gone_) {
        start();
    }
}

void sim_process::resume_is_due(judge::run of) {
    const auto& p = me();
    if (p.node && p.paused_until && p.run == of && *p.paused_until <= context_.events.now()) {
        resume();
    }
}

void sim_process::hear_end(const event& e) {
    if (!me().node) {
        return;
    }
    if (me().paused_until) {
        ends_.push_back(e);
        return;
    }
    const auto& other = context_.id_of_run[e.detail];
    if (context_.trace.is_printed()) {
        say((e.kind == event_kind::stream_lost    ? "has lost its stream to "
             : e.kind == event_kind::stream_ended ? "hears the end of the stream of "
             : e.kind == event_kind::found_there  ? "finds at an address "
                                                  : "finds gone ") +
            context_.trace.name_of(other));
    }
    step([&](node::node& n, base::moment now) {
        if (e.kind == event_kind::stream_lost) {
            n.stream_lost(other, now);
        } else if (e.kind == event_kind::stream_ended) {
            n.stream_ended(other, now);
        } else if (e.kind == event_kind::found_there) {
            const auto at = context_.place_of_run[e.detail];
            n.found_there(context_.plan.places[at].address, other, now);
        } else {
            n.process_is_gone(other, now);
        }
    });
}

void sim_process::receive(network::number n) {
    auto& c = context_;
    const auto& p = me();
    const bool is_for_this_run =
        !c.net.at(n).is_stream || c.net.at(n).is_again || c.net.at(n).to_run == p.run;
    const auto most_kept = std::max(least_kept_while_paused, kept_for_each_place * c.places.size());
    if (!p.node || !is_for_this_run || (p.paused_until && inbox_.size() >= most_kept)) {
        c.net.discard(n);
        return;
    }
    if (p.paused_until) {
        inbox_.push_back(n);
        return;
    }
    const auto& arrived = c.net.at(n);
    const auto from = arrived.from;
    const auto packet = wire::decode(arrived.bytes, c.plan.common.cluster_name);
    const auto way = sockets_.way_of(place_, arrived);
    const bool is_let_in = packet && sockets_.let_in(place_, arrived, packet->envelope);
    c.net.discard(n);
    if (!packet) {
        c.broken(place_, "what a node sent does not parse");
        return;
    }
    if (!is_let_in) {
        return;
    }
    if (c.trace.is_printed()) {
        say("< " + c.trace.name_of(packet->envelope.from) + " " + c.trace.describe(packet->what));
    }
    if (const auto seat = std::find(seats_.begin(), seats_.end(), from); seat != seats_.end()) {
        c.judged_by.heard(p.run, static_cast<std::size_t>(seat - seats_.begin()), c.events.now());
    }
    step([&](node::node& to, base::moment now) {
        to.handle(packet->envelope, way, packet->what, now);
        to.has_read_all(now.now);
    });
}

// ---- what its operators do

void sim_process::read_records() {
    const auto v = me().node->installed();
    if (!v) {
        return;
    }
    std::set<peer_id> asked;
    for (const auto& s : v->seats) {
        if (!s.filled_by.is_nil()) {
            asked.insert(s.filled_by);
        }
    }
    step([&](node::node& n, base::moment now) {
        const auto number = n.read_audit_log(now.now + 3 * context_.plan.common.lease, now);
        context_.judged_by.records().reads_records(me().run, number, asked, v->seats.size());
    });
}

bool sim_process::force_new_cluster(const std::vector<std::uint32_t>& seats) {
    if (!is_running()) {
        return false;
    }
    const auto former_seats = std::exchange(seats_, seats);
    const auto former_seeds = std::exchange(settings_.seeds, addresses_of(seats));
    bool is_done = false;
    say("is told of other seats");
    step([&](node::node& n, base::moment now) { is_done = n.give_up(now); });
    if (is_done) {
        context_.judged_by.forced();
    } else {
        seats_ = former_seats;
        settings_.seeds = former_seeds;
    }
    return is_done;
}

// ---- steps

void sim_process::drain() {
    while (auto out = me().node->next()) {
        if (context_.observes != nullptr) {
            context_.observes->saw(place_, *out);
        }
        std::visit([&](auto& what) { perform(what); }, *out);
    }
    auto& records = context_.judged_by.records();
    // A single seat sends its record to none but itself.
    if (records.is_waiting() && !is_over_ && seats_.size() > 1) {
        records.step_is_over(me().run, context_.events.now());
    }
    if (++steps_ % steps_between_checks == 0) {
        me().node->check();
    }
}

void sim_process::settle() {
    auto& c = context_;
    if (is_over_) {
        restart_as_new_peer();
        return;
    }
    if (has_left_) {
        c.judged_by.gave_up(me().run, c.events.now());
        lose_power();
        end_node();
        c.events.plan(c.events.now() + restart_after_, event_kind::start, place_);
        return;
    }
    record_disk_.rest();
    tell_lease();
    if (const auto now = me().node->stats().conflicts_reported; now != conflicts_) {
        conflicts_ = now;
        c.judged_by.reported_conflict(me().run, c.events.now());
    }
    if (const auto now = me().node->stats().leases_lost; now != leases_lost_) {
        leases_lost_ = now;
        if (c.plan.is_loss_alone) {
            c.judged_by.lost_its_lease(me().run, c.events.now());
        }
    }
    if (pause_in_next_step_) {
        const auto how_long = *std::exchange(pause_in_next_step_, std::nullopt);
        pause(how_long, false);
    }
    arm();
}

void sim_process::restart_as_new_peer() {
    const auto over = *is_over_;
    if (context_.plan.is_loss_alone && me().lease_ends) {
        context_.judged_by.lost_its_lease(me().run, context_.events.now());
    }
    context_.judged_by.gave_up(me().run, context_.events.now());
    const auto kept = me().node->kept_records();
    end_node();
    settings_ = node::successor_settings(std::move(settings_), over);
    keeps_records_ = true;
    make_node(context_.draw_id(), kept, false);
}

void sim_process::tell_lease() {
    auto& c = context_;
    auto& p = me();
    const auto end = p.node->lease_end();
    if (end != p.lease_end) {
        p.lease_end = end;
        p.lease_ends =
            end ? std::optional{when_over([&](base::moment m) { return *end - m.for_rights(); })}
                : std::nullopt;
        const auto counted = moment();
        for (const auto& [l, t] : c.judged_by.holds_of(p.run)) {
            if (end &&
                p.node->holds(c.plan.locks[l], t, {counted.when(*end), 0, counted.suspended})) {
                c.judged_by.object(guarantee::mutex, c.events.now(),
                                   p.name + " would say that it holds \"" + c.plan.locks[l] +
                                       "\" when its lease is over (HOLD-2)");
            }
        }
    }
    c.judged_by.lease(p.run, p.lease_ends, c.events.now());
}

void sim_process::arm() {
    auto& c = context_;
    const auto due = me().node->deadline();
    if (!due || (timer_ && *timer_ <= *due)) {
        return;
    }
    timer_ = due;
    const auto late = c.random.between(10us, c.plan.longest_timer_delay);
    const auto at = when_over([&](base::moment m) { return *due - m.now; });
    c.events.plan(at + late, event_kind::timer, place_, ++timer_generation_);
}

/// By what the process will read then, which is for the library to make of its clocks.
template <class Left>
instant sim_process::when_over(Left&& left_at) const {
    constexpr int most_steps = 16;
    const auto now = context_.events.now();
    const auto left_then = [&](instant then) {
        auto counted = suspends_;
        return left_at(counted.note(clock_.read(then)));
    };
    auto at = clock_.when(clock_.raw(now) + left_then(now), now);
    for (int i = 0; i < most_steps; ++i) {
        const auto more = left_then(at);
        if (at <= now || (more <= base::duration{} && more > -1us)) {
            break;
        }
        at = std::max(now, at + more);
    }
    return at;
}

bool sim_process::is_gone(const process_identity& process) const {
    const auto& there = context_.places[process.pid - 1];
    // A PeerId that a living process gave up is not gone: its successor says so itself (LEASE-4).
    const bool is_there = there.node != nullptr && there.starts == process.started;
    return !is_there || (there.paused_until && context_.is_mutant(mutant::stopped_counts_as_gone));
}

void sim_process::perform(const node::check_process& c) {
    if (is_gone(c.process)) {
        if (const auto& there = context_.places[c.process.pid - 1]; there.node) {
            // The mutant: as if its system had closed its streams, too.
            for (std::uint32_t i = 0; i < context_.places.size(); ++i) {
                context_.net.tell_of_end(c.process.pid - 1, i, there.run);
            }
        }
        me().node->process_is_gone(c.peer, moment());
    }
}

void sim_process::perform(const node::watch_process& w) {
    me().watched.insert(w.peer);
    if (is_gone(w.process)) {
        plan_gone(place_, w.peer);
    }
}

void sim_process::plan_gone(std::uint32_t watcher, const peer_id& whom) {
    auto& c = context_;
    const auto of = std::find(c.id_of_run.begin(), c.id_of_run.end(), whom);
    HOLDFAST_ASSERT(of != c.id_of_run.end());
    const auto run = static_cast<std::uint64_t>(of - c.id_of_run.begin());
    c.events.plan(c.events.now() + c.random.between({}, 1ms), event_kind::process_gone, watcher,
                  run);
}

void sim_process::tell_watchers() {
    for (std::uint32_t i = 0; i < context_.places.size(); ++i) {
        if (context_.places[i].watched.contains(me().id)) {
            plan_gone(i, me().id);
        }
    }
}

void sim_process::perform(const node::audit_recorded& r) {
    me().node->act(r.number, views::proof::none, moment());
}

void sim_process::perform(const node::audit_log_read& r) {
    if (!r.failure) {
        records_read_ = r.what.records.size();
        reporter_.report(place_, r);
    }
}

base::moment sim_process::moment() const {
    const auto now = context_.events.now();
    auto counted = suspends_;
    return earlier_turn_ ? *earlier_turn_ : counted.note(clock_.read(now), clock_.wall_s(now));
}

std::chrono::seconds sim_process::wall_error() const {
    return std::chrono::floor<std::chrono::seconds>(clock_.wall_error());
}

// ---- outputs

void sim_process::send(node::send& s) {
    auto& records = context_.judged_by.records();
    if (const auto* kept =
            records.is_waiting() ? base::get_message_if<lock::store_record>(s.what) : nullptr) {
        records.sends_record(me().run, kept->what.token);
    }
    sender_.send(place_, s, pause_in_next_step_ ? &unsent_ : nullptr);
}

void sim_process::perform(const node::answered& a) {
    if (const auto* seen = std::get_if<lock::inspect_reply>(&a.what)) {
        reporter_.report(place_, a.number, *seen);
    }
}

void sim_process::perform(const node::has_left&) {
    say("has left");
    has_left_ = true;
}

}  // namespace holdfast::sim
