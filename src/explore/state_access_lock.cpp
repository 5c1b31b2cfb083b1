#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "explore/state_access.hpp"

namespace holdfast::explore {
namespace {

using namespace lock;

void add(digest& out, slot s) { out.add(std::uint64_t{s.value}); }
void add(digest& out, token t) { out.add(static_cast<std::uint64_t>(t.value)); }
void add(digest& out, const hold_info& h) {
    out.add(node::message{lock::message{table{{}, {{slot{}, {h}, {}, {}, false}}}}});
}
void add(digest& out, const request& r) { out.add(node::message{lock::message{r}}); }

}  // namespace

// Left out of the digest: maps and epochs, which follow from the view; how often a message was
// sent, and when first, which only decide whether it is relayed as well, and when it is repeated;
// counters, which decide nothing; and the times of repeats, which the explorer chooses.

void state_access::add(digest& out, const owner& o, base::time_point now) {
    const auto& [settings, self, current, map, granter, intake, gathers, transfers, counters] = o;
    out.add(current ? current->number.value : 0);
    add(out, granter, now);
    const auto& [its_settings, lowest_pending] = intake;
    out.add_each(lowest_pending, [&](const auto& f) {
        out.add(f.first);
        out.add(f.second.value);
    });
    add(out, gathers);
    add(out, transfers);
}

void state_access::add(digest& out, const granter& g, base::time_point now) {
    const auto& [settings, pace, current, grant_epoch, sequence, last_granted, is_leased, voids,
                 tenures, unacked, contended, patience, breaks_from, timers, pasts, watchers,
                 revocations, delays, told, used, granted, out_box] = g;
    // From when on policies break holds is left out: no hold here has one.
    HOLDFAST_ASSERT(out_box.empty() && pasts.size() == 0 && patience.size() == 0);
    out.add(std::uint64_t{grant_epoch.value});
    out.add(std::uint64_t{sequence});
    out.add(std::uint64_t{is_leased});
    const auto& [voids_settings, first_view_at, is_founder, ends] = voids;
    out.add(std::uint64_t{is_founder});
    out.add_each(ends, [&](const auto& v) {
        const auto& [at, since] = v.second;
        out.add(v.first);
        out.add(std::uint64_t{at <= now});
        out.add(since.value);
    });
    add(out, tenures);
    const auto add_names = [&](const auto& names) {
        out.add_each(names, [&](const auto& n) {
            explore::add(out, n.first);
            out.add(n.second);
        });
    };
    add_names(contended);
    for (const auto which : {granter::timer::probes, granter::timer::voids}) {
        out.add_presence(timers.at(which));
    }
    static_assert(std::decay_t<decltype(timers)>::count == 2);
    add_breaks(out, revocations);
    // What members use follows from the tables. In these worlds no member watches a lock, requests
    // a break or has a delay.
    const auto& [watchers_pace, all_watchers, watch_serial, last_place, to_tell] = watchers;
    HOLDFAST_ASSERT(all_watchers.empty() && watch_serial == 0 && last_place == 0 &&
                    to_tell.size() == 0);
    const auto& [delay_ends, delay_order] = delays;
    HOLDFAST_ASSERT(delay_ends.empty() && delay_order.size() == 0);
    // The voters follow from the view.
    const auto& [told_settings, voters, quorum, all_told, told_due, told_number] = told;
    HOLDFAST_ASSERT(all_told.empty() && told_due.size() == 0 && told_number == 0);
}

void state_access::add(digest& out, const tenures& t) {
    // The places are only where a tenure is found; size and free places follow from them.
    const auto& [slot_of, places, all, free_places, size] = t;
    out.add(std::uint64_t{size});
    t.for_each([&](slot at, const tenure& one) {
        const auto& [gained, gained_epoch, state, locks, is_unused, history_is_complete, deferred] =
            one;
        explore::add(out, at);
        out.add(gained.value);
        out.add(std::uint64_t{gained_epoch.value});
        out.add(std::uint64_t{state.index()});
        out.add(std::uint64_t{is_unused});
        out.add(std::uint64_t{history_is_complete});
        if (const auto* w = std::get_if<tenure::waiting>(&state)) {
            out.add(w->from);
        }
        out.add_each(locks, [&](const auto& l) {
            // the last two are for `break_policy::waited_for`, which no hold here has
            const auto& [held, queue, first, patience_ends] = l.second;
            out.add(l.first);
            // found by request, they are the same; patience as above
            const auto& [by_token, by_request, patient] = held;
            out.add_each(by_token, [&](const auto& held_one) {
                const auto& [what, holder_name, again, asked, since, is_since_grant, repeat_at] =
                    held_one.second;
                explore::add(out, what);
                out.add_presence(repeat_at);
            });
            // Places follow from the order. All wait for the same mode.
            const auto& [order, waits_at, permits, last_arrival, last_heir] = queue;
            out.add_each(order, [&](const auto& w) {
                out.add(w.second.peer);
                out.add(w.second.number.value);
            });
        });
        out.add_each(deferred.all(), [&](const auto& d) {
            out.add(d.first);
            explore::add(out, d.second);
        });
    });
}

void state_access::add(digest& out, const gathers& g) {
    const auto& [settings, pace, rounds, last_serial, wanted] = g;
    HOLDFAST_ASSERT(wanted.empty());
    out.add_each(rounds, [&](const auto& one) {
        const auto& [named, promise, slots, heard, again, is_told] = one.second;
        out.add(one.first);
        out.add(named.value);
        out.add(std::uint64_t{promise.value});
        out.add(std::uint64_t{is_told});
        out.add_each(slots, [&](slot s) { explore::add(out, s); });
        out.add_each(heard, [&](const auto& h) {
            const auto& [number, holds, heard_delays, heard_at] = h.second;
            HOLDFAST_ASSERT(heard_delays.empty());
            out.add(h.first);
            out.add(number);
            out.add_each(holds, [&](const hold_info& held) { explore::add(out, held); });
        });
    });
    out.add(last_serial);
}

void state_access::add(digest& out, const transfers& t) {
    const auto& [pace, expected, under_way] = t;
    out.add_each(expected, [&](const auto& e) {
        const auto& [from, lost, to] = e.second;
        explore::add(out, e.first.first);
        out.add(e.first.second.value);
        out.add(from);
        out.add(lost.value);
        out.add(to);
    });
    out.add_each(under_way, [&](const auto& p) {
        const auto& [to_view, to, tables, none, again] = p;
        out.add(to_view.value);
        out.add(to);
        out.add_each(tables, [&](const auto& one) {
            out.add(node::message{lock::message{table{p.to_view, {one.second}}}});
        });
        out.add_each(none, [&](const auto& n) {
            explore::add(out, n.first);
            out.add(std::uint64_t{n.second});
        });
    });
}

void state_access::add_breaks(digest& out, const revocations& r) {
    const auto& [settings, pace, breaks, demands, breaks_due, demands_due] = r;
    HOLDFAST_ASSERT(demands.empty() && demands_due.size() == 0);
    out.add_each(breaks, [&](const auto& b) {
        const auto& [holder, number, who, why, again, repeat_at] = b.second;
        out.add(b.first.first);
        explore::add(out, b.first.second);
        out.add(holder);
        out.add(number.value);
    });
}

void state_access::add(digest& out, const holder& h) {
    // Whether a report is a repeat (`reported`) matters where something is slow, and here nothing
    // is.
    const auto& [settings, pace, self, current, is_leased, is_leaving, last_report, reported,
                 requests, held, link, promises, delays, next_limit, counters, out_box] = h;
    HOLDFAST_ASSERT(out_box.empty() && !next_limit);
    const auto& [kept, kept_ends, told_in, newest_told] = delays;
    HOLDFAST_ASSERT(kept.empty() && kept_ends.size() == 0 && told_in.empty() &&
                    newest_told.empty());
    out.add(current ? current->number.value : 0);
    out.add(std::uint64_t{is_leased});
    out.add(std::uint64_t{is_leaving});
    out.add(last_report);
    // Each knows its caller, and whether it is queued.
    const auto& [last_number, all_requests, renumbered, due, all_queued] = requests;
    out.add(last_number);
    out.add_each(all_requests, [&](const auto& r) {
        const auto& [caller, name, at, wanted, was_asked, is_queued, again, when_due] = r.second;
        out.add(r.first.value);
        out.add(caller.value);
        out.add(name);
        out.add(std::uint64_t{wanted.is_try});
        out.add(std::uint64_t{was_asked});
        out.add(std::uint64_t{is_queued});
        out.add_presence(again);
    });
    const auto& [all_held] = held;
    out.add_each(all_held, [&](const auto& one) {
        const auto& [at, number, terms, is_contended, is_unclean, asked_by, limits] = one.second;
        const auto& [ends, stuck_from, progress_timeout, on_stall] = limits;
        HOLDFAST_ASSERT(!ends && !stuck_from && asked_by.empty());
        out.add(one.first.first);
        explore::add(out, one.first.second);
        out.add(number.value);
        out.add(std::uint64_t{is_contended});
        out.add(std::uint64_t{is_unclean});
    });
    add(out, link);
    out.add_each(promises, [&](const auto& p) {
        explore::add(out, p.first);
        out.add(std::uint64_t{p.second.value});
    });
}

void state_access::add(digest& out, const roll_calls& c) {
    const auto& [settings, self, installed, calls, early, out_box] = c;
    HOLDFAST_ASSERT(out_box.empty());
    const auto add_words = [&](const auto& words) {
        out.add_each(words, [&](const auto& w) {
            out.add(w.first);
            out.add(w.second.named.value);
            out.add_each(w.second.except, [&](const peer_id& id) { out.add(id); });
        });
    };
    out.add(installed.value);
    out.add_each(calls, [&](const auto& one) {
        // The pause decides only when: the explorer makes it due when it likes.
        const auto& [owners, awaited, heard, fresh, next, pause, ends] = one.second;
        out.add(one.first.value);
        out.add_each(owners, [&](const peer_id& id) { out.add(id); });
        out.add(std::uint64_t{awaited});
        out.add_each(heard, [&](const peer_id& id) { out.add(id); });
        add_words(fresh);
    });
    add_words(early);
}

void state_access::add(digest& out, const owner_link& l) {
    // The former map is only used within an install, which sets it first.
    const auto& [settings, pace, slot_of, installed, map, map_before, releases, cancels,
                 subscriptions] = l;
    const auto& [all_releases, releases_due] = releases;
    out.add_each(all_releases, [&](const auto& r) {
        const auto& [at, what, again, repeat_at] = r.second;
        out.add(r.first.first);
        explore::add(out, r.first.second);
        out.add(std::uint64_t{static_cast<unsigned>(what.how)});
        out.add(std::uint64_t{what.is_consistent});
    });
    const auto& [all_cancels, cancels_due] = cancels;
    out.add_each(all_cancels, [&](const auto& c) {
        const auto& [at, what, again, repeat_at] = c.second;
        out.add(c.first.value);
        out.add(what.name);
    });
    const auto& [watched, watches_due, last_watch] = subscriptions;
    HOLDFAST_ASSERT(watched.empty() && watches_due.size() == 0 && last_watch == 0);
}

void state_access::set_repeats(owner& o, base::time_point due) {
    auto& g = o.granter_;
    if (g.timers_.is_set(granter::timer::probes)) {
        g.timers_.clear(granter::timer::probes);
        g.timers_.set_earliest(granter::timer::probes, due);
    }
    g.tenures_.for_each([&](slot s, tenure& t) {
        for (auto& [name, e] : t.table) {
            for (auto& [token, h] : e.held.all()) {
                h.again.next = due;
                if (h.repeat_at) {
                    g.repeat_grant(s, h, due);
                }
            }
        }
    });
    for (auto& p : o.transfers_.under_way_) {
        p.again.next = due;
    }
    for (auto& [serial, round] : o.gathers_.rounds_) {
        round.again.next = due;
    }
    for (auto& [key, b] : g.revocations_.breaks_) {
        b.again.next = due;
        g.revocations_.breaks_due_.set(key, b.repeat_at, due);
    }
}

void state_access::set_repeats(holder& h, base::time_point due) {
    auto& requests = h.requests_;
    for (auto at = requests.begin(); at != requests.end(); ++at) {
        if (at->second.again) {
            at->second.again->next = due;
            requests.schedule(at);
        }
    }
    for (auto& [name, one] : requests.queued_.all_) {
        one.again.next = due;
        requests.queued_.due_.set(name, one.ask_at, due);
    }
    auto& link = h.link_;
    const auto make_due = [&](auto& messages) {
        for (auto& [key, one] : messages.all_) {
            one.again.next = due;
            messages.due_.set(key, one.repeat_at, due);
        }
    };
    make_due(link.releases_);
    make_due(link.cancels_);
}

void state_access::set_repeats(roll_calls& c, base::time_point due) {
    for (auto& [named, call] : c.calls_) {
        if (call.next) {
            call.next = due;
        }
    }
}

bool state_access::waits_for_leases(const owner& o, base::time_point now) {
    const auto& ends = o.granter_.voids_.ends_;
    return std::any_of(ends.begin(), ends.end(), [&](const auto& v) { return v.second.at > now; });
}

void state_access::end_leases(owner& o, base::time_point now) {
    auto& g = o.granter_;
    for (auto& [id, end] : g.voids_.ends_) {
        end.at = std::min(end.at, now);
    }
    if (g.timers_.is_set(granter::timer::voids)) {
        g.timers_.clear(granter::timer::voids);
        g.timers_.set_earliest(granter::timer::voids, now);
    }
}

std::vector<token> state_access::held(const holder& h) {
    std::vector<token> out;
    for (const auto& [key, one] : h.held_.all()) {
        out.push_back(key.second);
    }
    return out;
}

}  // namespace holdfast::explore
