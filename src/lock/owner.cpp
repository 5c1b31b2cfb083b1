#include "lock/owner.hpp"

#include <algorithm>
#include <limits>
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
        // LEASE-5: the table is intact, whoever queued meanwhile is served
        const auto names = contended_;
        for (const auto& [s, name] : names) {
            if (auto* t = serving_at(s)) {
                pump(s, name, t->table[name], now);
            }
        }
    }
}

void owner::handle(const peer_id& from, const to_owner& what, base::time_point now) {
    if (!view_) {
        ++counters_.dropped;
        return;
    }
    std::visit([&](const auto& m) { on(from, m, now); }, what);
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
                for (auto& h : e.held) {
                    if (h.what.is_taken && settings_.bug != base::planted::still_held_never_asked) {
                        // "Yes" is not answered, so from the third time on it also goes round by
                        // the voters.
                        out_.push(send{h.what.holder, still_held{name, h.what.token}, h.asked++});
                    }
                }
            }
        }
    }
    end_delays(now);
    break_for_the_patient(now);
    repeat_breaks(now);
    repeat_asks(now);
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
    base::earlier(due, next_ask_);
    base::earlier(due, next_delay_);
    base::earlier(due, next_patience_);
    return due;
}

std::vector<hold> owner::holds() const {
    std::vector<hold> out;
    for (const auto& [s, t] : tenures_) {
        for (const auto& [name, e] : t.table) {
            for (const auto& h : e.held) {
                out.push_back(h.what);
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
            for (const auto& h : e.held) {
                HOLDFAST_ASSERT(h.what.token.of_epoch() <= view_->epoch);
            }
            HOLDFAST_ASSERT(e.queue.empty() || contended_.contains({s, name}));
        }
    }
    for (const auto& [serial, g] : gathers_) {
        HOLDFAST_ASSERT(!g.slots.empty());
    }
}

// ---- one lock

owner::granted_hold* owner::entry::find(token t) {
    const auto at = std::find_if(held.begin(), held.end(),
                                 [&](const granted_hold& h) { return h.what.token == t; });
    return at == held.end() ? nullptr : &*at;
}

bool owner::has_room(const entry& e, const lock_mode& mode) const {
    const bool is_permit = mode.how == lock_mode::kind::permit;
    if (settings_.bug == base::planted::readers_beside_writers &&
        mode.how == lock_mode::kind::shared) {
        return true;
    }
    if (is_permit && e.held.size() >= mode.limit &&
        settings_.bug != base::planted::permits_not_counted) {
        return false;
    }
    return std::all_of(e.held.begin(), e.held.end(), [&](const granted_hold& h) {
        return mode.goes_with(h.what.mode) ||
               (settings_.bug == base::planted::limits_not_compared &&
                mode.contradicts(h.what.mode));
    });
}

standing owner::standing_of(const entry& e) {
    standing out{
        {}, static_cast<std::uint32_t>(e.held.size()), static_cast<std::uint32_t>(e.queue.size())};
    for (std::size_t i = 0; i < std::min(e.held.size(), most_told); ++i) {
        out.held.push_back(e.held[i].what);
    }
    return out;
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
        // whoever owns it now is in the views that NET-3 brings to the sender
        ++counters_.dropped;
        return;
    }
    if (std::holds_alternative<serving>(t->state)) {
        enqueue(s, *t, from, asked, now);
        return;
    }
    const bool is_known = std::any_of(t->early.begin(), t->early.end(), [&](const auto& e) {
        return e.first == from && e.second.number == asked.number;
    });
    if (!is_known) {
        t->early.emplace_back(from, asked);
    }
    if (!asked.is_try) {
        // a try goes on asking: its answer is not repeated
        out_.push(send{from, queued{asked.number}});
    }
}

