#include "view/proposer.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::views {
namespace {

/// Phase 1, without how the value was found: if any promise names one, it is that of the newest
/// ballot named.
bool is_bound_to(const std::optional<change>& value, const std::map<peer_id, promise>& promises) {
    const auto ballot_in = [](const auto& p) {
        return p.second.accepted ? p.second.accepted->ballot : ballot{};
    };
    const auto newest =
        std::max_element(promises.begin(), promises.end(),
                         [&](const auto& x, const auto& y) { return ballot_in(x) < ballot_in(y); });
    return newest == promises.end() || !newest->second.accepted ||
           (value && *value == newest->second.accepted->value);
}

}  // namespace

epoch next_epoch(epoch last, std::vector<std::int64_t> walls, std::size_t quorum) {
    std::int64_t wall = 0;
    if (walls.size() >= quorum && quorum > 0) {
        std::sort(walls.begin(), walls.end(), std::greater<>{});
        wall = walls[quorum - 1];
    }
    constexpr auto highest = std::numeric_limits<std::uint32_t>::max();
    const auto next =
        std::max(std::int64_t{last.value} + 1, std::min<std::int64_t>(wall, last_by_clock.value));
    const epoch out{static_cast<std::uint32_t>(std::min<std::int64_t>(next, highest))};
    HOLDFAST_ASSERT(out > last || last.value == highest);
    return out;
}

base::duration remaining_lease(base::duration full_lease,
                               const std::vector<base::duration>& silences) {
    if (silences.empty()) {
        return full_lease;
    }
    const auto shortest = *std::min_element(silences.begin(), silences.end());
    HOLDFAST_ASSERT(shortest >= base::duration::zero());  // the wire carries no other
    return std::max(base::duration::zero(), full_lease - shortest);
}

void proposer::installed(std::shared_ptr<const view> current, base::shared_slot_map map,
                         base::time_point now) {
    HOLDFAST_ASSERT(current != nullptr && map != nullptr);
    HOLDFAST_ASSERT(!current_ || current->number > current_->number);
    current_ = std::move(current);
    map_ = std::move(map);
    installed_at_ = now;
    phase_ = idle{};
    consents_.clear();
    seen_by_.clear();
    settles_not_before_.reset();
    highest_round_ = 0;
    tries_ = 0;
    not_before_.reset();
    invariants();
}

void proposer::invariants() const {
    const auto is_ours = [&](const ballot& b) {
        return b.proposer == self_ && b.round > 0 && b.round <= highest_round_;
    };
    HOLDFAST_ASSERT(current_ != nullptr || std::holds_alternative<idle>(phase_));
    if (const auto* b = std::get_if<batching>(&phase_)) {
        HOLDFAST_ASSERT(!b->early || *b->early <= b->until);
    } else if (const auto* p = std::get_if<preparing>(&phase_)) {
        HOLDFAST_ASSERT(is_ours(p->mine));
        // with a quorum of promises there would be no more preparing
        HOLDFAST_ASSERT(p->promises.size() < quorum());
    } else if (const auto* a = std::get_if<accepting>(&phase_)) {
        HOLDFAST_ASSERT(is_ours(a->mine));
        HOLDFAST_ASSERT(a->value.number == current_->number.next());
        HOLDFAST_ASSERT(a->accepts.size() < quorum());
    }
    if (base::checks_everything()) {
        const auto are_of_voters = [&](const auto& by_peer) {
            return std::all_of(by_peer.begin(), by_peer.end(), [&](const auto& c) {
                return std::all_of(c.second.begin(), c.second.end(),
                                   [&](const peer_id& voter) { return current_->is_voter(voter); });
            });
        };
        HOLDFAST_ASSERT(are_of_voters(consents_) && are_of_voters(seen_by_));
    }
}

void proposer::maybe_propose(const membership_hints& hints, base::time_point now) {
    if (std::holds_alternative<batching>(phase_)) {
        note_certain(hints, now);
        return;
    }
    if (!std::holds_alternative<idle>(phase_) || (not_before_ && now < *not_before_)) {
        return;
    }
    if (hints.has_any(*current_, self_, now) || wants_to_settle(hints, now)) {
        batch(hints, now);
    }
}

void proposer::reset_backoff() { tries_ = 0; }

void proposer::recover(base::time_point now) {
    if (std::holds_alternative<idle>(phase_) || std::holds_alternative<batching>(phase_)) {
        prepare(now);
    }
}

void proposer::handle(const peer_id& from, const opinion& given, base::time_point) {
    if (given.number != current_->number.next() || !current_->is_voter(from)) {
        return;
    }
    for (const auto& id : given.consents) {
        if (current_->has(id)) {
            consents_[id].insert(from);
        }
    }
    for (const auto& id : given.objects) {
        if (const auto at = consents_.find(id); at != consents_.end()) {
            at->second.erase(from);
        }
    }
    for (const auto& id : given.settles) {
        if (const auto asked = seen_by_.find(id); asked != seen_by_.end()) {
            asked->second.insert(from);
        }
    }
}

