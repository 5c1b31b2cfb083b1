#include "node/node.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/message_groups.hpp"
#include "base/outbox.hpp"
#include "base/random.hpp"
#include "lease/renewal.hpp"
#include "lease/voter.hpp"
#include "lock/holder.hpp"
#include "lock/inquirer.hpp"
#include "lock/owner.hpp"
#include "ring/assign.hpp"
#include "swim/detector.hpp"
#include "view/agreement.hpp"

namespace holdfast::node {
namespace {

using base::moment;
using base::time_point;

/// Large or rare messages, and those whose loss would cost a repeat, use the stream.
bool uses_stream(const view_layer::message& what) {
    return std::holds_alternative<view_layer::steps>(what) ||
           std::holds_alternative<view_layer::welcome>(what) ||
           std::holds_alternative<view_layer::outdated>(what);
}

/// Said by or to peers that are in no cluster, or not yet in the same.
bool is_for_strangers(const view_layer::message& what) {
    return std::holds_alternative<view_layer::join>(what) ||
           std::holds_alternative<view_layer::join_shown>(what) ||
           std::holds_alternative<view_layer::join_refused>(what) ||
           std::holds_alternative<view_layer::welcome>(what) ||
           std::holds_alternative<view_layer::found_prepare>(what) ||
           std::holds_alternative<view_layer::found_promise>(what) ||
           std::holds_alternative<view_layer::found_rejected>(what) ||
           std::holds_alternative<view_layer::found_accept>(what) ||
           std::holds_alternative<view_layer::found_accepted>(what) ||
           std::holds_alternative<view_layer::founded>(what);
}

constexpr unsigned tries_before_relaying = 2;  // NET-1

}  // namespace

struct node::state final : view_layer::facts {
    state(const base::settings& given, const peer_id& id, std::uint64_t seed, moment now)
        : settings{given},
          self{id},
          random{seed},
          swim{settings, self, random.next(), now.now},
          agreement{settings, self, random.next(), *this, now},
          voter{settings},
          renewal{settings},
          owner{settings, self, [this](std::string_view name) { return slot_of(name); }},
          holder{settings, self, [this](std::string_view name) { return slot_of(name); }},
          inquirer{settings, [this](std::string_view name) { return slot_of(name); }},
          last_now{now.now} {}

    // ---- what `view` asks (view/facts.hpp)

    base::duration silence(const peer_id& peer, time_point now) const override {
        return voter.silence(peer, now);
    }
    bool vouches_for(const peer_id& peer, time_point now) const override {
        return voter.vouches_for(peer, now);
    }
    bool seems_alive(const peer_id& peer) const override {
        return peer == self || swim.seems_alive(peer);
    }
    bool is_replaced_at(const endpoint& address, const peer_id& peer) const override {
        const auto at = contacts.find(address);
        return peer != self && at != contacts.end() && at->second.peer != peer &&
               last_now - at->second.heard < settings.lease;
    }
    base::shared_slot_map first_map(const view& v) const override {
        return std::make_shared<const base::slot_map>(ring::first_map(v, settings.max_owners));
    }
    base::shared_slot_map next_map(const base::shared_slot_map& map, const view&,
                                   const view& after) const override {
        if (settings.bug == base::planted::nobody_owns_without_weight &&
            std::none_of(after.members.begin(), after.members.end(),
                         [](const member& m) { return m.weight > 0 && !m.leaving; })) {
            return map;
        }
        const bool from_scratch = settings.bug == base::planted::map_depends_on_who_computes_it &&
                                  contacts.size() % 2 == 1;
        auto next = from_scratch ? ring::first_map(after, settings.max_owners)
                                 : ring::next_map(*map, after, settings.max_owners);
        return next == *map ? map : std::make_shared<const base::slot_map>(std::move(next));
    }
    std::uint64_t checksum(const view& v, const base::slot_map& map) const override {
        return ring::checksum(v, map);
    }

    slot slot_of(std::string_view name) const {
        const auto& v = agreement.current();
        return v ? ring::slot_of(name, v->cluster, v->slots) : slot{};
    }

    // ---- the order of every call: notice a lease that ended, act, then let every part say what it
    // has to

    void begin(moment now) {
        HOLDFAST_ASSERT(now.now >= last_now);
        last_now = now.now;
        has_granted = false;
        notice_lease(now.now);
    }

