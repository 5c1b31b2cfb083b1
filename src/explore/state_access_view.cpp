#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "explore/state_access.hpp"

namespace holdfast::explore {
namespace {

using namespace views;

node::message wrapped(views::message what) { return what; }

void add(digest& out, const ballot& b) {
    out.add(b.round);
    out.add(std::uint64_t{b.seat});
    out.add(b.proposer);
}

void add(digest& out, const std::vector<silence>& told) {
    out.add_each(told, [&](const silence& r) {
        out.add(r.peer);
        out.add(static_cast<std::uint64_t>(r.since_ack.count()));
        out.add(std::uint64_t{r.is_gone});
    });
}

template <class Ids>
void add_ids(digest& out, const Ids& ids) {
    out.add_each(ids, [&](const peer_id& id) { out.add(id); });
}

template <class Accepted>
void add(digest& out, const acceptor<Accepted>& a) {
    add(out, a.promised());
    out.add_presence(a.accepted());
}

}  // namespace

void state_access::add(digest& out, const agreement& a) {
    // Told at the start: settings, environment, seeds.
    const auto& [settings, environment, self, seeds, log, hints, accepts, proposes, opinions,
                 founds, joins, catches_up, founded_by, epochs, mark, seats_epoch, waiting, timers,
                 is_over, out_box] = a;
    HOLDFAST_ASSERT(out_box.empty() && settings.retry == base::duration::zero());
    // No peer of a world has a state_dir, so nothing is written, and nothing waits for it.
    HOLDFAST_ASSERT(!settings.keeps_epochs && !waiting && !mark.deadline());
    [[maybe_unused]] const auto& [mark_settings, written, asked, complains_at] = mark;
    // As retry is zero, the time of the last steps to a peer, or asked for, holds no message back.
    // Nor does that of the view (LOAD-5): all are voters.
    [[maybe_unused]] const auto& [catch_up_settings, last_told, installed_at, behind_since,
                                  asks_since, asked_for_steps] = catches_up;
    // Nothing is certified, so opinions are told to those who ask.
    out.add(self.id);
    add(out, log);
    add(out, hints);
    add(out, proposes);
    add(out, founds);
    out.add_presence(founded_by);
    add(out, accepts);
    out.add_presence(timers.at(agreement::timer::recover));
    add(out, epochs);
    add(out, joins);
    out.add_presence(timers.at(agreement::timer::look));
    out.add(std::uint64_t{is_over});
}

void state_access::add(digest& out, const change_acceptor& a) {
    const auto& [settings, environment, accepts, installed_at] = a;
    explore::add(out, accepts);
    if (accepts.accepted()) {
        out.add(wrapped(accept{{}, accepts.accepted()->ballot, accepts.accepted()->value}));
    }
}

void state_access::add(digest& out, const joining& j) {
    // Told at the start: self and seeds.
    const auto& [settings, self, seeds, random, next_request, tests_until, shown] = j;
    HOLDFAST_ASSERT(!tests_until);  // no peer of a world comes back
    out.add_presence(next_request);
    out.add_each(shown, [&](const auto& s) {
        out.add(s.first.high);
        out.add(s.first.low);
        out.add(s.second.value);
    });
}

void state_access::add(digest& out, const view_log& c) {
    const auto& [current, map, steps_kept, snapshots] = c;
    out.add(std::uint64_t{current != nullptr});
    if (current) {
        out.add(wrapped(welcome{*current, map, {}}));
    }
    out.add(wrapped(steps{{steps_kept.begin(), steps_kept.end()}}));
    // each is what the steps before it made
    out.add_each(snapshots, [&](const auto& s) { out.add(s.first.value); });
}

void state_access::add(digest& out, const membership_hints& c) {
    // Joiners stay fresh and seats refilled: the lease of the world is longer than its life.
    const auto& [settings, environment, joiners, leaving, stopped, certified, gone, evictions,
                 new_epoch_at, refilled, probation] = c;
    // No member of a world is seen to renew, so none is settled, and it does not matter for how
    // long one would have to wait.
    [[maybe_unused]] const auto& [probation_settings, joined, departing, failures] = probation;
    HOLDFAST_ASSERT(evictions.empty());
    out.add_each(joiners, [&](const auto& j) {
        const auto& [who, asked, told] = j.second;
        out.add(wrapped(join{who, {}, {}, {}, 1, {}}));
        out.add_presence(asked);
        out.add_presence(told);
    });
    add_ids(out, leaving);
    add_ids(out, stopped);
    add_ids(out, certified);
    add_ids(out, gone);
    out.add(new_epoch_at ? new_epoch_at->value : 0);
    out.add_each(refilled, [&](const auto& r) { out.add(static_cast<std::uint64_t>(r.first)); });
}

void state_access::add(digest& out, const proposer& p) {
    // tries only makes waits longer; current and map are those of the chain.
    const auto& [settings, self, environment, random, current, map, installed_at, phase, consents,
                 seen_by, settles_not_before, highest_round, tries, not_before, ballots_started,
                 out_box] = p;
    HOLDFAST_ASSERT(out_box.empty() && seen_by.empty() && !settles_not_before);
    out.add(current ? current->number.value : 0);
    out.add(std::uint64_t{phase.index()});
    if (const auto* preparing = std::get_if<proposer::preparing>(&phase)) {
        const auto& [mine, promises, until] = *preparing;
        explore::add(out, mine);
        out.add_each(promises, [&](const auto& given) {
            out.add(given.first);
            out.add(wrapped(given.second));
        });
        // else it is only counted
    } else if (const auto* accepting = std::get_if<proposer::accepting>(&phase)) {
        const auto& [mine, value, accepts, until] = *accepting;
        explore::add(out, mine);
        out.add(wrapped(accept{{}, mine, value}));
        out.add_each(accepts, [&](const auto& given) {
            out.add(given.first);
            explore::add(out, given.second);
        });
    } else if (const auto* batching = std::get_if<proposer::batching>(&phase)) {
        // whom it has asked about matters only to what is certified
        const auto& [until, asked, early, is_second] = *batching;
        HOLDFAST_ASSERT(!early && !is_second);
    }
    out.add_each(consents, [&](const auto& c) {
        out.add(c.first);
        add_ids(out, c.second);
    });
    out.add(highest_round);
    out.add_presence(not_before);
    out.add(ballots_started);
}

void state_access::add(digest& out, const founding& f) {
    // The world founds nothing.
    const auto& [settings, self, seeds, seat, random, accepts, phase, highest_round, highest_told,
                 replaced, next_try, barred_until, seats_of_other, out_box] = f;
    HOLDFAST_ASSERT(out_box.empty() && std::holds_alternative<founding::idle>(phase) &&
                    highest_round == 0 && !next_try && !barred_until && seats_of_other.empty());
    explore::add(out, accepts);
    out.add(std::uint64_t{highest_told.value});
    out.add(std::uint64_t{replaced.value});
}

void state_access::add(digest& out, const epoch_memory& e) {
    const auto& [known, agreed, accepted, heard] = e;
    for (const auto one : {known, agreed, accepted, heard}) {
        out.add(std::uint64_t{one.value});
    }
}

bool state_access::is_armed(const agreement& a, view_timer which) {
    if (a.is_over_) {
        return false;
    }
    switch (which) {
        case view_timer::proposer:
            return a.is_voter() && a.proposer_.deadline();
        case view_timer::recover:
            return a.is_voter() && a.timers_.is_set(agreement::timer::recover);
        case view_timer::look:
            return a.is_voter() && a.timers_.is_set(agreement::timer::look);
        case view_timer::join:
            return !a.current() && a.joining_.deadline();
    }
    return false;
}

void state_access::set(agreement& a, view_timer which, base::time_point due) {
    const auto set_if_armed = [&](std::optional<base::time_point>& timer) {
        if (timer) {
            timer = due;
        }
    };
    const auto set_if_set = [&](agreement::timer timer) {
        if (a.timers_.is_set(timer)) {
            a.timers_.set(timer, due);
        }
    };
    switch (which) {
        case view_timer::proposer:
            std::visit(
                [&](auto& phase) {
                    if constexpr (requires { phase.until; }) {
                        phase.until = due;
                    }
                },
                a.proposer_.phase_);
            set_if_armed(a.proposer_.not_before_);
            break;
        case view_timer::recover:
            set_if_set(agreement::timer::recover);
            break;
        case view_timer::look:
            set_if_set(agreement::timer::look);
            break;
        case view_timer::join:
            set_if_armed(a.joining_.next_request_);
            break;
    }
}

}  // namespace holdfast::explore
