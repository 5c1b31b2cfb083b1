#include "trace_recorder.hpp"

#include <algorithm>
#include <cstdio>

#include "base/message_groups.hpp"
#include "scenario.hpp"

namespace holdfast::scenarios {
namespace {

using namespace std::chrono_literals;

// A peer that installs a view this long after the first was kept from it by something.
constexpr auto late = 100ms;
// The same said by several within this time is one line.
constexpr auto at_one_time = 20ms;

std::string in_quotes(std::string_view name) { return "\"" + std::string{name} + "\""; }

/// Hundredths of a second: a reader has no use for more, and a small change of the code changes
/// less.
std::string seconds(sim::instant t) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", std::chrono::duration<double>{t}.count());
    return text;
}

}  // namespace

void trace_recorder::add(std::string_view who, std::string_view text) {
    const auto now = events_.now();
    for (auto e = entries_.rbegin(); e != entries_.rend() && now - e->at <= at_one_time; ++e) {
        if (e->text == text && who != "--") {
            e->who.emplace_back(who);
            return;
        }
    }
    entries_.push_back({now, {std::string{who}}, std::string{text}});
}

void trace_recorder::add_once(std::uint32_t at, std::string text) {
    if (said_once_.insert(machines_.name_at(at) + " " + text).second) {
        add(machines_.name_at(at), text);
    }
}

std::string trace_recorder::text() const {
    std::string out;
    for (const auto& e : entries_) {
        const auto who = list_of(e.who);
        const auto at = seconds(e.at);
        out += std::string(at.size() < 7 ? 7 - at.size() : 0, ' ') + at + "  " + who +
               std::string(who.size() < 5 ? 6 - who.size() : 1, ' ') + e.text + "\n";
    }
    return out;
}

void trace_recorder::saw(std::uint32_t place, const node::output& what) {
    std::visit([&](const auto& o) { see(place, o); }, what);
}

void trace_recorder::look_at_lease(std::uint32_t place) {
    const auto& name = machines_.name_at(place);
    const bool is_leased = machines_.is_leased(place);
    if (is_leased && leased_[place] != name) {
        leased_[place] = name;
        add(name, "has a lease");
    } else if (!is_leased && machines_.is_up(place) && leased_[place] == name) {
        leased_[place].clear();
        add(name, "has no lease any more");
    }
}

// ---- names

std::string trace_recorder::name_of(token t) const {
    const auto known = epochs_.find(t.of_epoch());
    return (known == epochs_.end() ? "?" : known->second) + "#" + std::to_string(t.sequence());
}

std::string trace_recorder::cluster_name(const cluster_id& c) const {
    const auto at = std::find(clusters_.begin(), clusters_.end(), c) - clusters_.begin();
    return at == 0 ? "" : std::string(1, static_cast<char>('A' + at)) + ".";
}

std::string trace_recorder::names_text(const std::vector<peer_id>& ids,
                                       std::string_view before) const {
    std::vector<std::string> names;
    for (const auto& id : ids) {
        names.push_back(names_.name_of(id));
    }
    return (names.empty() ? "" : " ") + list_of(names, " ", before);
}

std::string trace_recorder::lock_names(std::uint32_t at, const std::vector<slot>& slots) const {
    std::string out;
    for (const auto& name : locks_) {
        if (std::find(slots.begin(), slots.end(), machines_.node_at(at)->slot_of(name)) !=
            slots.end()) {
            out += (out.empty() ? "" : ", ") + in_quotes(name);
        }
    }
    return out;
}

// ---- views