    /// LEASE-5: before anything else is handled, so that a lease that returns in this very call
    /// brings back no hold.
    void notice_lease(time_point now) {
        const bool runs = !is_over && renewal.is_running(now);
        if (runs != was_leased) {
            was_leased = runs;
            if (!runs) {
                ++stats.leases_lost;
            }
            last_leased = now;
            holder.set_leased(runs, now);
            owner.set_leased(runs, now);
        }
        if (runs) {
            last_leased = now;
        }
        const bool risk = runs && now >= renewal.at_risk_from();
        if (risk != was_at_risk) {
            was_at_risk = risk;
            if (runs) {
                out.push(at_risk{risk});
            }
        }
    }

    void settle(moment now) {
        for (bool is_busy = true; is_busy && !is_over;) {
            is_busy = false;
            while (auto o = agreement.next()) {
                is_busy = true;
                std::visit([&](auto& what) { from_view(what, now); }, *o);
                if (is_over) {
                    break;
                }
            }
            while (auto o = renewal.next()) {
                is_busy = true;
                send_to(o->to, {}, false, false, lease::message{o->what});
            }
            while (auto o = swim.next()) {
                is_busy = true;
                std::visit([&](auto& what) { from_swim(what, now.now); }, *o);
            }
            while (auto o = owner.next()) {
                is_busy = true;
                std::visit([&](auto& what) { from_owner(what, now.now); }, *o);
            }
            while (auto o = holder.next()) {
                is_busy = true;
                std::visit([&](auto& what) { from_holder(what); }, *o);
            }
            while (auto o = inquirer.next()) {
                is_busy = true;
                std::visit([&](auto& what) { from_inquirer(what); }, *o);
            }
            while (!local.empty() && !is_over) {
                is_busy = true;
                const auto what = local.next();
                dispatch(self, endpoint{}, installed_number(), *what, now);
            }
            notice_lease(now.now);
        }
        if (is_over) {
            while (auto o = holder.next()) {
                std::visit([&](auto& what) { from_holder(what); }, *o);
            }
            while (auto o = inquirer.next()) {
                std::visit([&](auto& what) { from_inquirer(what); }, *o);
            }
            while (auto o = agreement.next()) {
                if (auto* c = std::get_if<complaint>(&*o)) {
                    out.push(std::move(*c));
                }
            }
            if (last_word) {
                out.push(*std::exchange(last_word, std::nullopt));
            }
        }
    }

    /// The end of a call that may bring a departure forward.
    void close(moment now) {
        settle(now);
        if (leaving) {
            advance_departure(now.now);
            settle(now);
        }
    }

    // ---- messages

    view_number installed_number() const {
        return agreement.current() ? agreement.current()->number : view_number{};
    }

    envelope head_for(const peer_id& to) const {
        const auto& v = agreement.current();
        return {self, to, v ? v->cluster : cluster_id{}, installed_number(), was_leased};
    }

    void send_to(const peer_id& to, endpoint at, bool stream, bool is_lazy, message&& what) {
        if (to == self) {
            local.push(std::move(what));
            return;
        }
        if (at.is_nil()) {
            at = address_of(to);
        }
        if (at.is_nil() || at == settings.address) {
            ++stats.dropped;
            return;
        }
        out.push(holdfast::node::send{head_for(to), at, stream, is_lazy, std::move(what)});
    }

    endpoint address_of(const peer_id& peer) const {
        if (const auto& v = agreement.current()) {
            if (const auto* m = v->find(peer)) {
                return m->address;
            }
        }
        if (const auto at = swim.address_of(peer)) {
            return *at;
        }
        const auto known = last_seen_at.find(peer);
        return known == last_seen_at.end() ? endpoint{} : known->second;
    }

    void send_lock(const lock::send& s, time_point now) {
        has_granted = has_granted || base::holds_message<lock::grant>(s.what);
        send_to(s.to, {}, true, s.is_lazy, s.what);
        if (s.to == self) {
            return;
        }
        const auto& v = agreement.current();
        if (!v) {
            return;
        }
        // NET-1: after two tries by one voter after another; and back the way a message of theirs
        // came.
        if (const auto back = came_round.find(s.to);
            back != came_round.end() && now - back->second.second < settings.lease) {
            send_to(back->second.first, {}, true, false, relayed{self, s.to, true, s.what});
        }
        if (s.attempt >= tries_before_relaying && settings.bug != base::planted::no_way_round) {
            std::vector<peer_id> voters;
            for (const auto& seat : v->seats) {
                if (!seat.filled_by.is_nil() && seat.filled_by != self && seat.filled_by != s.to) {
                    voters.push_back(seat.filled_by);
                }
            }
            if (!voters.empty()) {
                send_to(voters[(s.attempt - tries_before_relaying) % voters.size()], {}, true,
                        false, relayed{self, s.to, false, s.what});
            }
        }
    }

