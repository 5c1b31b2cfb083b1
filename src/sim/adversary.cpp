#include "sim/adversary.hpp"

#include <algorithm>
#include <string>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// detail of an attack event: the attack's number, a stage or a mishap, and what is due
constexpr std::uint64_t begin_due = 0;
constexpr std::uint64_t stage_due = 1;    // the wait of a stage that waits for a time is over
constexpr std::uint64_t give_up_due = 2;  // the message a stage waits for has not come
constexpr std::uint64_t end_due = 3;
constexpr std::uint64_t mishap_due = 4;
constexpr std::uint64_t swing_due = 5;

constexpr std::uint64_t with(std::uint64_t what, std::uint64_t detail) {
    return what | detail << 8;
}

// Long enough for a member to be given up, removed and its leases to run out.
constexpr base::duration patience(base::duration lease) { return 4s + 2 * lease; }

bool has(const kinds_list& kinds, message_kind kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// Whether `target`, or the other side where that is meant, is on that side of the message. True
/// for every message if the side is `nowhere`.
bool is_on(side s, const std::optional<std::uint32_t>& target, std::uint32_t from,
           std::uint32_t to) {
    switch (s) {
        case side::sender:
            return target == from;
        case side::receiver:
            return target == to;
        case side::either:
            return target == from || target == to;
        case side::other_sends:
            return target == from;
        case side::nowhere:
            break;
    }
    return true;
}

}  // namespace

adversary::adversary(const run_plan& plan, std::uint64_t seed, cluster& machines,
                     event_queue& events)
    : plan_{plan}, random_{seed}, machines_{machines}, events_{events} {
    if (plan.asked.aims == aims::none) {
        is_healed_ = true;
        return;
    }
    // As with random faults: each seed leaves most of them out, and so gets somewhere with the
    // rest.
    for (auto n = 1 + random_.below(4); n > 0; --n) {
        kinds_.push_back(random_.below(attack_kinds));
    }
    most_at_once_ = 1 + random_.below(3);
    longest_wait_ = random_.chance(0.5) ? 1s : 4s;
    events_.plan(random_.between({}, longest_wait_), event_kind::attack, 0, begin_due);
}

void adversary::handle(const event& e) {
    if (is_healed_) {
        return;
    }
    const auto what = e.detail & 0xFF;
    const auto detail = (e.detail >> 8) & 0xFF;
    if (what == begin_due) {
        if (attacks_.size() < most_at_once_) {
            begin();
        }
        events_.plan(events_.now() + random_.between({}, longest_wait_), event_kind::attack, 0,
                     begin_due);
        return;
    }
    const auto a = find(static_cast<std::uint32_t>(e.detail >> 32));
    if (a == attacks_.end()) {
        return;
    }
    if (what == stage_due && detail == a->next_stage) {
        enter_next_stage(*a);
    } else if (what == end_due || (what == give_up_due && detail == a->next_stage)) {
        end(a);
    } else if (what == mishap_due) {
        apply(*a, static_cast<mishap>(detail), e.where);
    } else if (what == swing_due) {
        swing(*a, e.where);
    }
}

interceptor::verdict adversary::sending(message_kind kind, std::uint32_t from, std::uint32_t to) {
    verdict v;
    for (auto& a : attacks_) {
        hinder(a, kind, from, to, v);
        const auto& stages = plan_of(a).stages;
        if (a.next_stage == stages.size() || !has(stages[a.next_stage].at, kind)) {
            continue;
        }
        const auto& s = stages[a.next_stage];
        if (a.target && !is_on(s.target_is, a.target, from, to)) {
            continue;
        }
        if (a.passing > 0) {
            --a.passing;
            continue;
        }
        if (!a.target) {
            const bool is_sender =
                s.target_is == side::sender || (s.target_is == side::either && random_.chance(0.5));
            a.target = is_sender ? from : to;
        }
        a.other = a.target == from ? to : from;
        v.is_lost = v.is_lost || random_.chance(s.loss);
        v.delay += draw(s.delay);
        enter_next_stage(a);
    }
    return v;
}

void adversary::heal() {
    is_healed_ = true;
    for (auto& a : attacks_) {
        heal(a);
    }
    attacks_.clear();
}

// ---- an attack from stage to stage

void adversary::begin() {
    auto& a = attacks_.emplace_back();
    a.number = ++last_number_;
    a.kind = kinds_[random_.below(kinds_.size())];
    const auto& what = plan_of(a);
    ++counts_[a.kind].begun;
    const auto wanted = what.target[random_.below(what.target.size())];
    a.target = pick(wanted);
    machines_.note("attack " + std::to_string(a.number) + ": " + std::string{what.name} +
                   (a.target ? ", p" + std::to_string(*a.target + 1) : ""));
    if (!what.precondition.empty()) {
        const auto f = what.precondition[random_.below(what.precondition.size())];
        apply(a, f, bystander(a));
    }
    wait_for_next_stage(a);
}

