#include "node/node.hpp"

#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "base/message_groups.hpp"
#include "base/rule_effects.hpp"
#include "node/admission.hpp"
#include "node/state.hpp"
#include "node/succession.hpp"
#include "node/told_epoch.hpp"

namespace holdfast::node {

using base::moment;
using base::time_point;

node::node(const base::settings& settings, peer_id self, std::uint64_t seed, moment now)
    : state_{std::make_unique<state>(settings, self, seed, now)} {
    state_->end_call(now);
}

node::~node() = default;

void node::handle(const envelope& head, const base::way& came, const message& what, moment now) {
    auto& s = *state_;
    s.begin(now);
    s.streams.heard(head.from);
    if (!head.from.is_nil()) {
        s.agreement.hear_of_epoch(told_epoch(what));  // also one for a former process here
    }
    if (s.is_over || head.from == s.self || head.from.is_nil() ||
        (!head.to.is_nil() && head.to != s.self)) {
        if (!s.is_over && head.from != s.self && !head.from.is_nil()) {
            // it asks a process that was here before
            show_to_stranger(head, came, what);
        }
        ++s.stats.dropped;
        s.end_call(now);
        return;
    }
    // If leaving has timed out, the lease ends first, so that this message cannot cause a grant
    // (LEAVE-1, OWN-1).
    s.advance_departure(now);
    if (s.is_over) {
        s.end_call(now);
        return;
    }
    receive(head, came, what, now);
    s.end_call_and_depart(now);
}

void node::receive(const envelope& head, const base::way& came, const message& what, moment now) {
    auto& s = *state_;
    s.shown_cluster = head.cluster;
    s.shown_segment = came.segment;
    const auto& v = s.agreement.current();
    if (came.is_stream()) {
        s.relay.heard(head.from);
    } else if (!v || !v->has(head.from)) {
        s.contacts.came_from(head.from, came.source);
    }
    // what comes of a former member can be of long ago: it shows nothing
    const bool is_former = v && v->find_former(head.from) != nullptr;
    if (!came.dialled.is_nil() && !is_former) {
        s.contacts.heard(came.dialled, head.from, head.cluster, now.now, true);
        s.seats.heard_at(came.dialled, now.now);
    }
    if (v && s.lease.is_running()) {
        const auto* word = base::get_message_if<views::knock>(what);
        s.rivals.heard(head, v->cluster, came.is_stream() ? came.dialled : came.source,
                       word == nullptr ? nullptr : &word->seeds, now.now);
    }
    const bool is_ours = holdfast::node::is_ours(head, v.get());
    const receiver here{v.get(), !s.settings.seeds.empty(), s.leaving.has_value(),
                        s.lease.is_long_lost(now.now)};
    switch (admit(head, what, here)) {
        case admission::stop_seatless:
            s.out.push(problem{errc::seeds_differ,
                               to_string(came.is_stream() ? came.dialled : came.source) +
                                   " is a member of a cluster of this name that has seats; this "
                                   "peer was started without seeds. Give it the seeds of that "
                                   "cluster, or another cluster name."});
            s.finish(errc::seeds_differ);
            return;
        case admission::join_other:
            s.finish(errc::wrong_cluster);
            return;
        case admission::refuse:
            show_to_stranger(head, came, what);
            ++s.stats.dropped;
            return;
        case admission::read:
            break;
    }
    if (const auto* asked = base::get_message_if<views::join>(what); asked != nullptr) {
        s.check_claim(asked->self.address, head.from, now.now);
    }
    if (is_ours && came.is_stream()) {
        s.mutes.came_by_stream(head.from, now.now);
    }
    if (is_ours && head.installed.value != 0) {
        s.agreement.on_view_number(head.from, head.installed, now.now);
    }
    if (is_former && std::holds_alternative<swim::message>(what)) {
        base::count(base::effect::seal_3_drops);
        ++s.stats.dropped;
        return;
    }
    s.dispatch(head.from, came, head.installed, what, now);
}

/// FOUND-3: a peer that asks for a lease of another cluster meets this one, even if no gossip
/// reaches it.
void node::show_to_stranger(const envelope& head, const base::way& came, const message& what) {
    auto& s = *state_;
    const auto& v = s.agreement.current();
    const auto* asked = std::get_if<lease::message>(&what);
    const bool asks = asked != nullptr && std::holds_alternative<lease::renew_request>(*asked);
    if (v && s.lease.is_running() && asks && head.cluster != v->cluster) {
        s.mail.answer(head.from, came, views::message{views::join_shown{v->cluster, v->number}});
    }
}

void node::tick(moment now) {
    auto& s = *state_;
    s.begin(now);
    // Twice if need be: what the parts tell each other in this call can be due at once, a policy
    // that lets a waiter break a hold that was granted just now, for example.
    constexpr int most_rounds = 2;
    for (int round = 0; round < most_rounds && (round == 0 || s.is_due(now)); ++round) {
        if (!s.is_over) {
            s.swim.become(s.role_in_gossip());
            s.swim.tick(now.now);
            s.agreement.tick(now);
            s.mutes.tick(now.now);
            s.ask_ways(now.now);
            s.tell_of_overdue(now.now);
            s.renewal.tick(now);
            s.send_again(now.now);
            s.owner.tick(now.now);
            s.holder.tick(now.now);
            s.roll_calls.tick(now.now);
            s.query_client.tick(now.now);
            s.auditor.tick(now.now);
            s.audit_log.tick(now.now);
            s.send_evictions(now.now);
            s.check_isolation(now.now);
            s.tell_of_rivals(now.now);
            s.tell_of_ways(now.now);
        }
        s.end_call_and_depart(now);
    }
    HOLDFAST_ASSERT(!s.is_due(now));
}

std::optional<time_point> node::deadline() const { return state_->deadline(); }
bool node::is_due(moment now) const { return state_->is_due(now); }
std::optional<output> node::next() { return state_->out.next(); }

request_number node::acquire(std::string_view name, lock::acquire_params wanted, moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto number = s.holder.acquire(name, std::move(wanted), now.now);
    s.end_call(now);
    return number;
}

void node::cancel(request_number number, moment now) {
    state_->begin(now);
    state_->holder.cancel(number, now.now);
    state_->end_call(now);
}

void node::release(std::string_view name, holdfast::token token, lock::release_params last_words,
                   moment now) {
    state_->begin(now);
    state_->holder.release(name, token, std::move(last_words), now.now);
    state_->end_call(now);
}

void node::progress(std::string_view name, holdfast::token token, moment now) {
    state_->begin(now);
    state_->holder.progress(name, token, now.now);
    state_->end_call(now);
}

void node::watch(std::string_view name, moment now) {
    state_->begin(now);
    state_->holder.watch_lock(name, now.now);
    state_->end_call(now);
}

void node::unwatch(std::string_view name, moment now) {
    state_->begin(now);
    state_->holder.unwatch_lock(name, now.now);
    state_->end_call(now);
}

std::uint64_t node::ask(lock::question what, const peer_id& to, time_point until, moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto number = s.query_client.ask(std::move(what), to, until, now.now);
    if (s.is_over) {
        s.query_client.end(errc::not_a_member);
    }
    s.end_call(now);
    return number;
}

void node::forget(std::uint64_t question, moment now) {
    state_->begin(now);
    state_->query_client.forget(question);
    state_->end_call(now);
}

template <class Begin>
std::uint64_t node::audit(moment now, Begin&& begins) {
    auto& s = *state_;
    s.begin(now);
    const auto number = begins(s.auditor);
    if (s.is_over) {
        s.auditor.end(errc::not_a_member);
    }
    s.end_call(now);
    return number;
}

std::uint64_t node::revoke(const revocation& wanted, time_point until, moment now) {
    return audit(now, [&](auto& auditor) { return auditor.revoke(wanted, until, now); });
}

std::uint64_t node::evict(const peer_id& whom, const operator_words& by, time_point until,
                          moment now) {
    return audit(now, [&](auto& auditor) { return auditor.evict(whom, by, until, now); });
}

std::uint64_t node::read_audit_log(time_point until, moment now) {
    return audit(now, [&](auto& auditor) { return auditor.read(until, now); });
}

void node::act(std::uint64_t eviction, views::proof proof, moment now) {
    auto& s = *state_;
    s.begin(now);
    if (const auto e = s.auditor.act(eviction, proof, now.now)) {
        s.evictions.add({e->whom, proof, e->who}, e->until, now.now);
        s.send_evictions(now.now);
    }
    s.end_call(now);
}

void node::process_is_gone(const peer_id& peer, moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.is_over && s.member_of_our_machine(peer) != nullptr) {
        s.certificates.add({peer, views::proof::gone, {}}, now.now + 4 * s.settings.lease, now.now);
        s.send_evictions(now.now);
    }
    s.end_call(now);
}