void owner::enqueue(slot s, tenure& t, const peer_id& from, const request& asked,
                    base::time_point now) {
    auto& e = t.table[asked.name];
    const auto granted = std::find_if(e.held.begin(), e.held.end(), [&](const granted_hold& h) {
        return h.what.holder == from && h.what.number == asked.number;
    });
    if (granted != e.held.end()) {
        send_grant(*granted, !e.queue.empty(), now);  // HOLD-5
        return;
    }
    const auto is_this = [&](const waiter& w) {
        return w.peer == from && w.number == asked.number;
    };
    const bool is_new = std::none_of(e.queue.begin(), e.queue.end(), is_this);
    if (is_new) {
        if (is_refused(from, asked, e, now)) {
            if (e.is_empty()) {
                t.table.erase(t.table.find(asked.name));  // it rests (DELAY)
            }
            return;
        }
        enter(e, {asked.name, from, asked.number, asked.note, asked.mode, asked.policy, asked.delay,
                  asked.priority});
    }
    const bool has_granted = pump(s, asked.name, e, now);
    const auto at = t.table.find(asked.name);
    if (at != t.table.end() &&
        std::any_of(at->second.queue.begin(), at->second.queue.end(), is_this)) {
        out_.push(send{from, queued{asked.number}});
        if (is_new && !has_granted) {
            tell_watchers(asked.name, now);
        }
    }
}

/// PRIORITY: behind everybody of its own priority and above.
void owner::enter(entry& e, waiter w) const {
    auto place = std::find_if(e.queue.begin(), e.queue.end(),
                              [&](const waiter& other) { return other.priority < w.priority; });
    if (settings_.bug == base::planted::last_come_first_served) {
        place = e.queue.begin();
    } else if (settings_.bug == base::planted::priority_ignored) {
        place = e.queue.end();
    }
    e.queue.insert(place, std::move(w));
}

void owner::put_first(entry& e, const peer_id& heir) {
    const auto at = std::find_if(e.queue.begin(), e.queue.end(),
                                 [&](const waiter& w) { return w.peer == heir; });
    if (at != e.queue.end()) {
        // PRIORITY: who comes later does not go before it either
        at->priority = std::numeric_limits<std::int32_t>::max();
        std::rotate(e.queue.begin(), at, at + 1);
    }
}

bool owner::is_refused(const peer_id& from, const request& asked, const entry& e,
                       base::time_point now) {
    const bool differs =
        settings_.bug != base::planted::limits_not_compared &&
        (std::any_of(e.held.begin(), e.held.end(),
                     [&](const granted_hold& h) { return asked.mode.contradicts(h.what.mode); }) ||
         std::any_of(e.queue.begin(), e.queue.end(),
                     [&](const waiter& w) { return asked.mode.contradicts(w.mode); }));
    if (differs) {
        // LIMIT
        out_.push(send{from, denied{asked.number, refusal::limit_differs, standing_of(e)}});
        return true;
    }
    if (asked.is_try && (!(e.queue.empty() && has_room(e, asked.mode)) ||
                         is_delayed(slot_of_(asked.name), asked.name, now))) {
        out_.push(send{from, denied{asked.number, refusal::taken, standing_of(e)}});
        return true;
    }
    return false;
}

bool owner::pump(slot s, const std::string& name, entry& e, base::time_point now) {
    // OWN-1
    const bool may_grant = is_leased_ || settings_.bug == base::planted::grants_without_a_lease;
    bool has_granted = false;
    while (may_grant && !e.queue.empty() && !is_delayed(s, name, now)) {
        if (!is_member(e.queue.front().peer)) {
            e.queue.pop_front();
            continue;
        }
        auto first = e.queue.begin();
        if (settings_.bug == base::planted::readers_overtake_writers) {
            first = std::find_if(first, e.queue.end(), [&](const waiter& w) {
                return is_member(w.peer) && has_room(e, w.mode);
            });
        }
        if (first == e.queue.end() || !has_room(e, first->mode)) {
            break;  // OWN-10: nobody behind it goes before it, so that writers do not starve
        }
        if (sequence_ >= settings_.last_sequence) {
            if (settings_.bug != base::planted::sequence_runs_over) {
                out_.push(epoch_wanted{});  // OWN-6
                break;
            }
            sequence_ = 0;
        }
        auto next = std::move(*first);
        e.queue.erase(first);
        e.held.push_back({{name, token::make(grant_epoch_, ++sequence_), next.peer, next.number,
                           std::move(next.note), false, next.mode, next.policy, next.delay},
                          name_of(next.peer),
                          {},
                          0,
                          0,
                          now,
                          true});
        ++counters_.granted;
        has_granted = true;
        out_.push(gave{e.held.back().what, view_->number});
        send_grant(e.held.back(), !e.queue.empty(), now);
    }
    note_waiters(s, name, e, now);
    if (has_granted) {
        tell_watchers(name, now);
    }
    if (e.is_empty()) {
        if (auto* t = current(s)) {
            t->table.erase(t->table.find(name));
        }
    }
    return has_granted;
}

