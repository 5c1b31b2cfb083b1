#include "stage.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::scenarios {
namespace {

using namespace std::chrono_literals;

// Whoever is down stays so until the story starts it.
constexpr auto for_good = std::chrono::hours{1};
// More events than any story needs: something answers itself for ever.
constexpr std::uint64_t most_events = 5'000'000;

base::settings lan() { return {}; }

/// The times of the preset `local`.
base::settings local() {
    base::settings s;
    s.lease = 1s;
    s.founding_wait = 300ms;
    s.batch_wait = 20ms;
    s.proposer_stagger = 30ms;
    s.retry = 50ms;
    s.probe_period = 100ms;
    s.probe_timeout = 50ms;
    s.gossip_period = 50ms;
    s.dead_probe_period = 1s;
    s.push_pull_period = 5s;
    return s;
}

/// The settings of the line "cluster", each taken once; what is left over is not known.
class settings_reader {
public:
    explicit settings_reader(const story& s) : left_{s.cluster} {}

    std::string text(std::string_view name, std::string usual) {
        const auto at = left_.find(name);
        return at == left_.end() ? usual : left_.extract(at).mapped();
    }
    std::uint64_t number(std::string_view name, std::uint64_t usual) {
        return words{0, text(name, std::to_string(usual))}.take_number();
    }
    void finish() const {
        if (!left_.empty()) {
            throw story_error{"the line \"cluster\" knows no \"" + left_.begin()->first + "\""};
        }
    }

private:
    std::map<std::string, std::string, std::less<>> left_;
};

sim::scenario plan_of(const story& s, base::planted bug) {
    settings_reader given{s};
    sim::scenario plan;
    plan.asked.seed = given.number("seed", 1);
    plan.asked.nodes = given.number("peers", 3);
    plan.asked.bug = bug;
    plan.seats = given.number("seats", 3);
    const auto profile = given.text("profile", "local");
    if (profile != "local" && profile != "lan") {
        throw story_error{"profile is local or lan"};
    }
    plan.common = profile == "lan" ? lan() : local();
    plan.common.cluster_name = "story";
    plan.common.slots = static_cast<std::uint32_t>(given.number("slots", 64));
    plan.common.bug = bug;
    plan.has_state_dir = given.text("state_dir", "no") == "yes";
    plan.longest_timer_delay = 100us;
    plan.locks = s.locks;
    const auto light = given.number("light", 0);
    // p1 on the first, p2 on the second and so on, round and round
    const auto machines = given.number("machines", 0);
    const auto absent = names_in(given.text("absent", ""));
    const auto lease = given.text("lease", "");  // p5:4s
    const auto ahead = given.text("ahead", "");  // p1,p2:100s
    const auto colon = ahead.find(':');
    const auto fast = names_in(ahead.substr(0, colon));
    const auto by =
        colon == std::string::npos ? sim::instant{} : words{0, ahead.substr(colon + 1)}.take_time();
    given.finish();
    for (std::size_t i = 0; i < plan.asked.nodes; ++i) {
        sim::place_plan p;
        p.name = "p" + std::to_string(i + 1);
        p.address = sim::address_of(i);
        p.boot = base::time_point{} + 1s * static_cast<int>(i + 1);
        p.wall_s =
            60'000'000 + (std::find(fast.begin(), fast.end(), p.name) == fast.end() ? 0 : by / 1s);
        p.weight = i + light >= plan.asked.nodes ? 0 : 1;
        p.machine = machines == 0 ? 0 : 1 + i % machines;
        p.first_start = std::find(absent.begin(), absent.end(), p.name) == absent.end()
                            ? 1ms * static_cast<int>(i)
                            : sim::instant{for_good};
        if (lease.starts_with(p.name + ":")) {
            p.lease = words{0, lease.substr(p.name.size() + 1)}.take_time();
        }
        if (i < plan.seats) {
            plan.common.seeds.push_back(p.address);
        }
        plan.places.push_back(std::move(p));
    }
    return plan;
}

}  // namespace

