#include "sim/workload.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// detail of an application event: a client and its step, or the number of a late write.
constexpr std::uint64_t is_late_write = std::uint64_t{1} << 63;
std::uint64_t detail_of(std::size_t index, std::uint32_t step) {
    return std::uint64_t{index} << 32 | step;
}

}  // namespace

workload::workload(const run_plan& plan, std::uint64_t seed, cluster& machines, judge& watching,
                   event_queue& events)
    : plan_{plan},
      random_{seed},
      machines_{machines},
      judge_{watching},
      events_{events},
      draws_{plan, random_, machines, watching},
      clients_(plan.places.size()),
      put_off_(plan.places.size()),
      excused_(plan.places.size()) {}

void workload::handle(const event& e) {
    if ((e.detail & is_late_write) != 0) {
        const auto& w = late_writes_[e.detail & ~is_late_write];
        (void)judge_.wrote(w.lock, w.with, events_.now());
        return;
    }
    if (machines_.is_paused(e.where)) {
        put_off_[e.where].push_back(e.detail);
        return;
    }
    const auto index = static_cast<std::size_t>(e.detail >> 32);
    auto& all = clients_[e.where];
    if (index < all.size() && all[index].step == static_cast<std::uint32_t>(e.detail)) {
        act(e.where, all[index], index);
    }
}

void workload::started(std::uint32_t place) {
    auto& all = clients_[place];
    if (all.empty()) {
        all.resize(plan_.work.clients);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& c = all[i];
        c.number = {};
        c.held = {};
        c.all.reset();
        c.checks_off = winds_down_ && i == 0;
        c.next_to_check = 0;
        c.rests = rests_ && i == 0 && place < plan_.shared_locks && !excused_[place];
        think(place, c, i, 0ms);
    }
    for (judge::lock l = 0; l < plan_.shared_locks && may_watch(place); ++l) {
        if (random_.chance(0.5)) {
            machines_.watch(place, l);
        }
    }
}

void workload::ended(std::uint32_t place) {
    put_off_[place].clear();
    for (auto& c : clients_[place]) {
        c.what = doing::nothing;
        ++c.step;
    }
}

void workload::resumed(std::uint32_t place) {
    for (const auto detail : std::exchange(put_off_[place], {})) {
        events_.plan(events_.now(), event_kind::application, place, detail);
    }
}

void workload::granted(std::uint32_t place, request_number number, judge::lock l, token t,
                       bool is_clean) {
    auto& all = clients_[place];
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& c = all[i];
        if (c.what == doing::waiting && c.number == number) {
            if (c.all) {
                (void)judge_.wrote(l, t, events_.now());
                has_another(place, c, i, t);
                return;
            }
            c.what = doing::holding;
            c.held = t;
            c.mends = !is_clean && random_.chance(0.6);
            (void)judge_.wrote(l, t, events_.now());
            if (!c.rests) {
                plan(place, i, c.checks_off ? 1ms : draws_.hold_time());
            }
            return;
        }
    }
    judge_.object(guarantee::invariant, events_.now(), "a grant answers no request");
}

void workload::failed(std::uint32_t place, request_number number) {
    auto& all = clients_[place];
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& c = all[i];
        if (c.what == doing::waiting && c.number == number) {
            if (c.all) {
                c.number = {};
                c.all->was_refused();
                plan(place, i, 0ms);
            } else {
                think(place, c, i, 2ms);
            }
            return;
        }
    }
}

void workload::lost(std::uint32_t place, judge::lock l, token t) {
    auto& all = clients_[place];
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& c = all[i];
        if (c.all) {
            for (std::size_t at = 0; at < c.shares.size(); ++at) {
                if (c.shares[at].lock == l && c.shares[at].held == t) {
                    c.shares[at].held = {};
                    c.all->was_lost(at);
                    // it releases the others, and cancels its requests for those that it does not
                    // have
                    plan(place, i, 0ms);
                }
            }
        } else if (c.what == doing::holding && c.lock == l && c.held == t) {
            think(place, c, i, 0ms);
        }
    }
}

void workload::release_request(std::uint32_t place, judge::lock l, token t) {
    auto& all = clients_[place];
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& c = all[i];
        if (c.what == doing::holding && c.lock == l && c.held == t && !c.rests &&
            random_.chance(0.7)) {
            plan(place, i, random_.between(0ms, 100ms));
        }
    }
}

void workload::wind_down() {
    winds_down_ = true;
    winds_down_since_ = events_.now();
    for (std::uint32_t place = 0; place < clients_.size(); ++place) {
        auto& all = clients_[place];
        for (std::size_t i = 0; i < all.size() && machines_.is_up(place); ++i) {
            auto& c = all[i];
            c.checks_off = i == 0;
            if (c.what == doing::holding || c.what == doing::nothing) {
                plan(place, i, 0ms);
            }
        }
    }
}

