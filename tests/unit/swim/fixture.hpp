// One detector driven by hand, and a few that talk over a pretend network. Peer n listens at
// made_up::address(n).
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

#include "catch.hpp"
#include "made_up.hpp"
#include "swim/detector.hpp"

namespace swim_test {

using namespace holdfast;
using namespace holdfast::swim;
using base::time_point;
using made_up::address;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

inline std::string name(std::uint64_t n) { return "p" + std::to_string(n); }

inline introduction intro(std::uint64_t n, std::uint64_t incarnation = 1) {
    return {incarnation, name(n), address(n)};
}

inline rumour about(std::uint64_t n, condition state, std::uint64_t incarnation = 1,
                    std::uint64_t by = 0) {
    return {state, peer(n), incarnation, peer(by == 0 ? n : by), name(n), address(n)};
}

inline std::uint64_t number_of(const endpoint& at) { return at.ip[15]; }

/// The rumours a message carries, of whatever kind it is.
inline std::vector<rumour> carried(const message& what) {
    if (const auto* p = std::get_if<ping>(&what)) {
        return p->gossip;
    }
    if (const auto* r = std::get_if<ping_request>(&what)) {
        return r->gossip;
    }
    if (const auto* a = std::get_if<ack>(&what)) {
        return a->gossip;
    }
    if (const auto* g = std::get_if<gossip>(&what)) {
        return g->rumours;
    }
    if (const auto* pp = std::get_if<push_pull>(&what)) {
        return pp->roster;
    }
    return {};
}

/// The first rumour in `what` about `n`, and where it stands.
inline std::optional<std::size_t> place_of(std::uint64_t n, const message& what) {
    const auto told = carried(what);
    const auto found =
        std::find_if(told.begin(), told.end(), [&](const auto& r) { return r.about == peer(n); });
    return found == told.end() ? std::nullopt
                               : std::optional{static_cast<std::size_t>(found - told.begin())};
}

template <class Message>
struct sent {
    time_point when;
    std::uint64_t to = 0;
    bool stream = false;
    Message what;
};

/// Peer 1 alone with the test. Only probes go out by themselves: a test that wants knocks or
/// push-pulls sets their period.
struct lone {
    base::settings settings = [] {
        base::settings s;
        s.name = name(1);
        s.address = address(1);
        s.push_pull_period = 1000h;
        s.dead_probe_period = 1000h;
        return s;
    }();
    std::uint64_t seed = 1;
    time_point now = at(0s);
    std::unique_ptr<detector> mine;
    std::vector<sent<message>> said;
    std::vector<liveness_changed> beliefs;
    std::vector<heard> heard_from;
    /// Called for every direct ping; a test answers here or stays silent.
    std::function<void(const sent<ping>&)> on_ping;

    /// Peers 2 to `last` are members of the view.
    void start(std::uint64_t last = 1) {
        mine = std::make_unique<detector>(settings, peer(1), seed, now);
        for (std::uint64_t n = 2; n <= last; ++n) {
            mine->know(peer(n), name(n), address(n), now);
        }
        drain();
    }
    void drain() {
        std::vector<sent<ping>> pings;
        while (auto o = mine->next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                if (const auto* p = std::get_if<ping>(&s->what);
                    p != nullptr && (!s->stream || s->peer.is_nil())) {
                    pings.push_back({now, number_of(s->to), s->stream, *p});
                }
                said.push_back({now, number_of(s->to), s->stream, std::move(s->what)});
            } else if (auto* b = std::get_if<liveness_changed>(&*o)) {
                beliefs.push_back(std::move(*b));
            } else {
                heard_from.push_back(std::get<heard>(*o));
            }
        }
        for (const auto& p : pings) {
            if (on_ping) {
                on_ping(p);
            }
        }
    }
    void receive(std::uint64_t from, const message& what, bool by_stream = false) {
        receive(from, what, {by_stream ? endpoint{} : address(from), {}});
    }
    void receive(std::uint64_t from, const message& what, const base::way& came) {
        mine->handle(peer(from), came, what, now);
        drain();
    }
    void answer(const sent<ping>& p, std::uint64_t incarnation = 1) {
        receive(p.to, ack{p.what.sequence, intro(p.to, incarnation), {}});
    }
    void all_answer() {
        on_ping = [this](const auto& p) { answer(p); };
    }
    void all_answer_but(std::uint64_t n) {
        on_ping = [this, n](const auto& p) {
            if (p.to != n) {
                answer(p);
            }
        };
    }
    void run_until(time_point end) {
        int idle = 0;
        while (true) {
            const auto due = mine->deadline();
            if (!due || *due > end) {
                now = end;
                return;
            }
            idle = *due <= now ? idle + 1 : 0;
            REQUIRE(idle < 10);  // a deadline that tick() does not move would spin for ever
            now = std::max(now, *due);
            mine->tick(now);
            drain();
        }
    }
    void run_for(base::duration d) { run_until(now + d); }
    bool run_to_next_ping() {
        const auto before = pings().size();
        for (int i = 0; i < 100 && pings().size() == before; ++i) {
            now = std::max(now, *mine->deadline());
            mine->tick(now);
            drain();
        }
        return pings().size() > before;
    }

