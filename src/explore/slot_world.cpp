#include "explore/slot_world.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "base/message_groups.hpp"
#include "explore/to_text.hpp"

namespace holdfast::explore {
namespace {

using namespace std::chrono_literals;
using namespace lock;

// Time stands still, long after view 1; what is repeated is due when the explorer says so.
constexpr base::time_point long_ago{1000h};
constexpr base::time_point now{5000h};
constexpr base::time_point far_away{9000h};

enum own_event : std::uint32_t {
    repeats = 0x80000000,
    installs,
    asks,
    releases,
    is_over,
    leases_end
};

// The notes: the highest token that was taken; whether it was not higher than the ones before;
// whether the first owner's lease has ended.
constexpr std::size_t highest_word = 0;
constexpr std::size_t falls_word = 1;
constexpr std::size_t ended_word = 2;
constexpr std::size_t notes = 3;

const std::string name = "a";

peer_id peer(std::size_t place) { return {0, place + 1}; }
member member_at(std::size_t place) {
    return {peer(place), to_name(peer(place)), {}, place < 2 ? 1u : 0u, false, {1}};
}

/// In order, and small enough for a word: no epoch nor sequence of this world reaches 256.
std::uint32_t word_of(token t) { return t.of_epoch().value << 8 | t.sequence(); }

}  // namespace

slot_world::slot_world(const slot_options& options)
    : message_world{notes, members}, options_{options} {
    settings_.lease = 100h;
    settings_.slots = 1;
    settings_.most_pasts = 0;  // how former holds ended decides nothing
    view v;
    v.cluster = {1, 1};
    v.slots = 1;
    if (options_.has_voter) {  // else it makes no difference here who votes
        v.seats = {{{}, peer(2)}};
    }
    base::shared_slot_map map;
    for (std::size_t i = 0; i < members; ++i) {
        v.members.push_back(member_at(i));
    }
    for (std::size_t i = 0; i < options_.owners.size(); ++i) {
        v.number = {i + 1};
        v.epoch = {static_cast<std::uint32_t>(i + 1)};
        view_change s{
            nullptr,
            map,
            std::make_shared<const base::slot_map>(base::slot_map{{peer(options_.owners[i])}, {0}}),
            {},
            i == 0};
        if (i == 1 && options_.is_removed) {
            v.members.erase(v.members.begin());
            v.former_members.push_back({peer(0), {1}, {2}});
            s.removed.push_back({peer(0), {1}, far_away});
        }
        s.now = std::make_shared<const view>(v);
        map = s.map;
        steps_.push_back(std::move(s));
    }
}

words slot_world::first() {
    words at(machine_words(), 0);
    const auto only_slot = [](std::string_view) { return slot{}; };
    for (std::size_t i = 0; i < members; ++i) {
        machine m{i,
                  {settings_, pace_, peer(i), only_slot},
                  {settings_, pace_, peer(i), only_slot},
                  {settings_, peer(i)}};
        install(m, long_ago);
        m.owner.set_leased(true, long_ago);
        m.holder.set_leased(true, long_ago);
        m.owner.tick(now);  // FOUND-1 is over: the owner of view 1 serves
        at[notes + i] = settle(std::move(m)).machine;
    }
    return at;
}

void slot_world::install(machine& m, base::time_point at) const {
    const auto& s = steps_[m.installed++];
    m.owner.install(s, at);
    m.holder.install(s, at);
    m.calls.installed(s, at);
}

void slot_world::hear(machine& m, const peer_id& from, const lock::message& what) {
    if (const auto* to_owner = std::get_if<lock::to_owner>(&what)) {
        m.owner.handle(from, *to_owner, now);
    } else if (const auto* to_holder = std::get_if<lock::to_holder>(&what)) {
        m.holder.handle(from, *to_holder, now);
    } else if (const auto* said = base::get_message_if<lock::no_holds>(what)) {
        m.calls.heard(from, *said, now);
    }
}

void slot_world::act(machine& m, std::uint32_t event) const {
    switch (event) {
        case own_event::repeats:
            state_access::set_repeats(m.owner, now);
            state_access::set_repeats(m.holder, now);
            state_access::set_repeats(m.calls, now);
            m.owner.tick(now);
            m.holder.tick(now);
            m.calls.tick(now);
            break;
        case own_event::installs:
            install(m, now);
            break;
        case own_event::asks:
            ++m.asked;
            (void)m.holder.acquire(name, {}, now);
            break;
        case own_event::releases:
            m.holder.release(name, state_access::held(m.holder).front(), {}, now);
            break;
        case own_event::is_over:
            m.is_over = true;
            m.owner.set_leased(false, now);
            m.holder.end(errc::evicted, errc::not_a_member);
            break;
        case own_event::leases_end:
            state_access::end_leases(m.owner, now);
            m.owner.tick(now);
            break;
        default: {
            const auto& l = transitions_.sent_message(event);
            const auto& what = std::get<lock::message>(l.what.what);
            hear(m, l.what.envelope.from, what);
        }
    }
}

/// Takes all outputs of the machine. A message to itself is handled at once, as a node does it.
slot_world::stage::reaction slot_world::settle(machine m) {
    stage::reaction done;
    std::deque<lock::message> local;
    const auto say = [&](lock::send& s) {
        if (s.to == peer(m.place)) {
            local.push_back(std::move(s.what));
        } else {
            done.sent_messages.push_back(
                transitions_.post({{{peer(m.place), s.to, {}, {}, false}, std::move(s.what)}}));
        }
    };
    while (true) {
        if (auto out = m.owner.next()) {
            if (auto* s = std::get_if<lock::send>(&*out)) {
                say(*s);
            }
        } else if (auto said = m.holder.next()) {
            if (auto* s = std::get_if<lock::send>(&*said)) {
                say(*s);
            }
        } else if (auto collected = m.calls.next()) {
            say(*collected);
        } else if (!local.empty()) {
            const auto what = std::move(local.front());
            local.pop_front();
            hear(m, peer(m.place), what);
        } else {
            break;
        }
    }
    if (m.is_over) {
        done.sent_messages.clear();
    }
    state_access::set_repeats(m.owner, far_away);
    state_access::set_repeats(m.holder, far_away);
    state_access::set_repeats(m.calls, far_away);
    digest out;
    out.add(std::uint64_t{m.place});
    out.add(m.installed);
    out.add(m.asked);
    out.add(std::uint64_t{m.is_over});
    if (!m.is_over) {
        state_access::add(out, m.owner, now);
        state_access::add(out, m.holder);
        state_access::add(out, m.calls);
    }
    m.sum = out.result();
    done.machine = transitions_.enter(std::move(m));
    return done;
}

message_world::effect slot_world::happen(std::uint32_t machine_number, std::uint32_t event) {
    const auto& done = transitions_.react(machine_number, event, [&](const machine& before) {
        machine m = before;
        if (!m.is_over) {
            act(m, event);
        }
        return settle(std::move(m));
    });
    return {done.machine, done.sent_messages};
}

std::optional<std::size_t> slot_world::receiver_of(std::uint32_t l) const {
    return transitions_.sent_message(l).what.envelope.to.low - 1;
}

std::vector<std::uint32_t> slot_world::own_events(state at, std::size_t place) const {
    std::vector<std::uint32_t> out;
    const auto& m = transitions_.machine(machine_at(at, place));
    if (m.is_over) {
        return out;
    }
    out.push_back(own_event::repeats);
    const bool never_learns = options_.is_removed && place == 0;
    if (m.installed < steps_.size() && !never_learns) {
        out.push_back(own_event::installs);
    }
    if (place >= 2 && m.asked < options_.asks[place - 2]) {
        out.push_back(own_event::asks);
    }
    if (!state_access::held(m.holder).empty()) {
        out.push_back(own_event::releases);
    }
    if (never_learns) {
        out.push_back(own_event::is_over);
    }
    if (at[ended_word] != 0 && state_access::waits_for_leases(m.owner, now)) {
        out.push_back(own_event::leases_end);
    }
    return out;
}

bool slot_world::is_within_bounds(std::uint32_t machine_number) const {
    const auto& m = transitions_.machine(machine_number);
    return state_access::sequence(m.owner) <= options_.grants &&
           state_access::reports(m.holder) <= options_.reports;
}

void slot_world::note(words& at, std::size_t place, std::uint32_t before,
                      std::uint32_t event) const {
    const auto had = state_access::held(transitions_.machine(before).holder);
    for (const auto t : state_access::held(transitions_.machine(at[notes + place]).holder)) {
        if (std::find(had.begin(), had.end(), t) == had.end()) {
            at[falls_word] |= word_of(t) <= at[highest_word] ? 1 : 0;
            at[highest_word] = std::max(at[highest_word], word_of(t));
        }
    }
    at[ended_word] |= event == own_event::is_over ? 1 : 0;
}

std::string slot_world::objection(state at) {
    std::vector<std::string> who;
    for (std::size_t i = 0; i < members; ++i) {
        for (const auto t : state_access::held(transitions_.machine(machine_at(at, i)).holder)) {
            who.push_back(to_name(peer(i)) + " with " + to_text(t));
        }
    }
    if (who.size() > 1) {
        return "MUTEX: held by " + who[0] + " and " + who[1];
    }
    if (at[falls_word] != 0) {
        return "FENCE: a grant was taken whose token is not above the one before it";
    }
    return fair_run(at);
}

/// The messages sent so far are lost. From now on each message is received once, a request without
/// an answer is repeated, the views arrive, and each holder releases the lock. In the end no
/// request may wait (LIVE), and no owner may keep a hold that has no holder (STUCK).
std::string slot_world::fair_run(state from) {
    constexpr int rounds = 8;
    std::array<std::uint32_t, members> now_is{};
    std::copy_n(from.begin() + notes, members, now_is.begin());
    bool has_ended = from[ended_word] != 0;
    std::deque<std::uint32_t> said;
    const auto run = [&](std::size_t place, std::uint32_t event) {
        const auto done = happen(now_is[place], event);
        now_is[place] = done.machine;
        said.insert(said.end(), done.sent_messages.begin(), done.sent_messages.end());
        while (!said.empty()) {
            const auto l = said.front();
            said.pop_front();
            const auto heard = happen(now_is[*receiver_of(l)], l);
            now_is[*receiver_of(l)] = heard.machine;
            said.insert(said.end(), heard.sent_messages.begin(), heard.sent_messages.end());
        }
    };
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < members; ++i) {
            const auto& m = transitions_.machine(now_is[i]);
            const bool never_learns = options_.is_removed && i == 0;
            if (m.is_over) {
                continue;
            }
            if (never_learns) {
                run(i, own_event::is_over);
                has_ended = true;
                continue;
            }
            if (m.installed < steps_.size()) {
                run(i, own_event::installs);
            }
            if (has_ended &&
                state_access::waits_for_leases(transitions_.machine(now_is[i]).owner, now)) {
                run(i, own_event::leases_end);
            }
            run(i, own_event::repeats);
            if (!state_access::held(transitions_.machine(now_is[i]).holder).empty()) {
                run(i, own_event::releases);
            }
        }
    }
    for (std::size_t i = 0; i < members; ++i) {
        const auto& m = transitions_.machine(now_is[i]);
        if (m.is_over) {
            continue;
        }
        if (m.holder.requests() > 0) {
            return "LIVE: " + to_name(peer(i)) +
                   " waits for ever, though all goes well from here on";
        }
        if (!m.owner.holds().empty()) {
            return "STUCK: " + to_name(peer(i)) +
                   " keeps a hold without a holder, though all goes well from here on";
        }
        if (!m.owner.has_handed_over()) {
            return "STUCK: " + to_name(peer(i)) + " has a table to hand over for ever";
        }
    }
    return {};
}

std::string slot_world::describe(state from, move what) {
    const auto event = event_of(what);
    const auto number = machine_at(from, place_of(what));
    const auto done = happen(number, event);
    const auto& after = transitions_.machine(done.machine);
    std::string text = to_name(peer(place_of(what)));
    switch (event) {
        case own_event::repeats:
            text += " repeats what was not answered";
            break;
        case own_event::installs:
            text += " installs view " + std::to_string(after.installed);
            break;
        case own_event::asks:
            text += " wants the lock";
            break;
        case own_event::releases:
            text += " gives the lock up";
            break;
        case own_event::is_over:
            text += "'s lease ends";
            break;
        case own_event::leases_end:
            text += " knows that the lease of the removed has ended";
            break;
        default: {
            const auto& l = transitions_.sent_message(event).what;
            text += " hears from " + to_name(l.envelope.from) + ": " +
                    to_text(std::get<lock::message>(l.what));
        }
    }
    std::set<std::string> said;
    for (const auto l : done.sent_messages) {
        said.insert(to_text(std::get<lock::message>(transitions_.sent_message(l).what.what)));
    }
    for (const auto& s : said) {
        text += "; says " + s;
    }
    return text;
}

}  // namespace holdfast::explore
