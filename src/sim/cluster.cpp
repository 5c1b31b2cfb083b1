#include "sim/cluster.hpp"

#include <algorithm>
#include <exception>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "base/assert.hpp"
#include "base/message_groups.hpp"
#include "node/succession.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// node::check() looks at everything a node has, so not after every step.
constexpr std::uint64_t steps_between_checks = 16;
// What a socket keeps for a process that does not read.
constexpr std::size_t most_kept_while_paused = 1024;

}  // namespace

cluster::cluster(const scenario& plan, std::uint64_t seed, judge& watching, sim::trace& trace,
                 event_queue& events)
    : plan_{plan},
      random_{seed},
      judge_{watching},
      trace_{trace},
      events_{events},
      network_{plan.places.size(), random_.next(), events},
      births_{random_.next()} {
    places_.reserve(plan.places.size());
    for (const auto& p : plan.places) {
        auto& m = places_.emplace_back(p);
        m.seats.resize(plan.seats);
        std::iota(m.seats.begin(), m.seats.end(), 0u);
        events_.plan(p.first_start, event_kind::start,
                     static_cast<std::uint32_t>(places_.size() - 1));
    }
    least_wall_ = most_wall_ = plan.places.front().wall_s;
    measure_walls();
}

cluster::~cluster() = default;

void cluster::attach(application& runs, meddler& meddles, witness* looks_on) {
    application_ = &runs;
    meddler_ = &meddles;
    witness_ = looks_on;
}

void cluster::handle(const event& e) {
    auto& p = places_[e.where];
    switch (e.kind) {
        case event_kind::datagram:
        case event_kind::stream:
            if (const auto n = network_.arrived(e); n != network::none) {
                receive(e.where, n);
            }
            break;
        case event_kind::timer:
            if (p.node && !p.paused_until && p.timer &&
                p.timer_generation == static_cast<std::uint32_t>(e.detail)) {
                p.timer.reset();
                step(e.where, [](node::node& n, base::moment now) {
                    if (const auto due = n.deadline(); due && *due <= now.now) {
                        n.tick(now);
                    }
                });
            }
            break;
        case event_kind::start:
            if (!p.node && !p.is_gone) {
                start(e.where);
            }
            break;
        case event_kind::resume:
            if (p.node && p.paused_until && p.run == e.detail && *p.paused_until <= events_.now()) {
                resume(e.where);
            }
            break;
        default:
            break;
    }
}

void cluster::tell_applications() {
    while (!news_.empty()) {
        telling_.clear();
        telling_.swap(news_);
        for (const auto& n : telling_) {
            switch (n.kind) {
                case news::what::started:
                    application_->started(n.place);
                    break;
                case news::what::ended:
                    application_->ended(n.place);
                    break;
                case news::what::resumed:
                    application_->resumed(n.place);
                    break;
                case news::what::granted:
                    application_->granted(n.place, n.number, n.lock, n.held, n.is_clean);
                    break;
                case news::what::failed:
                    application_->failed(n.place, n.number);
                    break;
                case news::what::lost:
                    application_->lost(n.place, n.lock, n.held);
                    break;
                case news::what::asked_back:
                    application_->asked_back(n.place, n.lock, n.held);
                    break;
                case news::what::recorded:
                    record_outcome(n.place, *n.recorded);
                    break;
            }
        }
    }
}

// ---- what applications do

request_number cluster::acquire(std::uint32_t at, judge::lock l, const acquire_how& how) {
    request_number number;
    step(at, [&](node::node& n, base::moment now) {
        lock::wish asked{{},           how.is_try,   std::nullopt,       how.mode,
                         how.breaking, how.max_hold, how.progress_every, how.when_stuck,
                         how.priority, how.delay};
        if (how.timeout) {
            asked.until = now.now + *how.timeout;
        }
        number = n.acquire(plan_.locks[l], std::move(asked), now);
        const bool is_broken_if_stuck =
            how.progress_every > base::duration{} && how.when_stuck == stuck_action::break_it;
        judge_.asked(places_[at].run, l, number,
                     {how.mode, how.breaking, how.max_hold,
                      is_broken_if_stuck ? how.progress_every : base::duration{}, how.priority,
                      how.together},
                     events_.now());
    });
    if (trace_.is_printed()) {
        say(at, "asks for \"" + plan_.locks[l] + "\"" + text_of(how.mode) + ", request " +
                    std::to_string(number.value) + (how.is_try ? ", if it is free" : "") +
                    (how.timeout ? ", for " + to_string(instant{*how.timeout}) + " s" : ""));
    }
    return number;
}

