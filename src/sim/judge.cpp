#include "sim/judge.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

std::string text_of(token t) {
    return std::to_string(t.of_epoch().value) + "/" + std::to_string(t.sequence());
}
std::string text_of(const std::set<token>& tokens) {
    std::string text;
    for (const auto t : tokens) {
        text += (text.empty() ? "" : " ") + text_of(t);
    }
    return text.empty() ? "free" : text;
}
std::string text_of(view_number v) { return std::to_string(v.value); }
std::string seconds(instant at) { return to_string(at) + " s"; }

/// FENCE over a total restart, without a state_dir: nothing was granted for longer than the clocks
/// differ, plus this.
constexpr std::chrono::seconds restart_margin{2};

using kind = lock_mode::kind;
/// Whether two holds may not both be valid, whatever else there is.
bool exclude_each_other(const lock_mode& a, const lock_mode& b) {
    if (a.how == kind::exclusive || b.how == kind::exclusive || a.how != b.how) {
        return true;
    }
    return a.how == kind::permit && a.limit != b.limit;
}

}  // namespace

std::string_view to_string(promise p) {
    constexpr std::string_view names[] = {
        "MUTEX",   "FENCE", "ONE-VIEW", "NO-LOSS", "MINORITY", "LIVE", "STUCK",  "INVARIANT",
        "SILENCE", "WATCH", "ORDER",    "FATE",    "LOOK",     "ALL",  "RECORD", "ENDS"};
    return names[static_cast<std::size_t>(p)];
}

judge::judge(rules r, std::vector<std::string> locks) : rules_{r}, runs_(1) {
    for (auto& name : locks) {
        locks_.emplace_back().name = std::move(name);
    }
}

// ---- processes

void judge::started(run r, const peer_id& id, std::string name, std::size_t seats,
                    std::optional<std::size_t> seat) {
    if (runs_.size() <= r) {
        runs_.resize(r + 1);
    }
    auto& p = runs_[r];
    p.id = id;
    p.name = std::move(name);
    p.seat = seat;
    p.heard.resize(seats);
}

void judge::crashed(run r) {
    runs_[r].lease_ends.reset();
    runs_[r].watched.clear();
    turns_.ended(runs_[r].id);
    for (const auto l : std::exchange(runs_[r].holding, {})) {
        auto& g = locks_[l];
        for (const auto& h : g.holds) {
            if (h.by == r) {
                ended_without_release(g, h);
            }
        }
        std::erase_if(g.holds, [&](const hold& h) { return h.by == r; });
    }
}

void judge::gave_up(run r, instant now) {
    for (const auto l : runs_[r].holding) {
        const auto& g = locks_[l];
        for (const auto& h : g.holds) {
            if (h.by == r) {
                object(promise::no_loss, now,
                       name_of(r) + " stopped being what it was and did not report \"" + g.name +
                           "\" " + text_of(h.what) + " lost (VIEW-4)");
            }
        }
    }
    crashed(r);
}

void judge::asked_to_leave(run r) {
    runs_[r].is_leaving = true;
    runs_[r].watched.clear();
}

void judge::heard(run r, std::size_t seat, instant now) { runs_[r].heard[seat] = now; }

// ---- holders

void judge::granted(run r, lock l, token t, request_number number, instant now) {
    auto& g = locks_[l];
    const auto known = g.tokens.find(t);
    const auto asked = runs_[r].requests[number];
    const auto mode = asked.mode;
    if (known == g.tokens.end()) {
        object(
            promise::fence, now,
            name_of(r) + " was granted \"" + g.name + "\" " + text_of(t) + ", which no owner gave");
    } else if (known->second.holder != runs_[r].id) {
        object(promise::fence, now,
               name_of(r) + " was granted \"" + g.name + "\" " + text_of(t) +
                   ", which was given to another");
    } else if (is_held(l, t)) {
        object(promise::fence, now,
               name_of(r) + " was granted \"" + g.name + "\" " + text_of(t) + " twice");
    }
    if (known != g.tokens.end()) {
        known->second.mode = mode;
    }
    const auto& ends = runs_[r].lease_ends;
    if (const auto gone = g.gone_from.find(t); gone != g.gone_from.end()) {
        object_by_the_clock(promise::look, now,
                            name_of(r) + " was granted \"" + g.name + "\" " + text_of(t) +
                                ", which had been seen, and at " + seconds(gone->second) +
                                " no more (LOOK-1)");
    }
    if (asked.together != 0) {
        runs_[r].together[asked.together].insert({l, t});
    }
    g.holds.push_back({r, t, mode, asked, now, now, ends && now < *ends, true, false});
    runs_[r].holding.insert(l);
}

