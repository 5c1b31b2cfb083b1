// What the steps of a scenario do.
#include <algorithm>
#include <utility>

#include "lock_words.hpp"
#include "runner.hpp"
#include "scenario_plan.hpp"

namespace holdfast::scenarios {

void runner::step(words w) {
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

void runner::act_out(words w) {
    if (w.takes("call")) {
        const auto name = w.take();
        const auto who = take_group(w);
        called_[name] = who.front();
        trace_recorder_.add("--", name + " is " + machines_.name_at(who.front()));
        w.expect_end();
        return;
    }
    trace_recorder_.add("--", w.text());
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
        part(w, &sim::network::cut, cuts_);
    } else if (w.takes("mute")) {
        part(w, &sim::network::mute, mutes_);
    } else if (w.takes("narrow")) {
        part(w, &sim::network::narrow, narrows_);
    } else if (w.takes("heal")) {
        w.expect_end();
        heal_cuts();
    } else if (w.takes("lose")) {
        intercept(w, interception::loses);
    } else if (w.takes("delay")) {
        intercept(w, interception::delays);
    } else if (w.takes("double")) {
        intercept(w, interception::doubles);
    } else if (w.takes("replay")) {
        replay(w);
    } else if (w.takes("let pass")) {
        const auto kind = take_kind(w);
        w.expect_end();
        rules_.let_pass(kind);
    } else if (w.takes("when")) {
        auto r = rule_of(w);
        r.left = 1;
        w.expect("is sent");
        r.then = w;
        rules_.add(std::move(r));
    } else if (!sets_disks(w)) {
        act_of(w);
    }
}

/// DISK-1. False: it is another action.
bool runner::sets_disks(words& w) {
    if (w.takes("fill disk of")) {
        set_disks(take_group(w), {{}, sim::instant::max()});
    } else if (w.takes("mend disk of")) {
        set_disks(take_group(w), {});
    } else if (w.takes("slow disk of")) {
        const auto who = take_group(w);
        w.expect("to");
        set_disks(who, {w.take_time(), {}});
    } else {
        return false;
    }
    w.expect_end();
    return true;
}

/// What an application asks of its peer.
void runner::act_of(words w) {
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
        w.expect("new cluster of");
        const auto seats = take_group(w);
        w.expect_end();
        for (const auto p : who) {
            if (!machines_.operators().force_new_cluster(p, seats)) {
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
    if (what == "breaks" || what == "requests") {
        if (what == "requests") {
            w.expect("release of");
        }
        revoke_request(
            who,
            what == "breaks" ? lock::revoke_kind::break_hold : lock::revoke_kind::request_release,
            w);
        return;
    }
    const auto l = take_lock(w);
    if (what == "inspects") {
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
        } else if (what == "progresses" && s.is == stake::state::held) {
            machines_.progress(p, l, s.held);
        } else if (what == "cancels" && s.is == stake::state::waiting) {
            machines_.cancel(p, s.number);
        } else {
            w.object("p" + std::to_string(p + 1) + " cannot do that now");
        }
    }
    machines_.tell_applications();
}

/// `p3 breaks "a" as ann`: the newest hold of the lock.
void runner::revoke_request(const group& who, lock::revoke_kind how, words w) {
    const auto l = take_lock(w);
    const auto name = w.takes("as") ? w.take() : "ann";
    w.expect_end();
    const auto t = judge_.newest_hold(l);
    if (!t) {
        w.object("no peer holds it");
    }
    for (const auto p : who) {
        machines_.operators().revoke_request(p, l, *t, how, name);
    }
    machines_.tell_applications();
}

void runner::set_disks(const group& whose, const sim::disk_plan& plan) {
    for (const auto p : whose) {
        machines_.set_disk(p, plan);
    }
}

void runner::crash(place at) {
    machines_.crash(at, for_good);
    machines_.tell_applications();
}

message_rules::rule runner::rule_of(words& w) {
    message_rules::rule r;
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

void runner::intercept(words w, interception how) {
    std::optional<std::uint64_t> left;
    if (w.takes("next")) {
        left = 1;
    } else if (!w.takes("every")) {
        left = w.take_number();
    }
    auto r = rule_of(w);
    r.left = left;
    r.is_lost = how == interception::loses;
    r.is_doubled = how == interception::doubles;
    if (how == interception::delays) {
        w.expect("by");
        r.delay = w.take_time();
    }
    w.expect_end();
    rules_.add(std::move(r));
}

/// `replay view.join of p1 to p2,p3`: the first one that was recorded of p1.
void runner::replay(words w) {
    const auto kind = take_kind(w);
    w.expect("of");
    const auto from = take_group(w).front();
    w.expect("to");
    const auto to = take_group(w);
    w.expect_end();
    for (const auto p : to) {
        if (!machines_.replays().send_again(kind, from, p)) {
            w.object("none was recorded");
        }
    }
}

/// `cut`, `mute` or `narrow`: ends of links, both ways or one way.
void runner::part(words w, parts_link how, std::vector<std::pair<place, place>>& parted) {
    const auto some = take_group(w);
    const bool both_ways = w.takes("from");
    if (!both_ways) {
        w.expect("to");
    }
    const auto others = take_group(w, &some);
    w.expect_end();
    for (const auto a : some) {
        for (const auto b : others) {
            parted.emplace_back(a, b);
            (machines_.net().*how)(a, b);
            if (both_ways) {
                parted.emplace_back(b, a);
                (machines_.net().*how)(b, a);
            }
        }
    }
}

void runner::heal_cuts() {
    for (const auto& [a, b] : std::exchange(cuts_, {})) {
        machines_.net().heal(a, b);
    }
    for (const auto& [a, b] : std::exchange(mutes_, {})) {
        machines_.net().unmute(a, b);
    }
    for (const auto& [a, b] : std::exchange(narrows_, {})) {
        machines_.net().widen(a, b);
    }
}

}  // namespace holdfast::scenarios