void adversary::end(place_in_list a) {
    heal(*a);
    attacks_.erase(a);
}

void adversary::wait_for_next_stage(attack& a) {
    const auto& all = plan_of(a).stages;
    if (a.next_stage == all.size()) {
        ++counts_[a.kind].carried_out;
        plan(a, events_.now() + draw(plan_of(a).lasts), end_due);
        return;
    }
    const auto& next = all[a.next_stage];
    if (next.at.empty()) {
        plan(a, events_.now() + draw(next.after), with(stage_due, a.next_stage));
    } else {
        a.passing = static_cast<unsigned>(random_.below(next.up_to_times));
        plan(a, events_.now() + patience(plan_.common.lease), with(give_up_due, a.next_stage));
    }
}

/// May be called in the middle of a node's step: faults of processes happen after that step.
void adversary::enter_next_stage(attack& a) {
    const auto& s = plan_of(a).stages[a.next_stage++];
    machines_.note("attack " + std::to_string(a.number) + " acts");
    a.meanwhile = &s.meanwhile;
    if (!s.target.empty() && a.target) {
        plan(a, events_.now(),
             with(mishap_due, static_cast<std::uint64_t>(s.target[random_.below(s.target.size())])),
             *a.target);
    }
    if (!s.other.empty() && a.other) {
        plan(a, events_.now(),
             with(mishap_due, static_cast<std::uint64_t>(s.other[random_.below(s.other.size())])),
             *a.other);
    }
    wait_for_next_stage(a);
}

void adversary::plan(const attack& a, instant at, std::uint64_t what, std::uint32_t where) {
    events_.plan(at, event_kind::attack, where, std::uint64_t{a.number} << 32 | what);
}

// ---- what attacks do

void adversary::apply(attack& a, mishap f, std::uint32_t place) {
    switch (f) {
        case mishap::spared:
            return;
        case mishap::crashes:
            return crash_for_a_while(place);
        case mishap::restarts:
            return machines_.crash(place, draw(span::moment));
        case mishap::majority_restarts:
            return restart_majority(place);
        case mishap::pauses:
            return pause(place);
        case mishap::leaves:
            return machines_.leave(place, draw(span::brief));
        case mishap::is_cut_off:
            return cut_off(a, place, true, true);
        case mishap::is_deaf:
            return cut_off(a, place, false, true);
        case mishap::is_mute:
            return cut_off(a, place, true, false);
        case mishap::loses_the_seats:
            return cut_off_from_seats(a, place);
        case mishap::loses_the_other:
            return cut_off_from_other(a, place);
        case mishap::keeps_the_other:
            return cut_off_with_other(a, place);
        case mishap::has_a_loose_link:
            a.other = bystander(a);
            return swing(a, place);
        case mishap::keeps_one_seat:
        case mishap::loses_a_seat:
            return cut_off_around_a_seat(a, f == mishap::loses_a_seat, place);
        case mishap::is_heard_again:
            return heal(a);
    }
}

void adversary::crash_for_a_while(std::uint32_t place) {
    constexpr std::array outages{span::brief, span::detection, span::lease};
    machines_.crash(place, draw(outages[random_.below(outages.size())]));
}

void adversary::restart_majority(std::uint32_t place) {
    std::vector<std::uint32_t> seats;
    for (std::uint32_t i = 0; i < plan_.seats; ++i) {
        seats.push_back((place + i) % static_cast<std::uint32_t>(plan_.seats));
    }
    seats.resize(plan_.seats / 2 + 1 + random_.below(plan_.seats - plan_.seats / 2));
    for (const auto seat : seats) {
        machines_.crash(seat, draw(span::moment));
    }
}

void adversary::pause(std::uint32_t place) {
    constexpr std::array pauses{span::brief, span::detection, span::lease};
    const auto how_long = draw(pauses[random_.below(pauses.size())]);
    machines_.pause(place, how_long, random_.chance(0.2));
}

void adversary::cut_off_from_seats(attack& a, std::uint32_t place) {
    for (std::uint32_t seat = 0; seat < plan_.seats; ++seat) {
        cut_both_ways(a, place, seat);
    }
}

void adversary::cut_off_from_other(attack& a, std::uint32_t place) {
    if (a.other) {
        cut_both_ways(a, place, *a.other);
    }
}