void judge::told_of_predecessor(run r, lock l, token t, const predecessor& before, instant now) {
    auto& g = locks_[l];
    const auto at = std::find_if(g.holds.begin(), g.holds.end(),
                                 [&](const hold& h) { return h.by == r && h.what == t; });
    const auto known = g.tokens.find(t);
    if (at == g.holds.end() || known == g.tokens.end() || at->mode.how != kind::exclusive) {
        return;
    }
    const auto last = std::exchange(g.last_exclusive, t);
    const auto former = g.tokens.find(last);
    // another cluster's fates are no more
    const bool is_known = former != g.tokens.end() && former->second.life == known->second.life;
    // Whoever is still there has not released; it is only that it does not know yet.
    const bool is_there =
        std::any_of(g.holds.begin(), g.holds.end(), [&](const hold& h) { return h.what == last; });
    g.is_unclean = is_known && (g.is_unclean || is_there);
    const bool says_clean = before.how == fate::none || before.how == fate::released;
    const auto text = name_of(r) + " was granted \"" + g.name + "\" " + text_of(t) +
                      " and told that all is well, but ";
    if (says_clean && g.is_unclean) {
        object_by_the_clock(promise::fate, now,
                            text + text_of(last) +
                                ", or one before it, ended without a release, and nobody has said "
                                "since that it is mended");
    } else if (before.how == fate::released && (before.what != last || !before.has_its_value)) {
        object_by_the_clock(promise::fate, now,
                            text + text_of(last) + " came before it, not " + text_of(before.what) +
                                (before.has_its_value ? "" : ", or its value is lost"));
    }
}

void judge::ended_without_release(guarded& g, const hold& h) {
    if (h.what == g.last_exclusive) {
        g.is_unclean = true;
    }
}

void judge::released(run r, lock l, token t, bool says_consistent) {
    auto& g = locks_[l];
    if (t == g.last_exclusive && says_consistent) {
        g.is_unclean = false;
    }
    take_away(r, l, t);
}

void judge::take_away(run r, lock l, token t) {
    auto& holds = locks_[l].holds;
    std::erase_if(holds, [&](const hold& h) { return h.by == r && h.what == t; });
    if (std::none_of(holds.begin(), holds.end(), [&](const hold& h) { return h.by == r; })) {
        runs_[r].holding.erase(l);
    }
}

void judge::lost(run r, lock l, token t, errc why, instant now) {
    auto& p = runs_[r];
    auto& g = locks_[l];
    const auto text = name_of(r) + " lost \"" + g.name + "\" " + text_of(t) + " (" +
                      std::string{holdfast::to_string(why)} + ")";
    const bool was_running = p.lease_ends && now < *p.lease_ends;
    if (why == errc::internal_error) {
        object(promise::invariant, now, text);
    } else if (why == errc::evicted && was_running) {
        // whether it was removed is known once later views are
        evictions_.push_back({r, p.cluster, text});
    } else if (why == errc::broken && !may_be_broken(r, g, t)) {
        object(promise::no_loss, now, text + ", which nobody broke who may (BREAK-1, BREAK-2)");
    } else if (was_running && why != errc::broken &&
               !(why == errc::shutting_down && p.is_leaving)) {
        object_by_the_clock(promise::no_loss, now,
                            text + " while its lease ran until " + seconds(*p.lease_ends));
    }
    for (const auto& h : g.holds) {
        if (h.by == r && h.what == t) {
            ended_without_release(g, h);
        }
    }
    take_away(r, l, t);
}

bool judge::may_be_broken(run r, const guarded& g, token t) const {
    const auto h = std::find_if(g.holds.begin(), g.holds.end(),
                                [&](const hold& one) { return one.by == r && one.what == t; });
    if (g.broken.contains(t) || h == g.holds.end()) {
        return true;
    }
    const auto& policy = h->asked.breaking;
    const auto demanded = g.demanded.find(t);
    const bool by_operators = policy.by_operators && demanded != g.demanded.end() &&
                              demanded->second.size() >= std::max<std::size_t>(policy.approvals, 1);
    return by_operators || policy.waited_for.count() > 0 || h->asked.ends_itself();
}

