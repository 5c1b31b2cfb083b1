// A few nodes in one thread over a pretend network, for tests of one rule each. The simulator
// (src/sim) is for random runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "made_up.hpp"
#include "node/node.hpp"
#include "node/succession.hpp"

namespace node_test {

using namespace holdfast;
using namespace std::chrono_literals;
using base::time_point;

/// Process i listens at made_up::address(i); the first `seats` of them are the seats.
class small_cluster {
public:
    explicit small_cluster(std::uint64_t seats) {
        settings.lease = 1s;
        settings.batch_wait = 20ms;
        settings.proposer_stagger = 30ms;
        settings.retry = 50ms;
        settings.bootstrap_wait = 300ms;
        settings.probe_period = 200ms;
        settings.probe_timeout = 100ms;
        settings.gossip_period = 50ms;
        settings.dead_probe_period = 1s;
        settings.push_pull_period = 5s;
        settings.slots = 16;
        for (std::uint64_t n = 1; n <= seats; ++n) {
            settings.seeds.push_back(made_up::address(n));
        }
    }

    struct process {
        std::unique_ptr<node::node> node;
        std::vector<node::granted> granted;
        std::vector<node::request_failed> failed;
        std::vector<node::hold_lost> lost;
        std::vector<node::problem> problems;
        std::vector<node::lock_changed> watched;
        std::vector<node::answered> answered;
        std::vector<node::check_process> checks;
        std::vector<epoch> persisted;
        std::vector<node::persist_records> record_writes;
        std::optional<errc> restarted;
        std::size_t removals = 0;  // without a lease, as was said at the last restart (JOIN-1)
        bool has_left = false;
    };

    void start(std::uint64_t i, epoch highest = {}) {
        auto s = settings_of(i);
        s.epochs = {highest, {}, highest};
        start(i, s);
    }
    void start(std::uint64_t i, const base::settings& s) {
        forget_streams(i);
        all[i].node =
            std::make_unique<node::node>(s, peer_id{7, ++last_id_}, random_.next(), moment(i));
        drain(i);
    }
    void kill(std::uint64_t i) {
        all.erase(i);
        forget_streams(i);
    }
    void cut(std::uint64_t a, std::uint64_t b) { cut_.insert({a, b}), cut_.insert({b, a}); }
    void mend() { cut_.clear(); }

    node::node& operator[](std::uint64_t i) { return *all.at(i).node; }
    std::map<std::uint64_t, std::int64_t> ahead;  // wall clocks, in seconds
    base::moment moment(std::uint64_t i) const {
        const auto at = ahead.find(i);
        return {now, moment().wall_s + (at == ahead.end() ? 0 : at->second)};
    }
    base::moment moment() const {
        return {
            now,
            10'000 +
                std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()};
    }

    request_number acquire(std::uint64_t i, std::string_view name,
                           std::optional<base::duration> wait = {}) {
        lock::acquire_params wanted;
        wanted.terms.note = "note of p" + std::to_string(i);
        wanted.until = wait ? std::optional{now + *wait} : std::nullopt;
        const auto number = all.at(i).node->acquire(name, std::move(wanted), moment());
        drain(i);
        return number;
    }
    void release(std::uint64_t i, std::string_view name, token t) {
        all.at(i).node->release(name, t, {}, moment());
        drain(i);
    }
    void leave(std::uint64_t i) {
        all.at(i).node->leave(moment());
        drain(i);
    }
    /// FORCE-1: `seats` from now on, also for peers that start later.
    bool force(std::uint64_t i, std::set<std::uint64_t> seats) {
        const auto former = settings.seeds;
        settings.seeds.clear();
        for (const auto seat : seats) {
            settings.seeds.push_back(made_up::address(seat));
        }
        const bool is_done = all.at(i).node->give_up(moment(i));
        if (!is_done) {
            settings.seeds = former;
        }
        drain(i);
        return is_done;
    }
    /// What is on its disk.
    epoch written(std::uint64_t i) {
        return *std::max_element(all.at(i).persisted.begin(), all.at(i).persisted.end());
    }
    void ask(std::uint64_t i, lock::question what, const peer_id& to) {
        (void)all.at(i).node->ask(std::move(what), to, now + 20s, moment());
        drain(i);
    }
    void process_is_gone(std::uint64_t i, const peer_id& peer) {
        all.at(i).node->process_is_gone(peer, moment());
        drain(i);
    }
    /// CERT-3: the system of each other peer tells that its stream with `peer` has ended.
    void end_streams_of(const peer_id& peer) {
        for (auto& [i, p] : all) {
            p.node->stream_ended(peer, moment());
            drain(i);
        }
    }
    /// LOAD-4: of a stream of process i.
    void stream_lost(std::uint64_t i, const peer_id& with) {
        all.at(i).node->stream_lost(with, moment());
        drain(i);
    }
    void watch(std::uint64_t i, std::string_view name) {
        all.at(i).node->watch(name, moment());
        drain(i);
    }

