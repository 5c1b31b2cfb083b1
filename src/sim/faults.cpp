#include "sim/faults.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// detail of a fault_now event
constexpr std::uint64_t crash_now = 1;
constexpr std::uint64_t pause_now = 2;
constexpr std::uint64_t isolate_now = 3;
constexpr std::uint64_t cut_off_again = 4;
constexpr std::uint64_t break_now = 5;
constexpr std::uint64_t orphan_now = 6;
constexpr std::uint64_t renew_now = 7;
constexpr std::uint64_t clock_goes_on = 8;
constexpr std::uint64_t rush_on = 9;
constexpr std::uint64_t crash_on = 10;  // and above it, how many crashes are left
constexpr unsigned bits_of_detail = 8;

}  // namespace

faults::faults(const run_plan& plan, std::uint64_t seed, cluster& machines, event_queue& events)
    : plan_{plan},
      random_{seed},
      random_of_clocks_{seed ^ 0xC10C5ULL},
      random_of_streams_{seed ^ 0x57EA35ULL},
      machines_{machines},
      events_{events},
      lasting_{machines, events} {
    machines_.net().set_weather(plan.network);
    events_.plan(random_.between({}, 2 * plan_.faults.mean_wait), event_kind::next_fault);
}

void faults::handle(const event& e) {
    if (is_healed_) {
        return;
    }
    switch (e.kind) {
        case event_kind::next_fault:
            events_.plan(events_.now() + random_.between({}, 2 * plan_.faults.mean_wait),
                         event_kind::next_fault);
            begin_next();
            break;
        case event_kind::end_of_fault:
            if (const auto ended = lasting_.end(e.detail); ended && ended->is_until_vote) {
                cut_until_vote_.reset();
            }
            break;
        case event_kind::fault_now:
            act_now(e.detail, e.where);
            break;
        default:
            break;
    }
}

void faults::begin_next() {
    if (plan_.faults.slews > 0 && random_of_clocks_.chance(plan_.faults.slews)) {
        inject(fault::slewed_clock,
               static_cast<std::uint32_t>(random_of_clocks_.below(machines_.places())));
    }
    if (plan_.faults.half_open > 0 && random_of_clocks_.chance(plan_.faults.half_open)) {
        const auto whom = random_of_clocks_.below(machines_.places());
        const bool are_streams = random_of_clocks_.chance(0.6);
        inject(are_streams ? fault::no_streams : fault::no_datagrams,
               static_cast<std::uint32_t>(whom));
    }
    if (plan_.faults.crash_loops > 0 && random_of_clocks_.chance(plan_.faults.crash_loops)) {
        inject(fault::crash_loop,
               static_cast<std::uint32_t>(random_of_clocks_.below(machines_.places())));
    }
    if (plan_.faults.mutes > 0 && random_of_streams_.chance(plan_.faults.mutes)) {
        inject(fault::mute_streams,
               static_cast<std::uint32_t>(random_of_streams_.below(machines_.places())));
    }
    if (plan_.asked.drift_beyond && random_.chance(0.3)) {
        abuse_clock(victim());
    } else if (plan_.faults.orphans > 0 && random_.chance(plan_.faults.orphans)) {
        orphan();
    } else if (plan_.faults.rushes > 0 && !is_rushing_ && random_.chance(plan_.faults.rushes)) {
        is_rushing_ = true;
        machines_.count(trouble::rush);
        rush(60);
    } else if (!plan_.faults.kinds.empty()) {
        // Chance is asked in one order: never twice among the arguments of one call, which
        // compilers order as they like.
        const auto kind = plan_.faults.kinds[random_.below(plan_.faults.kinds.size())];
        const auto someone = victim();
        const bool sleeps = kind == fault::pause && plan_.faults.suspends > 0 &&
                            random_of_clocks_.chance(plan_.faults.suspends);
        inject(sleeps ? fault::suspend : kind, someone);
    }
}