    void dispatch(const peer_id& from, const endpoint& at, view_number shown, const message& what,
                  moment now) {
        if (const auto* s = std::get_if<swim::message>(&what)) {
            swim.handle(from, at, *s, now.now);
        } else if (const auto* v = std::get_if<view_layer::message>(&what)) {
            agreement.handle(from, at, shown, *v, now);
        } else if (const auto* l = std::get_if<lease::message>(&what)) {
            handle_lease(from, shown, *l, now.now);
        } else if (const auto* k = std::get_if<lock::message>(&what)) {
            handle_lock(from, *k, now.now);
        } else {
            handle_relayed(from, std::get<relayed>(what), now.now);
        }
    }

    /// LEASE-7: it shows a view that was overtaken more than A ago. Its datagrams come through and
    /// ours do, but not the steps; if it were acked on, everybody would wait for its tables and
    /// reports for ever.
    bool lags_behind(view_number shown, time_point now) {
        while (!installs.empty() && now - installs.front().second > settings.lease) {
            overtaken = installs.front().first.previous();
            installs.pop_front();
        }
        return shown <= overtaken;
    }

    void handle_lease(const peer_id& from, view_number shown, const lease::message& what,
                      time_point now) {
        if (const auto* asked = std::get_if<lease::request>(&what)) {
            const auto& v = agreement.current();
            if (v && v->is_voter(self)) {
                const bool is_behind =
                    lags_behind(shown, now) && settings.bug != base::planted::acks_a_laggard;
                const bool is_elsewhere =
                    settings.bug == base::planted::acks_only_its_own_view && shown != v->number;
                const bool is_barred = agreement.bars(from) || is_behind || is_elsewhere;
                if (const auto answer = voter.handle(from, *asked, *v, is_barred, now)) {
                    send_to(from, {}, false, false, lease::message{*answer});
                }
            }
        } else {
            renewal.handle(from, std::get<lease::ack>(what), now);
            notice_lease(now);
        }
    }

    /// FOUND-3: who founded a moment ago would else give up a cluster that lives for one whose last
    /// leases are running out.
    [[nodiscard]] bool has_no_hope(time_point now) const {
        return !was_leased && now - last_leased >= settings.lease / 2;
    }

    /// FOUND-3: who asks for a lease of another cluster meets this one, even if no gossip reaches
    /// it.
    void show_to_stranger(const envelope& head, const endpoint& at, const message& what) {
        const auto& v = agreement.current();
        const auto* asked = std::get_if<lease::message>(&what);
        const bool asks = asked != nullptr && std::holds_alternative<lease::request>(*asked);
        if (v && was_leased && asks && head.cluster != v->cluster &&
            settings.bug != base::planted::strangers_not_told) {
            send_to(head.from, at, false, false,
                    view_layer::message{view_layer::join_shown{v->cluster, v->number}});
        }
    }

    void handle_lock(const peer_id& from, const lock::message& what, time_point now) {
        std::visit([&](const auto& group) { handle_lock(from, group, now); }, what);
    }
    void handle_lock(const peer_id& from, const lock::to_owner& what, time_point now) {
        owner.handle(from, what, now);
    }
    void handle_lock(const peer_id& from, const lock::to_holder& what, time_point now) {
        holder.handle(from, what, now);
    }
    void handle_lock(const peer_id& from, const lock::to_asker& what, time_point now) {
        inquirer.handle(from, what, now);
    }
    void handle_lock(const peer_id& from, const lock::to_seat& what, time_point now) {
        std::visit([&](const auto& m) { on_seat(from, m, now); }, what);
    }

    void on_seat(const peer_id& from, const lock::read_records& wanted, time_point now) {
        if (!is_copying()) {
            send_lock({from, lock::records_read{wanted.number, records.all()}}, now);
        }
    }
    void on_seat(const peer_id& from, const lock::keep_record& given, time_point now) {
        const auto& v = agreement.current();
        if (v && v->has(from)) {
            records.keep(given.what);
            send_lock({from, lock::record_kept{given.number}}, now);
        }
    }

