// FOUND-9: which epoch a founding has, and which none may have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>

#include "view/change.hpp"

namespace holdfast::views {

/// The epoch of a new founding, from the wall clocks of the seats that promised (those before
/// `built_at_s` are wrong) and the highest epoch that any of them named. Nothing: none is left.
[[nodiscard]] std::optional<epoch> founding_epoch(std::vector<std::int64_t> walls,
                                                  std::size_t quorum, std::int64_t built_at_s,
                                                  epoch named);

/// A seat with this wall clock does not accept a founding of this epoch: it is more than a year
/// past the clock, and past `own`, what its own file or a person says.
[[nodiscard]] bool is_too_far(epoch founding, std::int64_t wall_s, std::int64_t built_at_s,
                              epoch own);

}  // namespace holdfast::views