void proposer::handle(const peer_id& from, const promise& given, const membership_hints& hints,
                      base::time_point now) {
    auto* phase = std::get_if<preparing>(&phase_);
    // Rounds begin anew with each view: a late promise for the view before may name this very
    // ballot.
    if (phase == nullptr || given.ballot != phase->mine ||
        given.number != current_->number.next() || !current_->is_voter(from)) {
        return;
    }
    if (given.accepted && !follows(given.accepted->value)) {
        return;  // no acceptor accepts such a value
    }
    // by voter: a duplicated packet is one promise
    phase->promises.insert_or_assign(from, given);
    if (phase->promises.size() < quorum()) {
        return;
    }
    HOLDFAST_ASSERT(is_majority(phase->promises));
    auto value = choose_value(*phase, hints, now);
    HOLDFAST_ASSERT(!base::checks_everything() || is_bound_to(value, phase->promises));
    if (!value) {
        back_off(now);
        return;
    }
    HOLDFAST_ASSERT(value->number == current_->number.next());
    const auto mine = phase->mine;
    phase_ = accepting{mine, *value, {}, now + ballot_timeout()};
    broadcast(accept{current_->number.next(), mine, std::move(*value)});
    invariants();
}

bool proposer::follows(const change& value) const {
    const auto after = apply(*current_, value);
    return after && value.checksum == environment_.checksum(
                                          *after, *environment_.next_map(map_, *current_, *after));
}

std::optional<change> proposer::choose_value(const preparing& phase, const membership_hints& hints,
                                             base::time_point now) const {
    // The value of the highest ballot accepted so far, or ours if there is none.
    const accepted_change* highest = nullptr;
    std::vector<std::int64_t> walls;
    for (const auto& [voter, p] : phase.promises) {
        walls.push_back(p.wall_s);
        if (p.accepted && (highest == nullptr || highest->ballot < p.accepted->ballot)) {
            highest = &*p.accepted;
        }
    }

    if (highest != nullptr) {
        return highest->value;
    }
    auto mine = hints.draft(*current_, agreed_removals(hints, now), now, agreed_to_settle());
    if (!mine) {
        return std::nullopt;
    }
    mine->epoch = next_epoch(current_->epoch, std::move(walls), quorum());
    const auto after = apply(*current_, *mine);
    if (!after) {
        // the hints do not fit together any more; the next batch starts afresh
        return std::nullopt;
    }
    mine->checksum = environment_.checksum(*after, *environment_.next_map(map_, *current_, *after));
    return mine;
}

void proposer::handle(const peer_id& from, const accepted& given, const membership_hints& hints,
                      base::time_point) {
    auto* phase = std::get_if<accepting>(&phase_);
    const bool is_late = given.number != current_->number.next();  // BALLOT-VIEW
    if (is_late) {
        base::count(base::effect::ballot_view_drops);
    }
    if (phase == nullptr || given.ballot != phase->mine || is_late || !current_->is_voter(from)) {
        return;
    }
    phase->accepts.insert_or_assign(from, given.silences);
    if (phase->accepts.size() < quorum()) {
        return;
    }
    HOLDFAST_ASSERT(is_majority(phase->accepts));
    auto done = step_of(std::move(*phase), hints);
    HOLDFAST_ASSERT(done.what.number == current_->number.next());
    phase_ = idle{};
    out_.push(decided{std::move(done)});
    invariants();
}

step proposer::step_of(accepting phase, const membership_hints& hints) const {
    step done{std::move(phase.value), {}};
    for (const auto& id : done.what.removed) {
        if (hints.is_stopped(id)) {
            done.leases.push_back({id, base::duration::zero()});  // LEASE-4: by its own word
            continue;
        }
        std::vector<base::duration> silences;
        std::size_t certain = 0;
        for (const auto& [voter, told] : phase.accepts) {
            const auto at = std::find_if(told.begin(), told.end(),
                                         [&](const silence& r) { return r.peer == id; });
            // A voter that did not tell may have acked it just now.
            silences.push_back(at == told.end() ? base::duration::zero() : at->since_ack);
            certain += at != told.end() && at->is_gone ? 1 : 0;
        }
        if (certain >= quorum()) {  // CERT-3
            base::count(base::effect::cert_3_counts);
            done.leases.push_back({id, base::duration::zero()});
            continue;
        }
        done.leases.push_back({id, remaining_lease(settings_.full_lease(), silences)});
    }
    HOLDFAST_ASSERT(done.leases.size() == done.what.removed.size());
    if (base::checks_everything()) {
        check_leases(done, phase, hints);
    }
    return done;
}

