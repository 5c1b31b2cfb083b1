#include "lock/owner.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {

void owner::set_leased(bool is_leased, base::time_point now) {
    if (is_leased == is_leased_) {
        return;
    }
    is_leased_ = is_leased;
    if (is_leased_) {
        const auto names = contended_;  // LEASE-5: the table is intact, whoever queued meanwhile is served
        for (const auto& [s, name] : names) {
            if (auto* t = serving_at(s)) {
                pump(s, name, t->table[name], now);
            }
        }
    }
}

void owner::handle(const peer_id& from, const message& what, base::time_point now) {
    if (!view_) {
        ++counters_.dropped;
        return;
    }
    std::visit(
        [&](const auto& m) {
            using kind = std::decay_t<decltype(m)>;
            if constexpr (std::is_same_v<kind, request> || std::is_same_v<kind, release> || std::is_same_v<kind, cancel> ||
                          std::is_same_v<kind, report> || std::is_same_v<kind, table> || std::is_same_v<kind, no_table> ||
                          std::is_same_v<kind, watch>) {
                on(from, m, now);
            } else if constexpr (std::is_same_v<kind, taken> || std::is_same_v<kind, table_ack> || std::is_same_v<kind, lock_state_seen>) {
                on(from, m);
            } else if constexpr (std::is_same_v<kind, unwatch>) {
                if (const auto at = watches_.find({slot_of_(m.name), m.name}); at != watches_.end()) {
                    std::erase_if(at->second, [&](const watched& w) { return w.by == from && w.number <= m.number; });
                    if (at->second.empty()) {
                        watches_.erase(at);
                    }
                }
            } else {
                ++counters_.dropped;  // for a holder
            }
        },
        what);
}

void owner::tick(base::time_point now) {
    if (base::is_due(next_repeat_, now)) {
        resend_grants(now);
    }
    send_passages(now);
    for (auto& [serial, g] : gathers_) {
        if (g.next_send <= now) {
            ask_reports(serial, g, now);
        }
    }
    if (base::is_due(next_void_, now)) {
        next_void_.reset();
        free_the_removed(now);
        try_serve(now);
    }
    if (base::is_due(next_still_, now)) {
        next_still_.reset();
        for (const auto& [s, name] : contended_) {
            if (auto* t = serving_at(s)) {
                next_still_ = now + settings_.lease;
                auto& e = t->table[name];
                if (e.held && e.held->what.is_taken && settings_.bug != base::planted::still_held_never_asked) {
                    // "Yes" is not answered, so from the third time on it also goes round by the voters.
                    out_.push(send{e.held->what.holder, still_held{name, e.held->what.token}, e.held->asked++});
                }
            }
        }
    }
    repeat_breaks(now);
    tell_again(now);
}

std::optional<base::time_point> owner::deadline() const {
    auto due = next_repeat_;
    base::earlier(due, next_void_);
    base::earlier(due, next_still_);
    for (const auto& p : passages_) {
        base::earlier(due, p.next_send);
    }
    for (const auto& [serial, g] : gathers_) {
        base::earlier(due, g.next_send);
    }
    for (const auto& [key, b] : breaks_) {
        base::earlier(due, b.next_send);
    }
    base::earlier(due, next_tell_);
    return due;
}

std::vector<hold> owner::holds() const {
    std::vector<hold> out;
    for (const auto& [s, t] : tenures_) {
        for (const auto& [name, e] : t.table) {
            if (e.held) {
                out.push_back(e.held->what);
            }
        }
    }
    return out;
}

void owner::check() const {
    for (const auto& [s, t] : tenures_) {
        if (settings_.bug == base::planted::none) {
            HOLDFAST_ASSERT(map_->owner_of(s) == self_);
        }
        HOLDFAST_ASSERT(t.gained <= view_->number);
        HOLDFAST_ASSERT(std::holds_alternative<serving>(t.state) || t.table.empty());
        for (const auto& [name, e] : t.table) {
            HOLDFAST_ASSERT(!e.is_empty());
            HOLDFAST_ASSERT(!e.held || e.held->what.token.of_epoch() <= view_->epoch);
            HOLDFAST_ASSERT(e.queue.empty() || contended_.contains({s, name}));
        }
    }
    for (const auto& [serial, g] : gathers_) {
        HOLDFAST_ASSERT(!g.slots.empty());
    }
}

// ---- requests and grants