    /// Runs until `is_done`, at most for `at_most`; whether it came to that.
    bool run_until(const std::function<bool()>& is_done, base::duration at_most = 20s) {
        const auto end = now + at_most;
        while (!is_done()) {
            auto next = end;
            std::uint64_t who = 0;
            if (!packets_.empty() && packets_.begin()->first.first < next) {
                next = packets_.begin()->first.first;
            }
            for (auto& [i, p] : all) {
                if (const auto due = p.node->deadline(); due && *due < next) {
                    next = std::max(*due, now);
                    who = i;
                }
            }
            if (next >= end) {
                now = end;
                return is_done();
            }
            now = next;
            if (who != 0) {
                all.at(who).node->tick(moment());
                all.at(who).node->check();
                drain(who);
                continue;
            }
            const auto p = std::move(packets_.begin()->second);
            packets_.erase(packets_.begin());
            if (const auto to = all.find(p.to);
                to != all.end() && !cut_.contains({p.from, p.to}) && !(lose && lose(p.what.what)) &&
                !(lose_sent && lose_sent(p.what)) && !(lose_to && lose_to(p.to, p.what.stream)) &&
                !(lose_from && lose_from(p.from, p.what.stream))) {
                arrive(p, *to->second.node);
            }
        }
        return true;
    }
    void run_for(base::duration d) {
        run_until([] { return false; }, d);
    }
    bool is_leased(std::uint64_t i) { return all.at(i).node->lease_end() > moment().for_rights(); }
    bool is_member_everywhere(std::set<std::uint64_t> who) {
        return std::all_of(all.begin(), all.end(), [&](const auto& p) {
            const auto v = p.second.node->installed();
            return v && v->members.size() == who.size() &&
                   p.second.node->lease_end() > moment().for_rights() &&
                   std::all_of(who.begin(), who.end(), [&](std::uint64_t i) {
                       return all.contains(i) && v->has(all.at(i).node->self());
                   });
        });
    }
    bool form(std::set<std::uint64_t> who) {
        for (const auto i : who) {
            start(i);
        }
        return run_until([&] { return is_member_everywhere(who) && is_settled(who); });
    }
    /// OWN-11: so each owns slots, if it has weight.
    bool is_settled(std::set<std::uint64_t> who) {
        return std::all_of(who.begin(), who.end(), [&](std::uint64_t i) {
            return std::all_of(all.begin(), all.end(), [&](const auto& p) {
                const auto v = p.second.node->installed();
                const auto* m = v ? v->find(all.at(i).node->self()) : nullptr;
                return m != nullptr && (m->is_settled || m->weight == 0);
            });
        });
    }
    std::uint64_t owner_of(std::string_view name) {
        auto& some = *all.begin()->second.node;
        for (auto& [i, p] : all) {
            if (p.node->self() == some.map()->owner_of(some.slot_of(name))) {
                return i;
            }
        }
        return 0;
    }
    /// A name owned by process i.
    std::string name_at(std::uint64_t i) {
        for (int n = 0;; ++n) {
            if (owner_of("n" + std::to_string(n)) == i) {
                return "n" + std::to_string(n);
            }
        }
    }

    void inject(std::uint64_t from, std::uint64_t to, const node::envelope& head,
                node::message what) {
        packets_.emplace(
            std::pair{now, ++last_packet_},
            packet{from, to, node::send{head, made_up::address(to), true, false, std::move(what)}});
    }

