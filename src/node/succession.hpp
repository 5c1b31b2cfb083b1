// What a PeerId that is over leaves to the next one of its process.
#pragma once

#include <cstdint>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"
#include "node/outputs.hpp"

namespace holdfast::node {

/// FORCE-1: above what epoch the seats of a forced view go on. `highest`: that this peer knows;
/// `wall_s`: its wall clock.
[[nodiscard]] epoch epoch_after_force(const base::settings& settings, epoch highest,
                                      std::int64_t wall_s);

/// The settings of the node that follows one which ended with `over`.
[[nodiscard]] base::settings successor_settings(base::settings former, const must_restart& over);

}  // namespace holdfast::node