void trace_recorder::see(std::uint32_t at, const node::view_installed& v) {
    const auto& now = *v.view;
    if (std::find(clusters_.begin(), clusters_.end(), now.cluster) == clusters_.end()) {
        clusters_.push_back(now.cluster);
    }
    const auto name = cluster_name(now.cluster) + "v" + std::to_string(now.number.value);
    const auto [known, is_new] =
        views_.try_emplace({now.cluster, now.number}, known_view{v.view, v.map, events_.now()});
    if (is_new) {
        epochs_[now.epoch] = name;
        const auto before = views_.find({now.cluster, now.number.previous()});
        if (before != views_.end()) {
            add(machines_.name_at(at),
                "installs " + name + ":" + change_text(before->second, known->second));
        } else {
            std::vector<std::string> members;
            for (const auto& m : now.members) {
                members.push_back(names_.name_of(m.id) + (now.is_voter(m.id) ? "*" : ""));
            }
            add(machines_.name_at(at), "installs " + name + ": " + list_of(members, " ") +
                                           owners_text(nullptr, known->second));
        }
    } else if (const auto* self = now.find(machines_.node_at(at)->self());
               self != nullptr && self->since == now.number && now.number.value > 1) {
        add(machines_.name_at(at), "joins in " + name);
    } else if (events_.now() - known->second.since > late) {
        add(machines_.name_at(at), "installs " + name + " late");
    }
}

std::string trace_recorder::change_text(const known_view& before, const known_view& after) const {
    const auto& was = *before.what;
    const auto& is = *after.what;
    std::vector<peer_id> added;
    std::vector<peer_id> leaving;
    std::vector<peer_id> settled;
    for (const auto& m : is.members) {
        const auto* old = was.find(m.id);
        if (old == nullptr) {
            added.push_back(m.id);
        } else if (m.leaving && !old->leaving) {
            leaving.push_back(m.id);
        } else if (m.is_settled && !old->is_settled) {
            settled.push_back(m.id);
        }
    }
    auto out =
        names_text(added, "+") + names_text(settled, "settles ") + names_text(leaving, "leaving ");
    for (const auto& m : was.members) {
        if (!is.has(m.id)) {
            out += " -" + names_.name_of(m.id);
            const auto told = remaining_.find({is.number, m.id});
            out += m.leaving                  ? " (left)"
                   : told == remaining_.end() ? ""
                                              : " (void within " + seconds(told->second) + " s)";
        }
    }
    for (std::size_t i = 0; i < is.seats.size(); ++i) {
        if (is.seats[i].filled_by != was.seats[i].filled_by) {
            out += ", seat " + std::to_string(i + 1) +
                   (is.seats[i].filled_by.is_nil() ? " vacant"
                                                   : " " + names_.name_of(is.seats[i].filled_by));
        }
    }
    return (out.empty() ? " nothing but an epoch" : out) + owners_text(&before, after);
}

std::string trace_recorder::owners_text(const known_view* before, const known_view& after) const {
    std::string out;
    for (const auto& name : locks_) {
        // Every node computes the same slot, so any that is up can be asked.
        for (std::uint32_t at = 0; at < machines_.places(); ++at) {
            const auto* n = machines_.node_at(at);
            if (n == nullptr || !n->installed() || n->installed()->cluster != after.what->cluster) {
                continue;
            }
            const auto s = n->slot_of(name);
            const auto is = after.map->owner_of(s);
            if (before == nullptr) {
                out += "; " + in_quotes(name) + ": " + names_.name_of(is);
            } else if (const auto was = before->map->owner_of(s); was != is) {
                out += "; " + in_quotes(name) + ": " + names_.name_of(was) + " -> " +
                       names_.name_of(is);
            }
            break;
        }
    }
    return out;
}

std::string trace_recorder::value_text(const views::change& c) const {
    std::vector<peer_id> added;
    for (const auto& m : c.added) {
        added.push_back(m.id);
    }
    return names_text(added, "+") + names_text(c.settled, "settles ") + names_text(c.removed, "-") +
           names_text(c.leaving, "leaving ");
}

// ---- what is sent

