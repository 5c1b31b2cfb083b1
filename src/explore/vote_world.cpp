#include "explore/vote_world.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <set>

#include "base/assert.hpp"
#include "base/message_groups.hpp"
#include "explore/to_text.hpp"
#include "ring/assign.hpp"

namespace holdfast::explore {
namespace {

using namespace std::chrono_literals;
using namespace views;

// Time stands still: a timer is due when the explorer says so, and is set far away again after
// that.
constexpr base::time_point now{1000h};
constexpr base::time_point far_away{9000h};
constexpr base::moment moment{now, 1000};

constexpr std::uint32_t restart_event = 0xc0000000;  // the other events are timers and messages

constexpr std::uint64_t member_without_seat = 4;
constexpr std::uint64_t first_joiner = 5;
constexpr std::uint64_t restarted = 10;  // added to the PeerId at a restart

constexpr std::size_t restarts_word = 0;  // the only note: how many seats have restarted

peer_id peer(std::uint64_t n) { return {0, n}; }
endpoint address(std::uint64_t n) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, static_cast<std::uint8_t>(n)},
            4653};
}
member member_of(std::uint64_t n) { return {peer(n), to_name(peer(n)), address(n), 1, false, {}}; }

std::optional<std::size_t> seat_of(const peer_id& id) {
    const auto n = id.low > restarted ? id.low - restarted : id.low;
    return id.high == 0 && n >= 1 && n <= vote_world::seats ? std::optional<std::size_t>{n - 1}
                                                            : std::nullopt;
}

std::vector<endpoint> seat_addresses() { return {address(1), address(2), address(3)}; }

/// View 1 has no members; view 2 has the three seats and one more. Every seat starts with the step
/// between them.
welcome start_of_all() {
    welcome out;
    out.before.cluster = {1, 1};
    out.before.number = {1};
    out.before.epoch = {1};
    out.before.slots = 1;
    for (const auto& a : seat_addresses()) {
        out.before.seats.push_back({a, {}});
    }
    out.map_before = std::make_shared<const base::slot_map>(base::slot_map{{peer(1)}, {0}});
    auto& by = out.added_by.what;
    by.cluster = out.before.cluster;
    by.number = {2};
    by.epoch = {2};
    for (std::uint64_t n = 1; n <= member_without_seat; ++n) {
        by.added.push_back(member_of(n));
        if (n <= vote_world::seats) {
            by.seats.push_back({static_cast<std::uint8_t>(n - 1), peer(n)});
        }
    }
    const auto after = apply(out.before, by);
    HOLDFAST_ASSERT(after.has_value());
    by.checksum = ring::checksum(*after, ring::next_map(*out.map_before, *after, 64));
    return out;
}

}  // namespace

/// Each seat acked the member without a seat at another time; no seat vouches for it.
struct vote_world::seat_facts final : environment {
    explicit seat_facts(std::size_t of) : seat{of} {}
    base::duration time_since_ack(const peer_id& id, base::time_point) const override {
        constexpr std::array<base::duration, seats> heard{10s, 20s, 40s};
        return id == peer(member_without_seat) ? heard[seat] : base::duration::zero();
    }
    bool has_ended_stream(const peer_id&) const override { return false; }
    base::duration lease_left() const override { return {}; }
    bool vouches_for(const peer_id&, base::time_point) const override { return false; }
    base::duration renewed_for(const peer_id&, base::time_point) const override { return {}; }
    bool is_found_mute(const peer_id&, base::time_point) const override { return false; }
    bool has_shown_ways(const peer_id&, base::time_point) const override { return true; }
    bool reaches_seats(base::time_point) const override { return true; }
    bool seems_alive(const peer_id&) const override { return true; }
    bool has_dialled(const endpoint&, const peer_id&) const override { return true; }
    bool is_replaced_at(const endpoint&, const peer_id&) const override { return false; }
    base::shared_slot_map first_map(const view& v) const override {
        return std::make_shared<const base::slot_map>(ring::first_map(v, 64));
    }
    base::shared_slot_map next_map(const base::shared_slot_map& map, const view&,
                                   const view& after) const override {
        return std::make_shared<const base::slot_map>(ring::next_map(*map, after, 64));
    }
    std::uint64_t checksum(const view& v, const base::slot_map& map) const override {
        return ring::checksum(v, map);
    }