void judge::looks(run r, lock l, std::uint64_t question, instant now) {
    std::set<token> held;
    for (const auto& h : locks_[l].holds) {
        if (!h.is_new && is_valid(h, now)) {
            held.insert(h.what);
        }
    }
    runs_[r].looks[question] = {l, std::move(held), now};
}

void judge::has_seen(run r, std::uint64_t question, const std::set<token>& held, instant now) {
    const auto at = runs_[r].looks.find(question);
    if (at == runs_[r].looks.end()) {
        object(promise::look, now, name_of(r) + " is answered a question that it did not ask");
        return;
    }
    const auto [l, before, since] = std::move(at->second);
    runs_[r].looks.erase(at);
    auto& g = locks_[l];
    for (const auto& t : before) {
        // Still valid, so it was so all the while.
        const bool is_there = std::any_of(g.holds.begin(), g.holds.end(), [&](const hold& h) {
            return h.what == t && is_valid(h, now);
        });
        if (is_there && !held.contains(t)) {
            object_by_the_clock(promise::look, now,
                                name_of(r) + " looked at \"" + g.name + "\" and saw " +
                                    text_of(held) + ", but " + text_of(t) +
                                    " was held from before to after (LOOK-1)");
        }
    }
    for (const auto& t : held) {
        if (!g.tokens.contains(t)) {
            object(promise::look, now,
                   name_of(r) + " looked at \"" + g.name + "\" and saw " + text_of(t) +
                       ", which no owner gave");
        }
        if (const auto gone = g.gone_from.find(t);
            gone != g.gone_from.end() && gone->second < since) {
            object_by_the_clock(promise::look, now,
                                name_of(r) + " looked at \"" + g.name + "\" and saw " + text_of(t) +
                                    ", which had been seen, and at " + seconds(gone->second) +
                                    " no more (LOOK-1)");
        }
        g.seen_from.try_emplace(t, now);
    }
    for (const auto& [t, first] : g.seen_from) {
        if (first < since && !held.contains(t)) {
            g.gone_from.try_emplace(t, now);
        }
    }
}

void judge::has_all(run r, std::uint64_t together, std::size_t how_many, instant now) {
    const auto& got = runs_[r].together[together];
    if (got.size() != how_many) {
        object(promise::all, now,
               name_of(r) + " is told that it has all of " + std::to_string(how_many) +
                   " locks, but " + std::to_string(got.size()) + " were granted to it (ALL-1)");
    }
    for (const auto& [l, t] : got) {
        if (!is_held(l, t)) {
            object(promise::all, now,
                   name_of(r) + " is told that it has all of several locks, but \"" +
                       locks_[l].name + "\" " + text_of(t) + " it has no more (ALL-1)");
        }
    }
    runs_[r].together.erase(together);
}

void judge::has_none(run r, std::uint64_t together, instant now) {
    for (const auto& [l, t] : runs_[r].together[together]) {
        if (is_held(l, t)) {
            object(promise::all, now,
                   name_of(r) + " could not have all of several locks, and has kept \"" +
                       locks_[l].name + "\" " + text_of(t) + " (ALL-1)");
        }
    }
    runs_[r].together.erase(together);
}

void judge::progressed(run r, lock l, token t, instant now) {
    for (auto& h : locks_[l].holds) {
        if (h.by == r && h.what == t) {
            h.got_on = now;
        }
    }
}

void judge::check_ends(run r, const guarded& g, const hold& h, instant now) {
    const auto ends_before = [&](instant since, instant longest) {
        return longest > instant{} && !runs_[r].is_paused &&
               now > std::max(since, runs_[r].resumed) + longest + longest / 100 + rules_.slack;
    };
    if (ends_before(h.since, h.asked.longest) || ends_before(h.got_on, h.asked.longest_stuck)) {
        object_by_the_clock(promise::ends, now,
                            name_of(r) + " still has \"" + g.name + "\" " + text_of(h.what) +
                                " of " + seconds(h.since) +
                                ", which was to end by itself (max_hold, progress_every)");
    }
}

void judge::has_recorded(const record_key& what, std::uint32_t revision,
                         const std::set<peer_id>& at) {
    auto& known = records_[what];
    if (known.revision <= revision) {
        known = {revision, at};
    }
}

