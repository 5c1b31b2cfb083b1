#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "explore/insight.hpp"

namespace holdfast::explore {
namespace {

using namespace lock;

void add(digest& out, slot s) { out.add(std::uint64_t{s.value}); }
void add(digest& out, token t) { out.add(static_cast<std::uint64_t>(t.value)); }
void add(digest& out, const hold& h) {
    out.add(node::message{lock::message{table{{}, {{slot{}, {h}, {}, {}, false}}}}});
}
void add(digest& out, const request& r) { out.add(node::message{lock::message{r}}); }

}  // namespace

void insight::add(digest& out, const owner& o, base::time_point now) {
    // Map and epoch are those of the view. How often something was sent only decides whether it
    // also goes round; what is counted for people decides nothing; when a repeat is due decides the
    // explorer.
    const auto& [settings, self, slot_of, current, map, grant_epoch, sequence, is_leased,
                 first_view_at, is_founder, voids, tenures, transit, passages, gathers, last_serial,
                 to_gather, untaken, contended, next_repeat, next_still, next_void, settled, pasts,
                 watches, breaks, demands, delays, next_delay, next_ask, next_patience,
                 watch_serial, next_tell, counters, out_box] = o;
    HOLDFAST_ASSERT(out_box.empty() && to_gather.empty() && pasts.size() == 0 && watches.empty() &&
                    watch_serial == 0 && !next_tell);
    HOLDFAST_ASSERT(demands.empty() && delays.empty() && !next_delay && !next_ask &&
                    !next_patience);
    out.add(current ? current->number.value : 0);
    out.add(std::uint64_t{grant_epoch.value});
    out.add(std::uint64_t{sequence});
    out.add(std::uint64_t{is_leased});
    out.add(std::uint64_t{is_founder});
    out.add_each(voids, [&](const auto& v) {
        const auto& [at, since] = v.second;
        out.add(v.first);
        out.add(std::uint64_t{at <= now});
        out.add(since.value);
    });
    out.add_each(tenures, [&](const auto& t) {
        const auto& [gained, gained_epoch, state, locks, is_unused, knows_all, early] = t.second;
        explore::add(out, t.first);
        out.add(gained.value);
        out.add(std::uint64_t{gained_epoch.value});
        out.add(std::uint64_t{state.index()});
        out.add(std::uint64_t{is_unused});
        out.add(std::uint64_t{knows_all});
        if (const auto* w = std::get_if<owner::waiting>(&state)) {
            out.add(w->from);
        } else if (const auto* g = std::get_if<owner::gathering>(&state)) {
            out.add(g->serial);
        }
        out.add_each(locks, [&](const auto& l) {
            // the last is for patience, which nobody here has
            const auto& [held, queue, first] = l.second;
            out.add(l.first);
            out.add_each(held, [&](const auto& h) {
                const auto& [what, holder_name, next_send, attempt, asked, since, is_since_grant] =
                    h;
                explore::add(out, what);
            });
            out.add_each(queue, [&](const waiter& w) {
                out.add(w.peer);
                out.add(w.number.value);
            });
        });
        out.add_each(early, [&](const auto& e) {
            out.add(e.first);
            explore::add(out, e.second);
        });
    });
    out.add_each(transit, [&](const auto& t) {
        const auto& [from, lost, to] = t.second;
        explore::add(out, t.first.first);
        out.add(t.first.second.value);
        out.add(from);
        out.add(lost.value);
        out.add(to);
    });
    out.add_each(passages, [&](const auto& p) {
        const auto& [to_view, to, tables, none, next_send, attempt] = p;
        out.add(to_view.value);
        out.add(to);
        out.add_each(tables, [&](const auto& t) {
            out.add(node::message{lock::message{table{p.to_view, {t.second}}}});
        });
        out.add_each(none, [&](const auto& n) {
            explore::add(out, n.first);
            out.add(std::uint64_t{n.second});
        });
    });
    out.add_each(gathers, [&](const auto& g) {
        const auto& [named, promise, slots, heard, next_send, attempt] = g.second;
        out.add(g.first);
        out.add(named.value);
        out.add(std::uint64_t{promise.value});
        out.add_each(slots, [&](slot s) { explore::add(out, s); });
        out.add_each(heard, [&](const auto& h) {
            const auto& [number, holds] = h.second;
            out.add(h.first);
            out.add(number);
            out.add_each(holds, [&](const hold& one) { explore::add(out, one); });
        });
    });
    out.add(last_serial);
    const auto add_names = [&](const auto& names) {
        out.add_each(names, [&](const auto& n) {
            explore::add(out, n.first);
            out.add(n.second);
        });
    };
    add_names(untaken);
    add_names(contended);
    out.add_presence(next_repeat);
    out.add_presence(next_still);
    out.add_presence(next_void);
    out.add_each(settled, [&](const auto& f) {
        out.add(f.first);
        out.add(f.second.value);
    });
    out.add_each(breaks, [&](const auto& b) {
        const auto& [holder, number, who, why, next_send, attempt] = b.second;
        out.add(b.first.first);
        explore::add(out, b.first.second);
        out.add(holder);
        out.add(number.value);
    });
}

void insight::add(digest& out, const holder& h) {
    const auto& [settings, self, slot_of, current, map, is_leased, is_leaving, last_number,
                 last_report, last_watch, requests, due, held, releases, cancels, next_repeat,
                 next_look, promises, watches, counters, out_box] = h;
    HOLDFAST_ASSERT(out_box.empty() && !next_look && watches.empty() && last_watch == 0);
    out.add(current ? current->number.value : 0);
    out.add(std::uint64_t{is_leased});
    out.add(std::uint64_t{is_leaving});
    out.add(last_number);
    out.add(last_report);
    out.add_each(requests, [&](const auto& r) {
        const auto& [caller, name, at, wanted, was_asked, next_send, attempt, when_due] = r.second;
        out.add(r.first.value);
        out.add(caller.value);
        out.add(name);
        out.add(std::uint64_t{wanted.is_try});
        out.add(std::uint64_t{was_asked});
        out.add_presence(next_send);
    });
    out.add_each(held, [&](const auto& one) {
        const auto& [at, number, note, mode, policy, delay, others_wait, is_unclean, asked_by, ends,
                     stuck_from, progress_every, when_stuck] = one.second;
        out.add(one.first.first);
        explore::add(out, one.first.second);
        out.add(number.value);
        out.add(std::uint64_t{others_wait});
        out.add(std::uint64_t{is_unclean});
    });
    const auto add_key = [&](const auto& r) {
        out.add(r.first.first);
        explore::add(out, r.first.second);
    };
    out.add_each(releases, [&](const auto& r) {
        add_key(r);
        out.add(std::uint64_t{static_cast<unsigned>(r.second.what.how)});
        out.add(std::uint64_t{r.second.what.is_consistent});
    });
    out.add_each(cancels, [&](const auto& c) {
        out.add(c.first.first.value);
        out.add(c.first.second);
    });
    out.add_presence(next_repeat);
    out.add_each(promises, [&](const auto& p) {
        explore::add(out, p.first);
        out.add(std::uint64_t{p.second.value});
    });
}

void insight::set_repeats(owner& o, base::time_point due) {
    const auto set = [&](std::optional<base::time_point>& timer) {
        if (timer) {
            timer = due;
        }
    };
    set(o.next_repeat_);
    set(o.next_still_);
    for (auto& [s, t] : o.tenures_) {
        for (auto& [name, e] : t.table) {
            for (auto& h : e.held) {
                h.next_send = due;
            }
        }
    }
    for (auto& p : o.passages_) {
        p.next_send = due;
    }
    for (auto& [serial, g] : o.gathers_) {
        g.next_send = due;
    }
    for (auto& [key, b] : o.breaks_) {
        b.next_send = due;
    }
}

void insight::set_repeats(holder& h, base::time_point due) {
    for (auto& [number, p] : h.requests_) {
        if (p.next_send) {
            p.next_send = due;
            h.plan(number, p);
        }
    }
    for (auto& [key, r] : h.releases_) {
        r.next_send = due;
    }
    for (auto& [key, c] : h.cancels_) {
        c.next_send = due;
    }
    if (h.next_repeat_) {
        h.next_repeat_ = due;
    }
}

bool insight::waits_for_leases(const owner& o, base::time_point now) {
    return std::any_of(o.voids_.begin(), o.voids_.end(),
                       [&](const auto& v) { return v.second.at > now; });
}

void insight::end_leases(owner& o, base::time_point now) {
    for (auto& [id, end] : o.voids_) {
        end.at = std::min(end.at, now);
    }
    if (o.next_void_) {
        o.next_void_ = now;
    }
}

std::vector<token> insight::held(const holder& h) {
    std::vector<token> out;
    for (const auto& [key, one] : h.held_) {
        out.push_back(key.second);
    }
    return out;
}

}  // namespace holdfast::explore
