#include "sim/output_reporter.hpp"

#include <map>
#include <set>
#include <utility>

namespace holdfast::sim {

void output_reporter::report(std::uint32_t at, const node::granted& g) {
    auto& c = context_;
    const auto l = c.lock_of(g.name);
    const auto run = c.places[at].run;
    c.trace.add(static_cast<std::uint64_t>(g.token.value));
    if (c.trace.is_printed()) {
        c.say(at, "was granted \"" + g.name + "\" " + text_of(g.token) + ", request " +
                      std::to_string(g.number.value) + text_of(g.before));
    }
    c.judged_by.granted(run, l, g.token, g.number, c.events.now());
    c.judged_by.told_of_predecessor(
        run, l, g.token, {g.before.how, g.before.token, g.before.value == text_of(g.before.token)},
        c.events.now());
    c.judged_by.request_ended(run, g.number);
    c.app_events.push_back(
        {app_event::what::granted, at, g.number, l, g.token, g.before.is_clean()});
}

void output_reporter::report(std::uint32_t at, const node::request_failed& f) {
    auto& c = context_;
    c.trace.add(f.number.value ^ hash_number_of(f.why) << 32);
    if (c.trace.is_printed()) {
        c.say(at, "request " + std::to_string(f.number.value) +
                      " failed: " + std::string{holdfast::to_string(f.why)});
    }
    c.judged_by.request_ended(c.places[at].run, f.number);
    c.app_events.push_back({app_event::what::failed, at, f.number, 0, {}});
}

void output_reporter::report(std::uint32_t at, const node::hold_lost& l) {
    auto& c = context_;
    c.trace.add(~static_cast<std::uint64_t>(l.token.value));
    if (c.trace.is_printed()) {
        c.say(at, "lost \"" + l.name + "\" " + text_of(l.token) + ": " +
                      std::string{holdfast::to_string(l.why)});
    }
    const auto name = c.lock_of(l.name);
    c.judged_by.lost(c.places[at].run, name, l.token, l.why, c.events.now());
    c.app_events.push_back({app_event::what::lost, at, {}, name, l.token});
}

void output_reporter::report(std::uint32_t at, const node::release_requested& a) {
    auto& c = context_;
    const auto& what = a.what;
    c.trace.add(static_cast<std::uint64_t>(what.token.value) << 2);
    if (c.trace.is_printed()) {
        c.say(at, "is asked for \"" + what.name + "\" " + text_of(what.token) + " by " + what.who);
    }
    c.app_events.push_back(
        {app_event::what::release_request, at, {}, c.lock_of(what.name), what.token});
}

void output_reporter::report(std::uint32_t at, const node::broke_by_policy& b) {
    if (context_.trace.is_printed()) {
        context_.say(at, "breaks \"" + b.what.name + "\" " + text_of(b.what.token) + ", " + b.who +
                             ": " + b.why);
    }
    context_.judged_by.records().breaks_by_policy(context_.places[at].run, b.what.token);
}

void output_reporter::report(std::uint32_t at, std::uint64_t question,
                             const lock::inspect_reply& seen) {
    auto& c = context_;
    std::set<token> held;
    std::string text;
    for (const auto& h : seen.held) {
        held.insert(h.what.token);
        text += " " + text_of(h.what.token);
        c.trace.add(static_cast<std::uint64_t>(h.what.token.value) << 3);
    }
    if (c.trace.is_printed()) {
        c.say(at, "sees:" + text + "; " + std::to_string(seen.waiting) + " wait");
    }
    c.judged_by.has_seen(c.places[at].run, question, held, c.events.now());
}

std::string output_reporter::text_of_view(std::uint32_t at, const node::view_installed& v) const {
    const auto& c = context_;
    std::string text = "installed view " + std::to_string(v.view->number.value) + " of " +
                       to_string(v.view->cluster).substr(0, 8) + ", epoch " +
                       std::to_string(v.view->epoch.value) + ", members";
    for (const auto& m : v.view->members) {
        text += " " + c.trace.name_of(m.id) + (v.view->is_voter(m.id) ? "*" : "") +
                (m.leaving ? "(leaving)" : "");
    }
    text += ", owners";
    for (const auto& name : c.plan.locks) {
        text +=
            " " + name + ":" + c.trace.name_of(v.map->owner_of(c.places[at].node->slot_of(name)));
    }
    return text;
}

void output_reporter::report(std::uint32_t at, const node::view_installed& v) {
    auto& c = context_;
    const auto& here = c.places[at];
    ++c.counted.views_installed;
    c.trace.add(v.view->number.value ^ std::uint64_t{v.view->epoch.value} << 32);
    if (c.trace.is_printed()) {
        c.say(at, text_of_view(at, v));
    }
    std::vector<peer_id> owners;
    for (std::uint32_t s = 0; s < v.map->slots(); ++s) {
        owners.push_back(v.map->owner_of({static_cast<std::uint16_t>(s)}));
    }
    c.judged_by.installed(here.run, *v.view, owners, c.events.now());
    for (judge::lock l = 0; l < c.plan.locks.size(); ++l) {
        if (v.map->owner_of(here.node->slot_of(c.plan.locks[l])) != here.id) {
            c.judged_by.owns_no_more(here.run, l);
        }
    }
}

void output_reporter::report(std::uint32_t at, const node::must_restart& m) {
    ++context_.counted.ids_ended;
    if (context_.trace.is_printed()) {
        context_.say(at, "is over: " + std::string{holdfast::to_string(m.why)});
    }
    if (m.why == errc::internal_error) {
        context_.broken(at, "a node ended itself with an internal error");
    }
}

void output_reporter::report(std::uint32_t at, const node::owner_granted& g) {
    auto& c = context_;
    if (c.trace.is_printed()) {
        c.say(at, "grants \"" + g.name + "\" " + text_of(g.token) + " to " +
                      c.trace.name_of(g.holder) + " in view " + std::to_string(g.in.value));
    }
    c.judged_by.owner_granted(c.places[at].run, c.lock_of(g.name), g.token, g.holder, g.number,
                              g.in, c.events.now());
}

void output_reporter::report(std::uint32_t at, const node::problem& c) {
    if (context_.trace.is_printed()) {
        context_.say(at, "has problem: " + c.text);
    }
}

void output_reporter::report(std::uint32_t at, const node::lock_changed& changed) {
    auto& c = context_;
    std::set<token> tokens;
    std::string text;
    for (const auto& h : changed.summary.held) {
        tokens.insert(h.token);
        c.trace.add(static_cast<std::uint64_t>(h.token.value) << 1);
        text += (text.empty() ? "held, " : " ") + text_of(h.token);
    }
    c.trace.add(changed.summary.waiting);
    if (c.trace.is_printed()) {
        c.say(at, "is told that \"" + changed.name + "\" is " + (text.empty() ? "free" : text) +
                      ", " + std::to_string(changed.summary.waiting) + " wait");
    }
    c.judged_by.told(c.places[at].run, c.lock_of(changed.name),
                     {std::move(tokens), changed.summary.waiting});
}

void output_reporter::report(std::uint32_t at, const node::audit_ended& e) {
    if (!e.failure) {
        const auto& p = context_.places[at];
        context_.judged_by.records().was_done(p.run, {p.id, e.number}, context_.events.now());
    }
    context_.trace.add(e.number << 8 | static_cast<std::uint64_t>(e.outcome.stage));
}

void output_reporter::report(std::uint32_t at, const node::record_written& w) {
    if (context_.trace.is_printed()) {
        context_.say(at, "has recorded " + std::to_string(w.number) + ", state " +
                             std::to_string(w.revision));
    }
    const auto v = context_.places[at].node->installed();
    context_.judged_by.records().has_recorded({w.by, w.number}, w.revision,
                                              {w.at.begin(), w.at.end()}, v ? v->seats.size() : 0,
                                              context_.events.now());
}

void output_reporter::report(std::uint32_t at, const node::audit_log_read& r) {
    std::map<judge::record_key, std::uint32_t> read;
    for (const auto& one : r.what.records) {
        read[{one.by, one.number}] = one.revision;
    }
    if (context_.trace.is_printed()) {
        context_.say(at, "reads " + std::to_string(read.size()) + " records");
    }
    context_.judged_by.records().has_read_records(context_.places[at].run, r.number, read,
                                                  context_.events.now());
}

}  // namespace holdfast::sim