void judge::reads_records(run r, std::uint64_t reading, const std::set<peer_id>& asked,
                          std::size_t seats) {
    auto& must = runs_[r].must_read[reading];
    for (const auto& [what, known] : records_) {
        // Whoever of those asked cannot have forgotten it: a PeerId is never used again.
        const auto& kept_at = known.at;
        const auto have_it = static_cast<std::size_t>(
            std::count_if(asked.begin(), asked.end(),
                          [&kept_at](const peer_id& id) { return kept_at.contains(id); }));
        if (asked.size() - have_it < seats / 2 + 1) {
            must[what] = known.revision;
        }
    }
}

void judge::has_read_records(run r, std::uint64_t reading,
                             const std::map<record_key, std::uint32_t>& what, instant now) {
    for (const auto& [key, revision] : runs_[r].must_read[reading]) {
        const auto read = what.find(key);
        if (read == what.end() || read->second < revision) {
            object(promise::record, now,
                   name_of(r) + " asked for what was done, and record " +
                       std::to_string(key.second) + " of " + to_string(key.first).substr(0, 8) +
                       (read == what.end() ? " is missing" : " is in an earlier state") +
                       ", which a majority of the seats had kept (RECORD-1)");
        }
    }
    runs_[r].must_read.erase(reading);
}

bool judge::wrote(lock l, token t, instant now) {
    auto& g = locks_[l];
    const auto known = g.tokens.find(t);
    if (known == g.tokens.end()) {
        return false;  // objected to when it was granted
    }
    const auto at =
        std::find_if(g.holds.begin(), g.holds.end(), [&](const hold& h) { return h.what == t; });
    if (known->second.mode.how == kind::permit) {
        return true;  // what several change at once has no order, and no gate
    }
    const bool is_exclusive = known->second.mode.how == kind::exclusive;
    if (const auto least = is_exclusive ? g.mark : g.exclusive_mark; t < least) {
        if (at != g.holds.end() && is_valid(*at, now)) {
            object_by_the_clock(promise::mutex, now,
                                "the gate of \"" + g.name + "\" refused " + text_of(t) + " of " +
                                    name_of(at->by) + ", which is valid: it has seen " +
                                    text_of(least));
        }
        return false;
    }
    const auto& conflicting = is_exclusive ? g.newest : g.newest_exclusive;
    if (conflicting && known->second.place() < conflicting->place()) {
        const auto text = "the gate of \"" + g.name + "\" let " + text_of(t) +
                          " in after a hold that was granted later";
        if (known->second.life == conflicting->life) {
            object(promise::fence, now, text);
        } else {
            // only FOUND-1 keeps them apart
            object_by_the_clock(promise::fence, now, text + ", by another cluster");
        }
    }
    const auto note = [&](std::optional<given>& newest) {
        if (!newest || newest->place() < known->second.place()) {
            newest = known->second;
        }
    };
    g.mark = std::max(g.mark, t);
    note(g.newest);
    if (is_exclusive) {
        g.exclusive_mark = t;
        note(g.newest_exclusive);
    }
    return true;
}

bool judge::is_held(lock l, token t) const {
    const auto& holds = locks_[l].holds;
    return std::any_of(holds.begin(), holds.end(), [&](const hold& h) { return h.what == t; });
}

std::vector<std::pair<judge::lock, token>> judge::holds_of(run r) const {
    std::vector<std::pair<lock, token>> out;
    for (const auto l : runs_[r].holding) {
        for (const auto& h : locks_[l].holds) {
            if (h.by == r) {
                out.emplace_back(l, h.what);
            }
        }
    }
    return out;
}

judge::run judge::holder_of(lock l, instant now) const {
    for (const auto& h : locks_[l].holds) {
        if (is_valid(h, now)) {
            return h.by;
        }
    }
    return 0;
}

bool judge::is_valid(const hold& h, instant now) const {
    const auto& ends = runs_[h.by].lease_ends;
    return ends && now < *ends;
}

// ---- owners

