// Owners and holders that talk over a list of messages the test may look into, hold back, duplicate
// or drop.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "base/message_groups.hpp"
#include "catch.hpp"
#include "lock/holder.hpp"
#include "lock/owner.hpp"
#include "lock/query_client.hpp"
#include "lock/roll_calls.hpp"
#include "made_up.hpp"

namespace lock_test {

using namespace holdfast;
using namespace holdfast::lock;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

/// Looks at thousands of locks after every call would take minutes.
struct quick_checks {
    quick_checks() { base::check_everything(false); }
    ~quick_checks() { base::check_everything(true); }
    quick_checks(const quick_checks&) = delete;
    quick_checks& operator=(const quick_checks&) = delete;
};

/// A name falls into slot 0 unless it begins with another digit.
inline slot slot_of(std::string_view name) {
    return {static_cast<std::uint16_t>(
        !name.empty() && name[0] >= '0' && name[0] <= '9' ? name[0] - '0' : 0)};
}

inline base::shared_slot_map all_owned_by(std::uint64_t n) {
    return std::make_shared<const base::slot_map>(
        base::slot_map{{peer(n)}, std::vector<std::uint16_t>(10, 0)});
}

struct participant {
    participant(const base::settings& s, std::uint64_t n)
        : id{peer(n)},
          pace{s, n},
          as_owner{s, pace, id, slot_of},
          as_holder{s, pace, id, slot_of},
          as_query_client{s, pace, slot_of},
          as_voter{s, id} {}
    peer_id id;
    base::pace pace;
    owner as_owner;
    holder as_holder;
    query_client as_query_client;
    roll_calls as_voter;
    std::vector<was_granted> granted;
    std::vector<has_failed> failed;
    std::vector<was_lost> lost;
    std::vector<state_changed> states;
    std::vector<release_requested> release_requests;
    std::vector<hold_stalled> stuck;
    std::vector<broke_by_policy> policy;
    std::vector<answered> answers;
    std::vector<unanswered> silences;
};

struct packet {
    peer_id from;
    peer_id to;
    message what;
};

/// The message that `what` is known to be.
template <class Kind>
const Kind& the(const message& what) {
    const auto* m = base::get_message_if<Kind>(what);
    REQUIRE(m != nullptr);
    return *m;
}

struct cluster {
    base::settings settings = [] {
        base::settings s;
        s.lease = 1s;
        s.retry = 50ms;
        s.slots = 10;
        return s;
    }();
    view v = made_up::first_view(3, 0, 10);
    base::shared_slot_map map;
    base::time_point now = at(0s);
    std::map<std::uint64_t, std::unique_ptr<participant>> all;
    std::deque<packet> wire;
    bool is_mute_voter = false;  // of those that collect what members say (OWN-12)

    participant& operator[](std::uint64_t n) { return *all.at(n); }

