#include "view/epoch_mark.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/assert.hpp"

namespace holdfast::views {
namespace {

/// A mark is so many epochs ahead of what was agreed, where the wall clock allows: one an hour, if
/// views change all the while.
constexpr std::int64_t lead = 3600;
constexpr std::chrono::minutes between_complaints{1};

}  // namespace

bool epoch_mark::covers(epoch e) const { return !settings_.keeps_epochs || e <= written_; }

std::optional<epoch> epoch_mark::wants(epoch agreed, base::moment now) {
    if (!settings_.keeps_epochs) {
        return std::nullopt;
    }
    const std::int64_t to_cover = agreed.value;
    const std::int64_t before = std::max(written_, asked_).value;
    // Not an hour past the mark there was, or restarts would carry it away from the clocks.
    const auto ahead = std::min(to_cover, now.wall_s) + lead;
    const auto mark = std::clamp<std::int64_t>(std::max({to_cover, ahead, before}), 0,
                                               std::numeric_limits<std::uint32_t>::max());
    if (to_cover <= before && mark < before + lead / 2) {
        return std::nullopt;
    }
    if (asked_ <= written_) {
        complains_at_ = now.now + settings_.lease;
    }
    asked_ = {static_cast<std::uint32_t>(mark)};
    HOLDFAST_ASSERT(asked_ >= agreed);
    return asked_;
}

void epoch_mark::written(epoch mark) { written_ = std::max(written_, mark); }

bool epoch_mark::must_complain(base::time_point now) {
    if (asked_ <= written_ || now < complains_at_) {
        return false;
    }
    complains_at_ = now + between_complaints;
    return true;
}

std::optional<base::time_point> epoch_mark::deadline() const {
    return asked_ > written_ ? std::optional{complains_at_} : std::nullopt;
}

}  // namespace holdfast::views
