#include "sim/judge.hpp"

#include <utility>

namespace holdfast::sim {

void judge::started(run r, const peer_id& id, std::string name, std::size_t seats,
                    std::optional<std::size_t> seat) {
    if (facts_.runs.size() <= r) {
        facts_.runs.resize(r + 1);
    }
    auto& p = facts_.runs[r];
    p.id = id;
    p.name = std::move(name);
    p.seat = seat;
    p.heard.resize(seats);
}

void judge::crashed(run r) {
    queue_order_.ended(facts_.runs[r].id);
    holds_.crashed(r);
}

void judge::gave_up(run r, instant now) {
    queue_order_.ended(facts_.runs[r].id);
    holds_.gave_up(r, now);
}

void judge::asked_to_leave(run r) {
    facts_.runs[r].is_leaving = true;
    facts_.runs[r].watched.clear();
}

void judge::resumed(run r, instant now) {
    facts_.runs[r].is_paused = false;
    facts_.runs[r].resumed = now;
}

void judge::lost_its_lease(run r, instant now) {
    facts_.object_by_the_clock(guarantee::lease, now,
                               facts_.name_of(r) +
                                   " has lost its lease, and nothing went wrong but that "
                                   "datagrams were lost (LEASE-9)");
}

void judge::asked(run r, lock l, request_number number, const terms& what, instant now) {
    auto& p = facts_.runs[r];
    queue_order_.asked(p.id, number, l, what.priority, now);
    p.requests[number] = what;
    if (what.together != 0) {
        p.together[what.together];
    }
}

void judge::request_ended(run r, request_number number) {
    queue_order_.ended(facts_.runs[r].id, number);
    facts_.runs[r].requests.erase(number);
}

void judge::watches(run r, lock l) {
    if (!facts_.runs[r].is_leaving) {
        facts_.runs[r].watched[l].reset();
    }
}

void judge::owner_granted(run owner, lock l, token t, const peer_id& holder, request_number number,
                          view_number in, instant now) {
    facts_.runs[owner].has_granted = true;
    if (const auto overtaken = queue_order_.granted(owner, l, holder, number)) {
        facts_.object(guarantee::order, now,
                      facts_.text_of_grant(owner, l, t, in) + " to who asked after " +
                          to_string(*overtaken).substr(0, 8) + " had been queued (OWN-10)");
    }
    if (fence_.owner_granted(owner, l, t, holder, number, in, now)) {
        leases_.check_grant(owner, l, t, in, now);
    }
}

void judge::installed(run r, const view& v, const std::vector<peer_id>& owners, instant now) {
    queue_order_.installed(r, v);
    views_.installed(r, v, owners, now);
}

void judge::reported_conflict(run r, instant now) {
    facts_.object_by_the_clock(guarantee::mutex, now,
                               facts_.name_of(r) + " gathered reports that conflict (HOLD-4)");
}

void judge::not_granted(run r, lock l, instant since, instant now) {
    facts_.object(guarantee::live, now,
                  (r == 0 ? "a process" : facts_.name_of(r)) + " has waited for \"" +
                      facts_.locks[l].name + "\" since " + text_of_instant(since));
}

void judge::is_kept(run owner, lock l, token t, instant now) {
    if (!facts_.is_held(l, t)) {
        facts_.object(guarantee::stuck, now,
                      facts_.name_of(owner) + " keeps \"" + facts_.locks[l].name + "\" " +
                          text_of_token(t) + ", which no process holds");
    }
}

std::vector<std::pair<judge::lock, token>> judge::holds_of(run r) const {
    std::vector<std::pair<lock, token>> out;
    for (const auto l : facts_.runs[r].holding) {
        for (const auto& h : facts_.locks[l].holds) {
            if (h.by == r) {
                out.emplace_back(l, h.what);
            }
        }
    }
    return out;
}

judge::run judge::holder_of(lock l, instant now) const {
    for (const auto& h : facts_.locks[l].holds) {
        if (facts_.is_valid(h, now)) {
            return h.by;
        }
    }
    return 0;
}

std::optional<token> judge::newest_hold(lock l) const {
    const auto& holds = facts_.locks[l].holds;
    return holds.empty() ? std::nullopt : std::optional{holds.back().what};
}

}  // namespace holdfast::sim
