// Looking at locks, and ending holds of others: questions and demands that somebody waits for, and
// their records.
#include <algorithm>
#include <chrono>
#include <utility>

#include "peer/clock.hpp"
#include "peer/driver.hpp"
#include "peer/identity.hpp"

namespace holdfast::runtime {
namespace {

using namespace std::chrono_literals;

slot_state state_of(lock::tenure_state is) {
    switch (is) {
        case lock::tenure_state::elsewhere:
            return slot_state::moving;
        case lock::tenure_state::receives:
            return slot_state::receiving;
        case lock::tenure_state::gathers:
            return slot_state::gathering;
        case lock::tenure_state::unleased:
            return slot_state::unleased;
        case lock::tenure_state::serves:
            return slot_state::serving;
    }
    return slot_state::unheard;
}

base::time_point until_after(base::duration wait) {
    return boot_now() + std::clamp(wait, base::duration::zero(), longest_wait);
}

}  // namespace

result<void> driver::inquire(lock::inquiry& asked, base::time_point until) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    result<void> refused;
    peer_id as;
    const auto entered = within(nullptr, [&] {
        if (auto open = check_open(); !open) {
            refused = open;
            return;
        }
        as = node_->self();
        inquiries_.push_back(&asked);
        for (auto& p : asked.parts) {
            p.number = node_->ask(p.what, p.to, until, moment_now());
        }
    });
    if (!entered || !refused) {
        const std::lock_guard guard{mutex_};
        std::erase(inquiries_, &asked);
        return entered ? refused : entered;
    }
    std::unique_lock guard{mutex_};
    // The node tells the end of the time. Should it not, because the peer ends or starts anew,
    // somebody else does.
    changed_.wait(guard, [&] { return asked.is_over() || asked.failure || closed_; });
    std::erase(inquiries_, &asked);
    const bool is_open = !closed_;
    if (!is_open && !asked.is_over()) {
        return tl::unexpected<error>{*closed_};
    }
    guard.unlock();
    if (is_open) {
        within(nullptr, [&] {
            for (const auto& p : asked.parts) {
                // another PeerId has the same numbers for other questions
                if (!p.is_over && node_->self() == as) {
                    node_->forget(p.number, moment_now());
                }
            }
        });
    }
    if (asked.failure && !asked.has_enough()) {
        return fail(*asked.failure);
    }
    return {};
}

void driver::take_answer(std::uint64_t number, std::optional<lock::answer> what,
                         std::optional<errc> failure) {
    for (auto* i : inquiries_) {
        if (i->hear(number, what, failure)) {
            changed_.notify_all();
            return;
        }
    }
}

void driver::perform(node::answered& o) {
    if (!take_look(o.number, &o.what, {})) {
        take_answer(o.number, std::move(o.what), std::nullopt);
    }
}
void driver::perform(node::unanswered& o) {
    if (!take_look(o.number, nullptr, o.why)) {
        take_answer(o.number, std::move(o.so_far), o.why);
    }
}

// ---- watchers who want more holders than fit a state

void driver::look_for_all(const std::string& name, watch_table::entry& e) {
    const bool is_wanted = std::any_of(e.observers.begin(), e.observers.end(),
                                       [](const auto& o) { return o->wants_all(); });
    if (!is_wanted) {
        return;
    }
    e.has_changed = e.look.has_value();
    if (!e.look) {
        e.look = node_->ask(lock::look{0, name}, {}, boot_now() + settings_.lease, moment_now());
    }
}

/// Whether that was such a question. Null: it was not answered, and why.
bool driver::take_look(std::uint64_t number, const lock::answer* what, errc why) {
    auto* named = watches_.find_look(number);
    if (named == nullptr) {
        return false;
    }
    auto& [name, e] = *named;
    e.look.reset();
    const auto* seen = what == nullptr ? nullptr : std::get_if<lock::looked>(what);
    if (what == nullptr && why != errc::timed_out) {
        return true;  // this PeerId is over; the next one is told of a state, and asks then
    }
    if (std::exchange(e.has_changed, false) || seen == nullptr) {
        look_for_all(name, e);
        return true;
    }
    lock_status now{name, {}, seen->holders, seen->waiting};
    for (const auto& h : seen->held) {
        now.holders.push_back(holder_from(h.what));
    }
    for (const auto& observer : e.observers) {
        if (observer->wants_all()) {
            dispatcher_.post([observer, now] { observer->deliver(now); });
        }
    }
    return true;
}

belief belief_of(swim::condition what) {
    switch (what) {
        case swim::condition::alive:
            return belief::alive;
        case swim::condition::suspect:
            return belief::suspect;
        case swim::condition::dead:
            return belief::dead;
        case swim::condition::left:
            return belief::left;
    }
    return belief::dead;
}