void cluster::cancel(std::uint32_t at, request_number number) {
    if (trace_.is_printed()) {
        say(at, "cancels request " + std::to_string(number.value));
    }
    step(at, [&](node::node& n, base::moment now) { n.cancel(number, now); });
}

void cluster::release(std::uint32_t at, judge::lock l, token t, bool says_consistent,
                      std::optional<std::uint32_t> heir) {
    if (trace_.is_printed()) {
        say(at, "releases \"" + plan_.locks[l] + "\" " + text_of(t) +
                    (says_consistent ? ", consistent" : "") +
                    (heir ? ", for " + places_[*heir].name : ""));
    }
    judge_.released(places_[at].run, l, t, says_consistent);
    if (heir) {
        judge_.is_for(l, places_[*heir].id);
    }
    step(at, [&](node::node& n, base::moment now) {
        n.release(plan_.locks[l], t,
                  {says_consistent, text_of(t), heir ? places_[*heir].id : peer_id{}}, now);
    });
}

void cluster::watch(std::uint32_t at, judge::lock l) {
    if (!places_[at].node) {
        return;
    }
    judge_.watches(places_[at].run, l);
    step(at, [&](node::node& n, base::moment now) { n.watch(plan_.locks[l], now); });
}

void cluster::unwatch(std::uint32_t at, judge::lock l) {
    judge_.unwatches(places_[at].run, l);
    step(at, [&](node::node& n, base::moment now) { n.unwatch(plan_.locks[l], now); });
}

void cluster::progress(std::uint32_t at, judge::lock l, token t) {
    judge_.progressed(places_[at].run, l, t, events_.now());
    step(at, [&](node::node& n, base::moment now) { n.progress(plan_.locks[l], t, now); });
}

void cluster::look(std::uint32_t at, judge::lock l) {
    if (!places_[at].node) {
        return;
    }
    step(at, [&](node::node& n, base::moment now) {
        const auto question =
            n.ask(lock::look{0, plan_.locks[l]}, {}, now.now + 3 * plan_.common.lease, now);
        judge_.looks(places_[at].run, l, question, events_.now());
    });
}

void cluster::demand(std::uint32_t at, judge::lock l, token t, lock::urging how,
                     const std::string& who) {
    if (!places_[at].node) {
        return;
    }
    if (trace_.is_printed()) {
        say(at, who + (how == lock::urging::ask ? " asks for \"" : " breaks \"") + plan_.locks[l] +
                    "\" " + text_of(t));
    }
    if (how == lock::urging::break_it) {
        judge_.is_to_break(l, t, who);
    }
    step(at, [&](node::node& n, base::moment now) {
        (void)n.ask(lock::demand{0, plan_.locks[l], t, how, who, {}, {}}, {},
                    now.now + 3 * plan_.common.lease, now);
    });
}

void cluster::evict(std::uint32_t at, std::uint32_t whom) {
    if (!places_[at].node || !places_[whom].node) {
        return;
    }
    if (trace_.is_printed()) {
        say(at, "evicts " + places_[whom].name);
    }
    step(at, [&](node::node& n, base::moment now) {
        n.evict(places_[whom].id, view_layer::proof::none, now.now + 3 * plan_.common.lease, now);
    });
}

bool cluster::force_view(std::uint32_t at, const std::vector<std::uint32_t>& seats) {
    auto& p = places_[at];
    if (!p.node || p.paused_until) {
        return false;
    }
    const auto former_seats = std::exchange(p.seats, seats);
    const auto former_seeds = std::exchange(p.settings.seeds, addresses_of(seats));
    bool is_done = false;
    say(at, "is told of other seats");
    step(at, [&](node::node& n, base::moment now) { is_done = n.give_up(now); });
    if (is_done) {
        judge_.forced();
    } else {
        p.seats = former_seats;
        p.settings.seeds = former_seeds;
    }
    return is_done;
}

void cluster::record(std::uint32_t at) {
    auto& p = places_[at];
    if (!p.node || p.paused_until) {
        return;
    }
    holdfast::record what;
    what.by = p.id;
    what.number = ++p.last_record;
    what.at_ms = events_.now().count() / 1'000'000;
    ask_the_seats(at, lock::keep_record{0, what}, what);
}

void cluster::read_records(std::uint32_t at) {
    if (places_[at].node && !places_[at].paused_until) {
        ask_the_seats(at, lock::read_records{}, {});
    }
}