void faults::act_now(std::uint64_t what, std::uint32_t where) {
    if (const auto left = what >> bits_of_detail; left > 0) {
        crash_again(where, left);
    } else if (what == crash_now) {
        machines_.crash(where, up_to(plan_.faults.longest_outage));
    } else if (what == pause_now) {
        machines_.pause(where, up_to(plan_.faults.longest_pause), false);
    } else if (what == break_now) {
        machines_.count(trouble::untaken_break);
        machines_.operators().break_untaken(where);
    } else if (what == orphan_now) {
        orphan_a_lock_of(where);
    } else if (what == renew_now) {
        mute_.reset();
        machines_.crash(where, 20ms);
    } else if (what == clock_goes_on) {
        machines_.set_rate(where, plan_.places[where].parts_per_million);
    } else if (what == rush_on) {
        rush(where);
    } else if (what == cut_off_again) {
        heard_after_vote_.reset();
        isolate({where}, 2 * plan_.common.lease);
    } else {
        isolate({where}, up_to(plan_.faults.longest_cut));
    }
}

interceptor::verdict faults::sending(message_kind kind, std::uint32_t from, std::uint32_t to) {
    verdict v;
    if (is_healed_) {
        return v;
    }
    if (is_swim(kind) && (lasting_.is_without_gossip(from) || lasting_.is_without_gossip(to))) {
        v.is_lost = true;
        return v;
    }
    if (lasting_.holds_tables_up() && kind == kind_of_type<lock::table>) {
        v.brings_back_older = true;
        v.delay += random_.between(20ms, 600ms);
    }
    if (kind == kind_of_type<views::accepted>) {
        let_be_heard();
        v.delay += heard_after_vote_ ? random_.between(20ms, 80ms) : base::duration{};
    }
    if (mute_ && *mute_ == from && kind == kind_of_type<lease::renew_request>) {
        v.is_lost = true;
    }
    if (is_orphaned_ && kind == kind_of_type<views::accepted>) {
        is_orphaned_ = false;
        events_.plan(events_.now() + random_.between(60ms, 150ms), event_kind::fault_now, *mute_,
                     renew_now);
    }
    if (heard_after_vote_ && *heard_after_vote_ == to && kind == kind_of_type<views::steps>) {
        v.is_lost = true;
    }
    if (plan_.faults.breaks > 0 && kind == kind_of_type<lock::grant> &&
        random_.chance(plan_.faults.breaks)) {
        v.delay += random_.between(20ms, 600ms);
        events_.plan(events_.now(), event_kind::fault_now, from, break_now);
    }
    for (const auto& g : plan_.faults.grudges) {
        if (g.against == kind) {
            v.is_lost = v.is_lost || random_.chance(g.loss);
            v.delay +=
                random_.chance(g.delay) ? random_.between({}, g.longest_delay) : base::duration{};
            if (v.is_lost || v.delay > base::duration{}) {
                machines_.count(trouble::grudge);
            }
        }
    }
    if (trigger_ && trigger_->waits_for == kind) {
        const auto a = *trigger_;
        trigger_.reset();
        if (events_.now() < a.until) {
            machines_.note("trigger");
            v.is_lost = v.is_lost || a.loses;
            v.delay += a.delay;
            befalls(a.sender, from);
            befalls(a.receiver, to);
        }
    }
    return v;
}

void faults::heal() {
    is_healed_ = true;
    lasting_.end_all();
    weather fair;
    fair.streams_wait_out_cuts = plan_.network.streams_wait_out_cuts;
    fair.doublings = 3;
    machines_.net().set_weather(fair);
    for (std::uint32_t place = 0; place < machines_.places() && plan_.asked.drift_beyond; ++place) {
        machines_.set_rate(place, plan_.places[place].parts_per_million);
    }
    if (const auto& stays = plan_.liveness_phase.cut_link) {
        machines_.count(trouble::link_stays_cut);
        machines_.net().cut(stays->first, stays->second);
        machines_.net().cut(stays->second, stays->first);
    }
}

void faults::inject(fault f, std::uint32_t someone) {
    using injector = void (faults::*)(std::uint32_t someone);
    static constexpr std::array<injector, fault_kinds> injectors{
        &faults::crash,
        &faults::crash_majority,
        &faults::pause,
        &faults::split,
        &faults::isolate,
        &faults::cut_link,
        &faults::one_way,
        &faults::leave,
        &faults::clock_rate,
        &faults::wall_step,
        &faults::slow_link,
        &faults::reset_streams,
        &faults::gossip_blackout,
        &faults::set_trigger,
        &faults::old_tables,
        &faults::cut_off_until_vote,
        &faults::false_certificate,
        &faults::suspend,
        &faults::slewed_clock,
        &faults::no_streams,
        &faults::no_datagrams,
        &faults::crash_loop,
        &faults::mute_streams,
    };
    ++injected_[static_cast<std::size_t>(f)];
    machines_.note(to_string(f));
    (this->*injectors[static_cast<std::size_t>(f)])(someone);
}

