#include "sim/run_plan.hpp"

#include <algorithm>
#include <iterator>

#include "base/random.hpp"
#include "sim/wide_plan.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

template <class T, std::size_t N>
T one_of(base::random_source& random, const std::array<T, N>& choices) {
    return choices[random.below(N)];
}

/// Near the `local` preset, with a slower failure detector, and sometimes a longer lease over it,
/// which opens the time between a removal and the end of the removed one's lease.
base::settings draw_settings(base::random_source& random) {
    base::settings s;
    s.cluster_name = "sim";
    s.lease = one_of<base::duration, 5>(random, {1s, 1s, 1s, 2s, 4s});
    s.batch_wait = 20ms;
    s.proposer_stagger = 30ms;
    s.bootstrap_wait = 300ms;
    // the fewer, the oftener a lock changes its owner
    s.slots = one_of<std::uint32_t, 4>(random, {64, 64, 16, 5});
    s.retry = 50ms;
    s.probe_period = 200ms;
    s.probe_timeout = 100ms;
    s.gossip_period = 50ms;
    s.dead_probe_period = 1s;
    s.push_pull_period = 5s;
    s.suspicion_mult = one_of<double, 3>(random, {4, 4, 1});
    return s;
}

weather draw_weather(base::random_source& random) {
    weather w;
    w.loss = one_of<double, 5>(random, {0, 0, 0.01, 0.05, 0.2});
    w.duplication = one_of<double, 4>(random, {0, 0, 0.02, 0.2});
    w.spike = one_of<double, 5>(random, {0, 0, 0.001, 0.01, 0.05});
    w.longest_spike = one_of<base::duration, 3>(random, {100ms, 500ms, 1500ms});
    w.shortest_delay = one_of<base::duration, 3>(random, {100us, 300us, 1ms});
    w.doublings = static_cast<unsigned>(1 + random.below(5));
    w.streams_wait_out_cuts = random.chance(0.5);
    w.one_way_cuts_stop_streams = random.chance(0.5);
    return w;
}

fault_plan draw_faults(base::random_source& random) {
    fault_plan f;
    for (std::size_t kind = 0; kind < drawn_fault_kinds; ++kind) {
        if (random.chance(0.4)) {
            f.kinds.push_back(static_cast<fault>(kind));
        }
    }
    f.mean_wait = one_of<base::duration, 4>(random, {500ms, 1s, 2s, 5s});
    f.longest_cut = one_of<base::duration, 3>(random, {1s, 3s, 8s});
    f.longest_pause = one_of<base::duration, 3>(random, {200ms, 1500ms, 5s});
    f.longest_outage = one_of<base::duration, 4>(random, {50ms, 500ms, 3s, 10s});
    for (auto n = random.below(3); n > 0; --n) {
        grudge g;
        g.against = random.below(message_kinds);
        g.loss = one_of<double, 3>(random, {0, 0.2, 0.7});
        g.delay = one_of<double, 3>(random, {0, 0.2, 0.7});
        g.longest_delay = one_of<base::duration, 3>(random, {100ms, 600ms, 2500ms});
        f.grudges.push_back(g);
    }
    return f;
}

work_plan draw_work(base::random_source& random) {
    work_plan w;
    w.clients = 1 + random.below(2);
    w.longest_think = one_of<base::duration, 3>(random, {100ms, 400ms, 1s});
    w.longest_hold = one_of<base::duration, 3>(random, {5ms, 50ms, 300ms});
    w.long_holds = one_of<double, 3>(random, {0, 0.03, 0.15});
    return w;
}

liveness_plan draw_liveness(base::random_source& random, const run_plan& s) {
    liveness_plan a;
    const auto places = static_cast<std::uint32_t>(s.places.size());
    const auto seats = static_cast<std::uint32_t>(s.seats);
    if (seats >= 3 && random.chance(0.25)) {
        const auto one = static_cast<std::uint32_t>(random.below(places));
        const auto other = static_cast<std::uint32_t>(random.below(places));
        if (one != other) {
            a.cut_link = {one, other};
        }
    }
    // Without the link and without a third seat there might be no quorum left that can talk.
    const auto first_leaver = a.cut_link ? seats : 0;
    if (seats >= 3 && places > first_leaver && random.chance(0.25)) {
        a.leaver = first_leaver + static_cast<std::uint32_t>(random.below(places - first_leaver));
    }
    if (places > seats && random.chance(0.2)) {
        a.churned = seats + static_cast<std::uint32_t>(random.below(places - seats));
    }
    a.owner_crashes = a.churned.has_value() || random.chance(0.1);
    a.rests = random.chance(0.25);
    return a;
}