    void handle_relayed(const peer_id& from, const relayed& r, time_point now) {
        const auto& v = agreement.current();
        if (r.origin == self || !v) {
            return;
        }
        if (r.destination == self) {
            if (!v->is_voter(from) || !v->has(r.origin)) {
                ++stats.dropped;  // members take each other's word for it, strangers' nobody
                return;
            }
            if (!r.is_echo) {
                came_round[r.origin] = {from, now};
            }
            handle_lock(r.origin, r.what, now);
        } else if (from == r.origin && v->has(r.destination)) {
            send_to(r.destination, {}, true, false, r);
        }
    }

    // ---- what the parts say

    void from_view(view_layer::send& s, moment) {
        send_to(s.to, s.at, uses_stream(s.what), false, std::move(s.what));
    }
    void from_view(persist_epoch& p, moment) { out.push(p); }
    void from_view(complaint& c, moment) { out.push(std::move(c)); }
    void from_view(view_layer::evicted& e, moment) {
        if (e.why != errc::evicted || settings.bug != base::planted::evicted_goes_on) {
            finish(e.why);
        }
    }
    void from_view(view_layer::installed& i, moment now) { install(i.what, now.now); }

    void from_swim(swim::send& s, time_point) {
        send_to(s.peer, s.to, s.stream, false, std::move(s.what));
    }
    void from_swim(belief_changed& b, time_point now) {
        stats.suspicions += b.state == swim::condition::suspect ? 1 : 0;
        const auto& v = agreement.current();
        if (v && v->has(b.peer)) {
            agreement.seems_gone(
                b.peer, b.state == swim::condition::dead || b.state == swim::condition::left, now);
        }
        out.push(std::move(b));
    }
    void from_swim(swim::heard& h, time_point now) {
        const auto& v = agreement.current();
        // an old packet of a former peer does not make it the present one
        if (!v || v->find_former(h.peer) == nullptr) {
            contacts[h.address] = {h.peer, now, shown_cluster};
        }
    }

    void from_owner(lock::send& s, time_point now) { send_lock(s, now); }
    void from_owner(lock::gave& g, time_point) {
        out.push(owner_granted{g.what.name, g.what.token, g.what.holder, g.what.number, g.in});
    }
    void from_owner(broke_by_policy& b, time_point) { out.push(std::move(b)); }
    void from_owner(lock::epoch_wanted&, time_point now) { agreement.wants_new_epoch(now); }

    void from_holder(lock::send& s) { send_lock(s, last_now); }
    template <class Told>
    void from_holder(Told& what) {
        out.push(std::move(what));
    }

    void from_inquirer(lock::send& s) { send_lock(s, last_now); }
    void from_inquirer(lock::answered& a) {
        const auto* read = std::get_if<lock::records_read>(&a.what);
        if (read == nullptr || copies.erase(a.number) == 0) {
            out.push(std::move(a));
            return;
        }
        ++copied;
        for (const auto& r : read->records) {
            records.keep(r);
        }
    }
    void from_inquirer(lock::unanswered& u) {
        if (copies.erase(u.number) == 0) {
            out.push(std::move(u));
        }
    }

    /// RECORD-1: who comes to fill a seat takes over what the others remember, and until a quorum
    /// of them has told, or the time for it is up, its own word would be worth less than that of
    /// who was there before.
    [[nodiscard]] bool is_copying() const {
        return !copies.empty() && copied < agreement.current()->quorum();
    }
    /// `before`: null when it has just come, else the view since which others came, while it still
    /// asks around.
    void copy_records(const view& v, const view* before, time_point now) {
        copied = before == nullptr ? 0 : copied;
        for (const auto& s : v.seats) {
            if (!s.filled_by.is_nil() && s.filled_by != self &&
                (before == nullptr || !before->is_voter(s.filled_by))) {
                copies.insert(
                    inquirer.ask(lock::read_records{}, s.filled_by, now + 2 * settings.lease, now));
            }
        }
    }