void cluster::ask_the_seats(std::uint32_t at, const lock::question& what,
                            std::optional<holdfast::record> writes) {
    auto& p = places_[at];
    const auto v = p.node->installed();
    if (!v) {
        return;
    }
    auto& i = p.inquiries.emplace_back(inquiry{lock::ask_the_seats(*v, what, plan_.asked.bug),
                                               std::move(writes), ++p.last_inquiry});
    if (!i.writes) {
        std::set<peer_id> asked;
        for (const auto& part : i.asked.parts) {
            asked.insert(part.to);
        }
        judge_.reads_records(p.run, i.number, asked, v->seats.size());
    }
    step(at, [&](node::node& n, base::moment now) {
        for (auto& part : i.asked.parts) {
            part.number = n.ask(part.what, part.to, now.now + 3 * plan_.common.lease, now);
        }
    });
}

void cluster::hear(std::uint32_t at, std::uint64_t number, const std::optional<lock::answer>& what,
                   std::optional<errc> why_none) {
    auto& all = places_[at].inquiries;
    const auto i = std::find_if(all.begin(), all.end(), [&](inquiry& one) {
        return one.asked.hear(number, what, why_none);
    });
    if (i != all.end() && i->asked.is_over()) {
        const auto over = std::move(*i);
        all.erase(i);
        if (over.asked.has_enough()) {
            end_inquiry(at, over);
        }
    }
}

/// At once: whoever did it may be gone a moment later.
void cluster::record_outcome(std::uint32_t at, holdfast::record what) {
    const auto& p = places_[at];
    if (what.revision == 0 && p.node && !p.paused_until && p.id == what.by) {
        ++what.revision;
        ask_the_seats(at, lock::keep_record{0, what}, what);
    }
}

void cluster::end_inquiry(std::uint32_t at, const inquiry& i) {
    auto& p = places_[at];
    if (i.writes) {
        std::set<peer_id> kept_at;
        for (const auto& part : i.asked.parts) {
            if (part.is_last_word) {
                kept_at.insert(part.to);
            }
        }
        if (trace_.is_printed()) {
            say(at, "has recorded " + std::to_string(i.writes->number) + ", state " +
                        std::to_string(i.writes->revision));
        }
        judge_.has_recorded({i.writes->by, i.writes->number}, i.writes->revision, kept_at);
        news_.push_back({news::what::recorded, at, {}, 0, {}, true, i.writes});
        return;
    }
    lock::archive all{plan_.asked.bug};
    for (const auto& part : i.asked.parts) {
        const auto* heard =
            part.is_last_word ? std::get_if<lock::records_read>(&*part.heard) : nullptr;
        for (const auto& r : heard == nullptr ? std::vector<holdfast::record>{} : heard->records) {
            all.keep(r);
        }
    }
    std::map<judge::record_key, std::uint32_t> read;
    for (const auto& r : all.all()) {
        read[{r.by, r.number}] = r.revision;
    }
    p.records_read = read.size();
    if (trace_.is_printed()) {
        say(at, "reads " + std::to_string(read.size()) + " records");
    }
    judge_.has_read_records(p.run, i.number, read, events_.now());
}

void cluster::break_untaken(std::uint32_t at) {
    auto& p = places_[at];
    if (!p.node || !p.node->installed() || p.paused_until) {
        return;
    }
    const auto& v = *p.node->installed();
    for (const auto& h : p.node->owned_holds()) {
        const auto* holder = v.find(h.holder);
        if (h.is_taken || holder == nullptr) {
            continue;
        }
        judge_.is_to_break(lock_of(h.name), h.token);
        const bool is_leased = p.lease_ends && events_.now() < *p.lease_ends;
        node::send s{{p.id, h.holder, v.cluster, v.number, is_leased},
                     holder->address,
                     false,
                     false,
                     lock::message{lock::break_hold{h.name, h.token, h.number, {}, {}}}};
        perform(at, s);
    }
}

// ---- what happens to processes

void cluster::start(std::uint32_t at) {
    auto& p = places_[at];
    const auto& planned = plan_.places[at];
    const bool same_id =
        plan_.asked.bug == base::planted::restart_keeps_the_peer_id && p.starts > 0;
    ++p.starts;
    p.settings = plan_.common;
    p.settings.name = planned.name;
    p.settings.address = planned.address;
    p.settings.weight = planned.weight;
    p.settings.process = {planned.machine, at + 1, p.starts};
    p.settings.lease = planned.lease.value_or(plan_.common.lease);
    p.settings.seeds = planned.seeds.empty() ? addresses_of(p.seats) : planned.seeds;
    p.settings.keeps_epochs = plan_.has_state_dir;
    p.settings.highest_epoch = plan_.has_state_dir ? p.persisted : epoch{};
    p.is_leaving = false;
    make_node(at, same_id ? p.id : draw_id());
}