    /// View 1, slot map all to `owner`, every member leased, and the wait of FOUND-1 over.
    explicit cluster(std::uint64_t owner = 1) {
        map = all_owned_by(owner);
        for (std::uint64_t n = 1; n <= 3; ++n) {
            all[n] = std::make_unique<participant>(settings, n);
        }
        const auto first = std::make_shared<const view>(v);
        for (auto& [n, p] : all) {
            p->as_owner.set_leased(true, now);
            p->as_holder.set_leased(true, now);
            install_at(n, {first, nullptr, map, {}, true});
        }
        run();
        pass(1100ms);
    }
    void install_at(std::uint64_t n, const view_change& s) {
        all.at(n)->as_owner.install(s, now);
        all.at(n)->as_holder.install(s, now);
        all.at(n)->as_query_client.install(s, now);
        all.at(n)->as_voter.installed(s, now);
        drain(n);
    }
    /// The next view: without `removed`, all slots to `owner`; installed at those in `where`.
    view_change next_view(std::uint64_t to_owner, std::vector<std::uint64_t> removed,
                          base::duration void_in = 1010ms) {
        const auto before = map;
        v.number = v.number.next();
        v.epoch.value += 10;
        map = all_owned_by(to_owner);
        view_change s{nullptr, before, map, {}, false};
        for (const auto n : removed) {
            std::erase_if(v.members, [&](const member& m) { return m.id == peer(n); });
            v.former_members.push_back({peer(n), {1}, v.number});
            s.removed.push_back({peer(n), {1}, now + void_in});
        }
        s.now = std::make_shared<const view>(v);
        return s;
    }
    void drain(std::uint64_t n) {
        auto& p = *all.at(n);
        while (auto o = p.as_owner.next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                wire.push_back({p.id, s->to, s->what});
            } else if (auto* b = std::get_if<broke_by_policy>(&*o)) {
                p.policy.push_back(*b);
            }
        }
        while (auto o = p.as_voter.next()) {
            wire.push_back({p.id, o->to, o->what});
        }
        while (auto o = p.as_query_client.next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                wire.push_back({p.id, s->to, s->what});
            } else if (auto* a = std::get_if<answered>(&*o)) {
                p.answers.push_back(*a);
            } else if (auto* u = std::get_if<unanswered>(&*o)) {
                p.silences.push_back(*u);
            }
        }
        while (auto o = p.as_holder.next()) {
            if (auto* s = std::get_if<send>(&*o)) {
                wire.push_back({p.id, s->to, s->what});
            } else if (auto* g = std::get_if<was_granted>(&*o)) {
                p.granted.push_back(*g);
            } else if (auto* f = std::get_if<has_failed>(&*o)) {
                p.failed.push_back(*f);
            } else if (auto* l = std::get_if<was_lost>(&*o)) {
                p.lost.push_back(*l);
            } else if (auto* t = std::get_if<state_changed>(&*o)) {
                p.states.push_back(*t);
            } else if (auto* a = std::get_if<release_requested>(&*o)) {
                p.release_requests.push_back(*a);
            } else if (auto* w = std::get_if<hold_stalled>(&*o)) {
                p.stuck.push_back(*w);
            }
        }
    }
    void deliver(const packet& k) {
        for (auto& [n, p] : all) {
            if (p->id == k.to) {
                auto& receiver = *p;  // clang takes no structured binding along into a lambda
                std::visit([&](const auto& what) { hear(receiver, k.from, what); }, k.what);
                drain(n);
            }
        }
    }
    void hear(participant& p, const peer_id& from, const to_owner& what) {
        p.as_owner.handle(from, what, now);
    }
    void hear(participant& p, const peer_id& from, const to_holder& what) {
        p.as_holder.handle(from, what, now);
    }
    void hear(participant& p, const peer_id& from, const to_asker& what) {
        p.as_query_client.handle(from, what, now);
    }
    void hear(participant& p, const peer_id& from, const to_seat& what) {
        if (const auto* said = std::get_if<no_holds>(&what); said != nullptr && !is_mute_voter) {
            p.as_voter.heard(from, *said, now);
        }
    }
    /// OWN-12: members have said nothing for A/4, or nothing that arrived.
    void pass_until_asked() {
        now += settings.lease / 4;
        tick();
    }
    void run() {
        while (!wire.empty()) {
            const auto k = wire.front();
            wire.pop_front();
            deliver(k);
        }
    }
    void tick() {
        for (auto& [n, p] : all) {
            p->as_owner.tick(now);
            p->as_holder.tick(now);
            p->as_query_client.tick(now);
            p->as_voter.tick(now);
            drain(n);
        }
    }
    void pass(base::duration d) {
        for (const auto until = now + d; now < until;) {
            now += 10ms;
            tick();
            run();
        }
    }
    request_number acquire(std::uint64_t n, std::string name, bool is_try = false,
                           std::optional<base::time_point> until = {}, lock_mode mode = {}) {
        acquire_params wanted;
        wanted.is_try = is_try;
        wanted.until = until;
        wanted.terms.mode = mode;
        return acquire(n, name, wanted);
    }
    request_number acquire(std::uint64_t n, const std::string& name, acquire_params wanted) {
        const auto number = all.at(n)->as_holder.acquire(name, std::move(wanted), now);
        drain(n);
        return number;
    }
    std::uint64_t ask(std::uint64_t n, question what, base::duration wait = 10s,
                      const peer_id& to = {}) {
        const auto number = all.at(n)->as_query_client.ask(std::move(what), to, now + wait, now);
        drain(n);
        return number;
    }
    void release(std::uint64_t n, const std::string& name, token t,
                 release_params last_words = {}) {
        all.at(n)->as_holder.release(name, t, std::move(last_words), now);
        drain(n);
    }
    /// Releases the last hold that was granted to it, and delivers what that leads to.
    void give_back(std::uint64_t n, release_params last_words = {}, const std::string& name = "a") {
        release(n, name, all.at(n)->granted.back().token, std::move(last_words));
        run();
    }
    void kill(std::uint64_t n) { all.erase(n); }
    /// Takes the first message of this kind off the wire.
    template <class Kind>
    packet take() {
        const auto it = std::find_if(wire.begin(), wire.end(), [](const packet& k) {
            return base::holds_message<Kind>(k.what);
        });
        REQUIRE(it != wire.end());
        const auto k = *it;
        wire.erase(it);
        return k;
    }
    template <class Kind>
    std::size_t count() const {
        return static_cast<std::size_t>(
            std::count_if(wire.begin(), wire.end(),
                          [](const packet& k) { return base::holds_message<Kind>(k.what); }));
    }
};

}  // namespace lock_test