/// What was thought of later, from random numbers of its own: seeds that draw nothing of it are the
/// runs they were.
void draw_more(run_plan& s) {
    base::random_source random{s.asked.seed * 0xD1B54A32D192ED03ULL + s.asked.nodes};
    s.liveness_phase = draw_liveness(random, s);
    s.work.watches = random.chance(0.25);
    if (random.chance(0.2)) {
        s.faults.orphans = 0.3;
        s.work.long_holds = 0.3;
    }
    s.shared_locks = s.locks.size();
    for (auto n = random.chance(0.25) ? 40 : 0; n > 0; --n) {
        s.locks.push_back("once" + std::to_string(n));
    }
    s.faults.breaks = one_of<double, 4>(random, {0, 0, 0, 0.1});
    if (random.chance(0.15)) {
        s.common.last_sequence = 20;
    }
    if (s.places.size() > s.seats && random.chance(0.1)) {  // RING-2
        for (auto& p : s.places) {
            p.weight = 0;
        }
        const auto heavy = s.seats + random.below(s.places.size() - s.seats);
        s.places[heavy].weight = 1;
        s.liveness_phase.leaver = static_cast<std::uint32_t>(heavy);
        s.liveness_phase.churned.reset();
    }
}

/// Which process gets which impairment, so that the others still have a quorum.
void draw_impairment(base::random_source& random, run_plan& s) {
    const auto places = static_cast<std::uint32_t>(s.places.size());
    const auto seats = static_cast<std::uint32_t>(s.seats);
    auto& a = s.liveness_phase;
    constexpr std::array all{impairment::is_deaf,           impairment::loses_the_seats,
                             impairment::is_without_gossip, impairment::hears_of_views_late,
                             impairment::hears_of_no_views, impairment::seats_do_not_outlive};
    const auto what = one_of(random, all);
    const auto any_place = static_cast<std::uint32_t>(random.below(places));
    const auto no_seat =
        places > seats ? seats + static_cast<std::uint32_t>(random.below(places - seats)) : 0;
    const auto seat = static_cast<std::uint32_t>(random.below(seats));
    if (seats < 3 || a.leaver || a.cut_link) {
        return;
    }
    switch (what) {
        case impairment::is_deaf:
            a.churned.reset();
            a.whom = any_place;
            break;
        case impairment::loses_the_seats:
            if (places < seats + 2) {
                return;
            }
            a.churned.reset();
            a.whom = no_seat;
            s.places[no_seat].weight = 1;  // what it owns is missed
            break;
        case impairment::is_without_gossip:
            a.churned.reset();
            a.whom = any_place;
            a.owner_crashes = true;
            a.owner_crashes_after = 8s;  // gossip has given it up by then
            break;
        case impairment::hears_of_views_late:
            if (places == seats || any_place == no_seat || s.common.lease < 2s) {
                return;
            }
            a.churned = no_seat;
            a.whom = any_place;
            break;
        case impairment::hears_of_no_views:
            if (places < seats + 2) {
                return;
            }
            a.churned.reset();
            a.whom = no_seat;
            a.owner_crashes = true;
            // Without a seat: were seats to change, the old ones in its requests would give it
            // away.
            a.which_owner = no_seat + 1 < places ? no_seat + 1 : seats;
            s.places[*a.which_owner].weight = 4;
            break;
        case impairment::seats_do_not_outlive:
            a.churned.reset();
            a.whom = seat;
            a.owner_crashes = false;
            break;
        case impairment::seats_are_gone:  // drawn last
        case impairment::none:
            return;
    }
    a.what = what;
}

/// One process has other times than all others, or other seeds. It is refused.
void draw_misfit(base::random_source& random, run_plan& s) {
    const auto last = s.places.size() - 1;
    if (s.places.size() == s.seats || s.liveness_phase.leaver == last ||
        s.liveness_phase.churned == last || s.liveness_phase.what != impairment::none) {
        return;
    }
    auto& p = s.places[last];
    if (random.chance(0.5)) {
        p.lease = 3 * s.common.lease;
    } else if (s.seats > 1) {
        p.seeds = s.common.seeds;
        p.seeds.back() = p.address;
        p.first_start = random.between(0s, 200ms);
    }
}

/// VIEW-1: views change so fast that their epochs would leave the clocks behind.
void draw_rush(run_plan& s) {
    s.faults.rushes = 0.3;
    s.has_state_dir = false;
    for (auto& p : s.places) {
        p.wall_s = s.places.front().wall_s;
    }
    std::erase_if(s.faults.kinds, [](fault f) { return f == fault::wall_step; });
}

