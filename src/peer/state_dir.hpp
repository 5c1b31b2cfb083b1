// The few bytes that survive a restart of all peers: the highest epoch this place has known
// (FOUND-5).
#pragma once

#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

namespace holdfast::runtime {

/// Makes the directory if it is missing; 0 when it holds nothing yet. `bad_config` for what is no
/// epoch file of ours, `io` with the system's words.
[[nodiscard]] result<epoch> load_epoch(const std::string& directory);
/// On success it is on the disk. `io`.
[[nodiscard]] result<void> store_epoch(const std::string& directory, epoch highest);

}  // namespace holdfast::runtime