    std::size_t seat;
};

fingerprint vote_world::sent_message::sum() const {
    digest out;
    out.add(what.envelope.from);
    out.add(what.envelope.to);
    out.add(what.envelope.cluster.low);
    out.add(what.envelope.installed.value);
    out.add(to_string(to));
    out.add(what.what);
    return out.result();
}

vote_world::vote_world(const vote_options& options) : message_world{1, seats}, options_{options} {
    for (std::size_t i = 0; i < seats; ++i) {
        auto& s = settings_[i];
        s.name = to_name(peer(i + 1));
        s.address = address(i + 1);
        s.seeds = seat_addresses();
        s.may_found = false;
        s.lease = 100h;  // no wish grows old
        s.retry = {};    // no message is held back because it was sent a moment ago
        s.slots = 1;
        facts_[i] = std::make_unique<seat_facts>(i);
    }
}

vote_world::~vote_world() = default;

vote_world::machine vote_world::start(std::size_t seat, const peer_id& id) const {
    return {seat, agreement{settings_[seat], id, 1, *facts_[seat], moment}};
}

words vote_world::first() {
    words at(machine_words(), 0);
    std::set<std::uint32_t> sent_messages;
    for (std::size_t i = 0; i < seats; ++i) {
        auto m = start(i, peer(i + 1));
        m.who.handle(peer(1), address(1), {2}, start_of_all(), moment);
        if (i < 2) {
            join asked{member_of(first_joiner + i),
                       seat_addresses(),
                       view_number{2},
                       {},
                       1,
                       {settings_[i].lease, settings_[i].drift_ppm()}};
            m.who.handle(asked.self.id, {}, {}, asked, moment);
        }
        if (i == 0 && options_.has_removal) {
            m.who.set_suspected(peer(member_without_seat), true, now);
        }
        const auto done = settle(std::move(m));
        at[1 + i] = done.machine;
        sent_messages.insert(done.sent_messages.begin(), done.sent_messages.end());
    }
    at.insert(at.end(), sent_messages.begin(), sent_messages.end());
    for (std::size_t i = 0; i < seats; ++i) {
        answer(at, i, {});
    }
    return at;
}

void vote_world::say(const machine& m, const peer_id& to, const endpoint& at, const message& what,
                     std::vector<std::uint32_t>& said) {
    const auto& v = m.who.current();
    sent_message l{
        {{m.who.self().id, to, v ? v->cluster : cluster_id{}, v ? v->number : view_number{}, false},
         what},
        to.is_nil() ? at : endpoint{}};
    message_facts about;
    if (to == m.who.self().id) {
        if (!base::holds_message<accepted>(what)) {
            return;  // it has been received; only accepts are looked at
        }
    } else if (!to.is_nil()) {
        about.receiver = seat_of(to);
    } else {
        const auto all = seat_addresses();
        const auto place = std::find(all.begin(), all.end(), at);
        if (place != all.end()) {
            about.receiver = static_cast<std::size_t>(place - all.begin());
        }
    }
    if (!about.receiver && to != m.who.self().id) {
        return;  // the receiver is not in this world
    }
    const auto number = transitions_.post(std::move(l));
    said.push_back(number);
    if (number < message_facts_.size()) {
        return;
    }
    const auto add_step = [&](const step& s) {
        about.decides.push_back({s.what.number.value, value_number(s.what)});
    };
    if (const auto* news = base::get_message_if<steps>(what)) {
        std::for_each(news->in_order.begin(), news->in_order.end(), add_step);
    } else if (const auto* whole = base::get_message_if<welcome>(what)) {
        add_step(whole->added_by);
    }
    message_facts_.push_back(std::move(about));
}