void draw_still_more(run_plan& s) {
    base::random_source random{s.asked.seed * 0xA24BAED4963EE407ULL + s.asked.nodes};
    if (random.chance(0.5)) {
        draw_impairment(random, s);
    }
    if (random.chance(0.06)) {
        draw_misfit(random, s);
    }
    if (s.places.size() > s.seats && random.chance(0.05)) {
        draw_rush(s);
    }
}

void draw_styles(run_plan& s) {
    base::random_source random{s.asked.seed * 0x9FB21C651E98DF25ULL + s.asked.nodes};
    s.styles.resize(s.locks.size());
    if (random.chance(0.4)) {
        return;
    }
    for (auto& how : s.styles) {
        if (random.chance(0.4)) {
            how.shared = one_of<double, 3>(random, {0.3, 0.7, 0.95});
        } else if (random.chance(0.5)) {
            how.limit = static_cast<std::uint32_t>(1 + random.below(3));
            how.wrong_limit = one_of<double, 3>(random, {0, 0, 0.03});
        }
    }
}

void draw_operators(run_plan& s) {
    base::random_source random{s.asked.seed * 0xD6E8FEB86659FD93ULL + s.asked.nodes};
    s.work.looks = random.chance(0.5) ? one_of<double, 2>(random, {0.02, 0.3}) : 0;
    s.work.demands = random.chance(0.5) ? one_of<double, 2>(random, {0.01, 0.1}) : 0;
    s.work.evictions = random.chance(0.2) ? 0.003 : 0;
    s.work.policies = random.chance(0.5) ? 0.3 : 0;
    if (random.chance(0.4)) {
        for (auto& p : s.places) {
            p.machine = 1 + random.below(3);
        }
        if (random.chance(0.4) && !s.faults.kinds.empty()) {
            s.faults.kinds.push_back(fault::false_certificate);
        }
    }
}

void draw_newest(run_plan& s) {
    base::random_source random{s.asked.seed * 0xE7037ED1A0B428DBULL + s.asked.nodes};
    s.work.several = random.chance(0.3) ? one_of<double, 2>(random, {0.1, 0.5}) : 0;
    s.work.records = random.chance(0.3) ? 0.05 : 0;
    auto& a = s.liveness_phase;
    const bool can_be_forced = s.seats >= 3 && !a.leaver && !a.cut_link &&
                               a.what == impairment::none &&
                               std::none_of(s.places.begin(), s.places.end(),
                                            [](const place_plan& p) { return p.is_misfit(); });
    if (can_be_forced && random.chance(0.3)) {
        a.what = impairment::seats_are_gone;
        a.whom = static_cast<std::uint32_t>(random.below(s.seats));
        a.churned.reset();
        a.owner_crashes = false;
    }
}

/// NOW-2.
void draw_clocks(run_plan& s) {
    base::random_source random{s.asked.seed * 0x8EBC6AF09C88C6E3ULL + s.asked.nodes};
    if (s.asked.aims != aims::instead) {
        s.faults.suspends = one_of<double, 4>(random, {0, 0, 0.5, 1});
        s.faults.slews = one_of<double, 4>(random, {0, 0, 0.3, 0.7});
    }
}

/// DISK-1.
void draw_disks(run_plan& s) {
    base::random_source random{s.asked.seed * 0xC2B2AE3D27D4EB4FULL + s.asked.nodes};
    if (!s.has_state_dir || random.chance(0.5)) {
        return;
    }
    for (auto& p : s.places) {
        if (random.chance(0.4)) {
            p.disk.longest_write = one_of<base::duration, 3>(random, {20ms, 300ms, 3s});
        } else if (random.chance(0.3)) {
            p.disk.full_until = random.between(0s, 20s);
        }
    }
    const auto& a = s.liveness_phase;
    const auto full = random.below(s.seats);
    // beside it no other seat may be missing: both together are more than one fault
    if (s.seats >= 3 && a.what == impairment::none && !a.leaver && !a.cut_link && !a.churned &&
        !a.owner_crashes && random.chance(0.5)) {
        s.places[full].disk_fills_up = true;
    }
}

/// WIRE-1: a fleet in the midst of an upgrade.
void draw_versions(run_plan& s) {
    base::random_source random{s.asked.seed * 0xD6E8FEB86659FD93ULL + s.asked.nodes};
    if (!random.chance(0.3)) {
        return;
    }
    for (auto& p : s.places) {
        p.unknown_fields = random.below(3);
    }
}