void cluster::make_node(std::uint32_t at, const peer_id& id) {
    auto& p = places_[at];
    ++counters_.nodes_started;
    p.run = static_cast<judge::run>(place_of_run_.size());
    place_of_run_.push_back(at);
    place_of_id_[id] = at;
    start_of_id_[id] = p.starts;
    p.id = id;
    const auto starts =
        static_cast<std::uint32_t>(std::count(place_of_run_.begin() + 1, place_of_run_.end(), at));
    p.name = plan_.places[at].name + (starts > 1 ? "." + std::to_string(starts) : "");
    p.conflicts = 0;
    p.lease_end.reset();
    p.lease_ends.reset();
    trace_.names(id, p.name);
    trace_.add(std::uint64_t{0x57A47} + p.run);
    say(at, "starts");
    const auto seat = std::find(p.seats.begin(), p.seats.end(), at);
    judge_.started(p.run, id, p.name, p.seats.size(),
                   seat == p.seats.end()
                       ? std::nullopt
                       : std::optional{static_cast<std::size_t>(seat - p.seats.begin())});
    news_.push_back({news::what::started, at, {}, 0, {}});
    try {
        p.node = std::make_unique<node::node>(p.settings, id, births_.next(), moment_of(p));
    } catch (const std::exception& e) {
        broken(at, e.what());
        return;
    }
    step(at, [](node::node&, base::moment) {});
}

void cluster::end_node(std::uint32_t at) {
    auto& p = places_[at];
    if (p.node) {
        const auto& s = p.node->stats();
        counters_.slots_gathered += s.slots_gathered;
        counters_.tables_received += s.tables_received;
        counters_.holds_lost += s.holds_lost;
    }
    p.node.reset();
    p.paused_until.reset();
    p.earlier_turn.reset();
    p.pause_in_next_step.reset();
    p.suspects.clear();
    p.inquiries.clear();
    p.records_read.reset();
    p.timer.reset();
    p.is_over.reset();
    p.has_left = false;
    for (const auto n : std::exchange(p.inbox, {})) {
        network_.discard(n);
    }
    for (const auto n : std::exchange(p.unsent, {})) {
        network_.discard(n);
    }
    network_.process_ended(at);
    news_.push_back({news::what::ended, at, {}, 0, {}});
}

void cluster::crash(std::uint32_t at, base::duration after) {
    auto& p = places_[at];
    if (!p.node) {
        return;
    }
    say(at, "crashes");
    judge_.crashed(p.run);
    end_node(at);
    events_.plan(events_.now() + after, event_kind::start, at);
}

void cluster::lose(std::uint32_t at) {
    places_[at].is_gone = true;
    crash(at, 24h);
}

void cluster::pause(std::uint32_t at, base::duration how_long, bool in_mid_step) {
    auto& p = places_[at];
    if (!p.node || p.paused_until) {
        return;
    }
    if (in_mid_step) {
        p.pause_in_next_step = how_long;
        return;
    }
    say(at, "is paused");
    judge_.paused(p.run);
    if (plan_.asked.bug == base::planted::time_of_an_earlier_turn) {
        p.earlier_turn = moment_of(p);
    }
    p.paused_at = p.clock.boot(events_.now());
    p.paused_until = events_.now() + how_long;
    events_.plan(*p.paused_until, event_kind::resume, at, p.run);
}

void cluster::resume(std::uint32_t at) {
    auto& p = places_[at];
    say(at, "goes on");
    p.paused_until.reset();
    judge_.resumed(p.run, events_.now());
    if (plan_.asked.bug == base::planted::clock_stops_in_suspend) {
        p.clock.stood_still_at(p.paused_at, events_.now());
        p.lease_end.reset();
    }
    news_.push_back({news::what::resumed, at, {}, 0, {}});
    for (const auto n : std::exchange(p.unsent, {})) {
        network_.post(n, {});
    }
    // Timers and sockets are both ready; drivers look at either first.
    const auto late_timer = [&] {
        if (p.node && !p.paused_until) {
            p.timer.reset();
            step(at, [](node::node& n, base::moment now) { n.tick(now); });
        }
    };
    const bool timers_first = random_.chance(0.5);
    if (timers_first) {
        late_timer();
    }
    for (const auto n : std::exchange(p.inbox, {})) {
        receive(at, n);
    }
    if (!timers_first) {
        late_timer();
    }
    p.earlier_turn.reset();
}

void cluster::leave(std::uint32_t at, base::duration restart_after) {
    auto& p = places_[at];
    if (!p.node || p.paused_until || p.is_leaving) {
        return;
    }
    say(at, "leaves");
    p.is_leaving = true;
    p.restart_after = restart_after;
    judge_.asked_to_leave(p.run);
    step(at, [](node::node& n, base::moment now) { n.leave(now); });
}

void cluster::set_rate(std::uint32_t at, int parts_per_million) {
    places_[at].clock.set_rate(parts_per_million, events_.now());
    clock_has_changed(at);
}

