#include "sim/cluster.hpp"

#include <algorithm>

namespace holdfast::sim {

cluster::cluster(const run_plan& plan, std::uint64_t seed, judge& watching, sim::trace& trace,
                 event_queue& events)
    : context_{plan, seed, watching, trace, events},
      sender_{context_},
      reporter_{context_},
      operators_{context_, processes_},
      // a number that no other source of this run has
      replayer_{context_, seed ^ 0x4E91A7ULL} {
    context_.replays = &replayer_;
    processes_.reserve(plan.places.size());
    for (std::uint32_t place = 0; place < plan.places.size(); ++place) {
        processes_.emplace_back(context_, sender_, reporter_, place);
        events.plan(plan.places[place].first_start, event_kind::start, place);
    }
    least_wall_ = most_wall_ = plan.places.front().wall_s;
    measure_walls();
}

void cluster::attach(application& runs, interceptor& intercepts, observer* observes) {
    application_ = &runs;
    context_.intercepts = &intercepts;
    context_.observes = observes;
}

void cluster::handle(const event& e) {
    auto& p = processes_[e.where];
    switch (e.kind) {
        case event_kind::datagram:
        case event_kind::stream:
            if (const auto n = context_.net.arrived(e); n != network::none) {
                p.receive(n);
            }
            break;
        case event_kind::timer:
            p.timer_is_due(static_cast<std::uint32_t>(e.detail));
            break;
        case event_kind::start:
            p.start_is_due();
            break;
        case event_kind::stream_lost:
        case event_kind::stream_ended:
        case event_kind::process_gone:
        case event_kind::found_there:
            p.hear_end(e);
            break;
        case event_kind::disk:
            p.disk_is_due(e.detail);
            break;
        case event_kind::replay:
            replayer_.act();
            break;
        case event_kind::resume:
            p.resume_is_due(static_cast<judge::run>(e.detail));
            break;
        default:
            break;
    }
}

void cluster::tell_applications() {
    while (!context_.app_events.empty()) {
        telling_.clear();
        telling_.swap(context_.app_events);
        for (const auto& n : telling_) {
            tell(n);
        }
    }
}

void cluster::tell(const app_event& n) {
    switch (n.kind) {
        case app_event::what::started:
            application_->started(n.place);
            break;
        case app_event::what::ended:
            application_->ended(n.place);
            break;
        case app_event::what::resumed:
            application_->resumed(n.place);
            break;
        case app_event::what::granted:
            application_->granted(n.place, n.number, n.lock, n.held, n.is_clean);
            break;
        case app_event::what::failed:
            application_->failed(n.place, n.number);
            break;
        case app_event::what::lost:
            application_->lost(n.place, n.lock, n.held);
            break;
        case app_event::what::release_request:
            application_->release_request(n.place, n.lock, n.held);
            break;
    }
}

// ---- what applications do

request_number cluster::acquire(std::uint32_t at, judge::lock l, const acquire_how& how) {
    auto& c = context_;
    request_number number;
    processes_[at].step([&](node::node& n, base::moment now) {
        lock::acquire_params asked;
        asked.terms = {{}, how.mode, how.break_policy, how.delay};
        asked.is_try = how.is_try;
        asked.max_hold = how.max_hold;
        asked.progress_timeout = how.progress_timeout;
        asked.on_stall = how.on_stall;
        asked.priority = how.priority;
        if (how.timeout) {
            asked.until = now.now + *how.timeout;
        }
        number = n.acquire(c.plan.locks[l], std::move(asked), now);
        const bool is_broken_if_stuck =
            how.progress_timeout > base::duration{} && how.on_stall == stall_action::break_hold;
        c.judged_by.asked(c.places[at].run, l, number,
                          {how.mode, how.break_policy, how.max_hold,
                           is_broken_if_stuck ? how.progress_timeout : base::duration{},
                           how.priority, how.together},
                          c.events.now());
    });
    if (c.trace.is_printed()) {
        c.say(at, "asks for \"" + c.plan.locks[l] + "\"" + text_of(how.mode) + ", request " +
                      std::to_string(number.value) + (how.is_try ? ", if it is free" : "") +
                      (how.timeout ? ", for " + to_string(instant{*how.timeout}) + " s" : ""));
    }
    return number;
}

void cluster::cancel(std::uint32_t at, request_number number) {
    if (context_.trace.is_printed()) {
        context_.say(at, "cancels request " + std::to_string(number.value));
    }
    processes_[at].step([&](node::node& n, base::moment now) { n.cancel(number, now); });
}

void cluster::release(std::uint32_t at, judge::lock l, token t, bool says_consistent,
                      std::optional<std::uint32_t> heir) {
    auto& c = context_;
    if (c.trace.is_printed()) {
        c.say(at, "releases \"" + c.plan.locks[l] + "\" " + text_of(t) +
                      (says_consistent ? ", consistent" : "") +
                      (heir ? ", for " + name_at(*heir) : ""));
    }
    c.judged_by.released(run_at(at), l, t, says_consistent);
    if (heir) {
        c.judged_by.is_for(l, c.places[*heir].id);
    }
    processes_[at].step([&](node::node& n, base::moment now) {
        n.release(c.plan.locks[l], t,
                  {says_consistent, text_of(t), heir ? c.places[*heir].id : peer_id{}}, now);
    });
}

void cluster::watch(std::uint32_t at, judge::lock l) {
    if (!is_up(at)) {
        return;
    }
    context_.judged_by.watches(run_at(at), l);
    processes_[at].step(
        [&](node::node& n, base::moment now) { n.watch(context_.plan.locks[l], now); });
}

void cluster::unwatch(std::uint32_t at, judge::lock l) {
    context_.judged_by.unwatches(run_at(at), l);
    processes_[at].step(
        [&](node::node& n, base::moment now) { n.unwatch(context_.plan.locks[l], now); });
}

void cluster::progress(std::uint32_t at, judge::lock l, token t) {
    context_.judged_by.progressed(run_at(at), l, t, context_.events.now());
    processes_[at].step(
        [&](node::node& n, base::moment now) { n.progress(context_.plan.locks[l], t, now); });
}

void cluster::look(std::uint32_t at, judge::lock l) {
    auto& c = context_;
    if (!is_up(at)) {
        return;
    }
    processes_[at].step([&](node::node& n, base::moment now) {
        const auto question = n.ask(lock::inspect_request{0, c.plan.locks[l]}, {},
                                    now.now + 3 * c.plan.common.lease, now);
        c.judged_by.looks(run_at(at), l, question, c.events.now());
    });
}

// ---- what happens to processes

void cluster::step_wall(std::uint32_t at, std::chrono::seconds by) {
    processes_[at].step_wall(by);
    measure_walls();
}

void cluster::heal() {
    for (auto& p : processes_) {
        p.heal();
    }
}

void cluster::measure_walls() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        const auto wall = context_.plan.places[i].wall_s + processes_[i].wall_error().count();
        least_wall_ = std::min(least_wall_, wall);
        most_wall_ = std::max(most_wall_, wall);
    }
    context_.judged_by.wall_clocks_differ_by(std::chrono::seconds{most_wall_ - least_wall_ + 1});
}