void judge::owner_granted(run owner, lock l, token t, const peer_id& holder, request_number number,
                          view_number in, instant now) {
    ++grants_;
    auto& p = runs_[owner];
    p.has_granted = true;
    auto& g = locks_[l];
    const auto text =
        name_of(owner) + " granted \"" + g.name + "\" " + text_of(t) + " in view " + text_of(in);
    if (t.value <= 0) {
        object(promise::fence, now, text + ": not a positive token");
    }
    if (const auto overtaken = turns_.granted(owner, l, holder, number)) {
        object(promise::order, now,
               text + " to who asked after " + to_string(*overtaken).substr(0, 8) +
                   " had been queued (OWN-10)");
    }
    // first: a new life may excuse what was given before
    const auto at = life_of(p.cluster, now);
    const auto known = g.tokens.find(t);
    if (known != g.tokens.end()) {
        if (known->second.holder != holder || known->second.number != number) {
            object(promise::fence, now, text + ", which had been given to another request");
        }
        return;
    }
    if (at + 1 != lives_.size()) {
        object_by_the_clock(promise::fence, now,
                            text + " after the next cluster had begun to grant (FOUND-1)");
    }
    check_order(g, owner, t, at, in, now);
    lives_[at].last_grant = now;
    g.tokens.emplace(t, given{holder, number, {}, at, in, grants_});
    if (const auto cut_off = cut_off_at(p, now); !cut_off || *cut_off < now) {
        object_by_the_clock(promise::minority, now,
                            text + ", but no quorum can have let it act" +
                                (cut_off ? " after " + seconds(*cut_off) : ""));
    }
}

void judge::check_order(guarded& g, run owner, token t, std::size_t life_number, view_number in,
                        instant now) {
    const auto text =
        name_of(owner) + " granted \"" + g.name + "\" " + text_of(t) + " in view " + text_of(in);
    auto& views = g.lives[life_number];
    const auto after = std::upper_bound(views.begin(), views.end(), in,
                                        [](view_number a, const in_view& b) { return a < b.in; });
    if (after != views.end() && after->first <= t) {
        object(
            promise::fence, now,
            text + ", and " + text_of(after->first) + " was granted in view " + text_of(after->in));
    }
    if (after != views.begin()) {
        auto& before = *(after - 1);
        if (t <= before.last) {
            object(promise::fence, now,
                   text + ", and " + text_of(before.last) + " had been granted in view " +
                       text_of(before.in));
        }
        if (before.in == in) {
            if (before.owner != owner) {
                object(promise::fence, now,
                       text + ", where " + name_of(before.owner) + " had granted it too");
            }
            before.last = t;
            return;
        }
    }
    views.insert(after, in_view{in, owner, t, t});
    for (const auto& [number, others] : g.lives) {
        if (number < life_number && t <= others.back().last) {
            object_by_the_clock(promise::fence, now,
                                text + ", and " + text_of(others.back().last) +
                                    " had been granted before the total restart (FOUND-5)");
        }
    }
}

std::size_t judge::life_of(const cluster_id& cluster, instant now) {
    const auto at = std::find_if(lives_.begin(), lives_.end(),
                                 [&](const life& l) { return l.cluster == cluster; });
    if (at != lives_.end()) {
        return static_cast<std::size_t>(at - lives_.begin());
    }
    instant last_grant = -restart_margin;
    for (const auto& l : lives_) {
        last_grant = std::max(last_grant, l.last_grant);
    }
    const bool is_too_soon =
        !rules_.has_state_dir && now - last_grant <= wall_difference_ + restart_margin;
    // of the hour, epochs take two minutes, and clocks have been set meanwhile
    const bool is_too_wrong = is_forced_ && wall_difference_ >= 57min;
    if (is_too_soon || is_too_wrong) {
        // The documented exception: whoever guards something has to know of it, and starts anew.
        for (auto& g : locks_) {
            g.tokens.clear();
            g.lives.clear();
            g.exclusive_mark = g.mark = {};
            g.newest_exclusive.reset();
            g.newest.reset();
            g.last_exclusive = {};
            g.is_unclean = false;
            g.seen_from.clear();
            g.gone_from.clear();
        }
    }
    lives_.push_back({cluster, now});
    return lives_.size() - 1;
}

// ---- views

