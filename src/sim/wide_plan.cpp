#include "sim/wide_plan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/random.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t requests_in_a_long_queue = 600;

/// All is well when LIVE is checked.
void end_quietly(run_plan& s) {
    const bool rests = s.liveness_phase.rests;
    s.liveness_phase = {};
    s.liveness_phase.rests = rests;
}

/// Nothing goes wrong with processes, disks, clocks and links, and no operator evicts.
void make_quiet(run_plan& s) {
    s.faults.kinds.clear();
    s.faults.grudges.clear();
    s.faults.orphans = s.faults.rushes = s.faults.breaks = s.faults.suspends = s.faults.mutes = 0;
    s.network.spike = 0;
    s.work.evictions = 0;
    s.replays = {};
    s.is_sealed = true;
    end_quietly(s);
    for (auto& p : s.places) {
        p.disk = {};
        p.disk_fills_up = false;
    }
}

/// LEASE-9. Gossip believes the living dead then. A single voter has no second opinion (VIEW-2),
/// and removes one now and then that three renewals in a row do not reach it from.
void lose_alone(base::random_source& random, run_plan& s) {
    make_quiet(s);
    for (auto& p : s.places) {
        p.wall_s = s.places.front().wall_s;  // VIEW-1 lets views wait for clocks that are behind
    }
    s.network.loss = 0.1 * static_cast<double>(1 + random.below(s.seats >= 3 ? 3 : 1));
    s.is_loss_alone = true;
    s.troubles.push_back(trouble::loss_alone);
}

/// FOUND-8: two processes are configured with a list of seats that is no longer, or not yet, that
/// of the others, and are a majority of it. They share one seat with the cluster that lives, and
/// start when it does. One of them may be at a seat of that cluster, which fills it with none.
///
/// The seat that they share lives all the while and is not slow: FOUND-8 is a help, and no promise
/// to founders that cannot reach it.
void give_other_lists(base::random_source& random, run_plan& s) {
    const auto places = s.places.size();
    const bool can_be_at_a_seat = s.seats >= 3 && places > s.seats;
    const bool can_be_beside = places >= s.seats + 2;
    if (!can_be_at_a_seat && !can_be_beside) {
        return;
    }
    make_quiet(s);
    s.network.loss = std::min(s.network.loss, 0.05);
    s.network.shortest_delay = std::min<base::duration>(s.network.shortest_delay, 300us);
    s.network.doublings = std::min(s.network.doublings, 3u);
    for (auto& p : s.places) {
        p.lease.reset();
        p.seeds.clear();
        p.first_start = std::min<instant>(p.first_start, 500ms);
    }
    const bool is_at_a_seat = can_be_at_a_seat && (!can_be_beside || random.chance(0.5));
    const auto one = is_at_a_seat ? s.seats - 1 : places - 2;
    const auto other = places - 1;
    const auto shared = random.below(is_at_a_seat ? s.seats - 1 : s.seats);
    for (const auto place : {one, other}) {
        auto& p = s.places[place];
        p.seeds = {address_of(shared), address_of(one), address_of(other)};
        p.first_start = random.between(5s, 30s);
    }
    s.troubles.push_back(trouble::other_lists);
}

/// LOAD-3. All watches are taken, for a watcher that is refused knows nothing (WATCH).
void shrink_quotas(base::random_source& random, run_plan& s) {
    s.common.quota.waiting = 1 + random.below(2);
    s.common.quota.holds = s.common.quota.waiting + 1 + random.below(2);
    s.troubles.push_back(trouble::small_quotas);
}

/// LOAD-1, LOAD-2. The holds are short, so that all are served, if no link is cut then.
void lengthen_queues(run_plan& s) {
    end_quietly(s);
    s.common.last_sequence = token::max_sequence;  // 20 grants a second would serve none of them
    s.work.clients = std::max(s.work.clients, requests_in_a_long_queue / s.places.size());
    s.work.longest_hold = 5ms;
    s.work.long_holds = s.work.several = s.work.policies = 0;
    s.troubles.push_back(trouble::long_queues);
}

/// FOUND-9: of fewer seats than a majority; and no other seat is missing when LIVE is checked, for
/// one whose clock is plausible refuses to found with the others.
void set_clocks_wrong(base::random_source& random, run_plan& s) {
    const auto& a = s.liveness_phase;
    const bool are_walls_needed = s.faults.rushes > 0 || a.what == impairment::seats_are_gone;
    if (are_walls_needed) {
        return;
    }
    constexpr std::int64_t year = 366LL * 24 * 3600;
    const auto wrong_clock = [&] {
        switch (random.below(4)) {
            case 0:
                return -static_cast<std::int64_t>(random.below(54)) * year - 1;  // from 1970 on
            case 1:
                return static_cast<std::int64_t>(random.below(year / 2));
            case 2:
                return (3 + static_cast<std::int64_t>(random.below(130))) * year;
            default:
                return (140 + static_cast<std::int64_t>(random.below(36))) * year;  // up to 2200
        }
    };
    const bool is_a_seat_missing = a.what != impairment::none || a.leaver || a.cut_link ||
                                   a.churned || a.owner_crashes ||
                                   std::any_of(s.places.begin(), s.places.end(),
                                               [](const place_plan& p) { return p.disk_fills_up; });
    const auto most = is_a_seat_missing ? 0 : s.seats / 2;
    auto left = random.below(most + 1);
    bool is_any = false;
    for (std::size_t i = 0; i < s.places.size(); ++i) {
        if (i < s.seats ? left > 0 : random.chance(0.3)) {
            left -= i < s.seats ? 1 : 0;
            s.places[i].wall_s = wrong_clock();
            is_any = true;
        }
    }
    if (is_any) {
        s.troubles.push_back(trouble::wild_clock);
    }
}

}  // namespace

bool has_seven_seats(const options& asked) {
    base::random_source random{asked.seed * 0x9E6C63D0876A9A47ULL + asked.nodes};
    return asked.nodes >= 7 && random.chance(0.2);
}

void draw_wide(run_plan& s) {
    base::random_source random{s.asked.seed * 0x94D049BB133111EBULL + s.asked.nodes};
    const bool may_be_quiet = s.asked.aims == aims::none && !s.asked.drift_beyond;
    const auto kind = random.below(20);
    if (may_be_quiet && kind == 0) {
        lose_alone(random, s);
        return;
    }
    if (may_be_quiet && kind == 1) {
        give_other_lists(random, s);
        return;
    }
    if (random.chance(0.03)) {
        lengthen_queues(s);
    } else if (random.chance(0.1)) {
        shrink_quotas(random, s);
    }
    if (random.chance(0.15)) {
        set_clocks_wrong(random, s);
    }
    if (s.asked.aims != aims::instead) {
        s.faults.half_open = random.chance(0.2) ? 0.3 : 0;
        s.faults.crash_loops = random.chance(0.1) ? 0.2 : 0;
    }
    constexpr std::array<std::uint32_t, 4> segments{536, 1448, 8948, 65483};
    s.segment = segments[random.below(segments.size())];
}

}  // namespace holdfast::sim