void adversary::cut_off_with_other(attack& a, std::uint32_t place) {
    for (std::uint32_t i = 0; a.other && i < machines_.places(); ++i) {
        for (const auto of_them : {place, *a.other}) {
            if (i != place && i != *a.other) {
                cut_both_ways(a, of_them, i);
            }
        }
    }
}

/// From one seat, or from all others. The seat that stays becomes the other side.
void adversary::cut_off_around_a_seat(attack& a, bool loses_it, std::uint32_t place) {
    const auto seats = static_cast<std::uint32_t>(plan_.seats);
    const auto one = static_cast<std::uint32_t>(random_.below(seats));
    a.other = loses_it ? (one + 1) % seats : one;
    for (std::uint32_t seat = 0; seat < seats; ++seat) {
        if ((seat == one) == loses_it) {
            cut_both_ways(a, place, seat);
        }
    }
}

void adversary::cut_both_ways(attack& a, std::uint32_t one, std::uint32_t other) {
    cut(a, one, other);
    cut(a, other, one);
}

void adversary::cut(attack& a, std::uint32_t from, std::uint32_t to) {
    if (from != to) {
        machines_.net().cut(from, to);
        a.cuts.emplace_back(from, to);
    }
}

void adversary::cut_off(attack& a, std::uint32_t place, bool from_it, bool to_it) {
    for (std::uint32_t i = 0; i < machines_.places(); ++i) {
        if (from_it) {
            cut(a, place, i);
        }
        if (to_it) {
            cut(a, i, place);
        }
    }
}

void adversary::swing(attack& a, std::uint32_t place) {
    if (a.cuts.empty()) {
        cut_both_ways(a, place, *a.other);
    } else {
        heal(a);
    }
    plan(a, events_.now() + draw(span::brief), swing_due, place);
}

void adversary::heal(attack& a) {
    for (const auto& [from, to] : a.cuts) {
        machines_.net().heal(from, to);
    }
    a.cuts.clear();
}

void adversary::hinder(const attack& a, message_kind kind, std::uint32_t from, std::uint32_t to,
                       verdict& v) {
    if (a.meanwhile == nullptr) {
        return;
    }
    for (const auto& h : *a.meanwhile) {
        if (has(h.kinds, kind) &&
            is_on(h.target_is, h.target_is == side::other_sends ? a.other : a.target, from, to)) {
            v.is_lost = v.is_lost || h.is_lost || (h.loss > 0 && random_.chance(h.loss));
            v.is_doubled = v.is_doubled || h.is_doubled;
            v.delay += draw(h.delay);
            v.brings_back_older = v.brings_back_older || h.brings_back_older;
        }
    }
}

// ---- drawing

std::list<adversary::attack>::iterator adversary::find(std::uint32_t number) {
    return std::find_if(attacks_.begin(), attacks_.end(),
                        [&](const attack& a) { return a.number == number; });
}

std::optional<std::uint32_t> adversary::pick(target_choice p) {
    const auto l =
        static_cast<judge::lock>(random_.chance(0.6) ? 0 : random_.below(plan_.locks.size()));
    const auto instead = any_place();
    switch (p) {
        case target_choice::by_message:
            return std::nullopt;
        case target_choice::owner:
            return machines_.owner_of(l).value_or(instead);
        case target_choice::holder:
            return machines_.holder_of(l).value_or(instead);
        case target_choice::seat:
            return instead % static_cast<std::uint32_t>(plan_.seats);
        case target_choice::any_place:
            break;
    }
    return instead;
}

std::uint32_t adversary::bystander(const attack& a) {
    constexpr std::array often{target_choice::owner, target_choice::seat, target_choice::any_place,
                               target_choice::any_place};
    const auto one = *pick(often[random_.below(often.size())]);
    return one == a.target ? (one + 1) % static_cast<std::uint32_t>(machines_.places()) : one;
}

base::duration adversary::draw(span s) {
    const auto lease = plan_.common.lease;
    switch (s) {
        case span::none:
            break;
        case span::moment:
            return random_.between({}, 30ms);
        case span::brief:
            return random_.between(20ms, 300ms);
        case span::detection:
            return random_.between(300ms, 3s);
        case span::lease:
            return random_.between(lease * 7 / 10, lease * 15 / 10);
        case span::ages:
            return random_.between(lease * 15 / 10, 3 * lease + 1s);
    }
    return {};
}

base::duration adversary::draw(const spans& choices) {
    return choices.empty() ? base::duration{} : draw(choices[random_.below(choices.size())]);
}

}  // namespace holdfast::sim