void judge::installed(run r, const view& v, const std::vector<peer_id>& owners, instant now) {
    auto& p = runs_[r];
    const auto text = name_of(r) + " installed view " + text_of(v.number);
    if (!p.cluster.is_nil() && p.cluster != v.cluster) {
        object(promise::one_view, now, text + " of a second cluster (FOUND-3)");
    }
    if (p.newest.value != 0 && v.number != p.newest.next()) {
        object(promise::one_view, now, text + " after view " + text_of(p.newest) + " (VIEW-3)");
    }
    p.cluster = v.cluster;
    p.newest = v.number;
    turns_.installed(r, v);
    const auto filled = std::count_if(v.seats.begin(), v.seats.end(),
                                      [](const seat& s) { return !s.filled_by.is_nil(); });
    if (static_cast<std::size_t>(filled) < v.seats.size() / 2 + 1) {
        object(promise::live, now, text + " with fewer filled seats than a quorum (VIEW-6)");
    }
    if (!v.has(p.id)) {
        object(promise::one_view, now, text + ", which it is not in (VIEW-4)");
    }
    const auto [at, is_new] = views_.try_emplace({v.cluster, v.number}, seen_view{v, owners, r});
    if (!is_new && at->second.what != v) {
        object(promise::one_view, now,
               text + ", and " + name_of(at->second.first_seen_at) + " another under that number");
    } else if (!is_new && at->second.owners != owners) {
        object(promise::one_view, now,
               text + " with another slot map than " + name_of(at->second.first_seen_at));
    }
    if (const auto before = views_.find({v.cluster, v.number.previous()});
        before != views_.end() && before->second.what.epoch >= v.epoch) {
        object(promise::fence, now,
               text + " with an epoch that is not above the one before (VIEW-1)");
    }
    if (const auto before = views_.find({v.cluster, v.number.previous()});
        is_new && before != views_.end()) {
        for (const auto& m : before->second.what.members) {
            if (!v.has(m.id)) {
                removed_.insert({v.cluster, m.id});
            }
        }
    }
    for (const auto& m : v.members) {
        if (is_new && removed_.contains({v.cluster, m.id})) {
            object(promise::one_view, now,
                   text + ", which has a member that an earlier view removed (VIEW-3)");
        }
    }
    auto& newest = newest_views_[v.cluster];
    newest = std::max(newest, v.number);
}

void judge::reported_conflict(run r, instant now) {
    object_by_the_clock(promise::mutex, now,
                        name_of(r) + " gathered reports that conflict (HOLD-4)");
}

void judge::told(run r, lock l, standing stands) {
    if (const auto at = runs_[r].watched.find(l); at != runs_[r].watched.end()) {
        at->second = std::move(stands);
    }
}

// ---- after every step

void judge::lease(run r, std::optional<instant> ends, instant now) {
    auto& p = runs_[r];
    const bool has_ended = p.lease_ends && *p.lease_ends <= now;
    p.lease_ends = ends;
    const bool is_running = ends && now < *ends;
    for (const auto l : p.holding) {
        auto& g = locks_[l];
        for (auto& h : g.holds) {
            if (h.by != r) {
                continue;
            }
            h.has_lapsed = h.has_lapsed || (has_ended && h.was_valid);
            h.was_valid = h.was_valid || is_running;
            if (h.is_new && !is_running) {
                object_by_the_clock(promise::mutex, now,
                                    name_of(r) + " was told that it holds \"" + g.name + "\" " +
                                        text_of(h.what) +
                                        " while its lease was not running (HOLD-7)");
            }
            h.is_new = false;
            check_ends(r, g, h, now);
            if (h.has_lapsed && is_running) {
                object_by_the_clock(promise::mutex, now,
                                    "the hold of \"" + g.name + "\" " + text_of(h.what) + " at " +
                                        name_of(r) + " had run out and counts again (LEASE-5)");
            }
        }
    }
    if (p.has_granted) {
        p.has_granted = false;
        if (!is_running) {
            object_by_the_clock(promise::minority, now,
                                name_of(r) + " granted while its lease was not running (OWN-1)");
        }
    }
    if (!is_running) {
        return;
    }
    if (!may_act_until(p, *ends, now)) {
        const auto cut_off = cut_off_at(p, now);
        object_by_the_clock(promise::minority, now,
                            name_of(r) + " has a lease until " + seconds(*ends) +
                                ", but a quorum can have given none" +
                                (cut_off ? " beyond " + seconds(*cut_off) : "") + " (LEASE-2)");
    }
    check_against_the_others(r, now);
}

std::optional<instant> judge::last_heard(const participant& p, std::size_t seat, instant now) {
    return p.seat == seat ? now : p.heard[seat];
}