bool workload::is_done() const {
    for (std::size_t place = 0; place < clients_.size(); ++place) {
        const auto& all = clients_[place];
        const bool is_up = machines_.is_up(static_cast<std::uint32_t>(place));
        const bool has_all = is_up && !all.empty() &&
                             all.front().next_to_check == plan_.shared_locks &&
                             std::all_of(all.begin(), all.end(),
                                         [](const client& c) { return c.what == doing::nothing; });
        if (!has_all && !excused_[place]) {
            return false;
        }
    }
    return true;
}

bool workload::keeps_a_lock() const {
    return std::any_of(clients_.begin(), clients_.end(), [](const auto& all) {
        return std::any_of(all.begin(), all.end(), [](const client& c) {
            return c.what == doing::holding && !c.checks_off;
        });
    });
}

std::size_t workload::requests_left() const {
    std::size_t left = 0;
    for (const auto& all : clients_) {
        for (const auto& c : all) {
            left += c.checks_off               ? plan_.shared_locks - c.next_to_check
                    : c.what == doing::nothing ? 0
                                               : 1;
        }
    }
    return left;
}

void workload::rest() {
    rests_ = true;
    for (std::uint32_t place = 0; place < clients_.size(); ++place) {
        for (std::size_t i = 0; i < clients_[place].size() && machines_.is_up(place); ++i) {
            clients_[place][i].rests = i == 0 && place < plan_.shared_locks && !excused_[place];
            plan(place, i, 0ms);  // a client of an excused process that still waits gives up
        }
    }
}

bool workload::is_resting() const {
    return std::all_of(clients_.begin(), clients_.end(), [](const auto& all) {
        return std::all_of(all.begin(), all.end(), [](const client& c) {
            return c.what == (c.rests ? doing::holding : doing::nothing);
        });
    });
}

void workload::wake() {
    rests_ = false;
    for (std::uint32_t place = 0; place < clients_.size(); ++place) {
        if (!clients_[place].empty() && std::exchange(clients_[place].front().rests, false)) {
            plan(place, 0, 0ms);
        }
    }
}

void workload::report_unserved(instant now) const {
    for (std::uint32_t place = 0; place < clients_.size(); ++place) {
        const auto r = machines_.run_at(place);
        if (excused_[place]) {
            continue;
        }
        if (clients_[place].empty()) {
            judge_.not_granted(r, 0, winds_down_since_, now);
        }
        for (const auto& c : clients_[place]) {
            if (c.what != doing::nothing ||
                (c.checks_off && c.next_to_check < plan_.shared_locks)) {
                judge_.not_granted(r, c.what == doing::nothing ? c.next_to_check : c.lock,
                                   winds_down_since_, now);
            }
        }
    }
}

// ---- one client

void workload::plan(std::uint32_t place, std::size_t index, base::duration wait) {
    auto& c = clients_[place][index];
    events_.plan(events_.now() + wait, event_kind::application, place, detail_of(index, ++c.step));
}

void workload::act(std::uint32_t place, client& c, std::size_t index) {
    switch (c.what) {
        case doing::nothing:
        case doing::thinking:
            ask(place, c, index);
            break;
        case doing::waiting:
            if (!c.all || c.number.value != 0) {
                // it ends as `failed`, or was granted before
                machines_.cancel(place, c.number);
            } else if (c.all->wanted()) {
                ask_for_next(place, c, index);
            } else {
                give_back(place, c, index);
            }
            break;
        case doing::holding:
            if (c.all) {
                give_back(place, c, index);
            } else if (c.slices > 0) {
                --c.slices;
                machines_.progress(place, c.lock, c.held);
                plan(place, index, draws_.hold_time());
            } else {
                let_go(place, c, index);
            }
            break;
    }
}

void workload::ask(std::uint32_t place, client& c, std::size_t index) {
    if (winds_down_ && !c.rests &&
        (rests_ || !c.checks_off || c.next_to_check == plan_.shared_locks)) {
        c.what = doing::nothing;
        return;
    }
    acquire_how how;
    bool may_change_its_mind = false;
    if (c.rests) {
        c.lock = static_cast<judge::lock>(place);
    } else if (c.checks_off) {
        c.lock = c.next_to_check;
    } else {
        // The first lock is the one asked for most often.
        const bool asks_once =
            used_once_ < plan_.locks.size() - plan_.shared_locks && random_.chance(0.1);
        c.lock = asks_once ? static_cast<judge::lock>(plan_.shared_locks + used_once_++)
                 : random_.chance(0.5)
                     ? 0
                     : static_cast<judge::lock>(random_.below(plan_.shared_locks));
        how.is_try = random_.chance(0.15);
        if (!how.is_try && random_.chance(0.4)) {
            how.timeout = random_.between(5ms, 2s);
        }
        may_change_its_mind = random_.chance(0.15);
        draws_.policy(how);
    }
    if (!winds_down_) {
        draws_.operate(place);
        if (!machines_.is_up(place)) {
            return;
        }
        if (machines_.is_paused(place)) {
            plan(place, index, 0ms);  // in the midst of that: it asks when it goes on
            return;
        }
    }
    if (!winds_down_ && plan_.work.several > 0 && plan_.shared_locks > 1 &&
        random_.chance(plan_.work.several)) {
        want_several(c);
        ask_for_next(place, c, index);
        return;
    }
    how.mode = draws_.mode(c.lock, !winds_down_);
    if (may_watch(place) && random_.chance(0.02)) {
        watch_anew(place);
    }
    c.what = doing::waiting;
    ++c.step;
    c.slices =
        how.progress_timeout > base::duration{} ? static_cast<unsigned>(random_.below(4)) : 0;
    c.number = machines_.acquire(place, c.lock, how);
    if (may_change_its_mind && c.what == doing::waiting) {
        plan(place, index, random_.between(0ms, 300ms));
    }
}