stage::stage(const story& s, base::planted bug)
    : plan_{plan_of(s, bug)},
      story_{s},
      judge_{{.lease = plan_.common.lease,
              .slack = plan_.longest_timer_delay + 5ms,
              .has_state_dir = plan_.has_state_dir},
             plan_.locks},
      machines_{plan_, plan_.asked.seed, judge_, names_, events_},
      chronicle_{machines_, names_, events_, plan_.locks},
      stakes_(plan_.places.size(), std::vector<stake>(plan_.locks.size())),
      complaints_(plan_.places.size()) {
    machines_.attach(*this, *this, this);
    sim::weather fair;
    fair.one_way_cuts_stop_streams = true;  // as TCP has it: acknowledgements cannot come back
    machines_.net().set_weather(fair);
}

outcome stage::act() {
    outcome out;
    try {
        for (const auto& s : story_.steps) {
            step(s);
        }
        end_of_story();
    } catch (const story_error& e) {
        out.failure = e.what();
    }
    judge_.finish(events_.now());
    out.violations = judge_.violations();
    out.trace = chronicle_.text();
    return out;
}

// ---- time

void stage::one_event() {
    const auto e = events_.next();
    if (e.kind == sim::event_kind::look) {
        is_time_up_ = e.detail == looks_;
    } else {
        machines_.handle(e);
        chronicle_.look_at_lease(e.where);
    }
    machines_.tell_applications();
    for (const auto& d : std::exchange(due_, {})) {
        called_["sender"] = d.from;
        called_["receiver"] = d.to;
        chronicle_.add("--", "sender is " + machines_.name_at(d.from) + ", receiver is " +
                                 machines_.name_at(d.to));
        act_out(d.then);
    }
    if (events_.planned() > most_events) {
        throw story_error{"a storm: " + std::to_string(most_events) + " events"};
    }
    stop_if_it_went_wrong();
}

void stage::stop_if_it_went_wrong() const {
    if (!judge_.violations().empty()) {
        throw story_error{"the judge objects"};
    }
}

bool stage::run_until(const condition& c, sim::instant end) {
    events_.plan(end, sim::event_kind::look, 0, ++looks_);
    is_time_up_ = false;
    while (!c()) {
        if (is_time_up_) {
            return false;
        }
        one_event();
    }
    ++looks_;  // the look that was planned is nobody's
    return true;
}

void stage::run_until(sim::instant end) {
    (void)run_until([] { return false; }, end);
}