void cluster::step_boot(std::uint32_t at, base::duration by) {
    places_[at].clock.step_boot(by, events_.now());
    clock_has_changed(at);
}

/// What was computed from the clock as it ran until now.
void cluster::clock_has_changed(std::uint32_t at) {
    auto& p = places_[at];
    if (p.node) {
        p.lease_end.reset();
        tell_lease(at);
        p.timer.reset();
        arm(at);
    }
}

void cluster::step_wall(std::uint32_t at, std::chrono::seconds by) {
    places_[at].clock.step_wall(by);
    measure_walls();
}

void cluster::mend() {
    for (std::uint32_t at = 0; at < places_.size(); ++at) {
        auto& p = places_[at];
        p.pause_in_next_step.reset();
        p.restart_after = {};
        if (!p.node) {
            start(at);
        } else if (p.paused_until) {
            resume(at);
        }
    }
}

// ---- packets and steps

void cluster::receive(std::uint32_t at, network::number n) {
    auto& p = places_[at];
    const bool is_for_this_run = !network_.at(n).is_stream || network_.at(n).to_run == p.run;
    if (!p.node || !is_for_this_run ||
        (p.paused_until && p.inbox.size() >= most_kept_while_paused)) {
        network_.discard(n);
        return;
    }
    if (p.paused_until) {
        p.inbox.push_back(n);
        return;
    }
    const auto& arrived = network_.at(n);
    const auto from = arrived.from;
    const auto packet = wire::decode(arrived.bytes, plan_.common.cluster_name);
    const bool is_stream = arrived.is_stream;
    network_.discard(n);
    if (!packet) {
        broken(at, "what a node sent does not parse");
        return;
    }
    if (trace_.is_printed()) {
        say(at, "< " + trace_.name_of(packet->envelope.from) + " " + trace_.describe(packet->what));
    }
    if (const auto seat = std::find(p.seats.begin(), p.seats.end(), from); seat != p.seats.end()) {
        judge_.heard(p.run, static_cast<std::size_t>(seat - p.seats.begin()), events_.now());
    }
    step(at, [&](node::node& to, base::moment now) {
        to.handle(packet->envelope, is_stream ? endpoint{} : plan_.places[from].address,
                  packet->what, now);
    });
}

template <class Call>
void cluster::step(std::uint32_t at, Call&& call) {
    auto& p = places_[at];
    if (!p.node) {
        return;
    }
    ++counters_.steps;
    try {
        const auto now = moment_of(p);
        call(*p.node, now);
        drain(at);
        if (++p.steps % steps_between_checks == 0) {
            p.node->check(now.now);
        }
    } catch (const std::exception& e) {
        broken(at, e.what());
        return;
    }
    settle(at);
}

void cluster::drain(std::uint32_t at) {
    auto& p = places_[at];
    while (auto out = p.node->next()) {
        if (witness_ != nullptr) {
            witness_->saw(at, *out);
        }
        std::visit([&](auto& what) { perform(at, what); }, *out);
    }
}

void cluster::settle(std::uint32_t at) {
    auto& p = places_[at];
    if (p.is_over) {
        const auto over = *p.is_over;
        judge_.gave_up(p.run, events_.now());
        end_node(at);
        p.settings = node::successor_settings(std::move(p.settings), over);
        make_node(at, draw_id());
        return;
    }
    if (p.has_left) {
        judge_.gave_up(p.run, events_.now());
        end_node(at);
        events_.plan(events_.now() + p.restart_after, event_kind::start, at);
        return;
    }
    tell_lease(at);
    if (const auto conflicts = p.node->stats().conflicts_reported; conflicts != p.conflicts) {
        p.conflicts = conflicts;
        judge_.reported_conflict(p.run, events_.now());
    }
    if (p.pause_in_next_step) {
        const auto how_long = *std::exchange(p.pause_in_next_step, std::nullopt);
        pause(at, how_long, false);
    }
    arm(at);
    if (!p.paused_until) {
        look_for_suspects(at);
    }
}

void cluster::tell_lease(std::uint32_t at) {
    auto& p = places_[at];
    const auto end = p.node->lease_end();
    if (end != p.lease_end) {
        p.lease_end = end;
        p.lease_ends = end ? std::optional{p.clock.when(*end, events_.now())} : std::nullopt;
        for (const auto& [l, t] : judge_.holds_of(p.run)) {
            if (end && p.node->holds(plan_.locks[l], t, *end)) {
                judge_.object(promise::mutex, events_.now(),
                              p.name + " would say that it holds \"" + plan_.locks[l] +
                                  "\" when its lease is over (HOLD-2)");
            }
        }
    }
    judge_.lease(p.run, p.lease_ends, events_.now());
}