belief driver::seems(const peer_id& id) const {
    if (id == node_->self()) {
        return belief::alive;
    }
    if (const auto known = node_->known(id)) {
        return belief_of(known->state);
    }
    return view_ && view_->has(id) ? belief::alive : belief::dead;
}

std::string driver::name_of(const peer_id& id) const {
    if (const auto* m = view_ ? view_->find(id) : nullptr) {
        return m->name;
    }
    const auto known = node_->known(id);
    return known ? known->name : std::string{};
}

lock_holder driver::holder_from(const lock::hold& h) const {
    return {h.holder, name_of(h.holder), seems(h.holder), h.token, h.note, h.mode, {}, false, false,
            false};
}

// ---- looking

result<lock_report> driver::look_at(std::string_view name, base::duration wait) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    lock::inquiry asked;
    asked.parts.push_back({lock::look{0, std::string{name}}, {}});
    if (auto done = inquire(asked, until_after(wait)); !done) {
        return tl::unexpected<error>{done.error()};
    }
    return look([&]() -> result<lock_report> { return report_of(std::string{name}, asked); });
}

lock_report driver::report_of(const std::string& name, const lock::inquiry& asked) const {
    lock_report out;
    out.name = name;
    if (view_) {
        const auto s = node_->slot_of(name);
        out.slot = s.value;
        if (const auto* owner = view_->find(map_->owner_of(s))) {
            out.owner = *owner;
            out.owner_seems = seems(owner->id);
        }
    }
    const auto* heard = asked.parts.front().heard
                            ? std::get_if<lock::looked>(&*asked.parts.front().heard)
                            : nullptr;
    if (heard == nullptr) {
        return out;
    }
    out.state = state_of(heard->is);
    out.holder_count = heard->holders;
    out.waiting = heard->waiting;
    for (const auto& h : heard->held) {
        auto one = holder_from(h.what);
        if (!h.holder_name.empty()) {
            one.peer_name = h.holder_name;
        }
        one.held_for = h.known_for;
        one.is_held_longer = !h.is_since_grant;
        one.is_asked_back = h.is_asked_back;
        one.is_being_broken = h.is_to_break;
        out.holders.push_back(std::move(one));
    }
    for (const auto& w : heard->queue) {
        out.queue.push_back({w.peer, name_of(w.peer), w.note, w.mode});
    }
    return out;
}

result<lock_list> driver::list(base::duration wait) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    const auto until = until_after(wait);
    lock_list out;
    std::map<peer_id, std::string> after;
    std::map<peer_id, std::uint32_t> missing;  // slots of owners that have not told all yet
    const auto open = look([&]() -> result<void> {
        if (auto is_open = check_open(); !is_open) {
            return is_open;
        }
        if (!view_) {
            return fail(errc::not_a_member);
        }
        for (const auto index : map_->owner_index) {
            ++missing[map_->owners[index]];
        }
        return {};
    });
    if (!open) {
        return tl::unexpected<error>{open.error()};
    }
    for (const auto& [owner, slots] : missing) {
        after.emplace(owner, "");
    }
    while (!after.empty()) {
        lock::inquiry asked;
        for (const auto& [owner, last] : after) {
            asked.parts.push_back({lock::list_locks{0, last}, owner});
        }
        asked.needed = asked.parts.size();
        if (auto done = inquire(asked, until); !done) {
            return tl::unexpected<error>{done.error()};
        }
        after.clear();
        for (const auto& p : asked.parts) {
            const auto* heard = p.is_last_word ? std::get_if<lock::listed>(&*p.heard) : nullptr;
            if (heard == nullptr) {
                continue;
            }
            look([&] {
                for (const auto& l : heard->locks) {
                    listed_lock one{l.name, p.to, {}, l.stands.holders, l.stands.waiting};
                    for (const auto& h : l.stands.held) {
                        one.holders.push_back(holder_from(h));
                    }
                    out.locks.push_back(std::move(one));
                }
                return 0;
            });
            if (heard->is_all || heard->locks.empty()) {
                missing[p.to] = heard->not_served;
            } else {
                after.emplace(p.to, heard->locks.back().name);
            }
        }
    }
    std::sort(out.locks.begin(), out.locks.end(),
              [](const listed_lock& x, const listed_lock& y) { return x.name < y.name; });
    for (const auto& [owner, slots] : missing) {
        out.slots_not_served += slots;
    }
    return out;
}

// ---- ending holds

result<void> driver::check(const break_options& options) {
    if (options.who.size() > base::limits::who) {
        return fail(errc::value_too_long, "`who` has at most 128 bytes");
    }
    if (options.why.size() > base::limits::why) {
        return fail(errc::value_too_long, "`why` has at most 1024 bytes");
    }
    return {};
}

