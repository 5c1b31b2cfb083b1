#include "sim/liveness_phase.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// of a message after everything was mended: a stream that was cut tries again more and more seldom
constexpr instant longest_way{16s};
constexpr instant never = instant::max();

std::optional<trouble> trouble_of(impairment what) {
    switch (what) {
        case impairment::is_deaf:
            return trouble::deaf;
        case impairment::loses_the_seats:
            return trouble::loses_the_seats;
        case impairment::is_without_gossip:
            return trouble::without_gossip;
        case impairment::hears_of_views_late:
            return trouble::hears_of_views_late;
        case impairment::hears_of_no_views:
            return trouble::hears_of_no_views;
        case impairment::seats_are_gone:
            return trouble::seats_are_gone;
        case impairment::seats_do_not_outlive:
            return trouble::seats_do_not_outlive;
        case impairment::none:
            break;
    }
    return std::nullopt;
}

bool is_news_of_views(message_kind kind) {
    return kind == kind_of_type<views::steps> || kind == kind_of_type<views::welcome> ||
           kind == kind_of_type<views::outdated>;
}

}  // namespace

liveness_phase::liveness_phase(const run_plan& plan, cluster& machines, workload& work,
                               judge& watching, const event_queue& events)
    : scenario_{plan},
      plan_{plan.liveness_phase},
      machines_{machines},
      work_{work},
      judge_{watching},
      events_{events} {}

void liveness_phase::begin() {
    const auto now = events_.now();
    began_ = looked_ = now;
    enter(phase::checking, served_by(now));
    next_kill_ = plan_.churned ? now : never;
    owner_crashes_ = plan_.owner_crashes && plan_.what != impairment::is_without_gossip
                         ? now + plan_.owner_crashes_after
                         : never;
    leaves_ = plan_.leaver ? now + 200ms : never;
    for (const auto& place : {plan_.churned, plan_.leaver}) {
        if (place) {
            work_.excuse(*place);
        }
    }
    for (std::uint32_t place = 0; place < machines_.places(); ++place) {
        if (scenario_.places[place].is_misfit()) {
            work_.excuse(place);
        }
    }
    befall();
}

bool liveness_phase::look() {
    const auto now = events_.now();
    const auto since_last = now - std::exchange(looked_, now);
    switch (phase_) {
        case phase::checking:
            if (work_.keeps_a_lock()) {
                until_ += since_last;
            }
            look_at_checking(now);
            break;
        case phase::calming:
            if (now >= until_) {
                work_.rest();
                gives_up_resting_ = now + 60s + 13 * scenario_.common.lease;
                settle(now);
            }
            break;
        case phase::settling:
        case phase::resting:
            look_at_rest(now);
            break;
        case phase::closing:
            look_at_closing(now);
            break;
        case phase::quiet:
            if (machines_.counted().views_installed != views_before_ || !is_leaver_back()) {
                be_quiet(now);
            } else if (now >= until_) {
                judge_.check_watchers(now);
                if (!has_replays()) {
                    return true;
                }
                ended_before_ = machines_.counted().ids_ended;
                enter(phase::replays, now + 10s);
            }
            break;
        case phase::replays:
            return look_at_replays(now);
    }
    return false;
}

/// It is started again some seconds after it has left.
bool liveness_phase::is_leaver_back() const {
    if (!plan_.leaver || scenario_.places[*plan_.leaver].is_misfit()) {
        return true;
    }
    const auto* node = machines_.node_at(*plan_.leaver);
    return node != nullptr && node->installed();
}

/// Without a key a stranger can send anything, and without a link two members can lose each other.
bool liveness_phase::has_replays() const {
    return scenario_.is_sealed && scenario_.replays.mean_wait > base::duration{} && !plan_.cut_link;
}

bool liveness_phase::answers_strangers() const {
    return !scenario_.is_sealed && scenario_.replays.mean_wait > base::duration{};
}

bool liveness_phase::look_at_replays(instant now) {
    if (machines_.counted().ids_ended != ended_before_) {
        judge_.object(guarantee::replay, now,
                      "a member had to go while nothing happened but that a stranger sent "
                      "recorded packets again");
        return true;
    }
    return now >= until_;
}

