#include "swim/detector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/outbox.hpp"
#include "base/random.hpp"
#include "swim/probe_relay.hpp"
#include "swim/probe_round.hpp"
#include "swim/roster.hpp"
#include "swim/rumours.hpp"

namespace holdfast::swim {

using base::time_point;

struct detector::state {
    /// One probe of one peer, in its period (SWIM section 3.1).
    struct probe {
        std::uint64_t sequence = 0;
        peer_id target;
        std::optional<time_point> go_indirect;  // none once we have
        time_point ends;
        std::size_t asked = 0;  // how many were asked to help
        std::size_t nacks = 0;  // how many of them said that they could not reach it either
    };
    state(const base::settings& s, const peer_id& id, std::uint64_t seed, time_point now)
        : settings{s}, self{id}, random{seed}, peers{settings} {
        next_probe = now + random.between({}, settings.probe_period);
        next_push_pull = now;
        next_dead = now;
    }

    introduction me() const { return {incarnation, settings.name, settings.address}; }
    rumour about_me() const {
        return {has_left ? condition::left : condition::alive,
                self,
                incarnation,
                self,
                settings.name,
                settings.address};
    }
    std::vector<rumour> gossip_for(const peer_id& to) {
        // Lifeguard, buddy system: a peer that is thought ill is told first, so that it can refute
        // soon.
        const auto* k = peers.find(to);
        const bool is_ill = k != nullptr && k->told.state != condition::alive;
        return queue.take(transmissions(settings.retransmit_mult, peers.alive()),
                          is_ill ? &k->told : nullptr);
    }
    void send_to(const peer_id& peer, const endpoint& at, bool stream, message what) {
        if (peer != self && at != settings.address && !at.is_nil()) {
            out.push(send{peer, at, stream, std::move(what)});
        }
    }

    // ---- believing

    void learn(const rumour& told, time_point now) {
        if (told.about == self) {
            // Above the highest incarnation there is none to refute with.
            const bool can_refute = told.incarnation < std::numeric_limits<std::uint64_t>::max();
            if (!has_left && told.state != condition::alive && told.incarnation >= incarnation &&
                can_refute) {
                incarnation = told.incarnation + 1;
                worsen(1);
                queue.add(about_me());
            }
            return;
        }
        if (told.about.is_nil() || told.address == settings.address) {
            return;  // a former process at our address: there is no peer to probe
        }
        const auto effect = peers.apply(told, now);
        if (effect == holdfast::swim::roster::effect::none) {
            return;
        }
        queue.add(told);
        if (const auto* k = peers.find(told.about); k != nullptr && k->is_probed()) {
            round.enter(told.about, random);
        }
        if (effect == holdfast::swim::roster::effect::changed ||
            effect == holdfast::swim::roster::effect::added) {
            out.push(liveness_changed{told.about, told.state, told.name, told.address});
        }
    }

    void meet(const peer_id& from, const introduction& who, time_point now) {
        if (from.is_nil() || from == self) {
            return;
        }
        learn({condition::alive, from, who.incarnation, from, who.name, who.address}, now);
        out.push(heard{from, who.address});
        // Another PeerId at one address: the process there has restarted, the one before is gone
        // (SEAT-1).
        std::vector<rumour> gone;
        for (const auto& [id, k] : peers.all()) {
            if (id != from && k.told.address == who.address && k.is_probed()) {
                gone.push_back(k.told);
            }
        }
        for (auto& g : gone) {
            g.state = condition::dead;
            g.by = self;
            learn(g, now);
        }
    }

    // ---- probing

    void worsen(int by) {
        const auto health = static_cast<int>(local_health) + by;
        local_health = static_cast<std::size_t>(
            std::clamp(health, 0, static_cast<int>(settings.max_local_health)));
    }
    base::duration scaled(base::duration d) const { return d * static_cast<int>(local_health + 1); }

    void start_probe(time_point now) {
        next_probe = now + scaled(settings.probe_period);
        const auto target = has_left ? std::nullopt : round.next(peers, random);
        if (!target) {
            return;
        }
        const auto address = peers.find(*target)->told.address;
        running =
            probe{++last_sequence, *target, now + scaled(settings.probe_timeout), next_probe, 0, 0};
        send_to(*target, address, false,
                ping{running->sequence, *target, me(), gossip_for(*target)});
    }

    void go_indirect() {
        running->go_indirect.reset();
        const auto* target = peers.find(running->target);
        if (target == nullptr) {
            return;
        }
        const auto address = target->told.address;
        for (const auto& helper : some_alive(settings.indirect_probes, running->target)) {
            ++running->asked;
            send_to(helper, peers.find(helper)->told.address, false,
                    ping_request{running->sequence, running->target, address, me(),
                                 gossip_for(helper)});
        }
        // The last resort, in parallel: a network that loses datagrams may still carry a stream.
        send_to(running->target, address, true,
                ping{running->sequence, running->target, me(), gossip_for(running->target)});
    }