void cluster::reset_streams(std::uint32_t x, bool x_hears, std::uint32_t y, bool y_hears) {
    if (y_hears) {
        context_.net.tell_of_end(x, y, run_at(x));
    }
    if (x_hears) {
        context_.net.tell_of_end(y, x, run_at(y));
    }
    context_.net.reset(x, y);
    context_.net.reset(y, x);
}

// ---- looking

bool cluster::is_leased(std::uint32_t at) const {
    const auto& p = context_.places[at];
    return p.node && p.lease_ends && context_.events.now() < *p.lease_ends;
}

bool cluster::holds(std::uint32_t at, judge::lock l, token t) const {
    const auto* n = node_at(at);
    return n != nullptr && n->holds(context_.plan.locks[l], t, processes_[at].moment());
}

std::optional<std::uint32_t> cluster::owner_of(judge::lock l) const {
    const auto& c = context_;
    for (const auto& p : c.places) {
        if (p.node && p.node->map()) {
            const auto owner =
                c.place_of_id.find(p.node->map()->owner_of(p.node->slot_of(c.plan.locks[l])));
            return owner == c.place_of_id.end() ? std::nullopt : std::optional{owner->second};
        }
    }
    return std::nullopt;
}

std::optional<std::uint32_t> cluster::holder_of(judge::lock l) const {
    const auto r = context_.judged_by.holder_of(l, context_.events.now());
    return r == 0 ? std::nullopt : std::optional{context_.place_of_run[r]};
}

bool cluster::has_owned_holds() const {
    return std::any_of(context_.places.begin(), context_.places.end(),
                       [](const occupant& p) { return p.node && !p.node->owned_holds().empty(); });
}

void cluster::report_owned_holds() const {
    const auto& c = context_;
    for (const auto& p : c.places) {
        if (p.node) {
            for (const auto& h : p.node->owned_holds()) {
                c.judged_by.is_kept(p.run, c.lock_of(h.name), h.token, c.events.now());
            }
        }
    }
}

}  // namespace holdfast::sim