void liveness_phase::look_at_checking(instant now) {
    trouble(now);
    const bool is_more_to_come =
        !untold_.empty() || seats_restart_ != never ||
        (is_impaired_ ? owner_crashes_ != never : plan_.what != impairment::none);
    if (!work_.is_done() || is_more_to_come) {
        if (now >= until_) {
            work_.report_unserved(now);
        }
        return;
    }
    served_after_ = now - began_;
    relieve();
    if (plan_.rests) {
        enter(phase::calming, now + longest_way);
    } else {
        enter(phase::closing, now + 10s + 2 * scenario_.common.lease);
    }
}

/// The faults that the plan has for this phase. None keeps another process from its locks for long.
void liveness_phase::trouble(instant now) {
    force_views(now);
    if (plan_.what == impairment::is_without_gossip && !is_impaired_) {
        is_impaired_ = true;
        owner_crashes_ = now + plan_.owner_crashes_after;
        enter(phase::checking, served_by(now));
    }
    if (now >= leaves_) {
        leaves_ = never;
        machines_.count(trouble::leaves_for_good);
        machines_.leave(*plan_.leaver, 1h);
    }
    if (now >= next_kill_) {
        next_kill_ =
            now + (plan_.what == impairment::hears_of_views_late ? scenario_.common.lease * 3 / 10
                                                                 : scenario_.common.lease * 4 / 5);
        machines_.count(trouble::killed_again_and_again);
        machines_.crash(*plan_.churned, 20ms);
    }
    if (now >= owner_crashes_) {
        owner_crashes_ = never;
        if (const auto owner = plan_.which_owner ? plan_.which_owner : machines_.owner_of(0);
            owner && owner != plan_.leaver) {
            machines_.count(trouble::owner_crashes);
            const bool is_another = is_impaired_ && *owner == plan_.whom;
            began_ = is_impaired_ ? now : began_;  // what was waited for until now was this
            machines_.crash(
                is_another ? (*owner + 1) % static_cast<std::uint32_t>(machines_.places()) : *owner,
                20ms);
        }
    }
}

// ---- the impairment of one

void liveness_phase::befall() {
    is_impaired_ = plan_.what != impairment::none && plan_.what != impairment::is_without_gossip;
    const auto seats = static_cast<std::uint32_t>(scenario_.seats);
    const auto places = static_cast<std::uint32_t>(machines_.places());
    const bool can_be_served = plan_.what == impairment::none ||
                               plan_.what == impairment::is_without_gossip ||
                               plan_.what == impairment::hears_of_views_late;
    if (!can_be_served) {
        work_.excuse(plan_.whom);
    }
    if (plan_.what == impairment::seats_are_gone) {
        lose_the_seats();
    }
    if (plan_.what == impairment::is_deaf) {
        cut_off_from(0, places, false);
    } else if (plan_.what == impairment::loses_the_seats) {
        cut_off_from(0, seats, true);
    } else if (plan_.what == impairment::seats_do_not_outlive) {
        machines_.crash(plan_.whom, 1h);
        for (std::uint32_t i = 1; i <= seats / 2; ++i) {
            machines_.crash((plan_.whom + i) % seats, 20ms);
        }
    }
    if (const auto t = trouble_of(plan_.what)) {
        machines_.count(*t);
    }
    if (is_impaired_) {
        machines_.note("impairment of p" + std::to_string(plan_.whom + 1));
    }
}

void liveness_phase::lose_the_seats() {
    const auto seats = static_cast<std::uint32_t>(scenario_.seats);
    std::vector<bool> is_gone(machines_.places());
    for (std::uint32_t i = 0; i <= seats / 2; ++i) {
        const auto gone = (plan_.whom + i) % seats;
        is_gone[gone] = true;
        work_.excuse(gone);
        machines_.lose(gone);
    }
    for (std::uint32_t place = 0; place < is_gone.size(); ++place) {
        if (!is_gone[place]) {
            // People are told one after another, and some at the very moment when the seats go.
            untold_.emplace_back(
                began_ + (plan_.whom + place) % 3 * (scenario_.common.lease / 2 + 700ms), place);
            new_seats_.push_back(place);
        }
    }
    new_seats_.resize(new_seats_.size() >= 3 && plan_.whom % 2 == 0 ? 3 : 1);
}