void owner::on(const peer_id& from, const request& asked, base::time_point now) {
    if (!is_member(from)) {
        ++counters_.dropped;
        return;
    }
    auto& floor = settled_[from];
    if (asked.settled <= asked.number) {
        floor = std::max(floor, asked.settled);
    }
    if (asked.number < floor) {
        return;  // OWN-10: it was answered long ago, this is an old copy
    }
    const auto s = slot_of_(asked.name);
    auto* t = current(s);
    if (t == nullptr) {
        ++counters_.dropped;  // whoever owns it now is in the views that NET-3 brings to the sender
        return;
    }
    if (std::holds_alternative<serving>(t->state)) {
        enqueue(s, *t, from, asked, now);
        return;
    }
    const bool is_known = std::any_of(t->early.begin(), t->early.end(),
                                      [&](const auto& e) { return e.first == from && e.second.number == asked.number; });
    if (!is_known) {
        t->early.emplace_back(from, asked);
    }
    if (!asked.is_try) {
        out_.push(send{from, queued{asked.number}});  // a try goes on asking: its answer is not repeated
    }
}

void owner::enqueue(slot s, tenure& t, const peer_id& from, const request& asked, base::time_point now) {
    auto& e = t.table[asked.name];
    if (e.held && e.held->what.holder == from && e.held->what.number == asked.number) {
        send_grant(*e.held, !e.queue.empty(), now);  // HOLD-5
        return;
    }
    const bool is_queued = std::any_of(e.queue.begin(), e.queue.end(), [&](const waiter& w) { return w.peer == from && w.number == asked.number; });
    if (!is_queued) {
        if (asked.is_try && !e.is_empty()) {
            out_.push(send{from, denied{asked.number}});
            return;
        }
        const auto place = settings_.bug == base::planted::last_come_first_served ? e.queue.begin() : e.queue.end();
        e.queue.insert(place, {asked.name, from, asked.number, asked.note});
    }
    pump(s, asked.name, e, now);
    const auto at = t.table.find(asked.name);
    if (at != t.table.end() && std::any_of(at->second.queue.begin(), at->second.queue.end(),
                                           [&](const waiter& w) { return w.peer == from && w.number == asked.number; })) {
        out_.push(send{from, queued{asked.number}});
    }
}

void owner::pump(slot s, const std::string& name, entry& e, base::time_point now) {
    const bool may_grant = is_leased_ || settings_.bug == base::planted::grants_without_a_lease;  // OWN-1
    while (may_grant && !e.held && !e.queue.empty()) {
        if (!is_member(e.queue.front().peer)) {
            e.queue.pop_front();
            continue;
        }
        if (sequence_ >= settings_.last_sequence) {
            if (settings_.bug != base::planted::sequence_runs_over) {
                out_.push(epoch_wanted{});  // OWN-6
                break;
            }
            sequence_ = 0;
        }
        auto next = std::move(e.queue.front());
        e.queue.pop_front();
        e.held = granted_hold{{name, token::make(grant_epoch_, ++sequence_), next.peer, next.number, std::move(next.note), false}, {}, 0, 0};
        ++counters_.granted;
        out_.push(gave{e.held->what, view_->number});
        send_grant(*e.held, !e.queue.empty(), now);
        tell_watchers(name, e.held->what, now);
    }
    note_waiters(s, name, e, now);
    if (e.is_empty()) {
        if (auto* t = current(s)) {
            t->table.erase(t->table.find(name));
        }
    }
}

void owner::send_grant(granted_hold& h, bool others_wait, base::time_point now) {
    out_.push(send{h.what.holder, grant{h.what.number, h.what.name, h.what.token, others_wait}, h.attempt++});
    h.next_send = now + pause_after(settings_, h.attempt);
    if (!h.what.is_taken && settings_.bug != base::planted::grant_sent_once) {
        untaken_.emplace(slot_of_(h.what.name), h.what.name);
        base::earlier(next_repeat_, h.next_send);
    }
}

void owner::resend_grants(base::time_point now) {
    next_repeat_.reset();
    const auto names = untaken_;
    for (const auto& [s, name] : names) {
        auto* t = serving_at(s);
        const auto at = t == nullptr ? locks::iterator{} : t->table.find(name);
        if (t == nullptr || at == t->table.end() || !at->second.held || at->second.held->what.is_taken) {
            untaken_.erase({s, name});
            continue;
        }
        auto& h = *at->second.held;
        if (h.next_send <= now) {
            send_grant(h, !at->second.queue.empty(), now);
        }
        base::earlier(next_repeat_, h.next_send);
    }
}

void owner::on(const peer_id& from, const taken& answer) {
    const auto s = slot_of_(answer.name);
    auto* t = serving_at(s);
    if (t == nullptr) {
        return;
    }
    const auto at = t->table.find(answer.name);
    if (at != t->table.end() && at->second.held && at->second.held->what.token == answer.token && at->second.held->what.holder == from) {
        at->second.held->what.is_taken = true;
        untaken_.erase({s, answer.name});
    }
}