/// RECORD-1. In no cluster: one that never has enough.
lock::inquiry driver::ask_the_seats(const lock::question& what) {
    const auto v = installed();
    return v ? lock::ask_the_seats(*v, what) : lock::inquiry{};
}

record driver::record_of(deed what, std::string name, holdfast::token token,
                         const break_options& options) {
    return look([&] {
        record r;
        r.by = node_->self();
        r.number = ++last_record_;
        r.at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
        r.what = what;
        r.name = std::move(name);
        r.token = token;
        r.who = options.who.empty() ? settings_.name : options.who;
        r.why = options.why;
        return r;
    });
}

result<void> driver::write(const record& what, base::time_point until) {
    auto asked = ask_the_seats(lock::keep_record{0, what});
    if (asked.parts.size() >= asked.needed) {
        if (auto done = inquire(asked, until); !done) {
            return done;
        }
    }
    if (!asked.has_enough()) {
        return fail(asked.parts.empty() ? errc::not_a_member : errc::no_quorum,
                    "this could not be recorded at a majority of the seats, so it was not done");
    }
    return {};
}

result<break_outcome> driver::urge(lock::urging how, std::string_view name, holdfast::token token,
                                   break_options options) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    if (token.value <= 0) {
        return fail(errc::bad_config,
                    "a token is a positive number; a look shows that of each hold");
    }
    if (auto fits = check(options); !fits) {
        return tl::unexpected<error>{fits.error()};
    }
    const auto begun = boot_now();
    const auto until = until_after(options.wait);
    auto r = record_of(how == lock::urging::ask ? deed::asked : deed::broke, std::string{name},
                       token, options);
    // For the record alone, so not for long: an owner that gathers tells the demand later.
    if (const auto now = look_at(name, std::min<base::duration>(options.wait, 4 * settings_.retry));
        now) {
        for (const auto& h : now->holders) {
            if (h.token == token) {
                r.whom = h.peer;
                r.whom_name = h.peer_name;
            }
        }
    }
    if (auto written = write(r, until); !written) {
        return tl::unexpected<error>{written.error()};
    }
    lock::inquiry asked;
    asked.parts.push_back(
        {lock::demand{0, std::string{name}, token, how, r.who, r.why, options.wait}, {}});
    const auto done = inquire(asked, until);
    if (const auto* heard = asked.parts.front().heard
                                ? std::get_if<lock::demanded>(&*asked.parts.front().heard)
                                : nullptr) {
        r.outcome = heard->so_far;
    }
    ++r.revision;
    r.took = std::chrono::duration_cast<std::chrono::milliseconds>(boot_now() - begun);
    (void)write(r, boot_now() + settings_.lease);  // it is done, whether this is heard or not
    if (!done) {
        return tl::unexpected<error>{done.error()};
    }
    return r.outcome;
}

result<void> driver::evict(const peer_id& whom, break_options options) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    if (auto fits = check(options); !fits) {
        return fits;
    }
    const auto begun = boot_now();
    const auto until = until_after(options.wait);
    const auto known = look([&]() -> result<member> {
        if (auto is_open = check_open(); !is_open) {
            return tl::unexpected<error>{is_open.error()};
        }
        const auto* m = view_ ? view_->find(whom) : nullptr;
        if (m == nullptr) {
            return fail(view_ ? errc::bad_config : errc::not_a_member,
                        view_ ? "no member has this id" : "this peer is in no cluster");
        }
        return *m;
    });
    if (!known) {
        return tl::unexpected<error>{known.error()};
    }
    auto r = record_of(deed::evicted, {}, {}, options);
    r.whom = whom;
    r.whom_name = known->name;
    if (auto written = write(r, until); !written) {
        return written;
    }
    auto proof = known->process.machine == settings_.process.machine && is_gone(known->process)
                     ? view_layer::proof::gone
                     : view_layer::proof::none;
    if (options.fence && options.fence(*known)) {
        proof = view_layer::proof::fenced;
        r.what = deed::fenced;
    }
    if (auto entered = within(nullptr, [&] { node_->evict(whom, proof, until, moment_now()); });
        !entered) {
        return entered;
    }
    bool is_gone = false;
    {
        std::unique_lock guard{mutex_};
        // no view: this peer itself was it
        changed_.wait_for(guard, until - boot_now(),
                          [&] { return closed_ || (view_ && !view_->has(whom)); });
        is_gone = view_ && !view_->has(whom);
    }
    ++r.revision;
    r.outcome.stage = is_gone ? break_stage::gone : break_stage::told;
    r.took = std::chrono::duration_cast<std::chrono::milliseconds>(boot_now() - begun);
    (void)write(r, boot_now() + settings_.lease);
    if (!is_gone) {
        return fail(
            errc::timed_out,
            "it still is a member: a majority of the seats must be up, and stay filled without it");
    }
    return {};
}