/// Each is told again until its lease has ended and it does as it is told.
void liveness_phase::force_views(instant now) {
    const bool is_last = !untold_.empty();
    std::erase_if(untold_, [&](const auto& u) {
        return u.first <= now && machines_.operators().force_new_cluster(u.second, new_seats_);
    });
    if (is_last && untold_.empty()) {
        enter(phase::checking, served_by(now));
        seats_restart_ = plan_.whom % 3 == 0 ? never : now + 2 * scenario_.common.lease + 2s;
    }
    if (now >= seats_restart_) {
        // all of them: only what is on their disks is left of the cluster
        seats_restart_ = never;
        began_ = now;
        enter(phase::checking, served_by(now));
        for (const auto place : new_seats_) {
            machines_.crash(place, 20ms);
        }
    }
}

void liveness_phase::cut_off_from(std::uint32_t first, std::uint32_t end, bool both_ways) {
    for (auto other = first; other < end; ++other) {
        if (other != plan_.whom) {
            cut_.emplace_back(other, plan_.whom);
            if (both_ways) {
                cut_.emplace_back(plan_.whom, other);
            }
        }
    }
    for (const auto& [from, to] : cut_) {
        machines_.net().cut(from, to);
    }
}

void liveness_phase::relieve() {
    is_impaired_ = false;
    for (const auto& [from, to] : std::exchange(cut_, {})) {
        machines_.net().heal(from, to);
    }
}

interceptor::verdict liveness_phase::sending(message_kind kind, std::uint32_t from,
                                             std::uint32_t to) {
    verdict v;
    if (!is_impaired_) {
        return v;
    }
    const auto whom = plan_.whom;
    if (plan_.what == impairment::is_without_gossip) {
        v.is_lost = is_swim(kind) && (from == whom || to == whom);
    } else if (plan_.what == impairment::hears_of_no_views) {
        v.is_lost = to == whom && is_news_of_views(kind);
    } else if (plan_.what == impairment::hears_of_views_late && to == whom &&
               is_news_of_views(kind)) {
        v.delay = scenario_.common.lease * 3 / 4;
    }
    return v;
}

void liveness_phase::settle(instant now) {
    enter(phase::settling, now + 1s + scenario_.common.lease);
    views_before_ = machines_.counted().views_installed;
    late_before_ = machines_.counted().late_lock_messages;
}

/// What a stranger had kept back is answered when it comes.
bool liveness_phase::is_disturbed() const {
    return machines_.counted().views_installed != views_before_ ||
           machines_.counted().late_lock_messages != late_before_ || !work_.is_resting();
}

void liveness_phase::look_at_rest(instant now) {
    if (now >= gives_up_resting_) {
        judge_.object(guarantee::live, now,
                      "no rest: views go on changing, or a process waits for a lock that is free");
    } else if (is_disturbed()) {
        settle(now);
    } else if (now >= until_ && phase_ == phase::settling) {
        judge_.check_watchers(now);
        enter(phase::resting, now + 1s + 2 * scenario_.common.lease);
        lock_messages_before_ = machines_.counted().lock_messages;
    } else if (now >= until_) {
        const auto said = machines_.counted().lock_messages - lock_messages_before_;
        if (said > 0 && !answers_strangers()) {
            judge_.object(
                guarantee::silence, now,
                std::to_string(said) + " messages about locks while no process asked for any");
        }
        work_.wake();
        enter(phase::closing, now + 10s + 2 * scenario_.common.lease);
    }
}

void liveness_phase::look_at_closing(instant now) {
    if (!machines_.has_owned_holds()) {
        be_quiet(now);
    } else if (now >= until_) {
        machines_.report_owned_holds();
        be_quiet(now);
    }
}

void liveness_phase::be_quiet(instant now) {
    views_before_ = machines_.counted().views_installed;
    const auto calm = has_replays()            ? 3s + 3 * scenario_.common.lease
                      : scenario_.work.watches ? 1s + scenario_.common.lease
                                               : base::duration{};
    enter(phase::quiet, now + calm);
}

void liveness_phase::enter(phase next, instant until) {
    phase_ = next;
    until_ = until;
}

/// The bound of docs/guarantees.md, with a round trip for each request. look() adds the time for
/// which applications keep locks.
instant liveness_phase::served_by(instant now) const {
    constexpr instant round_trip{10ms};
    return now + 30s + 13 * scenario_.common.lease +
           round_trip * static_cast<instant::rep>(work_.requests_left());
}

}  // namespace holdfast::sim