    template <class Message>
    std::vector<sent<Message>> all() const {
        std::vector<sent<Message>> out;
        for (const auto& s : said) {
            if (const auto* m = std::get_if<Message>(&s.what)) {
                out.push_back({s.when, s.to, s.stream, *m});
            }
        }
        return out;
    }
    /// Direct pings: not those over a stream.
    std::vector<sent<ping>> pings() const {
        auto out = all<ping>();
        std::erase_if(out, [](const auto& p) { return p.stream; });
        return out;
    }
    /// On how many messages a rumour that says this was sent.
    std::size_t times_told(std::uint64_t n, condition state) const {
        return static_cast<std::size_t>(std::count_if(said.begin(), said.end(), [&](const auto& s) {
            const auto told = carried(s.what);
            return std::any_of(told.begin(), told.end(), [&](const auto& r) {
                return r.about == peer(n) && r.state == state;
            });
        }));
    }
    /// The newest that was told of peer `n`.
    std::optional<rumour> last_told(std::uint64_t n) const {
        for (auto s = said.rbegin(); s != said.rend(); ++s) {
            for (const auto& r : carried(s->what)) {
                if (r.about == peer(n)) {
                    return r;
                }
            }
        }
        return std::nullopt;
    }
    std::optional<condition> liveness(std::uint64_t n) const { return mine->liveness(peer(n)); }
};

/// A few detectors; a message takes 5 ms, and is lost where the test says so.
struct group {
    base::settings settings = [] {
        base::settings s;
        s.forget_dead_after = 24h;
        return s;
    }();
    time_point now = at(0s);
    std::map<std::uint64_t, std::unique_ptr<detector>> all;
    std::map<std::uint64_t, std::vector<liveness_changed>> beliefs;
    /// Whether a message from one to another, by datagram (false) or stream (true), is lost.
    std::function<bool(std::uint64_t, std::uint64_t, bool)> is_lost = [](auto, auto, auto) {
        return false;
    };
    /// Sees every message that was sent, lost or not.
    std::function<void(std::uint64_t from, const send&)> on_send;

    void start(std::uint64_t n) {
        auto s = settings;
        s.name = name(n);
        s.address = address(n);
        all[n] = std::make_unique<detector>(s, peer(n), 100 + n, now);
    }
    /// All of them start as members of one view.
    void start_knowing(std::set<std::uint64_t> who) {
        for (const auto n : who) {
            start(n);
        }
        for (const auto n : who) {
            for (const auto other : who) {
                all[n]->know(peer(other), name(other), address(other), now);
            }
        }
    }
    void kill(std::uint64_t n) { all.erase(n); }
    /// Nothing passes between these and the rest.
    void cut_off(std::set<std::uint64_t> those) {
        is_lost = [those](auto a, auto b, auto) { return those.contains(a) != those.contains(b); };
    }
    void mend() {
        is_lost = [](auto, auto, auto) { return false; };
    }
    void drain(std::uint64_t n) {
        while (auto o = all.at(n)->next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                if (on_send) {
                    on_send(n, *s);
                }
                on_the_way_.emplace(std::pair{now + 5ms, ++last_packet_}, packet{n, std::move(*s)});
            } else if (auto* b = std::get_if<liveness_changed>(&*o)) {
                beliefs[n].push_back(*b);
            }
        }
    }
    void run_until(time_point end) {
        for (const auto& [n, d] : all) {
            drain(n);
        }
        while (true) {
            auto next = end;
            std::uint64_t who = 0;
            if (!on_the_way_.empty()) {
                next = std::min(next, on_the_way_.begin()->first.first);
            }
            for (const auto& [n, d] : all) {
                if (const auto due = d->deadline(); due && *due < next) {
                    next = std::max(*due, now);
                    who = n;
                }
            }
            now = next;
            if (now >= end) {
                return;
            }
            if (who != 0) {
                all.at(who)->tick(now);
                drain(who);
                continue;
            }
            const auto p = std::move(on_the_way_.begin()->second);
            on_the_way_.erase(on_the_way_.begin());
            const auto to = number_of(p.what.to);
            // As the envelope has it: what was meant for a former process at an address is dropped
            // there.
            if (all.contains(to) && (p.what.peer.is_nil() || p.what.peer == peer(to)) &&
                !is_lost(p.from, to, p.what.stream)) {
                all.at(to)->handle(peer(p.from), {p.what.stream ? endpoint{} : address(p.from), {}},
                                   p.what.what, now);
                drain(to);
            }
        }
    }
    void run_for(base::duration d) { run_until(now + d); }

    std::optional<condition> liveness(std::uint64_t of, std::uint64_t about) const {
        return all.at(of)->liveness(peer(about));
    }
    bool all_believe(std::uint64_t n, std::optional<condition> state) const {
        return std::all_of(all.begin(), all.end(), [&](const auto& d) {
            return d.first == n || d.second->liveness(peer(n)) == state;
        });
    }
    bool all_alive() const {
        return std::all_of(all.begin(), all.end(),
                           [&](const auto& d) { return all_believe(d.first, condition::alive); });
    }
    /// Whether any peer ever believed this of peer `n`.
    bool was_believed(std::uint64_t n, condition state) const {
        return std::any_of(beliefs.begin(), beliefs.end(), [&](const auto& b) {
            return std::any_of(b.second.begin(), b.second.end(), [&](const auto& x) {
                return x.peer == peer(n) && x.state == state;
            });
        });
    }

private:
    struct packet {
        std::uint64_t from = 0;
        send what;
    };
    std::map<std::pair<time_point, std::uint64_t>, packet> on_the_way_;
    std::uint64_t last_packet_ = 0;
};

}  // namespace swim_test