void node::stream_ended(const peer_id& peer, moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto& v = s.agreement.current();
    if (!s.is_over && v && v->has(peer)) {
        s.streams.ended(peer);
        s.agreement.surroundings_changed(now.now);
    }
    s.end_call(now);
}

void node::stream_lost(const peer_id& peer, moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.is_over) {
        s.stream_lost(peer, now.now);
    }
    s.end_call(now);
}

void node::persisted(epoch mark, moment now) {
    auto& s = *state_;
    s.begin(now);
    s.agreement.persisted(mark, now);
    s.end_call(now);
}

void node::found_there(const endpoint& at, const peer_id& peer, moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto& v = s.agreement.current();
    if (!s.is_over && peer != s.self && !(v && v->find_former(peer) != nullptr)) {
        s.contacts.found(at, peer, now.now);
        s.swim.lives_at(at, peer, now.now);
        s.ask_for_cluster(at);
    }
    s.end_call(now);
}

bool node::give_up(moment now) {
    auto& s = *state_;
    s.begin(now);
    const bool is_allowed = !s.lease.is_running() && !s.leaving && !s.is_over;
    if (is_allowed) {
        s.finish(errc::no_quorum);
        s.audit_log.lost_the_others(now);
        const auto known = s.agreement.epochs().highest();
        const auto goes_on = epoch_after_force(s.settings, known, now.wall_s);
        // FORCE-1: what others went on to unheard lies below it, as far as there are epochs
        HOLDFAST_ASSERT(!s.settings.keeps_epochs || goes_on > known ||
                        known.value + 1 >= views::last_by_clock.value);
        if (s.settings.keeps_epochs) {
            s.out.push(persist_mark{goes_on});  // it is soon needed: the founding is above it
        }
        auto remembered = s.agreement.to_remember();
        remembered.highest = goes_on;
        s.final_output = must_restart{errc::no_quorum, remembered, s.self};
    }
    s.end_call(now);
    return is_allowed;
}

