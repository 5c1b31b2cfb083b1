// How slots come and go with the views: hand-over from owner to owner (OWN-3, OWN-8).
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/deadline.hpp"
#include "lock/owner.hpp"

namespace holdfast::lock {

void owner::install(const step& s, base::time_point now) {
    view_ = s.now;
    map_ = s.map;
    if (s.is_first) {
        first_view_at_ = now;
        is_founder_ = s.now->number.value == 1;
    }
    // OWN-2: it goes on serving; grants carry the new epoch and the sequence starts again.
    if (s.is_first || settings_.bug != base::planted::epoch_stays) {
        grant_epoch_ = view_->epoch;
    }
    sequence_ = 0;
    for (const auto& r : s.removed) {
        voids_[r.id] = {r.void_at, r.since};
    }
    // A view forgets a former member after so many views, which may be sooner than its lease ends.
    std::erase_if(voids_, [&](const auto& v) {
        return view_->find_former(v.first) == nullptr && v.second.at <= now;
    });

    // What was on its way to or from somebody who is gone.
    std::erase_if(passages_, [&](const passage& p) { return !is_member(p.to); });
    const auto in_transit_before = transit_;
    for (const auto& [key, t] : in_transit_before) {
        if (!is_member(t.to)) {
            transit_.erase(key);
        } else if (!is_member(t.from)) {
            source_has_none(key.first, key.second, t.from, false, now);
        }
    }
    if (s.map_before != s.map) {
        for (std::uint32_t i = 0; i < map_->slots(); ++i) {
            const slot at{static_cast<std::uint16_t>(i)};
            const auto before = s.map_before ? s.map_before->owner_of(at) : peer_id{};
            const auto after = map_->owner_of(at);
            const bool had = tenures_.contains(at);
            if (had && after != self_) {
                lose(at, after, now);
            } else if (!had && after == self_) {
                gain(at, before, now);
            }
        }
    }
    for (auto& [at, t] : tenures_) {
        if (const auto* w = std::get_if<waiting>(&t.state); w != nullptr && !is_member(w->from)) {
            t.state = gathering{};  // OWN-4
            to_gather_.insert(at);
        }
    }
    drop_strangers(now);
    free_the_removed(now);
    send_passages(now);
    start_gathers(now);
    try_serve(now);
}

void owner::gain(slot s, const peer_id& from, base::time_point) {
    tenure t;
    t.gained = view_->number;
    t.gained_epoch = view_->epoch;
    t.is_unused = is_founder_ && view_->number == view_number{1};
    if (is_member(from) && from != self_) {
        t.state = waiting{from};
    } else {
        t.state = gathering{};
        to_gather_.insert(s);
    }
    tenures_.insert_or_assign(s, std::move(t));
}

void owner::lose(slot s, const peer_id& to, base::time_point now) {
    auto& t = tenures_.at(s);
    if (std::holds_alternative<serving>(t.state)) {
        passage_to(view_->number, to, now).tables.insert_or_assign(s, table_of(s, t, now));
        if (settings_.bug == base::planted::grants_after_hand_over) {
            return;
        }
    } else if (const auto* w = std::get_if<waiting>(&t.state); w != nullptr && is_member(w->from)) {
        transit_[{s, t.gained}] = {w->from, view_->number, to};
    } else {
        // FOUND-1, OWN-4: who gathers, or waits for a table that will not come, has none to give.
        passage_to(view_->number, to, now).none.emplace(s, t.is_unused);
        to_gather_.erase(s);
        const auto* gathers = std::get_if<gathering>(&t.state);
        if (const auto g = gathers == nullptr ? gathers_.end() : gathers_.find(gathers->serial);
            g != gathers_.end()) {
            g->second.slots.erase(s);
            if (g->second.slots.empty()) {
                gathers_.erase(g);
            }
        }
    }
    forget_grants_of(s);
    pasts_.forget(s);
    tenures_.erase(s);
}

void owner::forget_grants_of(slot s) {
    const auto drop = [&](auto& names) {
        const auto from = names.lower_bound({s, ""});
        auto to = from;
        while (to != names.end() && to->first == s) {
            ++to;
        }
        names.erase(from, to);
    };
    drop(untaken_);
    drop(contended_);
    const auto first = watches_.lower_bound({s, ""});  // WATCH-1: they register again
    auto last = first;
    while (last != watches_.end() && last->first.first == s) {
        ++last;
    }
    watches_.erase(first, last);
    std::erase_if(delays_, [&](const auto& d) { return d.first.first == s; });
}

slot_table owner::table_of(slot s, const tenure& t, base::time_point now) const {
    slot_table out{s, {}, {}, {}, t.knows_all, {}};
    std::size_t bytes = 0;
    for (auto at = delays_.lower_bound({s, ""}); at != delays_.end() && at->first.first == s;
         ++at) {
        if (at->second > now && bytes <= bytes_in_a_message) {
            out.delays.push_back({at->first.second, at->second - now});
            bytes += at->first.second.size() + 16;
        }
    }
    for (const auto& [name, e] : t.table) {
        for (const auto& h : e.held) {
            out.holds.push_back(h.what);
            bytes += bytes_of(h.what);
        }
    }
    // Whoever finds no room asks the new owner again within A (QUEUED); it only loses its place.
    for (const auto& [name, e] : t.table) {
        for (const auto& w : e.queue) {
            bytes += bytes_of(w);
            if (bytes <= bytes_in_a_message) {
                out.queue.push_back(w);
            }
        }
    }
    if (settings_.bug == base::planted::fate_not_handed_over) {
        return out;
    }
    for (auto& [name, what] : pasts_.of(s)) {
        past p{name, std::move(what)};
        bytes += bytes_of(p);
        if (bytes <= bytes_in_a_message) {
            out.pasts.push_back(std::move(p));
        } else if (!p.what.is_clean()) {
            out.knows_all = false;
        }
    }
    return out;
}

owner::passage& owner::passage_to(view_number to_view, const peer_id& to, base::time_point now) {
    for (auto& p : passages_) {
        if (p.to_view == to_view && p.to == to) {
            p.next_send = now;
            return p;
        }
    }
    passages_.push_back({to_view, to, {}, {}, now, 0});
    return passages_.back();
}

void owner::send_passages(base::time_point now) {
    for (auto& p : passages_) {
        if (p.next_send <= now) {
            send_passage(p, now);
        }
    }
}

void owner::send_passage(passage& p, base::time_point now) {
    table tables{p.to_view, {}};
    std::size_t bytes = 0;
    for (const auto& [s, t] : p.tables) {
        if (!tables.slots.empty() &&
            (tables.slots.size() >= slots_in_a_message || bytes >= bytes_in_a_message)) {
            out_.push(send{p.to, std::move(tables), p.attempt});
            tables = {p.to_view, {}};
            bytes = 0;
        }
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
            bytes += d.name.size() + 16;
        }
        tables.slots.push_back(t);
    }
    if (!tables.slots.empty()) {
        out_.push(send{p.to, std::move(tables), p.attempt});
    }
    if (!p.none.empty()) {
        no_table word{p.to_view, {}, {}};
        for (const auto& [s, is_unused] : p.none) {
            word.slots.push_back(s);
            if (is_unused) {
                word.unused.push_back(s);
            }
        }
        out_.push(send{p.to, std::move(word), p.attempt});
    }
    p.next_send = now + pause_after(settings_, p.attempt++);
}

