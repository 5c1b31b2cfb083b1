#include "runner.hpp"

#include <algorithm>
#include <utility>

#include "lock_words.hpp"
#include "scenario_plan.hpp"

namespace holdfast::scenarios {
namespace {

using namespace std::chrono_literals;

// More events than any scenario needs: something answers itself for ever.
constexpr std::uint64_t most_events = 5'000'000;

}  // namespace

runner::runner(const scenario& s, sim::mutant mutant)
    : plan_{plan_of(s, mutant)},
      scenario_{s},
      judge_{{.lease = plan_.common.lease,
              .slack = plan_.longest_timer_delay + 5ms,
              .has_state_dir = plan_.has_state_dir},
             plan_.locks},
      machines_{plan_, plan_.asked.seed, judge_, names_, events_},
      trace_recorder_{machines_, names_, events_, plan_.locks},
      stakes_(plan_.places.size(), std::vector<stake>(plan_.locks.size())),
      highest_tokens_(plan_.locks.size()),
      problems_(plan_.places.size()) {
    machines_.attach(*this, *this, this);
    sim::weather fair;
    fair.one_way_cuts_stop_streams = true;  // as TCP has it: acknowledgements cannot come back
    machines_.net().set_weather(fair);
}

outcome runner::act() {
    outcome out;
    try {
        for (const auto& s : scenario_.steps) {
            step(s);
        }
        end_of_scenario();
    } catch (const scenario_error& e) {
        out.failure = e.what();
    }
    judge_.finish(events_.now());
    out.violations = judge_.violations();
    out.trace = trace_recorder_.text();
    return out;
}

// ---- time

void runner::one_event() {
    const auto e = events_.next();
    if (e.kind == sim::event_kind::look) {
        is_time_up_ = e.detail == looks_;
    } else {
        machines_.handle(e);
        trace_recorder_.look_at_lease(e.where);
    }
    machines_.tell_applications();
    for (const auto& d : rules_.take_due()) {
        called_["sender"] = d.from;
        called_["receiver"] = d.to;
        trace_recorder_.add("--", "sender is " + machines_.name_at(d.from) + ", receiver is " +
                                      machines_.name_at(d.to));
        act_out(d.then);
    }
    if (events_.planned() > most_events) {
        throw scenario_error{"a storm: " + std::to_string(most_events) + " events"};
    }
    stop_if_it_went_wrong();
}

void runner::stop_if_it_went_wrong() const {
    if (!judge_.violations().empty()) {
        throw scenario_error{"the judge objects"};
    }
}

bool runner::run_until(const condition& c, sim::instant end) {
    events_.plan(end, sim::event_kind::look, 0, ++looks_);
    is_time_up_ = false;
    while (!c()) {
        if (is_time_up_) {
            return false;
        }
        one_event();
    }
    ++looks_;  // the look that was planned no longer counts
    return true;
}

void runner::run_until(sim::instant end) {
    (void)run_until([] { return false; }, end);
}

void runner::end_of_scenario() {
    if (const auto line = rules_.unused_line()) {
        throw scenario_error{"line " + std::to_string(*line) + ": no such message was sent"};
    }
    // Each hold that an owner keeps must have a holder, once the releases under way have arrived.
    const auto nothing_is_stuck = [&] {
        for (place at = 0; at < machines_.places(); ++at) {
            const auto* n = machines_.node_at(at);
            for (const auto& h : n == nullptr ? std::vector<lock::hold_info>{} : n->owned_holds()) {
                const auto l =
                    std::find(plan_.locks.begin(), plan_.locks.end(), h.name) - plan_.locks.begin();
                if (!judge_.is_held(static_cast<sim::judge::lock>(l), h.token)) {
                    return false;
                }
            }
        }
        return true;
    };
    if (!run_until(nothing_is_stuck, events_.now() + 3 * plan_.common.lease + 1s)) {
        machines_.report_owned_holds();
    }
}

// ---- what the cluster tells

void runner::started(place at) { trace_recorder_.add(machines_.name_at(at), "starts"); }

void runner::ended(place at) {
    bundles_.erase(at);
    for (auto& s : stakes_[at]) {
        if (s.is == stake::state::waiting || s.is == stake::state::held) {
            s = {};
        }
    }
}

void runner::resumed(place at) { trace_recorder_.add(machines_.name_at(at), "goes on"); }

void runner::granted(place at, request_number number, sim::judge::lock l, token t, bool) {
    auto& s = stake_of(at, l);
    if (s.is != stake::state::waiting || s.number != number) {
        judge_.object(sim::guarantee::invariant, events_.now(), "a grant answers no request");
        return;
    }
    s.is = stake::state::held;
    s.held = t;
    s.has_risen = t > highest_tokens_[l];
    highest_tokens_[l] = std::max(highest_tokens_[l], t);
    (void)judge_.wrote(l, t, events_.now());
    if (const auto b = bundles_.find(at); b != bundles_.end() && !b->second.is_done) {
        b->second.all.was_granted();
        go_on_with(at);
    }
}

void runner::failed(place at, request_number number) {
    for (auto& s : stakes_[at]) {
        if (s.is == stake::state::waiting && s.number == number) {
            s.is = stake::state::failed;
            s.why = why_failed_;
            if (const auto b = bundles_.find(at); b != bundles_.end() && !b->second.is_done) {
                b->second.all.was_refused();
                go_on_with(at);
            }
        }
    }
}

void runner::lost(place at, sim::judge::lock l, token t) {
    auto& s = stake_of(at, l);
    if (s.is == stake::state::held && s.held == t) {
        s.is = stake::state::lost;
        s.why = why_lost_;
    }
    if (const auto b = bundles_.find(at); b != bundles_.end() && !b->second.is_done) {
        const auto& locks = b->second.locks;
        if (const auto which = std::find(locks.begin(), locks.end(), l); which != locks.end()) {
            const auto wanted = b->second.all.wanted();
            b->second.all.was_lost(static_cast<std::size_t>(which - locks.begin()));
            if (wanted && b->second.all.has_failed()) {
                machines_.cancel(at, stake_of(at, locks[*wanted]).number);
            }
        }
    }
}

/// As peer::lock_all does it (ALL-1).
void runner::lock_several(const group& who, words w) {
    std::vector<sim::judge::lock> locks;
    std::vector<std::string> names;
    while (!w.is_over() && w.text().starts_with('"')) {
        locks.push_back(take_lock(w));
        names.push_back(plan_.locks[locks.back()]);
    }
    const auto how = take_how(w);
    w.expect_end();
    for (const auto p : who) {
        auto& b =
            bundles_
                .insert_or_assign(p, bundle{lock::multi_lock{names}, locks, ++last_together_, how})
                .first->second;
        b.how.together = b.together;
        go_on_with(p);
    }
    machines_.tell_applications();
}

void runner::go_on_with(place at) {
    auto& b = bundles_.at(at);
    if (const auto next = b.all.wanted()) {
        auto& s = stake_of(at, b.locks[*next]) = {};
        s.is = stake::state::waiting;
        s.number = machines_.acquire(at, b.locks[*next], b.how);
    } else if (b.all.has_failed()) {
        for (const auto i : b.all.held()) {
            machines_.release(at, b.locks[i], std::exchange(stake_of(at, b.locks[i]), {}).held);
        }
        trace_recorder_.add(machines_.name_at(at), "could not have all of them");
        judge_.has_none(machines_.run_at(at), b.together, events_.now());
        bundles_.erase(at);
    } else {
        b.is_done = true;
        trace_recorder_.add(machines_.name_at(at), "has all of them");
        judge_.has_all(machines_.run_at(at), b.together, b.locks.size(), events_.now());
    }
}

void runner::release_request(place at, sim::judge::lock l, token t) {
    auto& s = stake_of(at, l);
    s.release_requested = s.is == stake::state::held && s.held == t;
}

void runner::saw(place at, const node::output& what) {
    const auto before = trace_recorder_.relayed();
    trace_recorder_.saw(at, what);
    if (trace_recorder_.relayed() != before) {
        last_relay_ = events_.now();
    }
    if (const auto* f = std::get_if<node::request_failed>(&what)) {
        why_failed_ = f->why;
        for (std::size_t l = 0; l < plan_.locks.size(); ++l) {
            const auto& s = stakes_[at][l];
            if (s.is == stake::state::waiting && s.number == f->number) {
                trace_recorder_.add(
                    machines_.name_at(at),
                    "is not granted \"" + plan_.locks[l] + "\": " + std::string{to_string(f->why)});
            }
        }
    } else if (const auto* g = std::get_if<node::granted>(&what)) {
        for (auto& s : stakes_[at]) {
            if (s.is == stake::state::waiting && s.number == g->number) {
                s.before = g->before.how;
            }
        }
    } else if (const auto* l = std::get_if<node::hold_lost>(&what)) {
        why_lost_ = l->why;
    } else if (const auto* a = std::get_if<node::answered>(&what)) {
        if (const auto* seen = std::get_if<lock::inspect_reply>(&a->what)) {
            auto& holders = seen_holders_[{at, last_looked_[at]}];
            holders.clear();
            for (const auto& h : seen->held) {
                holders.insert(h.what.holder);
            }
        }
    } else if (const auto* c = std::get_if<node::problem>(&what)) {
        problems_[at].push_back(c->why);
    }
}

}  // namespace holdfast::scenarios