void owner::send_grant(granted_hold& h, bool others_wait, base::time_point now) {
    const auto& g = h.what;
    out_.push(send{g.holder,
                   grant{g.number, g.name, g.token, others_wait, before(slot_of_(g.name), g.name)},
                   h.attempt++});
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
        if (t == nullptr || at == t->table.end()) {
            untaken_.erase({s, name});
            continue;
        }
        for (auto& h : at->second.held) {
            if (h.what.is_taken) {
                continue;
            }
            if (h.next_send <= now) {
                send_grant(h, !at->second.queue.empty(), now);
            }
            base::earlier(next_repeat_, h.next_send);
        }
        settle_untaken(s, name);
    }
}

/// After a hold was taken or is gone: whether any grant of this lock is still to be repeated.
void owner::settle_untaken(slot s, const std::string& name) {
    auto* t = serving_at(s);
    const auto at = t == nullptr ? locks::iterator{} : t->table.find(name);
    const bool is_awaited = t != nullptr && at != t->table.end() &&
                            std::any_of(at->second.held.begin(), at->second.held.end(),
                                        [](const granted_hold& h) { return !h.what.is_taken; });
    if (!is_awaited) {
        untaken_.erase({s, name});
    }
}

void owner::on(const peer_id& from, const taken& answer, base::time_point) {
    const auto s = slot_of_(answer.name);
    auto* t = serving_at(s);
    if (t == nullptr) {
        return;
    }
    const auto at = t->table.find(answer.name);
    auto* h = at == t->table.end() ? nullptr : at->second.find(answer.token);
    if (h != nullptr && h->what.holder == from) {
        h->what.is_taken = true;
        settle_untaken(s, answer.name);
    }
}

void owner::on(const peer_id& from, const release& done, base::time_point now) {
    const auto s = slot_of_(done.name);
    auto* t = serving_at(s);
    if (t == nullptr) {
        // OWN-7: only a serving owner acks; it will be sent again
        const bool acks = settings_.bug == base::planted::release_acked_while_not_serving ||
                          settings_.bug == base::planted::still_held_never_asked;
        if (acks && current(s) != nullptr) {
            out_.push(send{from, released{done.name, done.token}});
        }
        return;
    }
    if (!breaks_.empty()) {
        breaks_.erase({done.name, done.token});
    }
    const auto at = t->table.find(done.name);
    if (at != t->table.end()) {
        const auto& held = at->second.held;
        const auto meant = std::find_if(held.begin(), held.end(), [&](const granted_hold& h) {
            return settings_.bug == base::planted::release_by_holder ? h.what.holder == from
                                                                     : h.what.token == done.token;
        });
        if (meant != held.end()) {
            std::optional<farewell> how;
            if (done.how != ending::given_back) {
                how = farewell{done.how == ending::released  ? fate::released
                               : done.how == ending::expired ? fate::expired
                                                             : fate::broken,
                               done.is_consistent,
                               done.gives_value ? std::optional{done.value} : std::nullopt};
            }
            if (!done.heir.is_nil() && settings_.bug != base::planted::heir_ignored) {
                put_first(at->second, done.heir);
            }
            free_hold(s, done.name, at->second, meant->what.token, std::move(how), now);
        }
    }
    out_.push(send{from, released{done.name, done.token}});
}

void owner::free_hold(slot s, const std::string& name, entry& e, token t,
                      std::optional<farewell> how, base::time_point now) {
    const std::string free{name};  // `name` may live in the entry
    if (const auto* h = e.find(t); h != nullptr && how) {
        delay_after(s, *h, how->how, now);
        remember(s, free, *h, std::move(*how));
    }
    if (!breaks_.empty()) {
        breaks_.erase({free, t});
    }
    std::erase_if(e.held, [&](const granted_hold& h) { return h.what.token == t; });
    settle_untaken(s, free);
    answer_demands(free, t);
    if (!pump(s, free, e, now)) {
        tell_watchers(free, now);
    }
}

// ---- DELAY

void owner::delay_after(slot s, const granted_hold& h, fate how, base::time_point now) {
    if (h.what.delay.count() <= 0 || (how != fate::died && how != fate::expired) ||
        settings_.bug == base::planted::delay_not_waited) {
        return;
    }
    auto& until = delays_[{s, h.what.name}];
    until = std::max(until, now + h.what.delay);
    base::earlier(next_delay_, until);
}

