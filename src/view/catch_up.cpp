#include "view/catch_up.hpp"

#include <utility>

#include "base/assert.hpp"

namespace holdfast::views {
namespace {

constexpr std::size_t steps_in_a_message = 32;
// LOAD-5: who is behind for a moment hears of that from all at once. More than one, for those that
// it hears need not hear it.
constexpr unsigned most_asked_at_once = 4;

}  // namespace

std::optional<spreading_message> catch_up::on_view_number(const peer_id& from, view_number theirs,
                                                          bool is_voter, const view_log& log,
                                                          base::time_point now) {
    HOLDFAST_ASSERT(log.current() != nullptr);
    const auto ours = log.current()->number;
    if (theirs == ours) {
        return std::nullopt;
    }
    // At most once per retry period and peer: both sides see each other's number in every message.
    const auto at = last_told_.find(from);
    if (at != last_told_.end() && now - at->second < settings_.retry / 2) {
        return std::nullopt;
    }
    const auto& v = *log.current();
    if (theirs > ours) {
        behind_since_ = behind_since_.value_or(now);
        if ((!v.is_voter(from) && leaves_it_to_voters(behind_since_, now)) || !may_ask(now)) {
            return std::nullopt;
        }
    } else if (!is_voter && v.has(from) && leaves_it_to_voters(installed_at_, now)) {
        return std::nullopt;
    }
    last_told_[from] = now;
    if (theirs > ours) {
        return want_steps{ours};
    }
    return answer_to(from, theirs, log);
}

/// LOAD-5: a step is under way from them, over streams that there are (LEASE-8). Others would make
/// one to each that is behind for a moment.
bool catch_up::leaves_it_to_voters(std::optional<base::time_point> since,
                                   base::time_point now) const {
    return since && now - *since < settings_.lease / 4;
}

/// At most so many peers in half a retry period.
bool catch_up::may_ask(base::time_point now) {
    if (!asks_since_ || now - *asks_since_ >= settings_.retry / 2) {
        asks_since_ = now;
        asked_ = 0;
    }
    return asked_++ < most_asked_at_once;
}

std::optional<spreading_message> catch_up::answer_to(const peer_id& from, view_number after,
                                                     const view_log& log) const {
    HOLDFAST_ASSERT(log.current() != nullptr && after < log.current()->number);
    const auto& v = *log.current();
    if (auto kept = log.after(after, steps_in_a_message)) {
        HOLDFAST_ASSERT(kept->size() <= steps_in_a_message);
        HOLDFAST_ASSERT(!kept->empty());
        return steps{std::move(*kept)};
    }
    const bool is_far_behind = after.value + base::limits::steps_kept < v.number.value;
    const bool was_removed = !v.has(from) && v.find_former(from) != nullptr;
    return is_far_behind || was_removed ? std::optional<spreading_message>{outdated{after}}
                                        : std::nullopt;
}

void catch_up::installed(base::time_point now) {
    installed_at_ = now;
    behind_since_.reset();
    asks_since_.reset();
    std::erase_if(last_told_, [&](const auto& t) { return now - t.second > settings_.lease; });
}

}  // namespace holdfast::views
