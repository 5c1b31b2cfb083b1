// A new owner asks the members what they hold (OWN-4, OWN-8, HOLD-4).
#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/deadline.hpp"
#include "lock/owner.hpp"

namespace holdfast::lock {

void owner::start_gathers(base::time_point now) {
    std::map<view_number, std::vector<slot>> by_name;
    for (const auto& s : to_gather_) {
        by_name[tenures_.at(s).gained].push_back(s);
    }
    to_gather_.clear();
    for (const auto& [named, slots] : by_name) {
        const auto promise = tenures_.at(slots.front()).gained_epoch;
        for (auto from = slots.begin(); from != slots.end();) {
            const auto to = from + std::min<std::ptrdiff_t>(slots.end() - from, slots_in_a_message);
            start_gather(named, promise, {from, to}, now);
            from = to;
        }
    }
}

void owner::start_gather(view_number named, epoch promise, std::set<slot> slots,
                         base::time_point now) {
    const auto serial = ++last_serial_;
    for (const auto& s : slots) {
        tenures_.at(s).state = gathering{serial};
    }
    auto& g = gathers_[serial];
    g.named = named;
    g.promise = promise;
    g.slots = std::move(slots);
    ask_reports(serial, g, now);
}

/// A member holds more in these slots than one message takes: ask everybody anew, for half of them
/// at a time.
void owner::halve(std::uint64_t serial, base::time_point now) {
    const auto whole = std::move(gathers_.at(serial));
    gathers_.erase(serial);
    const auto middle =
        std::next(whole.slots.begin(), static_cast<std::ptrdiff_t>(whole.slots.size() / 2));
    start_gather(whole.named, whole.promise, {whole.slots.begin(), middle}, now);
    start_gather(whole.named, whole.promise, {middle, whole.slots.end()}, now);
}

void owner::ask_reports(std::uint64_t serial, gather_round& g, base::time_point now) {
    g.next_send = now + pause_after(settings_, g.attempt);
    const gather ask{g.named, g.promise, serial, {g.slots.begin(), g.slots.end()}};
    for (const auto& m : view_->members) {
        if (m.since < g.named && !g.heard.contains(m.id)) {
            out_.push(send{m.id, ask, g.attempt});
        }
    }
    ++g.attempt;
}

void owner::on(const peer_id& from, const report& given, base::time_point now) {
    const auto at = gathers_.find(given.serial);
    if (at == gathers_.end() || at->second.named != given.named || !is_member(from) ||
        given.number == 0) {
        return;  // OWN-8: not an answer to a present gather of ours
    }
    if (given.is_too_large) {
        if (at->second.slots.size() > 1) {
            halve(at->first, now);
        }
        return;
    }
    auto& heard = at->second.heard[from];
    if (given.number <= heard.number) {
        return;
    }
    heard.number = given.number;
    heard.holds = given.holds;
    try_serve(now);
}

bool owner::may_serve(const gather_round& g, base::time_point now) {
    if (settings_.bug != base::planted::serves_before_every_report) {
        for (const auto& m : view_->members) {
            if (m.since < g.named && !g.heard.contains(m.id)) {
                return false;  // (a)
            }
        }
    }
    if (settings_.bug != base::planted::serves_before_void_at) {
        for (const auto& [id, end] : voids_) {
            const bool counts =
                end.since < g.named || settings_.bug == base::planted::later_members_waited_for;
            if (counts && !g.heard.contains(id) && now < end.at) {
                schedule_void(end.at);
                return false;  // (b)
            }
        }
    }
    const auto lives_before_ours_have_ended = first_view_at_ + settings_.full_lease();
    const bool skips = settings_.bug == (is_founder_ ? base::planted::founding_owners_do_not_wait
                                                     : base::planted::joined_owners_do_not_wait);
    if (now < lives_before_ours_have_ended && !skips) {
        schedule_void(lives_before_ours_have_ended);
        return false;  // (c)
    }
    return true;
}

void owner::try_serve(base::time_point now) {
    for (auto at = gathers_.begin(); at != gathers_.end();) {
        if (may_serve(at->second, now)) {
            const auto done = std::move(at->second);
            at = gathers_.erase(at);
            serve_gathered(done, now);
        } else {
            ++at;
        }
    }
}

void owner::serve_gathered(const gather_round& g, base::time_point now) {
    std::vector<const hold*> reported;
    for (const auto& [from, heard] : g.heard) {
        for (const auto& h : heard.holds) {
            if (g.slots.contains(slot_of_(h.name)) && h.holder == from) {
                reported.push_back(&h);
            }
        }
    }
    std::sort(reported.begin(), reported.end(), [](const hold* x, const hold* y) {
        return std::tie(x->name, y->token) < std::tie(y->name, x->token);
    });
    for (const auto* h : reported) {
        auto& e = tenures_.at(slot_of_(h->name)).table[h->name];
        if (e.find(h->token) != nullptr) {
            continue;
        }
        if (has_room(e, h->mode)) {
            // they come in falling order
            e.held.insert(e.held.begin(),
                          granted_hold{*h, name_of(h->holder), now, 0, 0, now, false});
            e.held.front().what.is_taken = true;
        } else {
            // HOLD-4: a bug somewhere. What goes with the higher tokens stays, the other holders
            // are told.
            ++counters_.conflicts;
            breaks_[{h->name, h->token}] = {
                h->holder, h->number, {}, "two holds exclude each other (HOLD-4)", now, 0};
        }
    }
    for (const auto& s : g.slots) {
        ++counters_.slots_gathered;
        auto& t = tenures_.at(s);
        // FATE: of what nobody has served yet everything is known. Of the rest nobody knows who
        // died unheard.
        t.knows_all = t.is_unused || settings_.bug == base::planted::fate_unknown_after_gather;
        serve(s, t, now);
    }
    repeat_breaks(now);
}

// ---- watching (WATCH-1)

void owner::on(const peer_id& from, const watch& asked, base::time_point now) {
    const auto s = slot_of_(asked.name);
    if (!is_member(from) || current(s) == nullptr) {
        return;
    }
    auto& by = watches_[{s, asked.name}];
    const auto at =
        std::find_if(by.begin(), by.end(), [&](const watched& w) { return w.by == from; });
    auto& w = at == by.end() ? by.emplace_back(watched{from, asked.number, 0, false, {}, 0}) : *at;
    if (asked.number < w.number) {
        return;  // an old copy of an earlier watch
    }
    w.number = asked.number;
    if (serving_at(s) != nullptr) {
        tell(asked.name, w, standing_of(asked.name), now);
    }
}

void owner::on(const peer_id& from, const unwatch& asked, base::time_point) {
    const auto at = watches_.find({slot_of_(asked.name), asked.name});
    if (at == watches_.end()) {
        return;
    }
    std::erase_if(at->second,
                  [&](const watched& w) { return w.by == from && w.number <= asked.number; });
    if (at->second.empty()) {
        watches_.erase(at);
    }
}

void owner::on(const peer_id& from, const lock_state_seen& seen, base::time_point) {
    const auto at = watches_.find({slot_of_(seen.name), seen.name});
    if (at == watches_.end() || !view_) {
        return;
    }
    for (auto& w : at->second) {
        if (w.by == from && w.serial == seen.serial) {
            w.has_seen = true;
        }
    }
}

standing owner::standing_of(const std::string& name) {
    const auto* t = serving_at(slot_of_(name));
    const auto at = t == nullptr ? locks::const_iterator{} : t->table.find(name);
    return t == nullptr || at == t->table.end() ? standing{} : standing_of(at->second);
}

void owner::tell_watchers(const std::string& name, base::time_point now) {
    if (watches_.empty()) {
        return;
    }
    const auto at = watches_.find({slot_of_(name), name});
    if (at == watches_.end()) {
        return;
    }
    const auto stands = standing_of(name);
    for (auto& w : at->second) {
        tell(name, w, stands, now);
    }
}

void owner::tell(const std::string& name, watched& w, const standing& stands,
                 base::time_point now) {
    w.serial = ++watch_serial_;
    w.has_seen = false;
    w.attempt = 0;
    w.next_send = now + settings_.retry;
    base::earlier(next_tell_, w.next_send);
    out_.push(send{w.by, lock_state{name, view_->number, w.serial, w.number, stands}, w.attempt});
}

void owner::tell_again(base::time_point now) {
    if (!base::is_due(next_tell_, now)) {
        return;
    }
    next_tell_.reset();
    for (auto& [key, by] : watches_) {
        for (auto& w : by) {
            if (w.has_seen || w.serial == 0) {
                continue;
            }
            if (w.next_send <= now) {
                w.next_send = now + pause_after(settings_, w.attempt);
                out_.push(send{w.by,
                               lock_state{key.second, view_->number, w.serial, w.number,
                                          standing_of(key.second)},
                               ++w.attempt});
            }
            base::earlier(next_tell_, w.next_send);
        }
    }
}

}  // namespace holdfast::lock