void faults::crash(std::uint32_t someone) {
    machines_.crash(someone, up_to(plan_.faults.longest_outage));
}

void faults::crash_majority(std::uint32_t) {
    group seats;
    for (std::uint32_t i = 0; i < plan_.seats; ++i) {
        seats.push_back(i);
    }
    random_.shuffle(seats);
    const auto outage = up_to(std::min<base::duration>(plan_.faults.longest_outage, 1s));
    for (std::size_t i = 0; i < plan_.seats / 2 + 1; ++i) {
        machines_.crash(seats[i], outage);
    }
}

void faults::pause(std::uint32_t someone) {
    const bool in_mid_step = random_.chance(0.4);
    machines_.pause(someone, up_to(plan_.faults.longest_pause), in_mid_step);
}

/// NOW-2. Systems measure how long they slept by a clock that may count whole seconds only.
void faults::suspend(std::uint32_t someone) {
    const auto how_long = random_of_clocks_.between({}, plan_.faults.longest_pause);
    const auto phase = random_of_clocks_.between({}, 1s);
    machines_.suspend(someone, how_long,
                      random_of_clocks_.chance(0.5) ? std::optional{phase} : std::nullopt);
}

/// NOW-2: by as much as what corrects the time of day does.
void faults::slewed_clock(std::uint32_t someone) {
    constexpr int most = 83'333;  // parts in a million
    machines_.slew(someone, random_of_clocks_.chance(0.5) ? most : -most);
    lasting_.begin({{}, {}, {}, false, false, someone}, random_of_clocks_.between(2s, 20s));
}

/// A firewall that passes one kind only, to one other process or to all, one way or both.
void faults::half_open(std::uint32_t someone, transport what) {
    auto& random = random_of_clocks_;
    const bool is_of_all = random.chance(0.5);
    const auto one = static_cast<std::uint32_t>(random.below(machines_.places()));
    const auto ways = random.below(3);
    lasting_faults::change c;
    c.blocks = what;
    for (std::uint32_t other = 0; other < machines_.places(); ++other) {
        if (other == someone || !(is_of_all || other == one)) {
            continue;
        }
        if (ways != 0) {
            c.blocked.emplace_back(someone, other);
        }
        if (ways != 1) {
            c.blocked.emplace_back(other, someone);
        }
    }
    lasting_.begin(std::move(c), random.between({}, plan_.faults.longest_cut));
}

void faults::crash_loop(std::uint32_t someone) {
    crash_again(someone, 3 + random_of_clocks_.below(8));
}

void faults::crash_again(std::uint32_t place, std::uint64_t left) {
    machines_.crash(place, random_of_clocks_.between(5ms, 200ms));
    if (left > 1) {
        events_.plan(events_.now() + random_of_clocks_.between(250ms, plan_.common.lease),
                     event_kind::fault_now, place, crash_on | (left - 1) << bits_of_detail);
    }
}

/// LEASE-8: from it or to it, between it and the seats or all others. Mostly for so long that it is
/// found mute, which takes 15 s.
void faults::mute_streams(std::uint32_t someone) {
    auto& random = random_of_streams_;
    const bool from_it = random.chance(0.5);
    const auto others = random.chance(0.5) ? plan_.seats : machines_.places();
    lasting_faults::change what;
    for (std::uint32_t other = 0; other < others; ++other) {
        if (other != someone) {
            what.muted.emplace_back(from_it ? link{someone, other} : link{other, someone});
        }
    }
    const auto how_long = random.between(5s, 40s);
    lasting_.begin(std::move(what), how_long);
}

void faults::isolate(std::uint32_t someone) {
    group lonely{someone};
    if (random_.chance(0.5)) {
        const auto other = victim();
        if (other != someone) {
            lonely.push_back(other);
        }
    }
    isolate(lonely, up_to(plan_.faults.longest_cut));
}

void faults::cut_link(std::uint32_t someone) {
    const auto other = victim();
    if (someone != other) {
        lasting_.begin({{{someone, other}, {other, someone}}, {}, {}, false, false},
                       up_to(plan_.faults.longest_cut));
    }
}