    void install(view_layer::installation& i, time_point now) {
        ++stats.views_installed;
        installs.emplace_back(i.now->number, now);
        const view* before = i.is_first ? nullptr : i.before.get();
        voter.installed(*i.now, before, now);
        renewal.installed(*i.now, now);
        lock::step step{i.now, i.map_before, i.map, {}, i.is_first};
        for (const auto& id : i.by.what.removed) {
            const auto* was = i.before->find(id);
            const auto figure = std::find_if(i.by.leases.begin(), i.by.leases.end(),
                                             [&](const auto& r) { return r.peer == id; });
            auto left = settings.full_lease();  // LEASE-4: the figure was not heard
            if (figure != i.by.leases.end()) {
                left = std::min(left, figure->lease);
            } else if (settings.bug == base::planted::void_at_once_when_unheard) {
                left = {};
            }
            step.removed.push_back({id, was->since, now + left});
            swim.forget(id, now);
        }
        for (const auto& m : i.now->members) {
            if (m.id != self && (before == nullptr || !before->has(m.id))) {
                swim.know(m.id, m.name, m.address, now);
            }
        }
        if (i.is_first) {
            last_leased = now;
            next_look = now + settings.lease;
        }
        notice_lease(now);
        owner.install(step, now);
        holder.install(step, now);
        inquirer.install(step, now);
        const bool is_founding = i.now->number.value == 1;  // nobody remembers anything
        if (!is_founding && i.now->is_voter(self) &&
            (before == nullptr || !before->is_voter(self))) {
            copy_records(*i.now, nullptr, now);
        } else if (before != nullptr && i.now->is_voter(self) && is_copying()) {
            copy_records(*i.now, before, now);
        }
        std::erase_if(evictions, [&](const auto& e) { return !i.now->has(e.first); });
        out.push(view_installed{i.now, i.map});
    }

    // ---- the end of a PeerId

    void finish(errc why) {
        is_over = true;
        was_leased = false;
        renewal.stop();
        local.clear();
        if (leaving) {
            holder.end(errc::shutting_down, errc::shutting_down);
            last_word = has_left{};
        } else {
            const bool is_final = why == errc::internal_error || why == errc::seeds_differ;
            holder.end(is_final ? why : errc::evicted, is_final ? why : errc::not_a_member);
            last_word = must_restart{why, agreement.highest_epoch()};
        }
        inquirer.end(leaving ? errc::shutting_down : errc::not_a_member);
        owner.set_leased(false, last_now);
    }

    // ---- evictions by somebody's word (VIEW-8)

    struct eviction {
        view_layer::proof proof{};
        time_point until;
        time_point next_word;
    };

    void advance_evictions(time_point now) {
        std::erase_if(evictions, [&](const auto& e) { return e.second.until <= now; });
        for (auto& [whom, e] : evictions) {
            if (e.next_word <= now && agreement.current()) {
                e.next_word = now + settings.retry;
                tell_voters(view_layer::evict{whom, e.proof});
            }
        }
    }

