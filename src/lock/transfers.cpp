#include "lock/transfers.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {
namespace {

std::size_t bytes_of_table(const slot_table& t) {
    std::size_t bytes = 0;
    for (const auto& h : t.holds) {
        bytes += bytes_of(h);
    }
    for (const auto& w : t.queue) {
        bytes += bytes_of(w);
    }
    for (const auto& remembered : t.pasts) {
        bytes += bytes_of(remembered);
    }
    for (const auto& d : t.delays) {
        bytes += bytes_of(d);
    }
    return bytes;
}

}  // namespace

slot_table table_of(slot s, const tenure& t, std::vector<delay> delays,
                    const former_holds& former) {
    slot_table out{s, {}, {}, {}, t.history_is_complete, {}};
    std::size_t bytes = 0;
    // DELAY: without one that runs the next owner would grant its lock at once.
    const auto over = std::stable_partition(
        delays.begin(), delays.end(), [](const delay& d) { return d.is == delay_stage::running; });
    for (auto at = delays.begin(); at != over; ++at) {
        bytes += bytes_of(*at);
        out.delays.push_back(std::move(*at));
    }
    for (const auto& [name, e] : t.table) {
        for (const auto& [token, h] : e.held.all()) {
            out.holds.push_back(h.what);
            bytes += bytes_of(h.what);
        }
    }
    // A waiter that finds no room asks the new owner again within A (QUEUED); it only loses its
    // place.
    for (const auto& [name, e] : t.table) {
        e.queue.for_each([&](const waiter& w) {
            bytes += bytes_of(w);
            if (bytes <= bytes_in_a_message) {
                out.queue.push_back(w);
            }
        });
    }

    for (auto& [name, what] : former.of(s)) {
        past p{name, std::move(what)};
        bytes += bytes_of(p);
        if (bytes <= bytes_in_a_message) {
            out.pasts.push_back(std::move(p));
        } else if (!p.what.is_clean()) {
            out.history_is_complete = false;
        }
    }
    // FATE: all that is remembered goes along, unless there is too much of it
    HOLDFAST_ASSERT(!base::checks_everything() || bytes > bytes_in_a_message ||
                    out.pasts.size() == former.of(s).size());
    // One that finds no room may be waited for once more.
    for (auto at = over; at != delays.end(); ++at) {
        bytes += bytes_of(*at);
        if (bytes <= bytes_in_a_message) {
            out.delays.push_back(std::move(*at));
        }
    }
    return out;
}

void transfers::install(const view& v, base::time_point now) {
    std::erase_if(under_way_, [&](const table_transfer& p) { return !v.has(p.to); });
    for (auto at = expected_.begin(); at != expected_.end();) {
        const auto [key, t] = *at;
        if (v.has(t.to) && v.has(t.from)) {
            ++at;
            continue;
        }
        at = expected_.erase(at);
        if (v.has(t.to)) {
            give_none(t.lost, t.to, key.first, false, now);
        }
    }
}

void transfers::give(view_number to_view, const peer_id& to, slot s, slot_table what,
                     base::time_point now) {
    HOLDFAST_ASSERT(what.slot == s);
    transfer_to(to_view, to, now).tables.insert_or_assign(s, std::move(what));
}

void transfers::give_none(view_number to_view, const peer_id& to, slot s, bool is_unused,
                          base::time_point now) {
    transfer_to(to_view, to, now).none.emplace(s, is_unused);
}

void transfers::expect(slot s, view_number gained, const in_transit& what) {
    HOLDFAST_ASSERT(gained < what.lost);
    expected_[{s, gained}] = what;
}

void transfers::forward(const peer_id& from, view_number to_view, const slot_table& what,
                        base::time_point now) {
    const auto at = expected_.find({what.slot, to_view});
    if (at != expected_.end() && at->second.from == from) {
        give(at->second.lost, at->second.to, what.slot, what, now);
        expected_.erase(at);
    }
}

void transfers::forward_none(const peer_id& from, view_number to_view, slot s, bool is_unused,
                             base::time_point now) {
    const auto at = expected_.find({s, to_view});
    if (at != expected_.end() && at->second.from == from) {
        give_none(at->second.lost, at->second.to, s, is_unused, now);
        expected_.erase(at);
    }
}

void transfers::acked(const peer_id& from, const table_ack& what) {
    for (auto& p : under_way_) {
        if (p.to == from && p.to_view == what.to_view) {
            for (const auto& s : what.slots) {
                p.tables.erase(s);
                p.none.erase(s);
            }
        }
    }
    std::erase_if(under_way_,
                  [](const table_transfer& p) { return p.tables.empty() && p.none.empty(); });
}

transfers::table_transfer& transfers::transfer_to(view_number to_view, const peer_id& to,
                                                  base::time_point now) {
    for (auto& p : under_way_) {
        if (p.to_view == to_view && p.to == to) {
            p.again.next = now;
            p.again.reset();  // LOAD-4: what joins was not sent yet
            return p;
        }
    }
    under_way_.push_back({to_view, to});
    under_way_.back().again.next = now;
    return under_way_.back();
}

void transfers::send_due(base::time_point now, owner_outbox& out) {
    for (auto& p : under_way_) {
        if (p.again.is_due(now)) {
            send_one(p, now, out);
        }
    }
}

void transfers::make_due(const peer_id& peer, base::time_point now) {
    for (auto& p : under_way_) {
        if (p.to == peer) {
            p.again.next = now;
        }
    }
}

void transfers::send_one(table_transfer& p, base::time_point now, owner_outbox& out) const {
    const auto attempt = p.again.sent(pace_, p.to, now);
    table tables{p.to_view, {}};
    std::size_t bytes = 0;
    for (const auto& [s, t] : p.tables) {
        if (!tables.slots.empty() &&
            (tables.slots.size() >= slots_in_a_message || bytes >= bytes_in_a_message)) {
            out.push(send{p.to, std::move(tables), attempt});
            tables = {p.to_view, {}};
            bytes = 0;
        }
        bytes += bytes_of_table(t);
        tables.slots.push_back(t);
    }
    if (!tables.slots.empty()) {
        out.push(send{p.to, std::move(tables), attempt});
    }
    if (!p.none.empty()) {
        no_table none{p.to_view, {}, {}};
        for (const auto& [s, is_unused] : p.none) {
            none.slots.push_back(s);
            if (is_unused) {
                none.unused.push_back(s);
            }
        }
        out.push(send{p.to, std::move(none), attempt});
    }
}

std::optional<base::time_point> transfers::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& p : under_way_) {
        base::earlier(due, p.again.next);
    }
    return due;
}

void transfers::invariants(const peer_id& self, view_number newest) const {
    for (const auto& p : under_way_) {
        HOLDFAST_ASSERT(p.to != self);
        HOLDFAST_ASSERT(p.to_view <= newest);
        HOLDFAST_ASSERT(!p.tables.empty() || !p.none.empty());
        HOLDFAST_ASSERT(p.again.attempt > 0);  // it was sent in the call that made it
    }
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& p : under_way_) {
        for (const auto& [s, t] : p.tables) {
            HOLDFAST_ASSERT(t.slot == s);
            HOLDFAST_ASSERT(!p.none.contains(s));
        }
    }
    for (const auto& [key, t] : expected_) {
        HOLDFAST_ASSERT(key.second < t.lost && t.lost <= newest);
        HOLDFAST_ASSERT(t.to != self);
        HOLDFAST_ASSERT(t.from != self);
    }
}

}  // namespace holdfast::lock