void driver::perform(node::broke_by_policy& o) {
    record r;
    r.by = node_->self();
    r.number = ++last_record_;
    r.at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count();
    r.what = deed::broke;
    r.name = o.what.name;
    r.token = o.what.token;
    r.whom = o.what.holder;
    r.whom_name = name_of(o.what.holder);
    r.who = o.who.substr(0, base::limits::who);
    r.why = o.why;
    r.outcome.stage = break_stage::told;
    for (const auto& s : view_->seats) {
        if (!s.filled_by.is_nil()) {
            (void)node_->ask(lock::keep_record{0, r}, s.filled_by, boot_now() + 4 * settings_.lease,
                             moment_now());
        }
    }
    tell(events::broke_by_policy{std::move(o.what.name), o.what.token, o.what.holder,
                                 std::move(o.who), std::move(o.why)});
}

result<std::vector<record>> driver::history(base::duration wait) {
    auto asked = ask_the_seats(lock::read_records{});
    if (asked.parts.size() >= asked.needed) {
        if (auto done = inquire(asked, until_after(wait)); !done) {
            return tl::unexpected<error>{done.error()};
        }
    }
    if (!asked.has_enough()) {
        return fail(asked.parts.empty() ? errc::not_a_member : errc::no_quorum);
    }
    lock::archive all;
    for (const auto& p : asked.parts) {
        const auto* heard = p.is_last_word ? std::get_if<lock::records_read>(&*p.heard) : nullptr;
        for (const auto& r : heard == nullptr ? std::vector<record>{} : heard->records) {
            all.keep(r);
        }
    }
    auto out = all.all();
    std::stable_sort(out.begin(), out.end(),
                     [](const record& x, const record& y) { return x.at_ms < y.at_ms; });
    return out;
}

// ---- a cluster whose seats are gone (FORCE-1)

result<void> driver::force_view(const std::vector<std::string>& seats) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    auto asked = options_;
    asked.seeds = seats;
    if (seats.empty()) {
        return fail(errc::bad_config, "seeds: name the seats of the new cluster");
    }
    if (auto sound = asked.validate(); !sound) {
        return sound;
    }
    auto found = look_up_seats(seats);
    if (!found) {
        return tl::unexpected<error>{found.error()};
    }
    std::sort(found->begin(), found->end());  // FOUND-2
    result<void> refused;
    const auto entered = within(nullptr, [&] {
        if (auto open = check_open(); !open) {
            refused = open;
            return;
        }
        const auto former = std::exchange(settings_.seeds, *found);
        // where a person founds, this is how
        const bool might = std::exchange(settings_.may_found, true);
        if (!node_->give_up(moment_now())) {
            settings_.seeds = former;
            settings_.may_found = might;
            refused = fail(errc::bad_config,
                           "a majority of the seats answers this peer; this is for when they are "
                           "gone for good");
        }
    });
    return entered ? refused : entered;
}

}  // namespace holdfast::runtime

namespace holdfast {

std::string lock_report::explain() const {
    const auto who = [](const std::string& peer_name, const peer_id& id) {
        return peer_name.empty() ? to_short_string(id) : peer_name;
    };
    const auto owner_is = owner ? who(owner->name, owner->id) : std::string{"nobody"};
    switch (state) {
        case slot_state::unheard:
            return !owner ? "this peer is in no cluster"
                          : "its owner " + owner_is + " did not answer; gossip believes it " +
                                std::string{to_string(owner_seems)};
        case slot_state::moving:
            return "the name is moving to " + owner_is + ", which does not know it yet";
        case slot_state::receiving:
            return owner_is + " waits for the table of the owner before it";
        case slot_state::gathering:
            return owner_is +
                   " asks every member what it holds, and waits for the leases of those that "
                   "cannot say";
        case slot_state::unleased:
            return "its owner " + owner_is + " cannot reach a majority of the seats";
        case slot_state::serving:
            break;
    }
    if (holder_count == 0) {
        return waiting == 0
                   ? "free"
                   : "free; it is being granted, or rests after a hold that was lost (lock_delay)";
    }
    if (holders.empty()) {
        return "held by " + std::to_string(holder_count);
    }
    const auto& first = holders.front();
    auto out = "held by " + who(first.peer_name, first.peer) +
               (holder_count > 1 ? " and " + std::to_string(holder_count - 1) + " more" : "");
    if (first.is_being_broken) {
        out += ", being broken";
    } else if (first.is_asked_back) {
        out += ", asked back";
    }
    if (first.seems != belief::alive) {
        out += "; gossip believes it " + std::string{to_string(first.seems)} +
               ", so it will be removed and its lease waited out";
    }
    return out;
}

}  // namespace holdfast