void cluster::arm(std::uint32_t at) {
    auto& p = places_[at];
    const auto due = p.node->deadline();
    if (!due || (p.timer && *p.timer <= *due)) {
        return;
    }
    p.timer = due;
    const auto late = random_.between(10us, plan_.longest_timer_delay);
    events_.plan(p.clock.when(*due, events_.now()) + late, event_kind::timer, at,
                 ++p.timer_generation);
}

base::moment cluster::moment_of(const machine& p) const {
    return p.earlier_turn
               ? *p.earlier_turn
               : base::moment{p.clock.boot(events_.now()), p.clock.wall_s(events_.now())};
}

// ---- outputs

void cluster::perform(std::uint32_t at, node::send& s) {
    auto& p = places_[at];
    const auto to = place_at(s.address);
    if (!to) {
        return;
    }
    const auto verdict = meddler_->sending(kind_of(s.what), at, *to);
    if (trace_.is_printed()) {
        say(at, "> " + plan_.places[*to].name + " " + trace_.describe(s.what) +
                    (verdict.is_lost ? "  (lost)" : ""));
    }
    if (const auto* said = std::get_if<lock::message>(&s.what)) {
        if (const auto* q = base::get_message_if<lock::queued>(*said)) {
            judge_.queued(p.run, s.head.to, q->number, events_.now());
        }
    }
    counters_.lock_messages += kind_of(s.what) >= first_lock ? 1 : 0;
    const bool is_table = kind_of(s.what) == kind_of_type<lock::table>;
    packet_.envelope = s.head;
    packet_.what = std::move(s.what);
    const auto n = network_.blank();
    auto& bytes = network_.at(n).bytes;
    wire::encode(packet_, plan_.common.cluster_name, bytes);
    trace_.add(static_cast<std::uint64_t>(events_.now().count()) ^ (std::uint64_t{at} << 56) ^
               (std::uint64_t{*to} << 48));
    trace_.add(bytes);
    if (verdict.is_lost) {
        network_.discard(n);
        return;
    }
    auto& out = network_.at(n);
    out.from = at;
    out.to = *to;
    out.from_run = p.run;
    out.to_run = places_[*to].node ? places_[*to].run : 0;
    out.is_stream = s.stream || bytes.size() > base::limits::datagram;
    if (is_table) {
        remember_table(out, verdict.brings_back_older);
    }
    if (p.pause_in_next_step) {
        p.unsent.push_back(n);
        return;
    }
    if (verdict.is_doubled) {
        const auto copy = network_.blank();
        network_.at(copy) = network_.at(n);
        network_.post(copy, verdict.delay);
    }
    network_.post(n, verdict.delay + (s.is_lazy ? random_.between({}, 2ms) : base::duration{}));
}

void cluster::remember_table(const packet& sent, bool brings_back_older) {
    auto& former = former_tables_[sent.to];
    if (brings_back_older) {
        for (const auto& old : former) {
            const auto n = network_.blank();
            network_.at(n) = old;
            // a copy of a former connection: nothing keeps it in order
            network_.at(n).is_stream = false;
            network_.post(n, {});
        }
    }
    former.push_back(sent);
    if (former.size() > 8) {
        former.pop_front();
    }
}

void cluster::perform(std::uint32_t at, const node::persist_epoch& p) {
    places_[at].persisted = std::max(places_[at].persisted, p.epoch);
}

void cluster::perform(std::uint32_t at, const node::granted& g) {
    const auto l = lock_of(g.name);
    trace_.add(static_cast<std::uint64_t>(g.token.value));
    if (trace_.is_printed()) {
        say(at, "was granted \"" + g.name + "\" " + text_of(g.token) + ", request " +
                    std::to_string(g.number.value) + text_of(g.before));
    }
    judge_.granted(places_[at].run, l, g.token, g.number, events_.now());
    judge_.told_of_predecessor(
        places_[at].run, l, g.token,
        {g.before.how, g.before.token, g.before.value == text_of(g.before.token)}, events_.now());
    judge_.request_ended(places_[at].run, g.number);
    news_.push_back({news::what::granted, at, g.number, l, g.token, g.before.is_clean()});
}

void cluster::perform(std::uint32_t at, const node::request_failed& f) {
    trace_.add(f.number.value ^ hash_number_of(f.why) << 32);
    if (trace_.is_printed()) {
        say(at, "request " + std::to_string(f.number.value) +
                    " failed: " + std::string{holdfast::to_string(f.why)});
    }
    judge_.request_ended(places_[at].run, f.number);
    news_.push_back({news::what::failed, at, f.number, 0, {}});
}