/// LEASE-4: no voter that accepted can have acked a removed peer later than its figure says, but
/// for one that more than half of all seats are certain to be gone (CERT-3).
void proposer::check_leases(const step& done, const accepting& phase,
                            const membership_hints& hints) const {
    for (const auto& [id, lease] : done.leases) {
        const auto silent_for = settings_.full_lease() - lease;
        const auto accepts_with = [&, peer = id](auto&& is_so) {
            return static_cast<std::size_t>(
                std::count_if(phase.accepts.begin(), phase.accepts.end(), [&](const auto& one) {
                    return std::any_of(one.second.begin(), one.second.end(), [&](const silence& r) {
                        return r.peer == peer && is_so(r);
                    });
                }));
        };
        const auto silent =
            accepts_with([&](const silence& r) { return r.since_ack >= silent_for; });
        const auto certain = accepts_with([](const silence& r) { return r.is_gone; });
        HOLDFAST_ASSERT(silent == phase.accepts.size() || silent_for <= base::duration::zero() ||
                        hints.is_stopped(id) || 2 * certain > current_->seats.size());
    }
}

void proposer::handle(const peer_id& from, const rejected& given, base::time_point now) {
    if (!current_->is_voter(from) || given.number != current_->number.next()) {
        return;
    }
    if (!given.promised.can_be()) {
        return;  // no acceptor promises it
    }
    highest_round_ = std::max(highest_round_, given.promised.round);
    const auto* p = std::get_if<preparing>(&phase_);
    const auto* a = std::get_if<accepting>(&phase_);
    if ((p != nullptr && p->mine == given.ballot) || (a != nullptr && a->mine == given.ballot)) {
        back_off(now);
    }
}

void proposer::tick(const membership_hints& hints, base::time_point now) {
    const auto* b = std::get_if<batching>(&phase_);
    if (b != nullptr) {
        note_certain(hints, now);  // it may not be any more
    }
    if (b != nullptr && base::is_due(deadline(), now)) {
        const auto agreed = agreed_removals(hints, now);
        if (hints.draft(*current_, agreed, now, agreed_to_settle())) {
            prepare(now);
        } else if (!b->is_second && (!hints.certain(*current_, self_).empty() ||
                                     (!seen_by_.empty() && has_unasked(hints, now)))) {
            // The others see the same in a moment, or were not asked; a back-off takes longer.
            batch(hints, now, true);
        } else if (!seen_by_.empty() && !hints.has_any(*current_, self_, now)) {
            // No failure: other voters have not seen it renew for so long.
            phase_ = idle{};
            not_before_.reset();
        } else {
            // Others object to every removal, or have not answered. Ask again in a while.
            back_off(now);
        }
    } else if (const auto until = answers_until(); until && *until <= now) {
        back_off(now);
    } else if (std::holds_alternative<idle>(phase_) && not_before_ && *not_before_ <= now) {
        not_before_.reset();
        maybe_propose(hints, now);
    }
    HOLDFAST_ASSERT(!deadline() || *deadline() > now);
    invariants();
}

std::optional<base::time_point> proposer::deadline() const {
    if (const auto* b = std::get_if<batching>(&phase_)) {
        return b->early.value_or(b->until);
    }
    const auto until = answers_until();
    return until ? until : not_before_;
}

std::optional<base::time_point> proposer::answers_until() const {
    if (const auto* p = std::get_if<preparing>(&phase_)) {
        return p->until;
    }
    if (const auto* a = std::get_if<accepting>(&phase_)) {
        return a->until;
    }
    return std::nullopt;
}

base::duration proposer::ballot_timeout() {
    // Longer with every try, so that a network slower than the preset assumes is still outwaited.
    const auto tries = std::min(tries_, 8u);
    return settings_.batch_wait * (4 + 4 * static_cast<int>(tries)) +
           random_.between({}, settings_.batch_wait);
}

void proposer::prepare(base::time_point now) {
    const auto seat = current_->seat_of(self_);
    if (!seat) {
        return;
    }
    ++ballots_started_;
    HOLDFAST_ASSERT(highest_round_ < std::numeric_limits<std::uint64_t>::max());
    const ballot mine{++highest_round_, static_cast<std::uint32_t>(*seat), self_};
    phase_ = preparing{mine, {}, now + ballot_timeout()};
    broadcast(views::prepare{current_->number.next(), mine});
}

void proposer::back_off(base::time_point now) {
    ++tries_;
    phase_ = idle{};
    not_before_ = now + settings_.batch_wait +
                  random_.between(
                      {}, settings_.proposer_stagger * static_cast<int>(1 + std::min(tries_, 4u)));
}

void proposer::broadcast(const ballot_message& what) {
    for (const auto& s : current_->seats) {
        if (!s.filled_by.is_nil()) {
            out_.push(send{s.filled_by, what});
        }
    }
}

std::size_t proposer::quorum() const { return current_->quorum(); }

template <class Answers>
bool proposer::is_majority(const Answers& by_voter) const {
    const auto voters = std::count_if(by_voter.begin(), by_voter.end(),
                                      [&](const auto& a) { return current_->is_voter(a.first); });
    return 2 * static_cast<std::size_t>(voters) > current_->seats.size();
}

}  // namespace holdfast::views