    /// FORCE-1: the seats that are gone may have gone on without us, in views and clusters that
    /// nobody here has heard of; their epochs were near their wall clocks (VIEW-1, FOUND-5). So it
    /// goes on an hour past ours: no clock is so wrong, and the price is small, for until the hour
    /// is over views come no quicker than one in a second. But seats that restart within it have to
    /// know of it.
    [[nodiscard]] epoch epoch_after_force(moment now) const {
        if (!settings.keeps_epochs || settings.bug == base::planted::forced_view_forgets_epochs) {
            return agreement.highest_epoch();
        }
        // as far as a founding goes past the wall clock (FOUND-5)
        constexpr std::int64_t hour = 3600 + 61;
        // In a cluster that was forced itself, epochs are past the clocks already.
        const auto from = std::max(now.wall_s, std::int64_t{agreement.highest_epoch().value});
        return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(
            from + hour, 0, std::numeric_limits<std::uint32_t>::max() - 1))};
    }

    /// FOUND-6: the seats answer, but under other PeerIds, or they do not renew our lease: our view
    /// is history.
    bool finds_itself_forgotten(time_point now) {
        const auto& v = agreement.current();
        if (!v || was_leased || now - last_leased < 2 * settings.lease ||
            settings.bug == base::planted::never_forgets) {
            reached_since.reset();
            return false;
        }
        std::size_t reached = 0;
        std::size_t voters = 0;
        for (const auto& s : v->seats) {
            if (s.address == settings.address) {
                ++reached;
                voters += v->is_voter(self) ? 1 : 0;
            } else if (const auto at = contacts.find(s.address);
                       at != contacts.end() && now - at->second.heard < settings.lease) {
                ++reached;
                voters += at->second.cluster == v->cluster && v->is_voter(at->second.peer) ? 1 : 0;
            }
        }
        if (reached < v->quorum()) {
            reached_since.reset();
            return false;
        }
        reached_since = reached_since.value_or(now);
        // Heard is not answered: a voter that hears nobody seems to be there for ever.
        return voters < v->quorum() || now - *reached_since >= 2 * settings.lease;
    }

    void look_around(time_point now) {
        if (!base::is_due(next_look, now)) {
            return;
        }
        next_look = now + settings.lease / 4;
        std::erase_if(contacts,
                      [&](const auto& c) { return now - c.second.heard > 4 * settings.lease; });
        std::erase_if(came_round,
                      [&](const auto& c) { return now - c.second.second > settings.lease; });
        if (finds_itself_forgotten(now)) {
            finish(errc::no_quorum);
        }
    }

    // ---- leaving (LEAVE-1)

    struct departure {
        enum class phase { asking, handing_over, saying } at = phase::asking;
        time_point next_word;
        time_point give_up;  // of this phase
    };

    void tell_voters(const view_layer::message& what) {
        for (const auto& s : agreement.current()->seats) {
            if (!s.filled_by.is_nil()) {
                send_to(s.filled_by, {}, false, false, what);
            }
        }
    }

    void advance_departure(time_point now) {
        if (!leaving || is_over) {
            return;
        }
        using phase = departure::phase;
        auto& d = *leaving;
        const auto* me = agreement.current() ? agreement.current()->find(self) : nullptr;
        if (me == nullptr) {
            finish(errc::shutting_down);
            return;
        }
        // Who owns nothing and fills no seat has nothing that a view would have to take from it
        // first.
        const bool owns_nothing =
            !agreement.current()->is_voter(self) && !agreement.map()->owns_any(self);
        if (d.at == phase::asking && (me->leaving || owns_nothing || d.give_up <= now)) {
            d.at = phase::handing_over;
            d.give_up = now + 2 * settings.lease;
        }
        // Not in a call that has granted: the lease would end at the moment of the grant (OWN-1).
        const bool is_ready =
            (owner.has_handed_over() && holder.has_released_all()) || d.give_up <= now;
        if (d.at == phase::handing_over && is_ready && !has_granted) {
            d.at = phase::saying;
            d.next_word = now;
            d.give_up = now + settings.lease;
            renewal.stop();
            notice_lease(now);
            swim.leave(now);
        }
        if (d.next_word <= now) {
            d.next_word = now + settings.retry;
            if (d.at == phase::asking) {
                tell_voters(view_layer::leave_request{});
            } else if (d.at == phase::saying ||
                       settings.bug == base::planted::left_before_it_stopped) {
                tell_voters(view_layer::left{});
            }
        }
        if (d.at == phase::saying && d.give_up <= now) {
            finish(errc::shutting_down);
        }
    }

    std::optional<time_point> deadline() const {
        std::optional<time_point> due;
        if (is_over) {
            return due;
        }
        due = swim.deadline();
        base::earlier(due, agreement.deadline());
        base::earlier(due, renewal.deadline());
        base::earlier(due, owner.deadline());
        base::earlier(due, holder.deadline());
        base::earlier(due, inquirer.deadline());
        for (const auto& [whom, e] : evictions) {
            base::earlier(due, std::min(e.until, e.next_word));
        }
        base::earlier(due, next_look);
        if (was_leased) {
            base::earlier(due, was_at_risk ? *renewal.end()
                                           : std::min(renewal.at_risk_from(), *renewal.end()));
        }
        if (leaving) {
            base::earlier(due, leaving->next_word);
            base::earlier(due, has_granted ? last_now : leaving->give_up);
        }
        return due;
    }

    struct contact {
        peer_id peer;
        time_point heard;
        cluster_id cluster;  // that it showed
    };

    const base::settings settings;
    peer_id self;
    base::random_source random;
    swim::detector swim;
    view_layer::agreement agreement;
    lease::voter voter;
    lease::renewal renewal;
    lock::owner owner;
    lock::holder holder;
    lock::inquirer inquirer;
    // kept for the cluster, while it fills a seat
    lock::archive records{settings.bug};
    std::set<std::uint64_t> copies;  // questions of our own
    // and how many of them were answered
    std::size_t copied = 0;

    time_point last_now;
    bool was_leased = false;
    bool has_granted = false;  // in this call
    bool was_at_risk = false;
    bool is_over = false;
    time_point last_leased{};
    std::optional<time_point> next_look;
    // without a lease, a quorum of seats (FOUND-6)
    std::optional<time_point> reached_since;
    std::map<peer_id, eviction> evictions;
    std::optional<departure> leaving;
    std::optional<output> last_word;
    // by the sender of what is being handled
    cluster_id shown_cluster;
    // who answers at an address (VIEW-2, FOUND-6)
    std::map<endpoint, contact> contacts;
    // of peers that are neither members nor in gossip yet
    std::map<peer_id, endpoint> last_seen_at;
    // whose messages came round by whom (NET-1)
    std::map<peer_id, std::pair<peer_id, time_point>> came_round;
    std::deque<std::pair<view_number, time_point>> installs;  // of the last A
    // and whatever was older before that (LEASE-7)
    view_number overtaken;
    // to ourselves: no system call
    base::outbox<message> local;
    statistics stats;
    base::outbox<output> out;
};

