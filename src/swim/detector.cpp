#include "swim/detector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/outbox.hpp"
#include "base/random.hpp"
#include "swim/address_questions.hpp"
#include "swim/local_health.hpp"
#include "swim/probe.hpp"
#include "swim/probe_relay.hpp"
#include "swim/probe_round.hpp"
#include "swim/roster.hpp"
#include "swim/rumours.hpp"

namespace holdfast::swim {

using base::time_point;

struct detector::state {
    state(const base::settings& s, const peer_id& id, std::uint64_t seed, time_point now)
        : settings{s}, self{id}, random{seed} {
        next_probe = now + random.between({}, settings.probe_period);
        next_push_pull = now;
        next_dead = now;
    }

    introduction me() const { return {incarnation, settings.name, settings.address}; }
    rumour about_me() const {
        const auto mine = has_left ? condition::left : condition::alive;
        return {mine, self, incarnation, self, settings.name, settings.address};
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

    struct origin {
        const peer_id& from;
        const base::way& came;
        time_point now;
        endpoint lives_at;  // where we know that it lives (SEAL-3); nil: it only says so
    };

    void learn(const rumour& told, time_point now) {
        if (told.about == self) {
            // Above the highest incarnation there is none to refute with.
            const bool can_refute = told.incarnation < std::numeric_limits<std::uint64_t>::max();
            if (!has_left && told.state != condition::alive && told.incarnation >= incarnation &&
                can_refute) {
                incarnation = told.incarnation + 1;
                health.worsen(1);
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
        round.enter(told.about, peers, random);
        if (effect == holdfast::swim::roster::effect::changed ||
            effect == holdfast::swim::roster::effect::added) {
            out.push(liveness_changed{told.about, told.state, told.name, told.address});
        }
    }

    void meet(const origin& of, const introduction& who) {
        if (of.from.is_nil() || of.from == self) {
            return;
        }
        learn({condition::alive, of.from, who.incarnation, of.from, who.name, who.address}, of.now);
        if (!of.lives_at.is_nil()) {
            out.push(heard{of.from, of.lives_at});
            lives_at(of.lives_at, of.from, of.now);
        } else if (!peers.others_at(who.address, of.from).empty()) {
            // It says so, and so did another: one of them is gone (SEAL-3).
            find_out(who.address, of.now);
        }
    }
    /// Another PeerId at one address: the process there has restarted, the one before is gone
    /// (SEAT-1).
    void lives_at(const endpoint& at, const peer_id& peer, time_point now) {
        for (auto& gone : peers.others_at(at, peer)) {
            gone.state = condition::dead;
            gone.by = self;
            learn(gone, now);
        }
    }

    // ---- asking

    /// A number that none but the peer asked can know.
    std::uint64_t question_to(const endpoint& at, time_point now) {
        const auto number = random.next();
        questions.ask(number, at, now);
        return number;
    }
    void find_out(const endpoint& at, time_point now) {
        if (questions.may_find_out(at, now)) {
            // Without rumours: each copy counts as told, and mostly no peer is there.
            send_to({}, at, true, ping{question_to(at, now), {}, me(), {}});
        }
    }

    // ---- probing

    void start_probe(time_point now) {
        next_probe = now + health.scaled(settings.probe_period);
        const auto target = has_left ? std::nullopt : round.next(peers, random);
        if (!target) {
            return;
        }
        const auto address = peers.find(*target)->told.address;
        const auto patience = now + health.scaled(settings.probe_timeout);
        running = probe{question_to(address, now), *target, patience, next_probe, 0, 0};
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
        health.worsen(failed.asked == 0
                          ? 1
                          : static_cast<int>(failed.asked) - static_cast<int>(failed.nacks));
        if (const auto* k = peers.find(failed.target); k != nullptr && k->is_probed()) {
            auto told = k->told;
            told.state = condition::suspect;
            told.by = self;
            learn(told, now);
        }
    }

    // ---- spreading

    std::vector<peer_id> some_alive(std::size_t count, const peer_id& but) {
        return peers.some_alive(count, but, random);
    }

    void gossip_round(time_point now) {
        last_gossip = now;
        const auto all = some_alive(settings.gossip_nodes, {});
        for (const auto& to : all) {
            if (auto told = gossip_for(to); !told.empty()) {
                send_to(to, peers.find(to)->told.address, false, gossip{std::move(told)});
            }
        }
        if (all.empty()) {
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
        // The first answer may come from one as new as we are. Later not all ask at one moment.
        const auto period = settings.push_pull_period;
        next_push_pull = now + (push_pulls++ == 0 ? base::duration{std::chrono::seconds{1}}
                                                  : random.between(period * 3 / 4, period * 5 / 4));
        if (const auto to = peers.alive_seat_or_other(random)) {
            send_to(*to, peers.find(*to)->told.address, true,
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
            if (peers.what() != role::member && !peers.has_alive_at(seat)) {
                find_out(seat, now);
            }
        }
        const auto dead = peers.those_that_are(condition::dead);
        if (!dead.empty()) {
            const auto& id = dead[++knocks % dead.size()];
            send_to(id, peers.find(id)->told.address, false,
                    ping{question_to(peers.find(id)->told.address, now), id, me(), gossip_for(id)});
        }
    }

    // ---- hearing

    void learn_all(const std::vector<rumour>& told, time_point now) {
        std::for_each(told.begin(), told.end(), [&](const rumour& r) { learn(r, now); });
    }

    void on(const origin& of, const ping& p) {
        meet(of, p.sender);
        learn_all(p.gossip, of.now);
        if (p.target.is_nil() || p.target == self) {
            // The way it came: a stream is the last resort of a peer whose datagrams do not arrive.
            send_to(of.from, p.sender.address, of.came.is_stream(),
                    ack{p.sequence, me(), gossip_for(of.from)});
        }
    }
    void on(const origin& of, const ping_request& r) {
        meet(of, r.sender);
        learn_all(r.gossip, of.now);
        const auto mine = random.next();
        // Lifeguard: at 80 % of the timeout, so that the nack is there before the asker's period is
        // over.
        relay.start(mine, {r.sequence, of.from, r.sender.address},
                    of.now + settings.probe_timeout * 4 / 5, of.now + settings.probe_period);
        send_to(r.target, r.target_address, false,
                ping{mine, r.target, me(), gossip_for(r.target)});
    }
    void on(const origin& of, const ack& a) {
        const auto asked_at = questions.take(a.sequence, of.now);
        const bool shows_address = asked_at && of.came.source == *asked_at;
        meet(shows_address ? origin{of.from, of.came, of.now, *asked_at} : of, a.sender);
        learn_all(a.gossip, of.now);
        if (running && running->sequence == a.sequence) {
            running.reset();
            health.worsen(-1);
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
        meet(of, p.sender);
        learn_all(p.roster, of.now);
        if (!p.is_answer) {
            send_to(of.from, p.sender.address, true, push_pull{true, me(), roster_to_tell()});
        }
    }

    void invariants() const {
        HOLDFAST_ASSERT(incarnation >= 1);
        HOLDFAST_ASSERT(peers.find(self) == nullptr);
        HOLDFAST_ASSERT(!has_left || !running);  // a peer that leaves suspects no other
        if (running) {
            running->invariants(settings, self);
        }
        round.invariants();
        peers.invariants();
        queue.invariants();
    }

    const base::settings settings;
    peer_id self;
    base::random_source random;
    holdfast::swim::roster peers{settings};
    holdfast::swim::rumours queue;
    std::uint64_t incarnation = 1;
    bool has_left = false;
    holdfast::swim::local_health health{settings};
    address_questions questions{settings};
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

void detector::handle(const peer_id& from, const base::way& came, const message& what,
                      time_point now) {
    const state::origin of{from, came, now, came.dialled};
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
    state_->peers.add_member(peer);
    if (peer != state_->self && state_->peers.find(peer) == nullptr) {
        (void)state_->peers.apply({condition::alive, peer, 0, peer, name, address}, now);
    }
    state_->round.enter(peer, state_->peers, state_->random);
}

void detector::forget(const peer_id& peer, time_point now) {
    state_->peers.remove_member(peer);
    if (const auto* k = state_->peers.find(peer); k != nullptr && k->is_probed()) {
        auto told = k->told;
        told.state = condition::dead;
        told.by = state_->self;
        state_->learn(told, now);
    }
}

void detector::become(role what) { state_->peers.become(what); }
void detector::find_out(const endpoint& at, time_point now) { state_->find_out(at, now); }
void detector::lives_at(const endpoint& at, const peer_id& peer, time_point now) {
    state_->lives_at(at, peer, now);
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
    const auto k = known(peer);
    return k ? std::optional{k->state} : std::nullopt;
}

std::optional<endpoint> detector::address_of(const peer_id& peer) const {
    const auto k = known(peer);
    return k ? std::optional{k->address} : std::nullopt;
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
std::size_t detector::local_health() const { return state_->health.value(); }

}  // namespace holdfast::swim