void workload::want_several(client& c) {
    std::vector<judge::lock> locks(plan_.shared_locks);
    std::iota(locks.begin(), locks.end(), judge::lock{0});
    random_.shuffle(locks);
    locks.resize(2 + random_.below(locks.size() - 1));
    std::vector<std::string> names;
    c.shares.clear();
    for (const auto l : locks) {
        names.push_back(plan_.locks[l]);
        c.shares.push_back({l, {}});
    }
    c.all.emplace(std::move(names));
    c.together = ++last_together_;
    c.gives_up = random_.chance(0.4) ? std::optional{events_.now() + random_.between(5ms, 3s)}
                                     : std::nullopt;
    c.mends = false;
}

void workload::ask_for_next(std::uint32_t place, client& c, std::size_t index) {
    c.asks_for = *c.all->wanted();
    c.lock = c.shares[c.asks_for].lock;
    acquire_how how;
    how.mode = draws_.mode(c.lock, !winds_down_);
    how.together = c.together;
    draws_.policy(how);
    if (c.gives_up) {
        how.is_try = *c.gives_up <= events_.now();
        how.timeout = std::max(base::duration{*c.gives_up - events_.now()}, base::duration{});
    }
    c.what = doing::waiting;
    ++c.step;
    c.number = machines_.acquire(place, c.lock, how);
    if (c.what == doing::waiting && random_.chance(0.1)) {
        plan(place, index, random_.between(0ms, 300ms));
    }
}

void workload::has_another(std::uint32_t place, client& c, std::size_t index, token t) {
    c.number = {};
    c.shares[c.asks_for].held = t;
    c.all->was_granted();
    if (!c.all->wanted()) {
        for (const auto at : c.all->held()) {
            if (!machines_.holds(place, c.shares[at].lock, c.shares[at].held)) {
                c.all->was_lost(at);
            }
        }
    }
    if (!c.all->has_all()) {
        plan(place, index, 0ms);
        return;
    }
    judge_.has_all(machines_.run_at(place), c.together, c.shares.size(), events_.now());
    c.what = doing::holding;
    plan(place, index, draws_.hold_time());
}

void workload::give_back(std::uint32_t place, client& c, std::size_t index) {
    for (const auto at : c.all->held()) {
        auto& s = c.shares[at];
        if (s.held.value == 0) {
            continue;
        }
        if (machines_.is_paused(place)) {
            plan(place, index, 0ms);  // in the midst of that: the rest when it goes on
            return;
        }
        last_write(place, s.lock, s.held);
        machines_.release(place, s.lock, std::exchange(s.held, token{}));
        if (!machines_.is_up(place) || !c.all) {
            return;
        }
    }
    if (c.what == doing::waiting) {
        judge_.has_none(machines_.run_at(place), c.together, events_.now());
    }
    c.all.reset();
    think(place, c, index, 0ms);
}

void workload::watch_anew(std::uint32_t place) {
    const auto l = static_cast<judge::lock>(random_.below(plan_.shared_locks));
    machines_.unwatch(place, l);
    machines_.watch(place, l);
}

/// It still takes the hold for valid: it has not seen yet what it was told while it was paused.
void workload::last_write(std::uint32_t place, judge::lock l, token t) {
    if (random_.chance(0.1)) {
        late_writes_.push_back({l, t});
        events_.plan(events_.now() + random_.between(0ms, 3s), event_kind::application, place,
                     is_late_write | (late_writes_.size() - 1));
    } else {
        (void)judge_.wrote(l, t, events_.now());
    }
}

void workload::let_go(std::uint32_t place, client& c, std::size_t index) {
    const auto l = c.lock;
    const auto t = c.held;
    last_write(place, l, t);
    if (c.checks_off && c.next_to_check < plan_.shared_locks) {
        ++c.next_to_check;
    }
    think(place, c, index, 0ms);
    const bool names_an_heir = plan_.work.policies > 0 && random_.chance(0.05);
    const auto heir =
        names_an_heir
            ? std::optional{static_cast<std::uint32_t>(random_.below(plan_.places.size()))}
            : std::nullopt;
    machines_.release(place, l, t, c.mends, heir);
}

void workload::think(std::uint32_t place, client& c, std::size_t index, base::duration at_least) {
    c.what = doing::thinking;
    c.held = {};
    const bool goes_on_at_once = winds_down_ || random_.chance(0.3);
    plan(place, index,
         at_least + (goes_on_at_once ? 0ms : random_.between({}, plan_.work.longest_think)));
}

}  // namespace holdfast::sim
