#include "lock/holder.hpp"

#include <algorithm>
#include <utility>

#include "base/deadline.hpp"

namespace holdfast::lock {

request_number holder::acquire(std::string_view name, wish wanted, base::time_point now) {
    const request_number number{++last_number_};
    pending p;
    p.caller = number;
    p.name = name;
    p.wanted = std::move(wanted);
    const auto at = requests_.emplace(number, std::move(p)).first;
    if (is_leaving_) {
        fail(at, errc::shutting_down, now);
        return number;
    }
    if (view_) {
        at->second.at = slot_of_(name);
        if (is_leased_) {
            ask(number, at->second, now);
        }
    }
    plan(number, at->second);
    return number;
}

void holder::cancel(request_number number, base::time_point now) {
    const auto at = std::find_if(requests_.begin(), requests_.end(),
                                 [&](const auto& r) { return r.second.caller == number; });
    if (at != requests_.end()) {
        fail(at, errc::cancelled, now);
    }
}

void holder::release(std::string_view name, holdfast::token token, parting last_words,
                     base::time_point now) {
    const auto at = held_.find({std::string{name}, token});
    if (at == held_.end()) {
        return;
    }
    // HOLD-3: here first. It waits for company unless somebody is known to wait for it.
    const bool is_lazy = !at->second.others_wait;
    const bool is_consistent = !at->second.is_unclean || last_words.says_consistent;
    held_.erase(at);
    const bool gives_value = last_words.value.has_value();
    give_up({std::string{name}, token, ending::released, is_consistent, gives_value,
             std::move(last_words.value).value_or(""), last_words.heir},
            is_lazy, now);
}

void holder::progress(std::string_view name, holdfast::token token, base::time_point now) {
    const auto at = held_.find({std::string{name}, token});
    if (at != held_.end() && at->second.progress_every > base::duration::zero()) {
        at->second.stuck_from = now + at->second.progress_every;
        base::earlier(next_look_, at->second.stuck_from);
    }
}

void holder::look_after_holds(base::time_point now) {
    if (!base::is_due(next_look_, now)) {
        return;
    }
    next_look_.reset();
    for (auto at = held_.begin(); at != held_.end();) {
        const auto here = at++;
        auto& h = here->second;
        if (base::is_due(h.ends, now)) {
            break_own(here, "it was held for as long as it may be (max_hold)", now);
            continue;
        }
        if (base::is_due(h.stuck_from, now)) {
            h.stuck_from.reset();
            if (settings_.bug == base::planted::progress_not_asked_for) {
                continue;
            }
            out_.push(was_stuck{here->first.first, here->first.second});
            constexpr auto why = "its program makes no progress (progress_every)";
            if (h.when_stuck == stuck_action::break_it) {
                break_own(here, why, now);
                continue;
            }
            if (h.when_stuck == stuck_action::ask) {
                out_.push(was_asked_back{
                    {here->first.first, here->first.second, self_, 0, "its own policy", why, {}}});
            }
        }
        base::earlier(next_look_, h.ends);
        base::earlier(next_look_, h.stuck_from);
    }
}

/// As if the owner had asked for it (BREAK-1).
void holder::break_own(std::map<hold_key, held_lock>::iterator at, const std::string& why,
                       base::time_point now) {
    const auto [name, token] = at->first;
    ++counters_.lost;
    out_.push(was_lost{name, token, errc::broken, "its own policy", why});
    held_.erase(at);
    give_up(name, token, ending::broken, now);
}

void holder::watch_lock(std::string_view name, base::time_point now) {
    auto [at, is_new] = watches_.try_emplace(std::string{name});
    if (is_new) {
        at->second.number = ++last_watch_;
    }
    if (is_new && view_) {
        at->second.at = slot_of_(name);
        at->second.registered_in = view_->number;
        send_watch(at->first, at->second, now);
    }
}

void holder::unwatch_lock(std::string_view name, base::time_point) {
    const auto at = watches_.find(name);
    if (at == watches_.end()) {
        return;
    }
    if (const auto owner = owner_of(at->second.at); !owner.is_nil()) {
        out_.push(send{owner, unwatch{at->first, at->second.number}});
    }
    watches_.erase(at);
}

void holder::install(const step& s, base::time_point now) {
    const auto before = s.is_first ? nullptr : map_;
    view_ = s.now;
    map_ = s.map;
    const bool is_first = s.is_first;
    const auto has_moved = [&](slot at) {
        return !before || before->owner_of(at) != map_->owner_of(at);
    };
    for (auto& [number, p] : requests_) {
        if (is_first) {
            p.at = slot_of_(p.name);
        }
        if (is_leased_ && has_moved(p.at)) {
            p.attempt = 0;
            ask(number, p, now);  // HOLD-5: under the same number
        }
    }
    if (settings_.bug == base::planted::release_forgotten_on_a_move) {
        std::erase_if(releases_, [&](const auto& r) { return has_moved(r.second.at); });
    }
    for (auto& [key, r] : releases_) {
        if (has_moved(r.at)) {
            r.attempt = 0;
            send_release(r, false, now);
        }
    }
    for (auto& [key, r] : cancels_) {
        if (has_moved(r.at)) {
            r.attempt = 0;
            send_cancel(key, r, now);
        }
    }
    for (auto& [name, w] : watches_) {
        if (is_first) {
            w.at = slot_of_(name);
        }
        if (has_moved(w.at) && (is_first || settings_.bug != base::planted::watch_not_renewed)) {
            w.attempt = 0;
            w.registered_in = view_->number;
            send_watch(name, w, now);  // WATCH-1
        }
    }
}

void holder::set_leased(bool is_leased, base::time_point now) {
    if (is_leased == is_leased_) {
        return;
    }
    is_leased_ = is_leased;
    if (!is_leased_) {
        const auto all = settings_.bug == base::planted::lapsed_hold_returns
                             ? decltype(held_){}
                             : std::exchange(held_, {});
        for (const auto& [key, h] : all) {
            ++counters_.lost;
            out_.push(was_lost{key.first, key.second, errc::lease_lost, {}, {}});
            give_up(key.first, key.second, ending::expired, now);
        }
        for (auto& [number, p] : requests_) {
            p.next_send.reset();
            plan(number, p);
        }
        return;
    }
    for (auto& [number, p] : requests_) {
        p.attempt = 0;
        ask(number, p, now);
    }
}

void holder::handle(const peer_id& from, const to_holder& what, base::time_point now) {
    std::visit([&](const auto& m) { on(from, m, now); }, what);
}

void holder::tick(base::time_point now) {
    if (settings_.bug == base::planted::renewal_for_each_hold) {
        for (const auto& [key, h] : held_) {
            out_.push(send{owner_of(h.at), taken{key.first, key.second}});
        }
    }
    while (!due_.empty() && due_.begin()->first <= now) {
        const auto here = requests_.find(due_.begin()->second);
        if (base::is_due(here->second.wanted.until, now)) {
            fail(here, why_nothing(), now);
        } else {
            ask(here->first, here->second, now);
        }
    }
    look_after_holds(now);
    if (!base::is_due(next_repeat_, now)) {
        return;
    }
    next_repeat_.reset();
    for (auto& [key, r] : releases_) {
        if (r.next_send <= now) {
            send_release(r, false, now);
        }
        base::earlier(next_repeat_, r.next_send);
    }
    for (auto& [key, r] : cancels_) {
        if (r.next_send <= now) {
            send_cancel(key, r, now);
        }
        base::earlier(next_repeat_, r.next_send);
    }
    for (auto& [name, w] : watches_) {
        if (base::is_due(w.next_send, now)) {
            send_watch(name, w, now);
        }
        base::earlier(next_repeat_, w.next_send);
    }
}

std::optional<base::time_point> holder::deadline() const {
    auto due = next_repeat_;
    if (!due_.empty()) {
        base::earlier(due, due_.begin()->first);
    }
    base::earlier(due, next_look_);
    return due;
}

void holder::plan(request_number number, pending& p) {
    auto due = p.wanted.until;
    base::earlier(due, p.next_send);
    if (due == p.due) {
        return;
    }
    if (p.due) {
        due_.erase({*p.due, number});
    }
    if (due) {
        due_.emplace(*due, number);
    }
    p.due = due;
}

holder::pending holder::take_out(requests_map::iterator at) {
    if (at->second.due) {
        due_.erase({*at->second.due, at->first});
    }
    auto p = std::move(at->second);
    p.due.reset();
    requests_.erase(at);
    return p;
}

void holder::end(errc holds, errc requests) {
    for (const auto& [key, h] : std::exchange(held_, {})) {
        ++counters_.lost;
        out_.push(was_lost{key.first, key.second, holds, {}, {}});
    }
    for (const auto& [number, p] : std::exchange(requests_, {})) {
        out_.push(has_failed{p.caller, requests, {}});
    }
    due_.clear();
    releases_.clear();
    cancels_.clear();
    watches_.clear();
    is_leased_ = false;
    is_leaving_ = true;
}

void holder::leave(base::time_point now) {
    is_leaving_ = true;
    while (!requests_.empty()) {
        fail(requests_.begin(), errc::shutting_down, now);
    }
    for (const auto& [key, h] : std::exchange(held_, {})) {
        ++counters_.lost;
        out_.push(was_lost{key.first, key.second, errc::shutting_down, {}, {}});
        give_up(key.first, key.second, ending::expired, now);
    }
}

bool holder::has(std::string_view name, holdfast::token token) const {
    return held_.contains({std::string{name}, token});
}

// ---- requests

void holder::ask(request_number number, pending& p, base::time_point now) {
    p.next_send = now + pause_after(settings_, p.attempt);
    plan(number, p);
    const auto owner = owner_of(p.at);
    if (owner.is_nil()) {
        return;
    }
    // Numbers rise, so everything below the lowest pending one is over.
    out_.push(send{owner,
                   request{number, p.name, p.wanted.note, p.wanted.is_try, requests_.begin()->first,
                           p.wanted.mode, p.wanted.policy, p.wanted.delay, p.wanted.priority},
                   p.attempt++});
    p.was_asked = true;
}

void holder::fail(requests_map::iterator at, errc why, base::time_point now,
                  std::optional<standing> stands) {
    const auto number = at->first;
    const auto p = take_out(at);
    out_.push(has_failed{p.caller, why, std::move(stands)});
    if (p.was_asked) {
        const cancel_key key{number, p.name};
        auto& r = cancels_[key] = {p.at, now, 0};
        send_cancel(key, r, now);
    }
}

errc holder::why_nothing() const {
    if (!view_) {
        return errc::not_a_member;
    }
    return is_leased_ ? errc::timed_out : errc::no_quorum;
}

void holder::on(const peer_id& from, const grant& given, base::time_point now) {
    const bool is_held = held_.contains({given.name, given.token});
    if (is_held && settings_.bug != base::planted::duplicate_grant_given_back) {
        out_.push(send{from, taken{given.name, given.token}, 0, true});  // HOLD-6
        return;
    }
    const auto at = requests_.find(given.number);
    if (!is_held && view_ && at != requests_.end() && at->second.name == given.name) {
        const auto promised = promises_.find(at->second.at);
        const bool is_below_promise =
            promised != promises_.end() && given.token.of_epoch() < promised->second;
        if (is_below_promise && settings_.bug != base::planted::late_grant_accepted) {
            // HOLD-1: some owner may have been told that we hold nothing. The request goes on
            // waiting at the new one.
            give_up(given.name, given.token, ending::given_back, now);
            return;
        }
        if (is_leased_ || settings_.bug == base::planted::grant_taken_without_a_lease) {
            const auto& wanted = at->second.wanted;
            held_lock h{at->second.at,
                        given.number,
                        wanted.note,
                        wanted.mode,
                        wanted.policy,
                        wanted.delay,
                        given.others_wait,
                        !given.before.is_clean(),
                        {},
                        {},
                        {},
                        wanted.progress_every,
                        wanted.when_stuck};
            if (wanted.max_hold > base::duration::zero() &&
                settings_.bug != base::planted::held_beyond_its_end) {
                base::earlier(next_look_, *(h.ends = now + wanted.max_hold));
            }
            if (wanted.progress_every > base::duration::zero()) {
                base::earlier(next_look_, *(h.stuck_from = now + wanted.progress_every));
            }
            held_.emplace(hold_key{given.name, given.token}, std::move(h));
            ++counters_.taken;
            out_.push(was_granted{at->second.caller, given.name, given.token, given.before});
            (void)take_out(at);
            out_.push(send{from, taken{given.name, given.token}, 0, true});
            return;
        }
        // HOLD-2: it would not be valid. Given back, so that others can have it; the caller's
        // request is asked anew under a fresh number once the lease returns, for this number's
        // grant is used up.
        auto again = take_out(at);
        again.was_asked = false;
        again.attempt = 0;
        again.next_send.reset();
        const auto anew = requests_.emplace(request_number{++last_number_}, std::move(again)).first;
        plan(anew->first, anew->second);
    }
    if (settings_.bug == base::planted::unknown_grant_kept && !is_held) {
        held_.emplace(hold_key{given.name, given.token}, held_lock{slot_of_(given.name),
                                                                   given.number,
                                                                   {},
                                                                   {},
                                                                   {},
                                                                   {},
                                                                   false,
                                                                   false,
                                                                   {},
                                                                   {},
                                                                   {},
                                                                   {},
                                                                   {}});
        out_.push(send{from, taken{given.name, given.token}, 0, true});
        return;
    }
    ++counters_.given_back;
    give_up(given.name, given.token, ending::given_back, now);
}

void holder::on(const peer_id& from, const queued& said, base::time_point now) {
    const auto at = requests_.find(said.number);
    if (at == requests_.end() || !at->second.next_send || owner_of(at->second.at) != from) {
        return;
    }
    // HOLD-5, QUEUED: it may have been queued in a tenure that ends before ours begins, so it is
    // asked again once per A; the owner knows it then.
    at->second.next_send = settings_.bug == base::planted::queued_never_asked_again
                               ? base::time_point::max()
                               : now + settings_.lease;
    at->second.attempt = 0;
    plan(at->first, at->second);
}

void holder::on(const peer_id&, const denied& said, base::time_point now) {
    const auto at = requests_.find(said.number);
    if (at != requests_.end() && (at->second.wanted.is_try || said.why != refusal::taken)) {
        at->second.was_asked = false;  // answered: there is nothing to cancel
        fail(at, said.why == refusal::taken ? errc::would_block : errc::limit_differs, now,
             said.stands);
    }
}

// ---- releases

void holder::give_up(lock::release what, bool is_lazy, base::time_point now) {
    const hold_key key{what.name, what.token};
    const auto at = view_ ? slot_of_(what.name) : slot{};
    auto [r, is_new] = releases_.try_emplace(key, releasing{{at, now, 0}, std::move(what)});
    if (is_new || !is_lazy) {
        send_release(r->second, is_lazy, now);
    }
}

void holder::on(const peer_id&, const released& said, base::time_point) {
    releases_.erase({said.name, said.token});
}

void holder::on(const peer_id&, const cancelled& said, base::time_point) {
    const auto at = std::find_if(cancels_.begin(), cancels_.end(),
                                 [&](const auto& c) { return c.first.first == said.number; });
    if (at != cancels_.end()) {
        cancels_.erase(at);
    }
}

void holder::on(const peer_id&, const still_held& asked, base::time_point now) {
    if (!held_.contains({asked.name, asked.token})) {
        // OWN-9; how it ended is not known any more
        give_up(asked.name, asked.token, ending::expired, now);
    }
}

void holder::send_release(releasing& r, bool is_lazy, base::time_point now) {
    r.next_send = now + pause_after(settings_, r.attempt);
    base::earlier(next_repeat_, r.next_send);
    if (const auto owner = owner_of(r.at); !owner.is_nil()) {
        out_.push(send{owner, r.what, r.attempt++, is_lazy});
    }
}

void holder::send_cancel(const cancel_key& key, repeated& r, base::time_point now) {
    r.next_send = now + pause_after(settings_, r.attempt);
    base::earlier(next_repeat_, r.next_send);
    if (const auto owner = owner_of(r.at); !owner.is_nil()) {
        out_.push(send{owner, lock::cancel{key.second, key.first}, r.attempt++});
    }
}

void holder::send_watch(const std::string& name, watching& w, base::time_point now) {
    w.next_send = now + pause_after(settings_, w.attempt);
    base::earlier(next_repeat_, w.next_send);
    if (const auto owner = owner_of(w.at); !owner.is_nil()) {
        out_.push(send{owner, watch{name, w.number}, w.attempt++});
    }
}

// ---- what owners ask

void holder::on(const peer_id& from, const gather& asked, base::time_point) {
    if (!view_ || view_->number < asked.named || asked.promise > view_->epoch) {
        return;  // NET-3: the views up to it are on their way, and the ask is repeated
    }
    for (const auto& s : asked.slots) {
        if (owner_of(s) != from) {
            return;  // OWN-8: it will see the same once it has our views, or we its
        }
    }
    report answer{asked.named, asked.serial, ++last_report_, false, {}};
    std::size_t bytes = 0;
    for (const auto& s : asked.slots) {
        auto& promise = promises_[s];
        promise = std::max(promise, asked.promise);
    }
    for (const auto& [key, h] : held_) {
        if (std::binary_search(asked.slots.begin(), asked.slots.end(), h.at)) {
            answer.holds.push_back(
                {key.first, key.second, self_, h.number, h.note, true,
                 settings_.bug == base::planted::modes_not_reported ? lock_mode::shared() : h.mode,
                 h.policy, h.delay});
            bytes += bytes_of(answer.holds.back());
            if (bytes > bytes_in_a_message && asked.slots.size() > 1) {
                answer.is_too_large = true;
                answer.holds.clear();
                break;
            }
        }
    }
    out_.push(send{from, std::move(answer)});
}

void holder::on(const peer_id&, const break_hold& asked, base::time_point now) {
    if (const auto at = held_.find({asked.name, asked.token}); at != held_.end()) {
        ++counters_.lost;
        out_.push(was_lost{asked.name, asked.token, errc::broken, asked.who, asked.why});
        held_.erase(at);
        give_up(asked.name, asked.token, ending::broken, now);
        return;
    }
    // Not for a grant that was given back (HOLD-1): the request waits for another one.
    const auto promised = view_ ? promises_.find(slot_of_(asked.name)) : promises_.end();
    const bool is_below_promise =
        promised != promises_.end() && asked.token.of_epoch() < promised->second;
    if (const auto waiting = requests_.find(asked.number);
        waiting != requests_.end() && waiting->second.name == asked.name && !is_below_promise) {
        if (settings_.bug == base::planted::broken_request_forgotten) {
            (void)take_out(waiting);
        } else if (settings_.bug != base::planted::broken_grant_accepted) {
            waiting->second.was_asked = false;
            fail(waiting, errc::broken, now);
        }
    }
    give_up(asked.name, asked.token, ending::given_back, now);
}

void holder::on(const peer_id& from, const ask_back& asked, base::time_point) {
    const auto at = held_.find({asked.name, asked.token});
    if (at == held_.end()) {
        return;  // its grant, or its release, is on the way
    }
    constexpr std::size_t most_remembered = 64;
    auto& known = at->second.asked_by;
    if (const std::pair demand{asked.by, asked.number};
        std::find(known.begin(), known.end(), demand) == known.end()) {
        if (known.size() == most_remembered) {
            known.erase(known.begin());
        }
        known.push_back(demand);
        out_.push(was_asked_back{asked});
    }
    out_.push(send{from, ask_heard{asked.name, asked.token, asked.by, asked.number}});
}

void holder::on(const peer_id& from, const lock_state& told, base::time_point) {
    out_.push(send{from, lock_state_seen{told.name, told.in, told.serial}});
    const auto at = watches_.find(told.name);
    if (at == watches_.end()) {
        out_.push(send{from, unwatch{told.name, told.number}});
        return;
    }
    auto& w = at->second;
    if (told.number != w.number) {
        return;  // for an earlier watch: ours is repeated until it is answered
    }
    if (told.in >= w.registered_in) {
        w.next_send.reset();
    }
    if (std::pair{told.in, told.serial} <= std::pair{w.in, w.serial}) {
        return;  // an older state, overtaken
    }
    w.in = told.in;
    w.serial = told.serial;
    out_.push(state_changed{told.name, told.stands});
}

}  // namespace holdfast::lock
