#include "node/mailer.hpp"

#include <algorithm>
#include <utility>

#include "base/message_groups.hpp"
#include "base/pace.hpp"
#include "node/told_epoch.hpp"

namespace holdfast::node {
namespace {

/// LOAD-4: the least pause before this try, or half of all of them. A former copy that is younger
/// was left out, or was lost with its stream. Where pauses stay short (LOAD-5) it may be younger,
/// too: a few more copies are under way then, and none is left out for ever because the round trip
/// is long, or because all that goes that way takes longer than the longest pause.
base::duration copy_age(unsigned attempt, const base::settings& s) {
    constexpr unsigned most_counted = 1U << 16;
    const auto longest = std::max(s.lease / 2, s.retry);
    base::duration pause{}, all{};
    unsigned counted = 0;
    for (; counted < attempt && pause < longest; ++counted) {
        pause = base::doubled(s.retry, counted, longest);
        all += pause;
    }
    all += std::min(attempt - counted, most_counted) * longest;
    return std::max(pause, all / 2);
}

bool is_of_gather(const lock::message& what) {
    return base::holds_message<lock::gather>(what) || base::holds_message<lock::report>(what);
}

}  // namespace

void mailer::send_to(const peer_id& to, endpoint at, bool stream, bool is_lazy, message&& what,
                     base::duration copy_age) {
    if (to == self_) {
        local_.push(std::move(what));
        return;
    }
    if (at.is_nil()) {
        at = address_of(to);
    }
    if (at.is_nil() || at == settings_.address) {
        ++dropped_;
        return;
    }
    // A datagram is sealed for one peer (SEAL-2).
    push({head_for(to), at, stream || to.is_nil(), is_lazy, std::move(what), copy_age});
}

void mailer::answer(const peer_id& to, const base::way& came, message&& what) {
    auto at = came.is_stream() ? address_of(to) : came.source;
    if (at == settings_.address) {
        at = {};
    }
    push({head_for(to), at, came.is_stream(), false, std::move(what), {}});
}

void mailer::push(send&& s) {
    tell_epoch(s.what, of_.agreement.epochs().agreed());
    out_.push(std::move(s));
}

void mailer::send_lock(lock::send&& s, base::time_point now) {
    has_granted_ = has_granted_ || base::holds_message<lock::grant>(s.what);
    std::vector<relay::detour> detours;
    if (const auto& v = of_.agreement.current(); s.to != self_ && v) {
        of_.overdue.sent(s, now);
        detours = of_.ways.detours(*v, s, now, of_.overdue.is_long(s.to, now));
    }
    // The first try of these was no copy on a stream, which the second would be a repeat of.
    const bool begins_as_datagram = is_of_gather(s.what);  // LOAD-5
    const auto age = copy_age(s.attempt - (begins_as_datagram && s.attempt > 0 ? 1 : 0), settings_);
    const bool by_stream = !begins_as_datagram || gather_goes_by_stream(s);
    send_to(s.to, {}, by_stream, s.is_lazy, std::move(s.what), age);
    for (auto& d : detours) {
        send_to(d.by, {}, true, false, std::move(d.what), age);
    }
}

/// LOAD-5: a crash has all owners ask all members at once. Most of these pairs have no stream, and
/// for a word each they make none, unless a datagram was lost.
bool mailer::gather_goes_by_stream(const lock::send& s) const {
    return s.attempt > 0 ||
           (base::holds_message<lock::report>(s.what) && gathers_by_stream_.contains(s.to));
}

void mailer::note_gather(const peer_id& from, bool is_by_stream) {
    const auto& v = of_.agreement.current();
    if (is_by_stream && v && v->has(from)) {
        gathers_by_stream_.insert(from);
    } else {
        gathers_by_stream_.erase(from);
    }
}

void mailer::keep_members(const view& v) {
    std::erase_if(gathers_by_stream_, [&](const peer_id& id) { return !v.has(id); });
}

void mailer::send_to_voters(const views::message& what) {
    for (const auto& s : of_.agreement.current()->seats) {
        if (!s.filled_by.is_nil()) {
            send_to(s.filled_by, {}, false, false, what);
        }
    }
}

view_number mailer::installed() const {
    const auto& v = of_.agreement.current();
    return v ? v->number : view_number{};
}

envelope mailer::head_for(const peer_id& to) const {
    const auto& v = of_.agreement.current();
    return {self_, to, v ? v->cluster : cluster_id{}, installed(), of_.lease.is_running()};
}

endpoint mailer::address_of(const peer_id& peer) const {
    const auto& v = of_.agreement.current();
    if (const auto* m = v ? v->find(peer) : nullptr) {
        return m->address;
    }
    if (const auto at = of_.gossip.address_of(peer)) {
        return *at;
    }
    return of_.seen.last_seen_at(peer);
}

}  // namespace holdfast::node