    void end_probe(time_point now) {
        const auto failed = *std::exchange(running, std::nullopt);
        // Lifeguard: helpers that did not even say nack point at ourselves.
        worsen(failed.asked == 0 ? 1
                                 : static_cast<int>(failed.asked) - static_cast<int>(failed.nacks));
        if (const auto* k = peers.find(failed.target); k != nullptr && k->is_probed()) {
            auto told = k->told;
            told.state = condition::suspect;
            told.by = self;
            learn(told, now);
        }
    }

    std::vector<peer_id> some_alive(std::size_t count, const peer_id& but) {
        auto out_of = peers.those_that_are(condition::alive);
        std::erase(out_of, but);
        random.shuffle(out_of);
        out_of.resize(std::min(out_of.size(), count));
        return out_of;
    }

    // ---- spreading

    void gossip_round(time_point now) {
        last_gossip = now;
        for (const auto& to : some_alive(settings.gossip_nodes, {})) {
            auto told = gossip_for(to);
            if (told.empty()) {
                return;
            }
            send_to(to, peers.find(to)->told.address, false, gossip{std::move(told)});
        }
        if (some_alive(1, {}).empty()) {
            (void)queue.take(1);  // no peer to tell: push-pull spreads it later
        }
    }
    std::optional<time_point> next_gossip() const {
        return queue.empty() ? std::nullopt : std::optional{last_gossip + settings.gossip_period};
    }

    std::vector<rumour> roster_to_tell() const {
        auto all = peers.told_first_hand();
        all.insert(all.begin(), about_me());
        if (all.size() > base::limits::members) {
            all.resize(base::limits::members);
        }
        return all;
    }

    void push_pull_round(time_point now) {
        // At the join, a second later (the first answer may come from one as new as we are), then
        // periodically.
        next_push_pull = now + (push_pulls++ == 0 ? base::duration{std::chrono::seconds{1}}
                                                  : settings.push_pull_period);
        if (const auto to = some_alive(1, {}); !to.empty()) {
            send_to(to[0], peers.find(to[0])->told.address, true,
                    push_pull{false, me(), roster_to_tell()});
            return;
        }
        std::vector<endpoint> seeds = settings.seeds;
        std::erase(seeds, settings.address);
        if (!seeds.empty()) {
            send_to({}, seeds[random.below(seeds.size())], true,
                    push_pull{false, me(), roster_to_tell()});
        }
    }

    /// So that a partition of any length heals by itself: one of the dead, and every seat where
    /// no peer answers.
    void knock(time_point now) {
        next_dead = now + settings.dead_probe_period;
        peers.forget_old(now);
        for (const auto& seat : settings.seeds) {
            if (!peers.has_alive_at(seat)) {
                send_to({}, seat, false, ping{++last_sequence, {}, me(), gossip_for({})});
            }
        }
        const auto dead = peers.those_that_are(condition::dead);
        if (!dead.empty()) {
            const auto& id = dead[++knocks % dead.size()];
            send_to(id, peers.find(id)->told.address, false,
                    ping{++last_sequence, id, me(), gossip_for(id)});
        }
    }

    // ---- hearing

    struct origin {
        const peer_id& from;
        const endpoint& address;  // nil for streams
        time_point now;
    };
    void learn_all(const std::vector<rumour>& told, time_point now) {
        std::for_each(told.begin(), told.end(), [&](const rumour& r) { learn(r, now); });
    }

    void on(const origin& of, const ping& p) {
        meet(of.from, p.sender, of.now);
        learn_all(p.gossip, of.now);
        if (p.target.is_nil() || p.target == self) {
            // The way it came: a stream is the last resort of a peer whose datagrams do not arrive.
            send_to(of.from, p.sender.address, of.address.is_nil(),
                    ack{p.sequence, me(), gossip_for(of.from)});
        }
    }
    void on(const origin& of, const ping_request& r) {
        meet(of.from, r.sender, of.now);
        learn_all(r.gossip, of.now);
        const auto mine = ++last_sequence;
        // Lifeguard: at 80 % of the timeout, so that the nack is there before the asker's period is
        // over.
        relay.start(mine, {r.sequence, of.from, r.sender.address},
                    of.now + settings.probe_timeout * 4 / 5, of.now + settings.probe_period);
        send_to(r.target, r.target_address, false,
                ping{mine, r.target, me(), gossip_for(r.target)});
    }
    void on(const origin& of, const ack& a) {
        meet(of.from, a.sender, of.now);
        learn_all(a.gossip, of.now);
        if (running && running->sequence == a.sequence) {
            running.reset();
            worsen(-1);
        } else if (const auto by = relay.take(a.sequence)) {
            send_to(by->peer, by->address, false, ack{by->sequence, me(), {}});
        }
    }
    void on(const origin&, const nack& n) {
        if (running && running->sequence == n.sequence && running->nacks < running->asked) {
            ++running->nacks;
        }
    }
    void on(const origin& of, const gossip& g) { learn_all(g.rumours, of.now); }
    void on(const origin& of, const push_pull& p) {
        meet(of.from, p.sender, of.now);
        learn_all(p.roster, of.now);
        if (!p.is_answer) {
            send_to(of.from, p.sender.address, true, push_pull{true, me(), roster_to_tell()});
        }
    }