node::node(const base::settings& settings, peer_id self, std::uint64_t seed, moment now)
    : state_{std::make_unique<state>(settings, self, seed, now)} {
    state_->settle(now);
}

node::~node() = default;

void node::handle(const envelope& head, const endpoint& from_address, const message& what,
                  moment now) {
    auto& s = *state_;
    s.begin(now);
    if (s.is_over || head.from == s.self || head.from.is_nil() ||
        (!head.to.is_nil() && head.to != s.self)) {
        if (!s.is_over && head.from != s.self && !head.from.is_nil()) {
            // it asks a process that was here before
            s.show_to_stranger(head, from_address, what);
        }
        ++s.stats.dropped;
        s.settle(now);
        return;
    }
    // A departure whose patience has run out ends the lease before this message can have us grant
    // anything.
    s.advance_departure(now.now);
    if (s.is_over) {
        s.settle(now);
        return;
    }
    s.shown_cluster = head.cluster;
    const auto& v = s.agreement.current();
    const auto* view_message = std::get_if<view_layer::message>(&what);
    const bool is_open = std::holds_alternative<swim::message>(what) ||
                         (view_message != nullptr && is_for_strangers(*view_message));
    const bool is_ours = v && head.cluster == v->cluster;
    if (!from_address.is_nil() && (!v || !v->has(head.from))) {
        if (s.last_seen_at.size() > base::limits::members) {
            s.last_seen_at.clear();
        }
        s.last_seen_at[head.from] = from_address;
    }
    if (v && s.settings.seeds.empty() && !head.cluster.is_nil() && !is_ours && head.is_leased &&
        !s.leaving) {
        s.out.push(
            complaint{errc::seeds_differ,
                      to_string(from_address) +
                          " is a member of a cluster of this name that has seats; this peer was "
                          "started without "
                          "seeds. Give it the seeds of that cluster, or another cluster name."});
        s.finish(errc::seeds_differ);  // SEAT-2
    } else if (v && !head.cluster.is_nil() && !is_ours && head.is_leased &&
               s.has_no_hope(now.now)) {
        s.finish(errc::wrong_cluster);  // FOUND-3
    } else if (is_open || is_ours) {
        if (const auto* asked =
                view_message == nullptr ? nullptr : std::get_if<view_layer::join>(view_message)) {
            // FOUND-6: gossip alone hears of a seat too seldom
            s.contacts[asked->self.address] = {head.from, now.now, head.cluster};
        }
        if (is_ours && head.installed.value != 0 &&
            s.settings.bug != base::planted::nobody_brought_up_to_date) {
            s.agreement.shows(head.from, head.installed, now.now);
        }
        s.dispatch(head.from, from_address, head.installed, what, now);
    } else {
        s.show_to_stranger(head, from_address, what);
        ++s.stats.dropped;
    }
    s.close(now);
}

void node::tick(moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.is_over) {
        s.swim.tick(now.now);
        s.agreement.tick(now);
        s.renewal.tick(now.now);
        s.owner.tick(now.now);
        s.holder.tick(now.now);
        s.inquirer.tick(now.now);
        s.advance_evictions(now.now);
        s.look_around(now.now);
    }
    s.close(now);
}

std::optional<time_point> node::deadline() const { return state_->deadline(); }
std::optional<output> node::next() { return state_->out.next(); }