void owner::on(const peer_id& from, const table& given, base::time_point now) {
    if (given.to_view > view_->number) {
        return;  // NET-3: the step to that view is on its way; the table will be sent again
    }
    table_ack done{given.to_view, {}};
    for (const auto& st : given.slots) {
        done.slots.push_back(st.slot);
        auto* t = current(st.slot);
        const auto* w = t == nullptr ? nullptr : std::get_if<waiting>(&t->state);
        // OWN-8
        const bool is_awaited = w != nullptr && t->gained == given.to_view && w->from == from;
        if (is_awaited || (settings_.bug == base::planted::table_not_matched && w != nullptr)) {
            take_table(*t, st, now);
            continue;
        }
        const auto on_its_way = transit_.find({st.slot, given.to_view});
        if (on_its_way != transit_.end() && on_its_way->second.from == from) {
            passage_to(on_its_way->second.lost, on_its_way->second.to, now)
                .tables.insert_or_assign(st.slot, st);
            transit_.erase(on_its_way);
        }
    }
    out_.push(send{from, std::move(done)});
    send_passages(now);
}

void owner::on(const peer_id& from, const no_table& given, base::time_point now) {
    if (given.to_view > view_->number) {
        return;
    }
    for (const auto& s : given.slots) {
        source_has_none(s, given.to_view, from,
                        std::binary_search(given.unused.begin(), given.unused.end(), s), now);
    }
    out_.push(send{from, table_ack{given.to_view, given.slots}});
    send_passages(now);
    start_gathers(now);
    try_serve(now);
}