std::optional<instant> judge::cut_off_at(const participant& p, instant now) const {
    // The lease counts from when requests were sent, so from before their answers were heard: A
    // after the last moment at which it had heard from a quorum, it has ended on every clock within
    // the bound.
    std::vector<instant> heard;
    for (std::size_t seat = 0; seat < p.heard.size(); ++seat) {
        if (const auto at = last_heard(p, seat, now)) {
            heard.push_back(*at);
        }
    }
    const auto quorum = p.heard.size() / 2 + 1;
    if (heard.size() < quorum) {
        return std::nullopt;
    }
    std::sort(heard.begin(), heard.end(), std::greater<>{});
    return heard[quorum - 1] + rules_.lease;
}

bool judge::may_act_until(const participant& p, instant ends, instant now) const {
    std::size_t since = 0;
    for (std::size_t seat = 0; seat < p.heard.size(); ++seat) {
        since += last_heard(p, seat, now) >= ends - rules_.lease ? 1 : 0;
    }
    return since >= p.heard.size() / 2 + 1;
}

void judge::check_against_the_others(run r, instant now) {
    for (const auto l : runs_[r].holding) {
        const auto& g = locks_[l];
        for (const auto& mine : g.holds) {
            if (mine.by != r) {
                continue;
            }
            std::size_t permits = 0;
            for (const auto& other : g.holds) {
                permits += other.mode == mine.mode && is_valid(other, now) ? 1 : 0;
                const bool is_too_many = mine.mode.how == kind::permit && permits > mine.mode.limit;
                if (&other != &mine && is_valid(other, now) &&
                    (exclude_each_other(mine.mode, other.mode) || is_too_many)) {
                    object_by_the_clock(promise::mutex, now,
                                        "\"" + g.name + "\" is held by " + name_of(mine.by) + " (" +
                                            text_of(mine.what) + ") and by " + name_of(other.by) +
                                            " (" + text_of(other.what) + "), until " +
                                            seconds(std::min(*runs_[mine.by].lease_ends,
                                                             *runs_[other.by].lease_ends)));
                }
            }
        }
    }
}

// ---- at the end

void judge::not_granted(run r, lock l, instant since, instant now) {
    object(promise::live, now,
           (r == 0 ? "a process" : name_of(r)) + " has waited for \"" + locks_[l].name +
               "\" since " + seconds(since));
}

void judge::is_kept(run owner, lock l, token t, instant now) {
    if (!is_held(l, t)) {
        object(promise::stuck, now,
               name_of(owner) + " keeps \"" + locks_[l].name + "\" " + text_of(t) +
                   ", which nobody holds");
    }
}

void judge::check_watchers(instant now) {
    for (run r = 1; r < runs_.size(); ++r) {
        for (const auto& [l, known] : runs_[r].watched) {
            const auto& g = locks_[l];
            std::set<token> truth;
            for (const auto& h : g.holds) {
                truth.insert(h.what);
            }
            if (!known || known->held != truth || known->waiting != 0) {
                object(promise::watch, now,
                       name_of(r) + " watches \"" + g.name + "\" and was last told " +
                           (known ? text_of(known->held) + ", " + std::to_string(known->waiting) +
                                        " waiting"
                                  : "nothing") +
                           ", but it is " + text_of(truth) + ", none waiting (WATCH-1)");
            }
        }
    }
}

void judge::finish(instant now) {
    for (const auto& e : evictions_) {
        // A cluster that was founded anew may have taken the view that removed it along: its last
        // voters are gone.
        if (lives_.empty() || lives_.back().cluster != e.cluster) {
            continue;
        }
        const auto newest = newest_views_.find(e.cluster);
        if (newest != newest_views_.end() &&
            views_.at({e.cluster, newest->second}).what.has(runs_[e.by].id)) {
            object(promise::no_loss, now, e.text + ", but it is in the newest view");
        }
    }
}

void judge::object(promise broken, instant now, std::string text) {
    violations_.push_back({broken, now, std::move(text)});
}

void judge::object_by_the_clock(promise broken, instant now, std::string text) {
    if (rules_.clocks_keep_the_bound) {
        object(broken, now, std::move(text));
    } else {
        ++excused_[static_cast<std::size_t>(broken)];
    }
}

}  // namespace holdfast::sim