    base::settings settings;
    std::function<bool(const node::message&)> lose;
    std::function<void(std::uint64_t from, const node::send&)> see;  // whatever is sent
    std::function<bool(const node::send&)> lose_sent;
    std::function<bool(std::uint64_t to, bool stream)> lose_to;
    std::function<bool(std::uint64_t from, bool stream)> lose_from;
    std::uint64_t machine = 0;     // that all run on; 0: none says where it runs
    std::uint64_t stays_down = 0;  // who is not started again after its PeerId has ended
    std::uint32_t segment = 0;     // of every stream (JOIN-2)
    std::map<std::uint64_t, process> all;
    time_point now{1h};

private:
    base::settings settings_of(std::uint64_t i) const {
        auto s = settings;
        s.address = made_up::address(i);
        s.name = "p" + std::to_string(i);
        s.process = {machine, static_cast<std::uint32_t>(i), 1};
        return s;
    }

    struct packet {
        std::uint64_t from, to;
        node::send what;
    };

    std::uint64_t process_of(const peer_id& peer) const {
        const auto at = std::find_if(all.begin(), all.end(),
                                     [&](const auto& p) { return p.second.node->self() == peer; });
        return at == all.end() ? 0 : at->first;
    }

    void forget_streams(std::uint64_t i) {
        std::erase_if(dialled_, [&](const auto& d) { return d.first == i || d.second == i; });
    }

    void arrive(const packet& p, node::node& to) {
        const auto& head = p.what.head;
        const auto from = made_up::address(p.from);
        if (p.what.stream) {
            if (head.to.is_nil() || !dialled_.contains({p.to, p.from})) {
                dialled_.insert({p.from, p.to});
            }
            if (!head.to.is_nil() && head.to != to.self()) {
                // the stream reaches another than the one that it was dialled for
                if (const auto back = all.find(p.from); back != all.end()) {
                    back->second.node->found_there(made_up::address(p.to), to.self(), moment());
                    drain(p.from);
                }
                return;
            }
        }
        const bool is_dialled = p.what.stream && dialled_.contains({p.to, p.from});
        to.handle(head,
                  {p.what.stream ? endpoint{} : from, is_dialled ? from : endpoint{},
                   p.what.stream ? segment : 0U},
                  p.what.what, moment());
        to.has_read_all(now);
        to.check();
        drain(p.to);
    }

    void drain(std::uint64_t i) {
        auto& p = all.at(i);
        while (auto o = p.node->next()) {
            if (auto* s = std::get_if<node::send>(&*o)) {
                if (see) {
                    see(i, *s);
                }
                const std::uint64_t to =
                    s->address.is_nil() ? process_of(s->head.to) : s->address.ip[15];
                packets_.emplace(std::pair{now + random_.between(200us, 2ms), ++last_packet_},
                                 packet{i, to, std::move(*s)});
            } else if (auto* g = std::get_if<node::granted>(&*o)) {
                p.granted.push_back(*g);
            } else if (auto* f = std::get_if<node::request_failed>(&*o)) {
                p.failed.push_back(*f);
            } else if (auto* l = std::get_if<node::hold_lost>(&*o)) {
                p.lost.push_back(*l);
            } else if (auto* c = std::get_if<node::problem>(&*o)) {
                p.problems.push_back(*c);
            } else if (auto* w = std::get_if<node::lock_changed>(&*o)) {
                p.watched.push_back(*w);
            } else if (auto* a = std::get_if<node::answered>(&*o)) {
                p.answered.push_back(*a);
            } else if (auto* k = std::get_if<node::check_process>(&*o)) {
                p.checks.push_back(*k);
            } else if (auto* e = std::get_if<node::persist_mark>(&*o)) {
                p.persisted.push_back(e->mark);
                p.node->persisted(e->mark, moment(i));
            } else if (auto* r = std::get_if<node::persist_records>(&*o)) {
                p.record_writes.push_back(*r);
                p.node->records_persisted(r->by, r->number, node::write_outcome::done, moment(i));
            } else if (auto* d = std::get_if<node::dial_again>(&*o)) {
                p.node->dialled_again(d->peer, moment(i));
            } else if (std::holds_alternative<node::has_left>(*o)) {
                p.has_left = true;
            } else if (auto* m = std::get_if<node::must_restart>(&*o)) {
                p.restarted = m->why;
                p.removals = m->removals_without_lease;
                if (i == stays_down) {
                    return;
                }
                start(i, node::successor_settings(settings_of(i), *m));
            }
        }
    }

    base::random_source random_{1};
    std::uint64_t last_id_ = 0;
    std::uint64_t last_packet_ = 0;
    std::map<std::pair<time_point, std::uint64_t>, packet> packets_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> cut_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> dialled_;  // the first by itself the second
};

}  // namespace node_test