void draw_replays(run_plan& s) {
    base::random_source random{s.asked.seed * 0x8CB92BA72F3D8DD7ULL + s.asked.nodes};
    if (!random.chance(0.5)) {
        return;
    }
    s.is_sealed = random.chance(0.75);
    s.replays.is_recording = true;
    s.replays.mean_wait = one_of<base::duration, 3>(random, {50ms, 200ms, 500ms});
    s.replays.kept_back = one_of<double, 3>(random, {0, 0.01, 0.05});
}

/// LEASE-8.
void draw_mutes(run_plan& s) {
    base::random_source random{s.asked.seed * 0xAEF17502108EF2D9ULL + s.asked.nodes};
    if (s.asked.aims != aims::instead) {
        s.faults.mutes = one_of<double, 4>(random, {0, 0, 0.1, 0.4});
    }
}

}  // namespace

std::string_view to_string(fault f) {
    constexpr std::array<std::string_view, fault_kinds> names{
        "crash",        "crash_majority",    "pause",           "split",        "isolate",
        "cut_link",     "one_way",           "leave",           "clock_rate",   "wall_step",
        "slow_link",    "reset_streams",     "gossip_blackout", "trigger",      "old_tables",
        "late_removal", "false_certificate", "suspend",         "slewed_clock", "no_streams",
        "no_datagrams", "crash_loop",        "mute_streams"};
    return names[static_cast<std::size_t>(f)];
}

endpoint address_of(std::size_t place) {
    endpoint at;
    at.ip[10] = at.ip[11] = 0xff;
    at.ip[12] = 10;
    at.ip[15] = static_cast<std::uint8_t>(place + 1);
    at.port = 4653;
    return at;
}

run_plan draw(const options& asked) {
    base::random_source random{asked.seed * 0x9E3779B97F4A7C15ULL + asked.nodes};
    run_plan s;
    s.asked = asked;
    s.common = draw_settings(random);
    s.seats = asked.nodes >= 5 && random.chance(0.5) ? 5 : asked.nodes >= 3 ? 3 : 1;
    if (asked.is_wide && has_seven_seats(asked)) {
        s.seats = 7;
    }
    s.has_state_dir = random.chance(0.5);
    s.longest_timer_delay = one_of<base::duration, 2>(random, {100us, 2ms});
    // Each clock within half the bound, so that any two rates differ by less than it.
    s.most_parts_per_million =
        asked.drift_beyond ? 300'000 : static_cast<int>(s.common.clock_drift * 1e6 / 2) - 50;
    for (auto n = 2 + random.below(4); n > 0; --n) {
        s.locks.push_back(std::string(1, static_cast<char>('a' + s.locks.size())));
    }
    const auto widest_wall_error = one_of<std::uint64_t, 4>(random, {1, 5, 100, 3600});
    for (std::size_t i = 0; i < asked.nodes; ++i) {
        place_plan p;
        p.name = "p" + std::to_string(i + 1);
        p.address = address_of(i);
        p.raw = base::time_point{} + random.between(1s, 1000s);
        p.parts_per_million = static_cast<int>(random.below(
                                  2 * static_cast<std::uint64_t>(s.most_parts_per_million) + 1)) -
                              s.most_parts_per_million;
        p.wall_s = 60'000'000 + static_cast<std::int64_t>(random.below(widest_wall_error));
        p.first_start = random.chance(0.15) ? random.between(0s, 20s) : random.between(0s, 500ms);
        p.weight = i >= s.seats && random.chance(0.3) ? 0 : random.chance(0.1) ? 2 : 1;
        if (i < s.seats) {
            s.common.seeds.push_back(p.address);
        }
        s.places.push_back(std::move(p));
    }
    s.network = draw_weather(random);
    s.faults = draw_faults(random);
    if (asked.aims == aims::instead) {
        s.faults.kinds.clear();
        s.faults.grudges.clear();
    }
    s.work = draw_work(random);
    draw_more(s);
    draw_still_more(s);
    draw_styles(s);
    draw_operators(s);
    draw_newest(s);
    draw_clocks(s);
    draw_disks(s);
    draw_replays(s);
    draw_versions(s);
    draw_mutes(s);
    if (asked.is_wide) {
        draw_wide(s);
    }
    for (const auto& p : s.places) {
        if (p.is_misfit()) {
            s.troubles.push_back(trouble::misfit);
        }
    }
    return s;
}

}  // namespace holdfast::sim