void cluster::perform(std::uint32_t at, const node::hold_lost& l) {
    trace_.add(~static_cast<std::uint64_t>(l.token.value));
    if (trace_.is_printed()) {
        say(at, "lost \"" + l.name + "\" " + text_of(l.token) + ": " +
                    std::string{holdfast::to_string(l.why)});
    }
    const auto name = lock_of(l.name);
    judge_.lost(places_[at].run, name, l.token, l.why, events_.now());
    news_.push_back({news::what::lost, at, {}, name, l.token});
}

void cluster::perform(std::uint32_t at, const node::was_asked_back& a) {
    const auto& what = a.what;
    trace_.add(static_cast<std::uint64_t>(what.token.value) << 2);
    if (trace_.is_printed()) {
        say(at, "is asked for \"" + what.name + "\" " + text_of(what.token) + " by " + what.who);
    }
    news_.push_back({news::what::asked_back, at, {}, lock_of(what.name), what.token});
}

void cluster::perform(std::uint32_t at, const node::broke_by_policy& b) {
    if (trace_.is_printed()) {
        say(at, "breaks \"" + b.what.name + "\" " + text_of(b.what.token) + ", " + b.who + ": " +
                    b.why);
    }
}

void cluster::perform(std::uint32_t at, const node::answered& a) {
    const auto* seen = std::get_if<lock::looked>(&a.what);
    if (seen == nullptr) {
        hear(at, a.number, a.what, {});
        return;
    }
    std::set<token> held;
    std::string text;
    for (const auto& h : seen->held) {
        held.insert(h.what.token);
        text += " " + text_of(h.what.token);
        trace_.add(static_cast<std::uint64_t>(h.what.token.value) << 3);
    }
    if (trace_.is_printed()) {
        say(at, "sees:" + text + "; " + std::to_string(seen->waiting) + " wait");
    }
    judge_.has_seen(places_[at].run, a.number, held, events_.now());
}

void cluster::perform(std::uint32_t at, const node::unanswered& u) {
    hear(at, u.number, u.so_far, u.why);
}

void cluster::perform(std::uint32_t at, const node::belief_changed& b) {
    if (plan_.places[at].machine != 0 &&
        (b.state == swim::condition::suspect || b.state == swim::condition::dead)) {
        places_[at].suspects.push_back(b.peer);
    }
}

void cluster::look_for_suspects(std::uint32_t at) {
    for (const auto& id : std::exchange(places_[at].suspects, {})) {
        const auto where = place_of_id_.find(id);
        if (where == place_of_id_.end() ||
            plan_.places[where->second].machine != plan_.places[at].machine) {
            continue;
        }
        const auto& there = places_[where->second];
        // A PeerId that a living process gave up is not gone: its successor says so itself
        // (LEASE-4).
        const bool is_there = there.node != nullptr && there.starts == start_of_id_.at(id);
        if (!is_there ||
            (there.paused_until && plan_.asked.bug == base::planted::stopped_counts_as_gone)) {
            step(at, [&](node::node& n, base::moment now) {
                n.evict(id, view_layer::proof::gone, now.now + 3 * plan_.common.lease, now);
            });
        }
    }
}

void cluster::perform(std::uint32_t at, const node::view_installed& v) {
    ++counters_.views_installed;
    trace_.add(v.view->number.value ^ std::uint64_t{v.view->epoch.value} << 32);
    if (trace_.is_printed()) {
        std::string text = "installed view " + std::to_string(v.view->number.value) + " of " +
                           to_string(v.view->cluster).substr(0, 8) + ", epoch " +
                           std::to_string(v.view->epoch.value) + ", members";
        for (const auto& m : v.view->members) {
            text += " " + trace_.name_of(m.id) + (v.view->is_voter(m.id) ? "*" : "") +
                    (m.leaving ? "(leaving)" : "");
        }
        text += ", owners";
        for (const auto& name : plan_.locks) {
            text +=
                " " + name + ":" + trace_.name_of(v.map->owner_of(places_[at].node->slot_of(name)));
        }
        say(at, text);
    }
    std::vector<peer_id> owners;
    for (std::uint32_t s = 0; s < v.map->slots(); ++s) {
        owners.push_back(v.map->owner_of({static_cast<std::uint16_t>(s)}));
    }
    judge_.installed(places_[at].run, *v.view, owners, events_.now());
    for (judge::lock l = 0; l < plan_.locks.size(); ++l) {
        if (v.map->owner_of(places_[at].node->slot_of(plan_.locks[l])) != places_[at].id) {
            judge_.owns_no_more(places_[at].run, l);
        }
    }
}

void cluster::perform(std::uint32_t at, const node::must_restart& m) {
    if (trace_.is_printed()) {
        say(at, "is over: " + std::string{holdfast::to_string(m.why)});
    }
    if (m.why == errc::internal_error) {
        broken(at, "a node ended itself with an internal error");
    }
    places_[at].is_over = m;
}

