#include "node/succession.hpp"

#include <algorithm>

#include "view/change.hpp"

namespace holdfast::node {

// The seats that are gone may have gone on without this peer, in views and clusters that no peer
// here has heard of; their epochs were near their wall clocks (VIEW-1, FOUND-5). So epochs go on an
// hour past ours: no clock is so wrong, and the price is small, for until the hour is over views
// come no quicker than one in a second. But seats that restart within the hour have to know of it,
// so nothing is added where epochs are not written down.
epoch epoch_after_force(const base::settings& settings, epoch highest, std::int64_t wall_s) {
    if (!settings.keeps_epochs) {
        return highest;
    }
    // as far as a founding goes past the wall clock (FOUND-5)
    constexpr std::int64_t hour = 3600 + 61;
    // In a cluster that was forced itself, epochs are past the clocks already.
    const auto from = std::max(wall_s, std::int64_t{highest.value});
    // The founding that follows needs one more.
    return {static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(from + hour, 0, std::int64_t{views::last_by_clock.value} - 1))};
}

base::settings successor_settings(base::settings former, const must_restart& over) {
    former.epochs = over.epochs;
    former.stopped_being = over.self;
    former.removals_without_lease = over.removals_without_lease;
    return former;
}

}  // namespace holdfast::node