void faults::one_way(std::uint32_t someone) {
    const bool from_them = random_.chance(0.5);
    if (random_.chance(0.5)) {
        cut_off({someone}, from_them, !from_them, up_to(plan_.faults.longest_cut));
    } else if (const auto other = anyone(); other != someone) {
        lasting_.begin(
            {{from_them ? link{someone, other} : link{other, someone}}, {}, {}, false, false},
            up_to(plan_.faults.longest_cut));
    }
}

void faults::leave(std::uint32_t someone) {
    machines_.leave(someone, up_to(plan_.faults.longest_outage));
}

void faults::clock_rate(std::uint32_t someone) {
    const auto most = static_cast<std::uint64_t>(plan_.most_parts_per_million);
    machines_.set_rate(
        someone, static_cast<int>(random_.below(2 * most + 1)) - plan_.most_parts_per_million);
}

void faults::wall_step(std::uint32_t someone) {
    const std::uint64_t most = random_.chance(0.1) ? 4000 : 100;
    const std::int64_t by = 1 + static_cast<std::int64_t>(random_.below(most));
    machines_.step_wall(someone, std::chrono::seconds{random_.chance(0.5) ? by : -by});
}

void faults::slow_link(std::uint32_t someone) {
    const auto other = victim();
    machines_.net().slow_down(someone, other, up_to(2500ms));
    lasting_.begin({{}, {{someone, other}}, {}, false, false}, up_to(plan_.faults.longest_cut));
}

void faults::reset_streams(std::uint32_t someone) {
    for (std::uint32_t other = 0; other < machines_.places(); ++other) {
        machines_.reset_streams(someone, hears_ends(someone), other, hears_ends(other));
    }
}

/// A voter cannot tell a living process from one that is gone if a certificate is wrong and
/// something between them ends the stream and then lets nothing pass (CERT-3). One voter may be
/// deceived so, a quorum not: in runs with false certificates only seat 1 is.
bool faults::hears_ends(std::uint32_t place) const {
    return !may_certify_falsely() || (place == 0 && plan_.seats > 1);
}

bool faults::may_certify_falsely() const {
    const auto& kinds = plan_.faults.kinds;
    return std::find(kinds.begin(), kinds.end(), fault::false_certificate) != kinds.end();
}

/// A member finds no such process although it lives: a clone of its machine, or a number that was
/// used again.
void faults::false_certificate(std::uint32_t someone) {
    for (std::uint32_t other = 0; other < machines_.places(); ++other) {
        if (machines_.share_machine(someone, other)) {
            machines_.certify(other, someone);
        }
    }
    if (random_.chance(0.7)) {
        isolate(someone);
    }
}

void faults::gossip_blackout(std::uint32_t someone) {
    const auto how_long = random_.between(500ms, 3s);
    lasting_.begin({{}, {}, someone, false, false}, how_long);
    if (random_.chance(0.6)) {
        // About when gossip has given it up: only its lease says that it lives.
        const auto what = random_.chance(0.5) ? isolate_now : pause_now;
        events_.plan(events_.now() + up_to(how_long), event_kind::fault_now, someone, what);
    }
}

void faults::old_tables(std::uint32_t) {
    lasting_.begin({{}, {}, {}, false, true}, random_.between(2s, 8s));
}

/// Far beyond the bound: MUTEX may break then, FENCE may not.
void faults::abuse_clock(std::uint32_t place) {
    constexpr int twice_as_fast = 1'000'000;
    constexpr int half_as_fast = -500'000;
    constexpr int frozen = -999'000;
    switch (random_.below(4)) {
        case 0:
            machines_.set_rate(place, twice_as_fast);
            break;
        case 1:
            machines_.set_rate(place, half_as_fast);
            break;
        case 2:
            // It cannot see its lease end; cut off, it is voted out meanwhile.
            machines_.set_rate(place, frozen);
            events_.plan(events_.now() + 4 * plan_.common.lease, event_kind::fault_now, place,
                         clock_goes_on);
            isolate({place}, 4 * plan_.common.lease);
            break;
        default:
            machines_.step_raw(place, random_.between({}, 3 * plan_.common.lease));
            break;
    }
}

/// LEASE-1: what if a voter went on acking a member whose removal it has accepted? The member must
/// be heard after the vote and before the decision, and not hear of the decision.
void faults::cut_off_until_vote(std::uint32_t place) {
    if (cut_until_vote_ || heard_after_vote_) {
        return;
    }
    cut_until_vote_ = place;
    until_vote_ = cut_off({place}, true, true, 3s + plan_.common.lease, true);
}

