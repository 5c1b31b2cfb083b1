#include "lease/mute_watch.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lease {
namespace {

// With a short lease, what a network or a machine can need to come to itself. A stream that is cut
// is given up after 4 s and dialled again.
constexpr base::duration least_patience = std::chrono::seconds{15};
// How long a member asks for no lease: one until it has none, two until the voters take it for a
// candidate (VIEW-5), and the time that a view takes. Who is still a member then tries anew.
constexpr int quiet_leases = 6;

}  // namespace

base::duration mute_watch::patience() const {
    return std::max<base::duration>(3 * settings_.lease, least_patience);
}

mute_watch::record mute_watch::fresh(bool is_voter, base::time_point now) const {
    record r;
    r.is_voter = is_voter;
    r.last_datagram = now;
    r.counted_to = now;
    r.dial_at = patience() / 2;
    return r;
}

void mute_watch::begin_anew(record& r, base::time_point now) {
    const bool was_mute = r.mute_since.has_value();
    r = fresh(r.is_voter, now);
    if (was_mute) {
        count(now);
    }
}

void mute_watch::installed(const view& now_installed, base::time_point now) {
    const bool was_seated = std::exchange(is_seated_, now_installed.is_voter(self_));
    quorum_ = now_installed.quorum();
    filled_seats_ = static_cast<std::size_t>(
        std::count_if(now_installed.seats.begin(), now_installed.seats.end(),
                      [](const auto& s) { return !s.filled_by.is_nil(); }));
    std::map<peer_id, record> next;
    for (const auto& m : now_installed.members) {
        const bool is_voter = now_installed.is_voter(m.id);
        if (m.id == self_ || (!is_voter && !is_seated_)) {
            continue;
        }
        const auto known = records_.find(m.id);
        const bool goes_on = known != records_.end() && known->second.is_voter == is_voter &&
                             was_seated == is_seated_;
        next.emplace(m.id, goes_on ? known->second : fresh(is_voter, now));
    }
    records_ = std::move(next);
    count(now);
    invariants();
}

void mute_watch::came_by_stream(const peer_id& from, base::time_point now) {
    if (const auto at = records_.find(from); at != records_.end()) {
        begin_anew(at->second, now);
    }
}

void mute_watch::came_by_datagram(const peer_id& from, base::time_point now) {
    const auto at = records_.find(from);
    if (at == records_.end() || at->second.mute_since || is_lacking_) {
        return;
    }
    auto& r = at->second;
    if (now - r.last_datagram >= settings_.lease) {
        begin_anew(r, now);  // one of the two was away
        return;
    }
    r.last_datagram = now;
    // What has come since then may wait unread.
    const auto until = std::min(now, read_until_);
    if (until > r.counted_to) {
        r.silent += until - r.counted_to;
        r.counted_to = until;
    }
    if (!r.dialled_at && r.silent >= r.dial_at) {
        r.dial_at = r.silent + settings_.lease;  // again, if none can be made now
        out_.push(dial_again{from});
    }
    if (r.dialled_at && r.silent >= std::max(patience(), *r.dialled_at + patience() / 2)) {
        r.mute_since = now;
        r.redial = now + patience() / 2;
        out_.push(found_mute{from});
        count(now);
    }
    invariants();
}

void mute_watch::dialled_again(const peer_id& peer) {
    if (const auto at = records_.find(peer); at != records_.end() && !at->second.dialled_at) {
        at->second.dialled_at = at->second.silent;
    }
}

void mute_watch::set_lacking_descriptors(bool is_lacking, base::time_point now) {
    if (std::exchange(is_lacking_, is_lacking) == is_lacking) {
        return;
    }
    for (auto& [peer, r] : records_) {
        r = fresh(r.is_voter, now);
    }
    count(now);
    invariants();
}

void mute_watch::waived_by(const peer_id& voter, base::time_point now) {
    if (const auto at = records_.find(voter); at != records_.end() && at->second.is_voter) {
        begin_anew(at->second, now);
    }
}

std::optional<base::time_point> mute_watch::deadline() const {
    auto due = next_dial_;
    base::earlier(due, quiet_until_);
    return due;
}

/// A stream that was cut for long is not given up by both ends at once.
void mute_watch::tick(base::time_point now) {
    const bool tries_anew = base::is_due(quiet_until_, now);
    if (!tries_anew && !base::is_due(next_dial_, now)) {
        return;
    }
    for (auto& [peer, r] : records_) {
        if (tries_anew && r.is_voter) {
            r = fresh(r.is_voter, now);
        } else if (r.mute_since && r.redial <= now) {
            r.redial = now + patience() / 2;
            out_.push(dial_again{peer});
        }
    }
    count(now);
    HOLDFAST_ASSERT(!deadline() || *deadline() > now);
    invariants();
}

std::vector<peer_id> mute_watch::mute_voters() const {
    std::vector<peer_id> out;
    for (const auto& [peer, r] : records_) {
        if (r.is_voter && r.mute_since) {
            out.push_back(peer);
        }
    }
    return out;
}

/// A while later than it is found mute, so that the member, which finds the same at the same time,
/// says which voters are mute before it is acked no more.
bool mute_watch::is_refused(const peer_id& member, base::time_point now) const {
    const auto at = records_.find(member);
    return at != records_.end() && at->second.mute_since &&
           now - *at->second.mute_since >= settings_.lease;
}

void mute_watch::count(base::time_point now) {
    mute_voters_ = 0;
    next_dial_.reset();
    for (const auto& [peer, r] : records_) {
        if (r.mute_since) {
            mute_voters_ += r.is_voter ? 1 : 0;
            base::earlier(next_dial_, r.redial);
        }
    }
    if (hears_quorum()) {
        quiet_until_.reset();
    } else if (!quiet_until_) {
        quiet_until_ = now + quiet_leases * settings_.lease;
    }
}

void mute_watch::invariants() const {
    HOLDFAST_ASSERT(mute_voters_ <= filled_seats_);
    if (!base::checks_everything()) {
        return;
    }
    HOLDFAST_ASSERT(!records_.contains(self_));
    HOLDFAST_ASSERT(std::all_of(records_.begin(), records_.end(), [&](const auto& entry) {
        const auto& r = entry.second;
        // Who is mute was silent for long, and a second stream did no better.
        return !r.mute_since || (!is_lacking_ && r.dialled_at && r.silent >= patience());
    }));
}

}  // namespace holdfast::lease