void stage::end_of_story() {
    for (const auto& r : rules_) {
        if (!r.was_used) {
            throw story_error{"line " + std::to_string(r.line) + ": no such message was sent"};
        }
    }
    // What owners keep is to be held by somebody, once the releases under way have arrived.
    const auto nothing_is_stuck = [&] {
        for (place at = 0; at < machines_.places(); ++at) {
            const auto* n = machines_.node_at(at);
            for (const auto& h : n == nullptr ? std::vector<lock::hold>{} : n->owned_holds()) {
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

void stage::started(place at) { chronicle_.add(machines_.name_at(at), "starts"); }

void stage::ended(place at) {
    bundles_.erase(at);
    for (auto& s : stakes_[at]) {
        if (s.is == stake::state::waiting || s.is == stake::state::held) {
            s = {};
        }
    }
}

void stage::resumed(place at) { chronicle_.add(machines_.name_at(at), "goes on"); }

void stage::granted(place at, request_number number, sim::judge::lock l, token t, bool) {
    auto& s = stake_of(at, l);
    if (s.is != stake::state::waiting || s.number != number) {
        judge_.object(sim::promise::invariant, events_.now(), "a grant answers no request");
        return;
    }
    s.is = stake::state::held;
    s.held = t;
    (void)judge_.wrote(l, t, events_.now());
    if (const auto b = bundles_.find(at); b != bundles_.end() && !b->second.is_done) {
        b->second.all.was_granted();
        go_on_with(at);
    }
}

void stage::failed(place at, request_number number) {
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

void stage::lost(place at, sim::judge::lock l, token t) {
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
void stage::lock_several(const group& who, words w) {
    std::vector<sim::judge::lock> locks;
    std::vector<std::string> names;
    while (!w.is_over() && w.text().starts_with('"')) {
        locks.push_back(take_lock(w));
        names.push_back(plan_.locks[locks.back()]);
    }
    const auto how = take_how(w);
    w.expect_end();
    for (const auto p : who) {
        auto& b = bundles_
                      .insert_or_assign(p, bundle{lock::several{names, plan_.asked.bug}, locks,
                                                  ++last_together_, how})
                      .first->second;
        b.how.together = b.together;
        go_on_with(p);
    }
    machines_.tell_applications();
}

void stage::go_on_with(place at) {
    auto& b = bundles_.at(at);
    if (const auto next = b.all.wanted()) {
        auto& s = stake_of(at, b.locks[*next]) = {};
        s.is = stake::state::waiting;
        s.number = machines_.acquire(at, b.locks[*next], b.how);
    } else if (b.all.has_failed()) {
        for (const auto i : b.all.held()) {
            machines_.release(at, b.locks[i], std::exchange(stake_of(at, b.locks[i]), {}).held);
        }
        chronicle_.add(machines_.name_at(at), "could not have all of them");
        judge_.has_none(machines_.run_at(at), b.together, events_.now());
        bundles_.erase(at);
    } else {
        b.is_done = true;
        chronicle_.add(machines_.name_at(at), "has all of them");
        judge_.has_all(machines_.run_at(at), b.together, b.locks.size(), events_.now());
    }
}

void stage::asked_back(place at, sim::judge::lock l, token t) {
    auto& s = stake_of(at, l);
    s.was_asked_back = s.is == stake::state::held && s.held == t;
}

void stage::saw(place at, const node::output& what) {
    const auto before = chronicle_.relayed();
    chronicle_.saw(at, what);
    if (chronicle_.relayed() != before) {
        last_relay_ = events_.now();
    }
    if (const auto* f = std::get_if<node::request_failed>(&what)) {
        why_failed_ = f->why;
        for (std::size_t l = 0; l < plan_.locks.size(); ++l) {
            const auto& s = stakes_[at][l];
            if (s.is == stake::state::waiting && s.number == f->number) {
                chronicle_.add(machines_.name_at(at), "is not granted \"" + plan_.locks[l] +
                                                          "\": " + std::string{to_string(f->why)});
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
        if (const auto* seen = std::get_if<lock::looked>(&a->what)) {
            auto& holders = seen_holders_[{at, last_looked_[at]}];
            holders.clear();
            for (const auto& h : seen->held) {
                holders.insert(h.what.holder);
            }
        }
    } else if (const auto* c = std::get_if<node::complaint>(&what)) {
        complaints_[at].push_back(c->why);
    }
}

sim::meddler::verdict stage::sending(sim::message_kind kind, place from, place to) {
    verdict v;
    const auto is_in = [](const std::optional<group>& g, place p) {
        return !g || std::find(g->begin(), g->end(), p) != g->end();
    };
    for (auto& r : rules_) {
        if (r.kind != kind || r.left == 0 || !is_in(r.from, from) || !is_in(r.to, to)) {
            continue;
        }
        r.was_used = true;
        if (r.left) {
            --*r.left;
        }
        v.is_lost = v.is_lost || r.is_lost;
        v.is_doubled = v.is_doubled || r.is_doubled;
        v.delay += r.delay;
        if (r.then) {
            due_.push_back({*r.then, from, to});
        }
    }
    return v;
}

// ---- steps

void stage::step(words w) {
    if (w.takes("at")) {
        const auto when = w.take_time();
        if (when < events_.now()) {
            w.object("it is later than that");
        }
        run_until(when);
        act_out(w);
    } else if (w.takes("then")) {
        act_out(w);
    } else if (w.takes("within")) {
        const auto patience = w.take_time();
        const auto text = w.text();
        if (!run_until(condition_of(w), events_.now() + patience)) {
            w.object("did not come true in time: " + text);
        }
    } else if (w.takes("for")) {
        const auto how_long = w.take_time();
        const auto text = w.text();
        const auto c = condition_of(w);
        if (run_until([&] { return !c(); }, events_.now() + how_long)) {
            w.object("did not stay true, at " + sim::to_string(events_.now()) + ": " + text);
        }
    } else if (w.takes("now")) {
        const auto text = w.text();
        if (!condition_of(w)()) {
            w.object("is not true: " + text);
        }
    } else {
        w.object("a step begins with at, then, within, for or now");
    }
}

void stage::act_out(words w) {
    if (w.takes("call")) {
        const auto name = w.take();
        const auto who = take_group(w);
        called_[name] = who.front();
        chronicle_.add("--", name + " is " + machines_.name_at(who.front()));
        w.expect_end();
        return;
    }
    chronicle_.add("--", w.text());
    if (w.takes("crash")) {
        for (const auto p : take_group(w)) {
            crash(p);
        }
        w.expect_end();
    } else if (w.takes("start")) {
        for (const auto p : take_group(w)) {
            if (machines_.is_up(p)) {
                w.object("it runs already");
            }
            events_.plan(events_.now(), sim::event_kind::start, p);
        }
        w.expect_end();
    } else if (w.takes("pause")) {
        const auto who = take_group(w);
        w.expect("for");
        const auto how_long = w.take_time();
        for (const auto p : who) {
            machines_.pause(p, how_long, false);
        }
        w.expect_end();
    } else if (w.takes("cut")) {
        cut(w);
    } else if (w.takes("mend")) {
        w.expect_end();
        mend_cuts();
    } else if (w.takes("lose")) {
        meddle(w, meddling::loses);
    } else if (w.takes("hold up")) {
        meddle(w, meddling::holds_up);
    } else if (w.takes("double")) {
        meddle(w, meddling::doubles);
    } else if (w.takes("let pass")) {
        const auto kind = take_kind(w);
        w.expect_end();
        for (auto& r : rules_) {
            if (r.kind == kind && !r.then) {
                r.left = 0;
            }
        }
    } else if (w.takes("when")) {
        auto r = rule_of(w);
        r.left = 1;
        w.expect("is sent");
        r.then = w;
        rules_.push_back(std::move(r));
    } else {
        act_of(w);
    }
}

/// What an application asks of its peer.
void stage::act_of(words w) {
    const auto who = take_group(w);
    const auto what = w.take();
    if (what == "leaves") {
        w.expect_end();
        for (const auto p : who) {
            machines_.leave(p, for_good);
        }
        return;
    }
    if (what == "forces") {
        w.expect("seats");
        const auto seats = take_group(w);
        w.expect_end();
        for (const auto p : who) {
            if (!machines_.operators().force_view(p, seats)) {
                w.object("p" + std::to_string(p + 1) + " has a lease");
            }
        }
        machines_.tell_applications();
        return;
    }
    if (what == "records" || what == "reads") {
        if (what == "reads") {
            w.expect("records");
        }
        w.expect_end();
        for (const auto p : who) {
            what == "records" ? machines_.operators().record(p)
                              : machines_.operators().read_records(p);
        }
        return;
    }
    if (what == "locks" && w.takes("all")) {
        lock_several(who, w);
        return;
    }
    if (what == "evicts") {
        const auto whom = take_group(w);
        w.expect_end();
        for (const auto p : who) {
            machines_.operators().evict(p, whom.front());
        }
        return;
    }
    if (what == "breaks" || what == "wants") {
        demand(who, what == "breaks" ? lock::urging::break_it : lock::urging::ask, w);
        return;
    }
    const auto l = take_lock(w);
    if (what == "queries") {
        w.expect_end();
        for (const auto p : who) {
            last_looked_[p] = plan_.locks[l];
            seen_holders_.erase({p, plan_.locks[l]});
            machines_.look(p, l);
        }
        return;
    }
    sim::acquire_how how;
    if (what == "locks" || what == "tries") {
        how = take_how(w);
        how.is_try = what == "tries";
    }
    const bool says_consistent = what == "releases" && w.takes("consistent");
    const auto heir =
        what == "releases" && w.takes("for") ? std::optional{take_group(w).front()} : std::nullopt;
    w.expect_end();
    for (const auto p : who) {
        auto& s = stake_of(p, l);
        if (!machines_.is_up(p) || machines_.is_paused(p)) {
            w.object("p" + std::to_string(p + 1) + " does not run");
        }
        if (what == "locks" || what == "tries") {
            if (s.is == stake::state::waiting || s.is == stake::state::held) {
                w.object("p" + std::to_string(p + 1) + " waits for it or holds it already");
            }
            s = {};
            s.is = stake::state::waiting;
            s.number = machines_.acquire(p, l, how);
        } else if (what == "releases" && s.is == stake::state::held) {
            (void)judge_.wrote(l, s.held, events_.now());
            const auto t = std::exchange(s, {}).held;
            machines_.release(p, l, t, says_consistent, heir);
        } else if (what == "advances" && s.is == stake::state::held) {
            machines_.progress(p, l, s.held);
        } else if (what == "cancels" && s.is == stake::state::waiting) {
            machines_.cancel(p, s.number);
        } else {
            w.object("p" + std::to_string(p + 1) + " cannot do that now");
        }
    }
    machines_.tell_applications();
}

sim::acquire_how stage::take_how(words& w) {
    sim::acquire_how how;
    how.mode = take_mode(w);
    if (w.takes("for")) {
        how.timeout = w.take_time();
    }
    how.breaking.by_operators = !w.takes("unbreakable");
    if (w.takes("broken by")) {
        how.breaking.approvals = static_cast<std::uint8_t>(w.take_number());
    }
    if (w.takes("broken after")) {
        how.breaking.waited_for =
            std::chrono::duration_cast<std::chrono::milliseconds>(w.take_time());
    }
    if (w.takes("urgently")) {
        how.priority = 1;
    }
    if (w.takes("delayed by")) {
        how.delay = std::chrono::duration_cast<std::chrono::milliseconds>(w.take_time());
    }
    if (w.takes("at most")) {
        how.max_hold = w.take_time();
    }
    if (w.takes("getting on every")) {
        how.progress_every = w.take_time();
        how.when_stuck = stuck_action::break_it;
    }
    return how;
}

/// `p3 breaks "a" as ann`: whoever holds it now.
void stage::demand(const group& who, lock::urging how, words w) {
    const auto l = take_lock(w);
    const auto name = w.takes("as") ? w.take() : "ann";
    w.expect_end();
    const auto t = judge_.newest_hold(l);
    if (!t) {
        w.object("nobody holds it");
    }
    for (const auto p : who) {
        machines_.operators().demand(p, l, *t, how, name);
    }
    machines_.tell_applications();
}

lock_mode stage::take_mode(words& w) {
    if (w.takes("shared")) {
        return lock_mode::shared();
    }
    return w.takes("as 1 of") ? lock_mode::permit(static_cast<std::uint32_t>(w.take_number()))
                              : lock_mode::exclusive();
}

void stage::crash(place at) {
    machines_.crash(at, for_good);
    machines_.tell_applications();
}

stage::rule stage::rule_of(words& w) {
    rule r;
    r.line = w.line();
    r.kind = take_kind(w);
    if (w.takes("from")) {
        r.from = take_group(w);
    }
    if (w.takes("to")) {
        r.to = take_group(w, r.from ? &*r.from : nullptr);
    }
    return r;
}

void stage::meddle(words w, meddling how) {
    std::optional<std::uint64_t> left;
    if (w.takes("next")) {
        left = 1;
    } else if (!w.takes("every")) {
        left = w.take_number();
    }
    auto r = rule_of(w);
    r.left = left;
    r.is_lost = how == meddling::loses;
    r.is_doubled = how == meddling::doubles;
    if (how == meddling::holds_up) {
        w.expect("by");
        r.delay = w.take_time();
    }
    w.expect_end();
    rules_.push_back(std::move(r));
}

void stage::cut(words w) {
    const auto some = take_group(w);
    const bool both_ways = w.takes("from");
    if (!both_ways) {
        w.expect("to");
    }
    const auto others = take_group(w, &some);
    w.expect_end();
    for (const auto a : some) {
        for (const auto b : others) {
            cuts_.emplace_back(a, b);
            machines_.net().cut(a, b);
            if (both_ways) {
                cuts_.emplace_back(b, a);
                machines_.net().cut(b, a);
            }
        }
    }
}

void stage::mend_cuts() {
    for (const auto& [a, b] : std::exchange(cuts_, {})) {
        machines_.net().mend(a, b);
    }
}

}  // namespace holdfast::scenarios