    void invariants() const {
        HOLDFAST_ASSERT(incarnation >= 1);
        HOLDFAST_ASSERT(local_health <= settings.max_local_health);
        HOLDFAST_ASSERT(peers.find(self) == nullptr);
        HOLDFAST_ASSERT(!has_left || !running);  // a peer that leaves suspects no other
        if (running) {
            HOLDFAST_ASSERT(running->sequence <= last_sequence && running->target != self);
            HOLDFAST_ASSERT(running->nacks <= running->asked);
            HOLDFAST_ASSERT(running->asked <= settings.indirect_probes);
            HOLDFAST_ASSERT(!running->go_indirect || running->asked == 0);
        }
        round.invariants();
        relay.invariants(last_sequence);
        peers.invariants();
        queue.invariants();
    }

    const base::settings settings;
    peer_id self;
    base::random_source random;
    holdfast::swim::roster peers;
    holdfast::swim::rumours queue;
    std::uint64_t incarnation = 1;
    bool has_left = false;
    std::size_t local_health = 0;
    std::uint64_t last_sequence = 0;
    probe_round round;
    std::optional<probe> running;
    probe_relay relay;
    time_point next_probe;
    time_point last_gossip{};
    time_point next_push_pull;
    std::uint64_t push_pulls = 0;
    time_point next_dead;
    std::uint64_t knocks = 0;
    base::outbox<output> out;
};

detector::detector(const base::settings& settings, peer_id self, std::uint64_t seed, time_point now)
    : state_{std::make_unique<state>(settings, self, seed, now)} {}

detector::~detector() = default;

void detector::handle(const peer_id& from, const endpoint& address, const message& what,
                      time_point now) {
    const state::origin of{from, address, now};
    std::visit([&](const auto& m) { state_->on(of, m); }, what);
    state_->invariants();
}

void detector::tick(time_point now) {
    auto& s = *state_;
    for (const auto& by : s.relay.tick(now)) {
        s.send_to(by.peer, by.address, false, nack{by.sequence});
    }
    if (s.running && base::is_due(s.running->go_indirect, now)) {
        s.go_indirect();
    }
    if (s.running && s.running->ends <= now) {
        s.end_probe(now);
    }
    if (s.next_probe <= now) {
        s.start_probe(now);
    }
    if (!s.has_left) {  // a peer that leaves declares no peer dead
        for (auto told : s.peers.overdue(now)) {
            told.state = condition::dead;
            told.by = s.self;
            s.learn(told, now);
        }
    }
    if (base::is_due(s.next_gossip(), now)) {
        s.gossip_round(now);
    }
    if (s.next_push_pull <= now) {
        s.push_pull_round(now);
    }
    if (s.next_dead <= now) {
        s.knock(now);
    }
    HOLDFAST_ASSERT(*deadline() > now);
    s.invariants();
}

std::optional<time_point> detector::deadline() const {
    const auto& s = *state_;
    std::optional<time_point> due{std::min({s.next_probe, s.next_push_pull, s.next_dead})};
    if (s.running) {
        base::earlier(due, s.running->go_indirect);
        base::earlier(due, s.running->ends);
    }
    base::earlier(due, s.relay.deadline());
    if (!s.has_left) {
        base::earlier(due, s.peers.next_overdue());
    }
    base::earlier(due, s.next_gossip());
    return due;
}

std::optional<output> detector::next() { return state_->out.next(); }

void detector::know(const peer_id& peer, const std::string& name, const endpoint& address,
                    time_point now) {
    if (peer != state_->self && state_->peers.find(peer) == nullptr) {
        (void)state_->peers.apply({condition::alive, peer, 0, peer, name, address}, now);
        state_->round.enter(peer, state_->random);
    }
}

void detector::forget(const peer_id& peer, time_point now) {
    if (const auto* k = state_->peers.find(peer); k != nullptr && k->is_probed()) {
        auto told = k->told;
        told.state = condition::dead;
        told.by = state_->self;
        state_->learn(told, now);
    }
}

void detector::leave(time_point now) {
    auto& s = *state_;
    s.has_left = true;
    s.running.reset();
    s.queue.add(s.about_me());
    s.gossip_round(now);
}

bool detector::seems_alive(const peer_id& peer) const {
    const auto* k = state_->peers.find(peer);
    return k != nullptr && k->is_probed();
}

std::optional<condition> detector::liveness(const peer_id& peer) const {
    const auto* k = state_->peers.find(peer);
    return k == nullptr ? std::nullopt : std::optional{k->told.state};
}

std::optional<endpoint> detector::address_of(const peer_id& peer) const {
    const auto* k = state_->peers.find(peer);
    return k == nullptr ? std::nullopt : std::optional{k->told.address};
}

std::optional<rumour> detector::known(const peer_id& peer) const {
    const auto* k = state_->peers.find(peer);
    return k == nullptr ? std::nullopt : std::optional{k->told};
}

std::vector<rumour> detector::roster() const {
    std::vector<rumour> all{state_->about_me()};
    for (const auto& [id, k] : state_->peers.all()) {
        all.push_back(k.told);
    }
    return all;
}
std::size_t detector::local_health() const { return state_->local_health; }

}  // namespace holdfast::swim