void trace_recorder::see(std::uint32_t at, const node::send& s) {
    if (const auto* round = std::get_if<node::relayed>(&s.what)) {
        ++relayed_;
        if (round->origin == s.head.from) {
            add_once(at, "sends by relay to " + names_.name_of(round->destination));
        }
    } else if (const auto* v = std::get_if<views::message>(&s.what)) {
        see_sent(at, s.head.to, *v);
    } else if (const auto* l = std::get_if<lock::message>(&s.what)) {
        see_sent(at, s.head.to, *l);
    }
}

void trace_recorder::see_sent(std::uint32_t at, const peer_id& to, const views::message& what) {
    if (const auto* a = base::get_message_if<views::accept>(what)) {
        add_once(at, "proposes v" + std::to_string(a->number.value) + ":" + value_text(a->value));
    } else if (const auto* f = base::get_message_if<views::found_accept>(what)) {
        std::vector<peer_id> founders;
        for (const auto& one : f->value.founders) {
            founders.push_back(one.self.id);
        }
        add_once(at, "proposes a founding:" + names_text(founders, ""));
    } else if (const auto* o = base::get_message_if<views::opinion>(what);
               o != nullptr && !o->objects.empty()) {
        add_once(at, "objects to the removal of" + names_text(o->objects, "") + " in v" +
                         std::to_string(o->number.value));
    } else if (const auto* s = base::get_message_if<views::steps>(what)) {
        for (const auto& one : s->in_order) {
            for (const auto& r : one.leases) {
                remaining_.try_emplace({one.what.number, r.peer}, r.lease);
            }
        }
    } else if (base::holds_message<views::join_refused>(what)) {
        add_once(at, "refuses the join of " + names_.name_of(to));
    }
}

void trace_recorder::see_sent(std::uint32_t at, const peer_id& to, const lock::message& what) {
    const auto to_whom = names_.name_of(to);
    if (const auto* g = base::get_message_if<lock::gather>(what)) {
        const auto names = lock_names(at, g->slots);
        gathered_[{machines_.node_at(at)->self(), g->serial}] = names;
        if (!names.empty()) {
            add_once(at, "gathers " + names + " for v" + std::to_string(g->named.value) + " (" +
                             std::to_string(g->serial) + ")");
        }
    } else if (const auto* r = base::get_message_if<lock::report>(what)) {
        std::string holds;
        for (const auto& h : r->holds) {
            holds += (holds.empty() ? "" : ", ") + in_quotes(h.name) + " " + name_of(h.token);
        }
        if (r->serial == 0) {  // OWN-12
            add_once(at, "reports " + (holds.empty() ? "nothing" : holds) + " to " + to_whom +
                             " unasked, in v" + std::to_string(r->named.value));
        } else if (!gathered_[{to, r->serial}].empty()) {
            add_once(at, "reports " + (holds.empty() ? "nothing" : holds) + " to " + to_whom +
                             " (" + std::to_string(r->serial) + ")");
        }
    } else if (const auto* none = base::get_message_if<lock::no_holds>(what)) {
        add_once(at, "holds nothing of the removed in v" + std::to_string(none->named.value) +
                         (none->except.empty() ? "" : names_text(none->except, " but what is of")));
    } else if (const auto* told = base::get_message_if<lock::no_holds_of>(what)) {
        add_once(at, "tells " + to_whom + " who holds nothing of the removed in v" +
                         std::to_string(told->named.value) + ":" + names_text(told->members, ""));
    } else if (const auto* t = base::get_message_if<lock::table>(what)) {
        for (const auto& st : t->slots) {
            const auto names = lock_names(at, {st.slot});
            std::string holds;
            for (const auto& h : st.holds) {
                holds += (holds.empty() ? "" : ", ") + in_quotes(h.name) + " " + name_of(h.token) +
                         " at " + names_.name_of(h.holder);
            }
            if (!names.empty()) {
                add_once(
                    at,
                    "hands " + names + " over to " + to_whom + " for v" +
                        std::to_string(t->to_view.value) + ": " + (holds.empty() ? "free" : holds) +
                        (st.queue.empty() ? ""
                                          : ", " + std::to_string(st.queue.size()) + " waiting"));
            }
        }
    } else if (const auto* lacks = base::get_message_if<lock::no_table>(what)) {
        if (const auto names = lock_names(at, lacks->slots); !names.empty()) {
            add_once(at, "has no table of " + names + " for " + to_whom + " for v" +
                             std::to_string(lacks->to_view.value));
        }
    } else if (const auto* back = base::get_message_if<lock::release>(what)) {
        if (!held_.contains({at, back->name, back->token})) {
            add_once(at, "gives back " + in_quotes(back->name) + " " + name_of(back->token));
        }
    } else if (const auto* b = base::get_message_if<lock::break_hold>(what)) {
        add_once(at, "breaks " + in_quotes(b->name) + " " + name_of(b->token) + " at " + to_whom);
    }
}