void node::leave(moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.leaving && !s.is_over) {
        s.leaving.emplace(s.settings, now.now);
        s.holder.leave(now.now);
        s.settle(now);
        s.advance_departure(now);
    }
    s.end_call(now);
}

const peer_id& node::self() const { return state_->self; }

std::optional<base::right_time> node::lease_end() const {
    return state_->is_over ? std::nullopt : state_->renewal.end();
}

base::duration node::lease_left() const { return state_->lease.left(); }

bool node::holds(std::string_view name, holdfast::token token, moment now) const {
    // HOLD-2
    return !state_->is_over && state_->renewal.is_running(now.for_rights()) &&
           state_->holder.has(name, token);
}

std::shared_ptr<const view> node::installed() const { return state_->agreement.current(); }
base::shared_slot_map node::map() const { return state_->agreement.map(); }
slot node::slot_of(std::string_view name) const { return state_->slot_of(name); }
std::optional<swim::rumour> node::known(const peer_id& peer) const {
    return state_->swim.known(peer);
}
std::vector<swim::rumour> node::roster() const { return state_->swim.roster(); }
std::map<cluster_id, rivals::rival> node::other_clusters() const {
    return state_->lease.is_running() ? state_->rivals.certain()
                                      : std::map<cluster_id, rivals::rival>{};
}
epoch node::highest_epoch() const { return state_->agreement.epochs().highest(); }

const statistics& node::stats() const {
    auto& s = *state_;
    s.stats.ballots_started = s.agreement.ballots_started();
    s.stats.grants_given = s.owner.counted().granted;
    s.stats.slots_gathered = s.owner.counted().slots_gathered;
    s.stats.tables_received = s.owner.counted().tables_received;
    s.stats.conflicts_reported = s.owner.counted().conflicts;
    s.stats.requests_refused = s.owner.counted().refused;
    s.stats.grants_taken = s.holder.counted().taken;
    s.stats.holds_lost = s.holder.counted().lost;
    return s.stats;
}

std::vector<lock::hold_info> node::owned_holds() const {
    return state_->is_over ? std::vector<lock::hold_info>{} : state_->owner.holds();
}

void node::check() const {
    if (!state_->is_over && state_->agreement.current()) {
        state_->owner.invariants();
    }
}

}  // namespace holdfast::node