void owner::on(const peer_id& from, const release& done, base::time_point now) {
    const auto s = slot_of_(done.name);
    auto* t = serving_at(s);
    if (t == nullptr) {
        // OWN-7: only a serving owner acks; it will be sent again
        const bool acks = settings_.bug == base::planted::release_acked_while_not_serving || settings_.bug == base::planted::still_held_never_asked;
        if (acks && current(s) != nullptr) {
            out_.push(send{from, released{done.name, done.token}});
        }
        return;
    }
    breaks_.erase({done.name, done.token});
    const auto at = t->table.find(done.name);
    if (at != t->table.end() && at->second.held) {
        const auto& h = at->second.held->what;
        const bool is_meant = settings_.bug == base::planted::release_by_holder ? h.holder == from : h.token == done.token;
        if (is_meant) {
            free_hold(s, done.name, at->second, now);
        }
    }
    out_.push(send{from, released{done.name, done.token}});
}

void owner::free_hold(slot s, const std::string& name, entry& e, base::time_point now) {
    const std::string free{name};  // `name` may live in the entry
    e.held.reset();
    untaken_.erase({s, free});
    pump(s, free, e, now);
    if (!state_of(free)) {
        tell_watchers(free, std::nullopt, now);
    }
}

void owner::on(const peer_id& from, const cancel& asked, base::time_point now) {
    const auto s = slot_of_(asked.name);
    auto* t = serving_at(s);
    if (t == nullptr) {
        return;
    }
    const auto at = t->table.find(asked.name);
    if (at != t->table.end()) {
        std::erase_if(at->second.queue, [&](const waiter& w) { return w.peer == from && w.number == asked.number; });
        pump(s, asked.name, at->second, now);
    }
    out_.push(send{from, cancelled{asked.number}});
}

void owner::note_waiters(slot s, const std::string& name, const entry& e, base::time_point now) {
    if (e.queue.empty()) {
        contended_.erase({s, name});
    } else {
        contended_.emplace(s, name);
        if (!next_still_) {
            next_still_ = now + settings_.lease;
        }
    }
}

// ---- the removed (OWN-5)

std::optional<base::time_point> owner::void_at(const peer_id& id) const {
    if (is_member(id)) {
        return std::nullopt;
    }
    const auto known = voids_.find(id);
    if (known == voids_.end() && settings_.bug == base::planted::unknown_holder_never_freed) {
        return std::nullopt;
    }
    if (known == voids_.end() && settings_.bug == base::planted::unknown_holder_freed_at_once) {
        return first_view_at_;
    }
    return known == voids_.end() ? first_view_at_ + settings_.full_lease() : known->second.at;
}

void owner::free_the_removed(base::time_point now) {
    for (auto& [s, t] : tenures_) {
        std::vector<std::string> ended;
        for (auto& [name, e] : t.table) {
            if (!e.held) {
                continue;
            }
            if (const auto at = void_at(e.held->what.holder)) {
                if (*at <= now || settings_.bug == base::planted::removed_holder_freed_at_once) {
                    ended.push_back(name);
                } else {
                    schedule_void(*at);
                }
            }
        }
        for (const auto& name : ended) {
            if (const auto at = t.table.find(name); at != t.table.end()) {
                free_hold(s, name, at->second, now);
            }
        }
    }
}

void owner::schedule_void(base::time_point at) { base::earlier(next_void_, at); }

void owner::drop_strangers(base::time_point now) {
    const auto names = contended_;
    for (const auto& [s, name] : names) {
        if (auto* t = serving_at(s)) {
            auto& e = t->table[name];
            std::erase_if(e.queue, [&](const waiter& w) { return !is_member(w.peer); });
            pump(s, name, e, now);
        }
    }
    std::erase_if(settled_, [&](const auto& f) { return !is_member(f.first); });
    for (auto at = watches_.begin(); at != watches_.end();) {
        std::erase_if(at->second, [&](const watched& w) { return !is_member(w.by); });
        at = at->second.empty() ? watches_.erase(at) : std::next(at);
    }
}

owner::tenure* owner::current(slot s) {
    const auto at = tenures_.find(s);
    return at == tenures_.end() ? nullptr : &at->second;
}

owner::tenure* owner::serving_at(slot s) {
    auto* t = current(s);
    return t != nullptr && std::holds_alternative<serving>(t->state) ? t : nullptr;
}

}  // namespace holdfast::lock