void faults::let_be_heard() {
    if (!cut_until_vote_) {
        return;
    }
    const auto place = *cut_until_vote_;
    if (lasting_.end(until_vote_)) {
        cut_until_vote_.reset();
        heard_after_vote_ = place;
        events_.plan(events_.now() + random_.between(60ms, 250ms), event_kind::fault_now, place,
                     cut_off_again);
    }
}

/// OWN-4 (c): an owner gathers, and knows nothing of a holder that was removed before the owner
/// came and still holds. The owner before it has had no lease for long, so the new one does not
/// wait for that lease: its lease requests are lost, and no other process notices.
void faults::orphan() {
    if (mute_) {
        return;
    }
    mute_ = machines_.owner_of(0);
    if (mute_) {
        events_.plan(events_.now() + plan_.common.lease * 11 / 10, event_kind::fault_now, *mute_,
                     orphan_now);
    }
}

void faults::orphan_a_lock_of(std::uint32_t owner) {
    for (judge::lock l = 0; l < plan_.shared_locks; ++l) {
        const auto holder = machines_.holder_of(l);
        if (holder && *holder != owner && machines_.owner_of(l) == owner && !is_orphaned_) {
            machines_.count(trouble::orphaned_lock);
            is_orphaned_ = true;  // its removal is voted on, then the owner is started anew
            isolate({*holder}, 2 * plan_.common.lease);
        }
    }
    if (!is_orphaned_) {
        mute_.reset();
    }
}

/// VIEW-1: the last process comes and goes so often that views would be quicker than the seconds
/// that their epochs are named for. Then all processes are down for so long that FENCE holds
/// without a state_dir.
void faults::rush(std::uint32_t left) {
    if (left > 0) {
        machines_.crash(static_cast<std::uint32_t>(machines_.places() - 1), 5ms);
        events_.plan(events_.now() + 200ms, event_kind::fault_now, left - 1, rush_on);
        return;
    }
    is_rushing_ = false;
    for (std::uint32_t place = 0; place < machines_.places(); ++place) {
        const auto outage = random_.between(4s, 5s);
        machines_.crash(place, outage);
    }
}

void faults::split(std::uint32_t) {
    group some;
    for (std::uint32_t i = 0; i < machines_.places(); ++i) {
        if (random_.chance(0.5)) {
            some.push_back(i);
        }
    }
    isolate(some, up_to(plan_.faults.longest_cut));
}

void faults::isolate(const group& lonely, base::duration how_long) {
    cut_off(lonely, true, true, how_long);
}

std::uint64_t faults::cut_off(const group& some, bool from_them, bool to_them,
                              base::duration how_long, bool is_until_vote) {
    lasting_faults::change what;
    what.is_until_vote = is_until_vote;
    for (const auto a : some) {
        for (std::uint32_t b = 0; b < machines_.places(); ++b) {
            if (std::find(some.begin(), some.end(), b) != some.end()) {
                continue;
            }
            if (from_them) {
                what.cut.emplace_back(a, b);
            }
            if (to_them) {
                what.cut.emplace_back(b, a);
            }
        }
    }
    return lasting_.begin(std::move(what), how_long);
}

void faults::set_trigger(std::uint32_t) { trigger_ = trigger::draw(random_, events_.now()); }

void faults::befalls(trigger::mishap f, std::uint32_t place) {
    // Not at once: the node is in the middle of a step.
    if (f != trigger::mishap::spared) {
        events_.plan(events_.now(), event_kind::fault_now, place,
                     f == trigger::mishap::crashes  ? crash_now
                     : f == trigger::mishap::pauses ? pause_now
                                                    : isolate_now);
    }
}

std::uint32_t faults::anyone() {
    return static_cast<std::uint32_t>(random_.below(machines_.places()));
}

std::uint32_t faults::victim() {
    const auto l =
        static_cast<judge::lock>(random_.chance(0.6) ? 0 : random_.below(plan_.shared_locks));
    const auto who = random_.below(10);
    const auto wanted = who < 3   ? machines_.owner_of(l)
                        : who < 6 ? machines_.holder_of(l)
                                  : std::nullopt;
    return wanted ? *wanted : anyone();
}

base::duration faults::up_to(base::duration longest) { return random_.between({}, longest); }

}  // namespace holdfast::sim
