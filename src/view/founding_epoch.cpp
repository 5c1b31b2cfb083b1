#include "view/founding_epoch.hpp"

#include <algorithm>
#include <functional>

#include "base/rule_effects.hpp"

namespace holdfast::views {

std::optional<epoch> founding_epoch(std::vector<std::int64_t> walls, std::size_t quorum,
                                    std::int64_t built_at_s, epoch named) {
    const auto told = walls.size();
    std::erase_if(walls, [&](std::int64_t wall) { return wall < built_at_s; });
    if (walls.size() < told) {
        base::count(base::effect::found_9_clock_does_not_count);
    }
    auto next = std::int64_t{named.value} + 1;
    if (!walls.empty()) {
        // Where fewer than a quorum can be right, the lowest of these is the best guess.
        std::sort(walls.begin(), walls.end(), std::greater<>{});
        const auto wall = walls[std::min(quorum, walls.size()) - 1];
        // FOUND-5. The 61 s are VIEW-1's 60 and the rounding of two clocks to whole seconds.
        next = std::max(next, std::min<std::int64_t>(wall, last_by_clock.value) + 61);
    }
    if (next > std::int64_t{last_by_clock.value}) {
        return std::nullopt;
    }
    return epoch{static_cast<std::uint32_t>(next)};
}

bool is_too_far(epoch founding, std::int64_t wall_s, std::int64_t built_at_s, epoch own) {
    constexpr std::int64_t year = 366LL * 24 * 3600;
    const bool is_plausible = wall_s >= built_at_s && wall_s <= std::int64_t{last_by_clock.value};
    return is_plausible &&
           std::int64_t{founding.value} > std::max(wall_s, std::int64_t{own.value}) + year;
}

}  // namespace holdfast::views