request_number node::acquire(std::string_view name, lock::wish wanted, moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto number = s.holder.acquire(name, std::move(wanted), now.now);
    s.settle(now);
    return number;
}

void node::cancel(request_number number, moment now) {
    state_->begin(now);
    state_->holder.cancel(number, now.now);
    state_->settle(now);
}

void node::release(std::string_view name, holdfast::token token, lock::parting last_words,
                   moment now) {
    state_->begin(now);
    state_->holder.release(name, token, std::move(last_words), now.now);
    state_->settle(now);
}

void node::progress(std::string_view name, holdfast::token token, moment now) {
    state_->begin(now);
    state_->holder.progress(name, token, now.now);
    state_->settle(now);
}

void node::watch(std::string_view name, moment now) {
    state_->begin(now);
    state_->holder.watch_lock(name, now.now);
    state_->settle(now);
}

void node::unwatch(std::string_view name, moment now) {
    state_->begin(now);
    state_->holder.unwatch_lock(name, now.now);
    state_->settle(now);
}

std::uint64_t node::ask(lock::question what, const peer_id& to, time_point until, moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto number = s.inquirer.ask(std::move(what), to, until, now.now);
    if (s.is_over) {
        s.inquirer.end(errc::not_a_member);
    }
    s.settle(now);
    return number;
}

void node::forget(std::uint64_t question, moment now) {
    state_->begin(now);
    state_->inquirer.forget(question);
    state_->settle(now);
}

void node::evict(const peer_id& whom, view_layer::proof proof, time_point until, moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.is_over) {
        auto& known = s.evictions[whom];
        // what is proven stays so
        known = {std::max(known.proof, proof), std::max(known.until, until), now.now};
        s.advance_evictions(now.now);
    }
    s.settle(now);
}

bool node::give_up(moment now) {
    auto& s = *state_;
    s.begin(now);
    const bool is_allowed = !s.was_leased && !s.leaving && !s.is_over;
    if (is_allowed) {
        s.finish(errc::no_quorum);
        const auto goes_on = s.epoch_after_force(now);
        // before it is anything else: a restart is to know of it
        s.out.push(persist_epoch{goes_on});
        s.last_word = must_restart{errc::no_quorum, goes_on};
    }
    s.settle(now);
    return is_allowed;
}

void node::leave(moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.leaving && !s.is_over) {
        s.leaving = state::departure{state::departure::phase::asking, now.now,
                                     now.now + 2 * s.settings.lease};
        if (s.settings.bug != base::planted::left_before_it_stopped) {
            s.holder.leave(now.now);
        }
        s.settle(now);
        s.advance_departure(now.now);
    }
    s.settle(now);
}

const peer_id& node::self() const { return state_->self; }

std::optional<time_point> node::lease_end() const {
    return state_->is_over ? std::nullopt : state_->renewal.end();
}

bool node::holds(std::string_view name, holdfast::token token, time_point now) const {
    const bool is_valid = state_->renewal.is_running(now) ||
                          state_->settings.bug == base::planted::holds_without_a_lease;
    return !state_->is_over && is_valid && state_->holder.has(name, token);
}

std::shared_ptr<const view> node::installed() const { return state_->agreement.current(); }
base::shared_slot_map node::map() const { return state_->agreement.map(); }
slot node::slot_of(std::string_view name) const { return state_->slot_of(name); }
std::optional<swim::rumour> node::known(const peer_id& peer) const {
    return state_->swim.known(peer);
}
std::vector<swim::rumour> node::roster() const { return state_->swim.roster(); }
epoch node::highest_epoch() const { return state_->agreement.highest_epoch(); }

const statistics& node::stats() const {
    auto& s = *state_;
    s.stats.ballots_started = s.agreement.ballots_started();
    s.stats.grants_given = s.owner.counted().granted;
    s.stats.slots_gathered = s.owner.counted().slots_gathered;
    s.stats.tables_received = s.owner.counted().tables_received;
    s.stats.conflicts_reported = s.owner.counted().conflicts;
    s.stats.grants_taken = s.holder.counted().taken;
    s.stats.holds_lost = s.holder.counted().lost;
    return s.stats;
}

std::vector<lock::hold> node::owned_holds() const {
    return state_->is_over ? std::vector<lock::hold>{} : state_->owner.holds();
}

void node::check(time_point) const {
    if (!state_->is_over && state_->agreement.current()) {
        state_->owner.check();
    }
}

}  // namespace holdfast::node