/// Takes all outputs of the machine. A message to itself is handled at once, as a node does it.
vote_world::stage::reaction vote_world::settle(machine m) {
    stage::reaction done;
    std::string wrong;
    std::deque<message> local;
    while (true) {
        if (auto out = m.who.next()) {
            if (auto* s = std::get_if<send>(&*out)) {
                say(m, s->to, s->at, s->what, done.sent_messages);
                if (s->to == m.who.self().id) {
                    local.push_back(std::move(s->what));
                }
            } else if (const auto* e = std::get_if<evicted>(&*out);
                       e != nullptr && e->why != errc::evicted) {
                wrong = "ONE-VIEW: what was decided does not fit " + to_name(m.who.self().id) +
                        "'s chain";
            }
        } else if (!local.empty()) {
            const auto what = std::move(local.front());
            local.pop_front();
            m.who.handle(m.who.self().id, {},
                         m.who.current() ? m.who.current()->number : view_number{}, what, moment);
        } else {
            break;
        }
    }
    for (const auto t : all_view_timers) {
        state_access::set(m.who, t, far_away);
    }
    done.machine = enter(std::move(m), std::move(wrong));
    return done;
}

std::uint32_t vote_world::enter(machine m, std::string wrong) {
    digest out;
    out.add(std::uint64_t{m.seat});
    state_access::add(out, m.who);
    out.add(wrong);
    const auto sum = out.result();
    return transitions_.enter({std::move(m), sum, std::move(wrong)});
}

std::uint32_t vote_world::value_number(const change& value) {
    digest out;
    out.add(node::message{views::message{accept{{}, {}, value}}});
    return values_.number_of(out.result()).first;
}

const vote_world::stage::reaction& vote_world::react(std::uint32_t machine_number,
                                                     std::uint32_t event) {
    return transitions_.react(machine_number, event, [&](const summed_machine& before) {
        machine m = before.of;
        if (event == restart_event) {
            const auto id = m.who.self().id;
            return settle(
                start(m.seat, options_.restart_keeps_the_peer_id ? id : peer(id.low + restarted)));
        }
        if (event >= first_own_event) {
            state_access::set(m.who, static_cast<view_timer>(event - first_own_event), now);
            m.who.tick(moment);
            return settle(std::move(m));
        }
        const auto& l = transitions_.sent_message(event);
        const auto& what = std::get<message>(l.what.what);
        const auto& head = l.what.envelope;
        if (head.to.is_nil() || head.to == m.who.self().id) {
            // As node::handle does.
            if (m.who.current() && head.installed.value != 0) {
                m.who.on_view_number(head.from, head.installed, now);
            }
            const bool is_joining = std::holds_alternative<joining_message>(what);
            if (is_joining || (m.who.current() && head.installed.value != 0)) {
                m.who.handle(head.from, settings_[*seat_of(head.from)].address, head.installed,
                             what, moment);
            }
        }
        return settle(std::move(m));
    });
}

bool vote_world::is_within_bounds(std::uint32_t machine_number) const {
    const auto& m = transitions_.machine(machine_number).of;
    return m.who.ballots_started() <= options_.ballots[m.seat];
}

std::vector<std::uint32_t> vote_world::own_events(state at, std::size_t place) const {
    std::vector<std::uint32_t> out;
    const auto& who = transitions_.machine(machine_at(at, place)).of.who;
    for (const auto t : all_view_timers) {
        if (state_access::is_armed(who, t)) {
            out.push_back(first_own_event + static_cast<std::uint32_t>(t));
        }
    }
    if (at[restarts_word] < options_.restarts && who.self().id.low <= seats) {
        out.push_back(restart_event);
    }
    return out;
}

void vote_world::note(words& at, std::size_t, std::uint32_t, std::uint32_t event) const {
    at[restarts_word] += event == restart_event ? 1 : 0;
}

std::string vote_world::objection(state at) {
    for (std::size_t i = 0; i < seats; ++i) {
        if (const auto& wrong = transitions_.machine(machine_at(at, i)).objection; !wrong.empty()) {
            return wrong;
        }
    }
    std::vector<decision> all;
    for (const auto l : messages_of(at)) {
        for (const auto& d : message_facts_[l].decides) {
            for (const auto& other : all) {
                if (other.number == d.number && other.value != d.value) {
                    return "ONE-VIEW: two values were decided for view " + std::to_string(d.number);
                }
            }
            all.push_back(d);
        }
        if (message_facts_[l].decides.empty()) {
            continue;
        }
        if (const auto* news = base::get_message_if<steps>(
                std::get<message>(transitions_.sent_message(l).what.what))) {
            for (const auto& s : news->in_order) {
                if (auto wrong = wrong_remaining(at, s); !wrong.empty()) {
                    return wrong;
                }
            }
        }
    }
    return {};
}