void cluster::perform(std::uint32_t at, const node::has_left&) {
    say(at, "has left");
    places_[at].has_left = true;
}

void cluster::perform(std::uint32_t at, const node::owner_granted& g) {
    if (trace_.is_printed()) {
        say(at, "grants \"" + g.name + "\" " + text_of(g.token) + " to " +
                    trace_.name_of(g.holder) + " in view " + std::to_string(g.in.value));
    }
    judge_.owner_granted(places_[at].run, lock_of(g.name), g.token, g.holder, g.number, g.in,
                         events_.now());
}

void cluster::perform(std::uint32_t at, const node::complaint& c) {
    if (trace_.is_printed()) {
        say(at, "complains: " + c.text);
    }
}

void cluster::perform(std::uint32_t at, const node::lock_changed& c) {
    std::set<token> tokens;
    std::string text;
    for (const auto& h : c.stands.held) {
        tokens.insert(h.token);
        trace_.add(static_cast<std::uint64_t>(h.token.value) << 1);
        text += (text.empty() ? "held, " : " ") + text_of(h.token);
    }
    trace_.add(c.stands.waiting);
    if (trace_.is_printed()) {
        say(at, "is told that \"" + c.name + "\" is " + (text.empty() ? "free" : text) + ", " +
                    std::to_string(c.stands.waiting) + " wait");
    }
    judge_.told(places_[at].run, lock_of(c.name), {std::move(tokens), c.stands.waiting});
}

// ---- looking

std::optional<std::uint32_t> cluster::owner_of(judge::lock l) const {
    for (const auto& p : places_) {
        if (p.node && p.node->map()) {
            const auto owner =
                place_of_id_.find(p.node->map()->owner_of(p.node->slot_of(plan_.locks[l])));
            return owner == place_of_id_.end() ? std::nullopt : std::optional{owner->second};
        }
    }
    return std::nullopt;
}

std::optional<std::uint32_t> cluster::holder_of(judge::lock l) const {
    const auto r = judge_.holder_of(l, events_.now());
    return r == 0 ? std::nullopt : std::optional{place_of_run_[r]};
}

bool cluster::holds(std::uint32_t at, judge::lock l, token t) const {
    const auto& p = places_[at];
    return p.node && p.node->holds(plan_.locks[l], t, moment_of(p).now);
}

bool cluster::has_owned_holds() const {
    return std::any_of(places_.begin(), places_.end(),
                       [](const machine& p) { return p.node && !p.node->owned_holds().empty(); });
}

void cluster::report_owned_holds() const {
    for (const auto& p : places_) {
        if (p.node) {
            for (const auto& h : p.node->owned_holds()) {
                judge_.is_kept(p.run, lock_of(h.name), h.token, events_.now());
            }
        }
    }
}

void cluster::say(std::uint32_t at, std::string_view text) {
    if (trace_.is_printed()) {
        const auto& p = places_[at];
        trace_.line(events_.now(), p.name.empty() ? plan_.places[at].name : p.name, text);
    }
}

judge::lock cluster::lock_of(std::string_view name) const {
    const auto at = std::find(plan_.locks.begin(), plan_.locks.end(), name);
    HOLDFAST_ASSERT(at != plan_.locks.end());
    return static_cast<judge::lock>(at - plan_.locks.begin());
}

std::vector<endpoint> cluster::addresses_of(const std::vector<std::uint32_t>& places) {
    std::vector<endpoint> out;
    for (const auto place : places) {
        out.push_back(address_of(place));
    }
    return out;
}

std::optional<std::uint32_t> cluster::place_at(const endpoint& address) const {
    const std::uint32_t at = address.ip[15] - 1u;
    return at < plan_.places.size() && plan_.places[at].address == address ? std::optional{at}
                                                                           : std::nullopt;
}

peer_id cluster::draw_id() {
    const auto high = births_.next();  // in this order, whatever the compiler likes
    return {high, births_.next() | 1};
}

void cluster::broken(std::uint32_t at, std::string_view what) {
    judge_.object(promise::invariant, events_.now(), places_[at].name + ": " + std::string{what});
}

void cluster::measure_walls() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const auto wall =
            plan_.places[i].wall_s +
            std::chrono::floor<std::chrono::seconds>(places_[i].clock.wall_error()).count();
        least_wall_ = std::min(least_wall_, wall);
        most_wall_ = std::max(most_wall_, wall);
    }
    judge_.wall_clocks_differ_by(std::chrono::seconds{most_wall_ - least_wall_ + 1});
}

}  // namespace holdfast::sim