// ---- what is told

void trace_recorder::see(std::uint32_t at, const node::owner_granted& g) {
    add(machines_.name_at(at),
        "grants " + in_quotes(g.name) + " " + name_of(g.token) + " to " + names_.name_of(g.holder));
}

void trace_recorder::see(std::uint32_t at, const node::granted& g) {
    held_.insert({at, g.name, g.token});
    add(machines_.name_at(at), "holds " + in_quotes(g.name) + " " + name_of(g.token));
}

void trace_recorder::see(std::uint32_t at, const node::hold_lost& l) {
    add(machines_.name_at(at), "lost " + in_quotes(l.name) + " " + name_of(l.token) + ": " +
                                   std::string{to_string(l.why)});
}

void trace_recorder::see(std::uint32_t at, const node::release_requested& a) {
    add(machines_.name_at(at), "is asked to release " + in_quotes(a.what.name) + " " +
                                   name_of(a.what.token) + " by " + a.what.who);
}

void trace_recorder::see(std::uint32_t at, const node::broke_by_policy& b) {
    add(machines_.name_at(at),
        "breaks " + in_quotes(b.what.name) + " " + name_of(b.what.token) + ", " + b.why);
}

void trace_recorder::see(std::uint32_t at, const node::hold_stalled& s) {
    add(machines_.name_at(at), "makes no progress with " + in_quotes(s.name));
}

void trace_recorder::see(std::uint32_t at, const node::answered& a) {
    if (const auto* seen = std::get_if<lock::inspect_reply>(&a.what)) {
        std::string holders;
        for (const auto& h : seen->held) {
            holders += " " + names_.name_of(h.what.holder) + " " + name_of(h.what.token);
        }
        add(machines_.name_at(at), "saw" + (holders.empty() ? " no holder" : holders) + ", " +
                                       std::to_string(seen->waiting) + " waiting");
    }
}

void trace_recorder::see(std::uint32_t at, const node::audit_ended& e) {
    if (e.failure) {
        add(machines_.name_at(at), "is told: " + std::string{to_string(*e.failure)});
    } else if (e.what == admin_action::requested_release || e.what == admin_action::broke) {
        add(machines_.name_at(at), "is told: " + std::string{to_string(e.outcome.stage)});
    }
}

void trace_recorder::see(std::uint32_t at, const node::must_restart& m) {
    add(machines_.name_at(at), "must restart: " + std::string{to_string(m.why)});
}

void trace_recorder::see(std::uint32_t at, const node::has_left&) {
    add(machines_.name_at(at), "has left");
}

void trace_recorder::see(std::uint32_t at, const node::problem& c) {
    add_once(at, "has problem " + std::string{to_string(c.why)});
}

void trace_recorder::see(std::uint32_t at, const node::liveness_changed& b) {
    if (b.state != swim::condition::dead) {
        seen_dead_.erase(b.peer);
    } else if (seen_dead_.insert(b.peer).second) {
        add(machines_.name_at(at), "sees liveness dead of " + names_.name_of(b.peer));
    }
}

}  // namespace holdfast::scenarios