void owner::source_has_none(slot s, view_number to_view, const peer_id& from, bool is_unused,
                            base::time_point now) {
    if (auto* t = current(s)) {
        const auto* w = std::get_if<waiting>(&t->state);
        if (w != nullptr && t->gained == to_view && w->from == from) {
            t->state = gathering{};
            t->is_unused = is_unused;
            to_gather_.insert(s);
        }
    }
    const auto on_its_way = transit_.find({s, to_view});
    if (on_its_way != transit_.end() && on_its_way->second.from == from) {
        passage_to(on_its_way->second.lost, on_its_way->second.to, now).none.emplace(s, is_unused);
        transit_.erase(on_its_way);
    }
}

void owner::on(const peer_id& from, const table_ack& given, base::time_point) {
    for (auto& p : passages_) {
        if (p.to == from && p.to_view == given.to_view) {
            for (const auto& s : given.slots) {
                p.tables.erase(s);
                p.none.erase(s);
            }
        }
    }
    std::erase_if(passages_, [](const passage& p) { return p.tables.empty() && p.none.empty(); });
}

void owner::take_table(tenure& t, const slot_table& given, base::time_point now) {
    for (const auto& d : given.delays) {
        if (slot_of_(d.name) == given.slot) {
            base::earlier(next_delay_, delays_[{given.slot, d.name}] = now + d.left);
        }
    }
    ++counters_.tables_received;
    for (const auto& h : given.holds) {
        if (slot_of_(h.name) == given.slot) {
            auto& e = t.table[h.name];
            if (e.find(h.token) == nullptr) {
                e.held.push_back({h, name_of(h.holder), now, 0, 0, now, false});
            }
        }
    }
    for (const auto& w : given.queue) {
        if (slot_of_(w.name) == given.slot && is_member(w.peer)) {
            t.table[w.name].queue.push_back(w);
        }
    }
    t.knows_all = given.knows_all;
    for (const auto& p : given.pasts) {
        if (slot_of_(p.name) == given.slot) {
            keep(given.slot, p.name, p.what);
        }
    }
    serve(given.slot, t, now);
}

void owner::serve(slot s, tenure& t, base::time_point now) {
    t.state = serving{};
    const auto early = std::exchange(t.early, {});
    std::vector<std::string> names;
    for (auto& [name, e] : t.table) {
        names.push_back(name);
        for (auto& h : e.held) {
            if (!h.what.is_taken) {
                send_grant(h, !e.queue.empty(), now);
            }
            if (const auto at = void_at(h.what.holder)) {
                schedule_void(*at);
            }
        }
    }
    for (const auto& name : names) {
        pump(s, name, t.table[name], now);
    }
    for (const auto& [from, asked] : early) {  // OWN-10: behind the table's queue
        if (is_member(from)) {
            enqueue(s, t, from, asked, now);
        }
    }
    for (auto at = watches_.lower_bound({s, ""}); at != watches_.end() && at->first.first == s;
         ++at) {
        tell_watchers(at->first.second, now);
    }
}

}  // namespace holdfast::lock
