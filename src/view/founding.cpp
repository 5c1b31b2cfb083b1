#include "view/founding.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"
#include "view/founding_epoch.hpp"
#include "view/joining.hpp"

namespace holdfast::views {
namespace {

problem times_differ_at(const endpoint& at) {
    return {errc::times_differ, to_string(at) + ": " + std::string{explain(errc::times_differ)}};
}

}  // namespace

view first_view(const founding_value& value, const std::vector<endpoint>& seeds) {
    HOLDFAST_ASSERT(!value.cluster.is_nil() && value.slots > 0);
    view v;
    v.cluster = value.cluster;
    v.number = {1};
    v.epoch = value.epoch;
    v.slots = value.slots;
    v.seats_since = {1};
    for (const auto& s : seeds) {
        v.seats.push_back({s, {}});
    }
    for (const auto& f : value.founders) {
        HOLDFAST_ASSERT(f.seat < v.seats.size() && v.seats[f.seat].filled_by.is_nil());
        v.seats[f.seat].filled_by = f.self.id;
        v.members.push_back(f.self);
        v.members.back().since = {1};
        v.members.back().leaving = false;
        v.members.back().is_settled = f.self.weight > 0;  // OWN-11
    }
    std::sort(v.members.begin(), v.members.end(),
              [](const member& a, const member& b) { return a.id < b.id; });
    HOLDFAST_ASSERT(v.members.size() >= v.quorum());
    return v;
}

bool is_sound(const founding_value& value, const std::vector<endpoint>& seeds) {
    std::set<std::uint8_t> seats;
    std::set<peer_id> ids;
    for (const auto& f : value.founders) {
        const bool is_there = f.seat < seeds.size() && seeds[f.seat] == f.self.address;
        if (!is_there || !seats.insert(f.seat).second || f.self.id.is_nil() ||
            !ids.insert(f.self.id).second) {
            return false;
        }
    }
    return seats.size() >= seeds.size() / 2 + 1 && !value.cluster.is_nil() && value.slots > 0 &&
           value.slots <= base::limits::slots && value.epoch <= last_by_clock;
}

std::vector<endpoint> seats_to_knock_at(const view& installed, const environment& surroundings) {
    std::vector<endpoint> out;
    if (surroundings.lease_left() == base::duration::zero()) {
        return out;
    }
    for (const auto& s : installed.seats) {
        const auto& by = s.filled_by;
        if (by.is_nil() || !surroundings.seems_alive(by) ||
            surroundings.is_replaced_at(s.address, by)) {
            out.push_back(s.address);
        }
    }
    return out;
}

founding::founding(const base::settings& settings, const member& self, std::vector<endpoint> seeds,
                   std::uint64_t seed, base::time_point now)
    : settings_{settings}, self_{self}, seeds_{std::move(seeds)}, random_{seed} {
    for (std::size_t i = 0; i < seeds_.size(); ++i) {
        if (seeds_[i] == self_.address) {
            seat_ = static_cast<std::uint8_t>(i);
        }
    }
    if (seat_ && settings_.may_found) {
        next_try_ = now + settings_.bootstrap_wait +
                    settings_.proposer_stagger * static_cast<int>(*seat_) +
                    random_.between({}, settings_.batch_wait);
    }
}

void founding::handle(const peer_id& from, const endpoint& at, const founding_message& what,
                      const standing& ours, base::moment now) {
    if (!seat_ && !ours.has_view) {
        return;
    }
    const occasion when{from, at, ours, now};
    std::visit([&](const auto& m) { on(when, m); }, what);
    invariants();
}

void founding::tick(epoch highest, base::moment now) {
    highest_told_ = std::max(highest_told_, highest);
    if (const auto* p = std::get_if<preparing>(&phase_);
        p != nullptr && base::is_due(p->proposes_at, now.now)) {
        propose();
    }
    if (next_try_ && *next_try_ <= now.now) {
        prepare(now.now);
    }
    HOLDFAST_ASSERT(!deadline() || *deadline() > now.now);
    invariants();
}

void founding::invariants() const {
    HOLDFAST_ASSERT(!seat_ || seeds_[*seat_] == self_.address);
    HOLDFAST_ASSERT(seat_ || (std::holds_alternative<idle>(phase_) && !next_try_));
    const auto is_ours = [&](const ballot& b) {
        return b.proposer == self_.id && b.seat == *seat_ && b.round > 0 &&
               b.round <= highest_round_;
    };
    if (const auto* p = std::get_if<preparing>(&phase_)) {
        HOLDFAST_ASSERT(is_ours(p->mine));
        // with the promises of all seats there would be no more preparing
        HOLDFAST_ASSERT(p->promises.size() < seeds_.size());
        HOLDFAST_ASSERT(p->proposes_at.has_value() == (p->promises.size() >= quorum()));
    } else if (const auto* a = std::get_if<accepting>(&phase_)) {
        HOLDFAST_ASSERT(is_ours(a->mine));
        HOLDFAST_ASSERT(a->promised.size() >= quorum() && a->accepts.size() < quorum());
        if (base::checks_everything()) {  // FOUND-4
            HOLDFAST_ASSERT(std::includes(a->promised.begin(), a->promised.end(),
                                          a->accepts.begin(), a->accepts.end()));
        }
    }
}

std::optional<base::time_point> founding::deadline() const {
    auto due = next_try_;
    if (const auto* p = std::get_if<preparing>(&phase_)) {
        base::earlier(due, p->proposes_at);
    }
    return due;
}

void founding::refuse(const occasion& when, const ballot& asked, found_refusal why) {
    found_rejected no{asked, why, {}, when.ours.highest, {}, {}};
    if (why == found_refusal::higher_ballot) {
        no.promised = acceptor_.promised();
    } else if (why == found_refusal::seeds_differ) {
        no.seeds = seeds_;
    } else if (why == found_refusal::has_a_view) {
        no.seeds = seeds_;
        no.lease_left = when.ours.lease_left;
    }
    out_.push(send{when.from, when.at, std::move(no)});
}

problem founding::seeds_differ(const std::vector<endpoint>& theirs, const endpoint& at) const {
    return {errc::seeds_differ, to_string(at) + " has the seeds " + to_text(theirs) + ", we have " +
                                    to_text(seeds_) + "; give every peer the same list"};
}

void founding::on(const occasion& when, const found_prepare& asked) {
    const bool same_seeds = asked.seeds == seeds_;
    if (!same_seeds) {
        out_.push(seeds_differ(asked.seeds, when.at));
    }
    if (when.ours.has_view) {  // FOUND-8: whatever the list
        base::count(base::effect::found_8_refuses);
        refuse(when, asked.ballot, found_refusal::has_a_view);
    } else if (!same_seeds) {
        refuse(when, asked.ballot, found_refusal::seeds_differ);
    } else if (asked.terms != lease_terms{settings_.lease, settings_.drift_ppm()}) {
        out_.push(times_differ_at(when.at));
        refuse(when, asked.ballot, found_refusal::times_differ);
    } else if (is_barred(when.now.now)) {
        // FOUND-8: no promise. The other founder may have lost the answer that we have had, or does
        // not know whom to ask.
        if (!seats_of_other_.empty()) {
            out_.push(send{when.from, when.at, knock{seats_of_other_}});
        }
    } else if (!acceptor_.prepare(asked.ballot)) {
        refuse(when, asked.ballot, found_refusal::higher_ballot);
    } else {
        // FOUND-9: that a value was accepted says nothing against this value
        const auto highest = std::max(when.ours.highest, replaced_);
        out_.push(send{
            when.from, when.at,
            found_promise{
                asked.ballot, {self_, *seat_}, acceptor_.accepted(), highest, when.now.wall_s}});
    }
}

bool founding::can_accept(const found_accept& asked) const {
    return seat_ && acceptor_.may_accept(asked.ballot) && is_sound(asked.value, seeds_);
}

void founding::on(const occasion& when, const found_accept& asked) {
    if (when.ours.has_view) {
        refuse(when, asked.ballot, found_refusal::has_a_view);
    } else if (is_barred(when.now.now)) {
        return;  // FOUND-8
    } else if (!acceptor_.may_accept(asked.ballot)) {
        refuse(when, asked.ballot, found_refusal::higher_ballot);
    } else if (can_accept(asked)) {
        if (const auto& before = acceptor_.accepted(); before && before->value != asked.value) {
            replaced_ = std::max(replaced_, before->value.epoch);
        }
        acceptor_.accept(asked.ballot, asked.value);
        HOLDFAST_ASSERT(acceptor_.promised() == asked.ballot);
        out_.push(send{when.from, when.at, found_accepted{asked.ballot}});
    }
}

void founding::on(const occasion& when, const found_promise& given) {
    if (when.ours.has_view) {
        return;
    }
    highest_told_ = std::max(highest_told_, given.highest);
    auto* phase = std::get_if<preparing>(&phase_);
    if (phase == nullptr || given.ballot != phase->mine || given.self.self.id != when.from ||
        when.from.is_nil() || given.self.seat >= seeds_.size() ||
        seeds_[given.self.seat] != given.self.self.address) {
        return;
    }
    if (given.accepted && !is_sound(given.accepted->value, seeds_)) {
        return;  // no acceptor accepts such a value
    }
    const auto known = phase->promises.find(given.self.self.id);
    if (known != phase->promises.end() && known->second.self.seat != given.self.seat) {
        return;  // one process has one address, hence one seat
    }
    // FOUND-2: one PeerId for each seat. Should a seat have restarted meanwhile, the later word
    // counts.
    std::erase_if(phase->promises,
                  [&](const auto& p) { return p.second.self.seat == given.self.seat; });
    phase->promises.emplace(when.from, given);
    if (phase->promises.size() == seeds_.size()) {
        propose();
    } else if (phase->promises.size() >= quorum() && !phase->proposes_at) {
        // View 1 with a bare quorum of seats would not survive one crash, and VIEW-1 holds view 2
        // back for a second.
        phase->proposes_at = when.now.now + settings_.batch_wait;
    }
}

void founding::propose() {
    auto* phase = std::get_if<preparing>(&phase_);
    HOLDFAST_ASSERT(phase != nullptr && phase->promises.size() >= quorum());
    accepting next{phase->mine, {}, {}, {}};
    const accepted_founding* highest = nullptr;
    for (const auto& [id, p] : phase->promises) {
        next.promised.insert(id);
        if (p.accepted && (highest == nullptr || highest->ballot < p.accepted->ballot)) {
            highest = &*p.accepted;
        }
    }
    if (highest != nullptr && can_live(highest->value, *phase) &&
        is_above_all(highest->value.epoch, *phase)) {
        next.value = highest->value;
    } else if (auto made = new_value(*phase)) {
        if (highest != nullptr) {
            base::count(base::effect::found_7_leaves_a_value);
        }
        next.value = std::move(*made);
    } else {
        phase_ = idle{};  // `next_try_` stands
        return;
    }
    HOLDFAST_ASSERT(is_sound(next.value, seeds_));
    HOLDFAST_ASSERT(can_live(next.value, *phase));  // FOUND-7, whether it is ours or not
    const found_accept proposal{next.mine, next.value};
    std::vector<std::pair<peer_id, endpoint>> to;
    for (const auto& [id, p] : phase->promises) {
        to.emplace_back(id, p.self.self.address);
    }
    phase_ = std::move(next);
    for (const auto& [id, at] : to) {
        out_.push(send{id, at, proposal});
    }
}

/// Nothing, and a complaint: no epoch is left for it.
std::optional<founding_value> founding::new_value(const preparing& phase) {
    std::vector<std::int64_t> walls;
    auto named = highest_told_;
    for (const auto& [id, p] : phase.promises) {
        walls.push_back(p.wall_s);
        named = std::max({named, p.highest, p.accepted ? p.accepted->value.epoch : epoch{}});
    }
    const auto epoch = founding_epoch(std::move(walls), quorum(), settings_.built_at_s, named);
    if (!epoch) {
        out_.push(epochs_end{named});
        return std::nullopt;
    }
    founding_value value;
    value.cluster = {random_.next(), random_.next() | 1};
    value.slots = settings_.slots;
    value.epoch = *epoch;
    for (const auto& [id, p] : phase.promises) {
        value.founders.push_back(p.self);
    }
    HOLDFAST_ASSERT(is_above_all(value.epoch, phase));  // FOUND-5
    return value;
}

/// FOUND-9: a token of a lower epoch may have been given already.
bool founding::is_above_all(epoch wanted, const preparing& phase) {
    return std::all_of(phase.promises.begin(), phase.promises.end(),
                       [&](const auto& p) { return wanted > p.second.highest; });
}

/// FOUND-7: whether enough of its founders may still be there. One is gone for good when its seat
/// promised under another PeerId (SEAT-1).
bool founding::can_live(const founding_value& value, const preparing& phase) const {
    const auto left =
        std::count_if(value.founders.begin(), value.founders.end(), [&](const founder& f) {
            return std::none_of(phase.promises.begin(), phase.promises.end(), [&](const auto& p) {
                return p.second.self.seat == f.seat && p.first != f.self.id;
            });
        });
    return static_cast<std::size_t>(left) >= quorum();
}

void founding::on(const occasion& when, const found_accepted& given) {
    auto* phase = std::get_if<accepting>(&phase_);
    if (when.ours.has_view || phase == nullptr || given.ballot != phase->mine ||
        !phase->promised.contains(when.from)) {
        return;
    }
    phase->accepts.insert(when.from);
    if (phase->accepts.size() < quorum()) {
        return;
    }
    const auto value = phase->value;
    phase_ = idle{};
    bool has_us = false;
    for (const auto& f : value.founders) {
        has_us = has_us || f.self.id == self_.id;
        if (f.self.id != self_.id) {
            out_.push(send{f.self.id, f.self.address, founded{value}});
        }
    }
    if (has_us) {
        out_.push(founded_with_us{value});
    }
}

void founding::on(const occasion& when, const found_rejected& given) {
    if (when.ours.has_view) {
        return;
    }
    highest_told_ = std::max(highest_told_, given.highest);
    if (given.promised.can_be()) {  // no acceptor promises another
        highest_round_ = std::max(highest_round_, given.promised.round);
    }
    if (!given.seeds.empty() && given.seeds != seeds_) {
        out_.push(seeds_differ(given.seeds, when.at));
    }
    if (given.why == found_refusal::times_differ) {
        out_.push(times_differ_at(when.at));
    }
    // The ballot names our PeerId, which is random: this is an answer to a question of ours.
    if (given.why == found_refusal::has_a_view && given.lease_left > base::duration::zero() &&
        given.ballot.proposer == self_.id) {
        wait_out(given.lease_left, when.now.now);
        return;
    }
    const auto* p = std::get_if<preparing>(&phase_);
    const auto* a = std::get_if<accepting>(&phase_);
    if (given.why == found_refusal::higher_ballot &&
        ((p != nullptr && p->mine == given.ballot) || (a != nullptr && a->mine == given.ballot))) {
        retry_later(when.now.now);
    }
}

void founding::on(const occasion& when, const founded& given) {
    const auto& founders = given.value.founders;
    const bool has_us = std::any_of(founders.begin(), founders.end(),
                                    [&](const founder& f) { return f.self.id == self_.id; });
    if (!when.ours.has_view && has_us && is_sound(given.value, seeds_)) {
        out_.push(founded_with_us{given.value});
    }
}

void founding::prepare(base::time_point now) {
    HOLDFAST_ASSERT(highest_round_ < std::numeric_limits<std::uint64_t>::max());
    const ballot mine{++highest_round_, *seat_, self_.id};
    phase_ = preparing{mine, {}, {}};
    // Silence means that too few seats are up; ask again after the founding wait.
    next_try_ = now + settings_.bootstrap_wait + random_.between({}, settings_.bootstrap_wait);
    for (const auto& s : seeds_) {
        ask(s, mine);
    }
    for (const auto& s : seats_of_other_) {
        ask(s, mine);
    }
}

void founding::ask(const endpoint& seat, const ballot& mine) {
    out_.push(send{seat == self_.address ? self_.id : peer_id{}, seat,
                   found_prepare{mine, seeds_, {settings_.lease, settings_.drift_ppm()}}});
}

/// FOUND-8: a voter's word that there is a cluster only makes this founder ask; what counts is the
/// answer.
void founding::on(const occasion& when, const knock& told) {
    if (when.ours.has_view) {
        return;
    }
    const auto known = std::exchange(seats_of_other_, {});
    for (const auto& s : told.seeds) {
        if (std::find(seeds_.begin(), seeds_.end(), s) != seeds_.end()) {
            continue;
        }
        seats_of_other_.push_back(s);
        const auto* p = std::get_if<preparing>(&phase_);
        if (p != nullptr && std::find(known.begin(), known.end(), s) == known.end()) {
            base::count(base::effect::found_8_asks_other_seats);
            ask(s, p->mine);
        }
    }
}

/// FOUND-8: the ballot is given up, and no other is promised, until that lease would be over. Who
/// sent the answer may have renewed it by then, and will say so.
void founding::wait_out(base::duration lease_left, base::time_point now) {
    base::count(base::effect::found_8_waits);
    const auto left = std::min<base::duration>(lease_left, settings_.lease);
    const auto until = now + base::stretched(left, settings_.clock_drift);
    barred_until_ = std::max(barred_until_.value_or(until), until);
    phase_ = idle{};
    if (next_try_) {
        next_try_ = std::max(*next_try_, *barred_until_ + settings_.proposer_stagger * int{*seat_} +
                                             random_.between({}, settings_.batch_wait));
    }
}

void founding::retry_later(base::time_point now) {
    phase_ = idle{};
    next_try_ = now + settings_.proposer_stagger + random_.between({}, settings_.bootstrap_wait);
}

}  // namespace holdfast::views