/// LEASE-4: a quorum accepted some ballot, and `remaining` covers what its accepts say.
std::string vote_world::wrong_remaining(state at, const step& decided) {
    const auto has_it =
        std::find_if(decided.leases.begin(), decided.leases.end(),
                     [](const remaining& r) { return r.peer == peer(member_without_seat); });
    if (has_it == decided.leases.end()) {
        return {};
    }
    std::set<ballot> ballots;
    for (const auto l : messages_of(at)) {
        const auto* a =
            base::get_message_if<accept>(std::get<message>(transitions_.sent_message(l).what.what));
        if (a != nullptr && a->number == decided.what.number && a->value == decided.what) {
            ballots.insert(a->ballot);
        }
    }
    std::map<ballot, std::map<peer_id, base::duration>> told;
    for (const auto l : messages_of(at)) {
        const auto* a = base::get_message_if<accepted>(
            std::get<message>(transitions_.sent_message(l).what.what));
        if (a == nullptr || a->number != decided.what.number || !ballots.contains(a->ballot)) {
            continue;
        }
        for (const auto& r : a->silences) {
            if (r.peer == has_it->peer) {
                told[a->ballot][transitions_.sent_message(l).what.envelope.from] = r.since_ack;
            }
        }
    }
    for (const auto& [unused, by_voter] : told) {
        std::vector<base::duration> silences;
        for (const auto& [voter, silence] : by_voter) {
            silences.push_back(silence);
        }
        std::sort(silences.begin(), silences.end(), std::greater<>{});
        if (silences.size() > seats / 2 &&
            has_it->lease >= settings_[0].full_lease() - silences[seats / 2]) {
            return {};
        }
    }
    return "LEASE-4: the lease of a removed peer is said to end earlier than any quorum that "
           "accepted its removal told";
}

std::string vote_world::objection_at_end(state at) {
    std::uint64_t newest = 2;
    for (const auto l : messages_of(at)) {
        for (const auto& d : message_facts_[l].decides) {
            newest = std::max(newest, d.number);
        }
    }
    std::shared_ptr<const view> last;
    for (std::size_t i = 0; i < seats; ++i) {
        const auto& v = transitions_.machine(machine_at(at, i)).of.who.current();
        if (v && v->number.value == newest) {
            last = v;
        }
    }
    for (std::size_t i = 0; last && i < seats; ++i) {
        const auto& who = transitions_.machine(machine_at(at, i)).of.who;
        if (last->has(who.self().id) && (!who.current() || who.current()->number != last->number)) {
            return to_name(who.self().id) + " never learns of view " + std::to_string(newest) +
                   ", whatever it hears";
        }
    }
    return {};
}

std::string vote_world::describe(state from, move what) {
    const auto event = event_of(what);
    const auto number = machine_at(from, place_of(what));
    const auto& before = transitions_.machine(number).of.who;
    const auto& done = react(number, event);
    const auto& after = transitions_.machine(done.machine).of.who;
    std::string text = to_name(before.self().id);
    if (event == restart_event) {
        text += " crashes, and comes back as " + to_name(after.self().id);
    } else if (event >= first_own_event) {
        constexpr std::array names{"the proposer's", "to finish", "to look around", "to join"};
        text += ": the timer (" + std::string{names[event - first_own_event]} + ") fires";
    } else {
        const auto& l = transitions_.sent_message(event);
        text += " hears from " + to_name(l.what.envelope.from) + ": " +
                to_text(std::get<message>(l.what.what));
    }
    if (after.current() &&
        (!before.current() || before.current()->number != after.current()->number)) {
        text += "; installs view " + std::to_string(after.current()->number.value);
    }
    std::set<std::string> said;
    for (const auto l : done.sent_messages) {
        said.insert(to_text(std::get<message>(transitions_.sent_message(l).what.what)));
    }
    for (const auto& s : said) {
        text += "; says " + s;
    }
    return text;
}

}  // namespace holdfast::explore