bool owner::is_delayed(slot s, const std::string& name, base::time_point now) {
    if (delays_.empty()) {
        return false;  // as a rule; a key costs a copy of the name at every grant
    }
    const auto at = delays_.find({s, name});
    if (at == delays_.end()) {
        return false;
    }
    if (at->second <= now) {
        delays_.erase(at);
        return false;
    }
    base::earlier(next_delay_, at->second);
    return true;
}

void owner::end_delays(base::time_point now) {
    if (!base::is_due(next_delay_, now)) {
        return;
    }
    next_delay_.reset();
    const auto names = contended_;
    for (const auto& [s, name] : names) {
        if (auto* t = serving_at(s); t != nullptr && delays_.contains({s, name})) {
            pump(s, name, t->table[name], now);
        }
    }
    std::erase_if(delays_, [&](const auto& d) { return d.second <= now; });
}

void owner::on(const peer_id& from, const cancel& asked, base::time_point now) {
    const auto s = slot_of_(asked.name);
    auto* t = serving_at(s);
    if (t == nullptr) {
        return;
    }
    const auto at = t->table.find(asked.name);
    if (at != t->table.end()) {
        const auto gone = std::erase_if(at->second.queue, [&](const waiter& w) {
            return w.peer == from && w.number == asked.number;
        });
        if (!pump(s, asked.name, at->second, now) && gone > 0) {
            tell_watchers(asked.name, now);
        }
    }
    out_.push(send{from, cancelled{asked.number}});
}

void owner::note_waiters(slot s, const std::string& name, entry& e, base::time_point now) {
    if (e.queue.empty()) {
        contended_.erase({s, name});
        e.first.reset();
    } else {
        contended_.emplace(s, name);
        if (!next_still_) {
            next_still_ = now + settings_.lease;
        }
        if (const auto& w = e.queue.front();
            !e.first || e.first->peer != w.peer || e.first->number != w.number) {
            e.first = {w.peer, w.number, now};
        }
        for (const auto& h : e.held) {
            if (h.what.policy.waited_for.count() > 0) {
                base::earlier(next_patience_, e.first->since + h.what.policy.waited_for);
            }
        }
    }
}

// ---- what became of the holders before (FATE)

void owner::remember(slot s, const std::string& name, const granted_hold& h, farewell how) {
    if (h.what.mode.how != lock_mode::kind::exclusive) {
        return;
    }
    auto was = before(s, name);
    if (how.how == fate::released && !how.is_consistent &&
        settings_.bug != base::planted::fate_forgotten_by_release) {
        // It was told what had become of its predecessor, and has not said that all is well: so
        // will the next be told.
        was.value = how.value.value_or(was.value);
        // whoever told it so has taken what it knew along
        was.how = was.is_clean() ? fate::moved : was.how;
        keep(s, name, std::move(was));
        return;
    }
    keep(s, name,
         {how.how, h.what.token, h.what.holder, h.holder_name, h.what.note,
          how.value.value_or(was.value)});
}

void owner::keep(slot s, const std::string& name, previous_hold what) {
    if (const auto forgotten = pasts_.keep(s, name, std::move(what))) {
        if (auto* t = current(*forgotten)) {
            t->knows_all = false;
        }
    }
}

previous_hold owner::before(slot s, const std::string& name) {
    if (const auto* known = pasts_.find(s, name)) {
        return *known;
    }
    const auto* t = current(s);
    return {t != nullptr && t->knows_all ? fate::none : fate::moved, {}, {}, {}, {}, {}};
}

std::string owner::name_of(const peer_id& id) const {
    const auto* m = view_->find(id);
    return m == nullptr ? std::string{} : m->name;
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
        std::vector<std::pair<std::string, token>> ended;
        for (const auto& [name, e] : t.table) {
            for (const auto& h : e.held) {
                const auto at = void_at(h.what.holder);
                if (at &&
                    (*at <= now || settings_.bug == base::planted::removed_holder_freed_at_once)) {
                    ended.emplace_back(name, h.what.token);
                } else if (at) {
                    schedule_void(*at);
                }
            }
        }
        for (const auto& [name, token] : ended) {
            if (const auto at = t.table.find(name); at != t.table.end()) {
                free_hold(s, name, at->second, token, farewell{fate::died, false, {}}, now);
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
            const auto gone =
                std::erase_if(e.queue, [&](const waiter& w) { return !is_member(w.peer); });
            if (!pump(s, name, e, now) && gone > 0) {
                tell_watchers(name, now);
            }
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
