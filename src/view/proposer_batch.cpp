// What a proposer collects for one view, and what it asks the others about it (VIEW-2).
#include <algorithm>
#include <iterator>

#include "view/proposer.hpp"

namespace holdfast::views {

void proposer::batch(const membership_hints& hints, base::time_point now, bool is_second) {
    const auto until =
        now + settings_.batch_wait + stagger(hints) + random_.between({}, settings_.batch_wait / 4);
    phase_ = batching{until, {}, {}, is_second};
    consents_.clear();
    seen_by_.clear();
    const auto to_settle = hints.to_settle(*current_, now);
    for (const auto& id : to_settle) {
        seen_by_[id].insert(self_);
        settles_not_before_ = now + settings_.lease / 4;
    }
    ask_about(hints.removals(*current_, self_, now), to_settle, hints, now);
    note_certain(hints, now);
}

/// A voter that is certain to be gone proposes nothing.
base::duration proposer::stagger(const membership_hints& hints) const {
    int rank = 0;
    for (const auto& s : current_->seats) {
        if (s.filled_by == self_) {
            break;
        }
        rank += !s.filled_by.is_nil() && environment_.seems_alive(s.filled_by) &&
                        !hints.is_certain(s.filled_by)
                    ? 1
                    : 0;
    }
    return settings_.proposer_stagger * rank;
}

void proposer::ask_about(const std::vector<peer_id>& removals,
                         const std::vector<peer_id>& to_settle, const membership_hints& hints,
                         base::time_point now) {
    if (removals.empty() && to_settle.empty()) {
        return;
    }
    auto& asked = std::get<batching>(phase_).asked;
    for (const auto& id : removals) {
        asked.insert(id);
        if (!hints.objects_to_removal(*current_, id, now)) {
            consents_[id].insert(self_);
        }
    }
    for (const auto& s : current_->seats) {
        if (!s.filled_by.is_nil() && s.filled_by != self_) {
            out_.push(send{s.filled_by, opinion_ask{current_->number.next(), removals, to_settle}});
        }
    }
}

/// A certain removal waits for no company but that of other certain ones: a crash of a whole
/// machine is told process by process. So the quarter of `batch_wait` begins anew with each that
/// has not been agreed on, up to the end of the batch; and a view that was installed just now is
/// followed by none before its `batch_wait` is over. In the same quarter something of a member
/// whose stream was closed by something between may come, and then it is not certain any more.
void proposer::note_certain(const membership_hints& hints, base::time_point now) {
    const auto certain = hints.certain(*current_, self_);
    auto& b = std::get<batching>(phase_);
    std::vector<peer_id> unasked;
    std::copy_if(certain.begin(), certain.end(), std::back_inserter(unasked),
                 [&](const peer_id& id) { return !b.asked.contains(id); });
    ask_about(unasked, {}, hints, now);
    bool are_agreed = !certain.empty();
    for (const auto& id : certain) {
        auto& consents = consents_[id];
        consents.insert(self_);  // it may have become certain since the others were asked
        are_agreed = are_agreed && consents.size() >= quorum();
    }
    if (!are_agreed) {
        b.early.reset();
    } else if (!b.early) {
        const auto soon = std::max(now + settings_.batch_wait / 4 + stagger(hints),
                                   installed_at_ + settings_.batch_wait);
        b.early = std::min(b.until, soon);
    }
}

bool proposer::wants_to_settle(const membership_hints& hints, base::time_point now) const {
    // Voters that see a member less well than this one answer the same again and again.
    const bool may_ask = !settles_not_before_ || *settles_not_before_ <= now;
    return may_ask && !hints.to_settle(*current_, now).empty();
}

std::set<peer_id> proposer::agreed_to_settle() const {
    std::set<peer_id> out;
    for (const auto& [id, voters] : seen_by_) {
        if (voters.size() >= quorum()) {
            out.insert(id);
        }
    }
    return out;
}

/// Since the batch began, for members to settle, another reason for a view came.
bool proposer::has_unasked(const membership_hints& hints, base::time_point now) const {
    const auto& asked = std::get<batching>(phase_).asked;
    const auto wanted = hints.removals(*current_, self_, now);
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const peer_id& id) { return !asked.contains(id); });
}

std::set<peer_id> proposer::agreed_removals(const membership_hints& hints,
                                            base::time_point now) const {
    std::set<peer_id> out;
    for (const auto& id : hints.removals(*current_, self_, now)) {
        const auto at = consents_.find(id);
        if (at != consents_.end() && at->second.size() >= quorum()) {
            out.insert(id);
        }
    }
    return out;
}

}  // namespace holdfast::views
