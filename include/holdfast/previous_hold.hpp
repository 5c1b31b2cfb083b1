// How the hold before this one ended, and what its holder left: a robust mutex over machines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// How a hold ended (FATE). Only exclusive holds are remembered.
enum class end_reason : std::uint8_t {
    /// Nothing bad is known: there was no hold lately, or it was released long ago.
    none,
    released,  ///< its holder released it
    expired,   ///< its holder's lease ran out, or its holder left the cluster with it
    died,      ///< its holder was removed from the cluster
    broken,    ///< it was broken (BREAK-1)
    /// The owner of the lock's name was lost with what it remembered: any of the above may be true.
    unknown,
};

/// The name of the value, e.g. `released`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(end_reason what);

/// What a grant says of the hold before it, as known at the grant.
///
/// Unless it `is_clean`, what the lock guards may be half changed: check it, repair it, and call
/// `hold::mark_consistent`. Until a holder does so, each next holder is told again.
struct previous_hold {
    end_reason how = end_reason::none;
    holdfast::token token;    ///< nil for `none` and `unknown`
    peer_id holder;           ///< nil for `none` and `unknown`
    std::string holder_name;  ///< may be empty when the holder was removed
    std::string note;         ///< of that hold
    /// What the last holder that set a value left (`hold::set_value`), while the owner lives.
    std::string value;

    [[nodiscard]] bool is_clean() const {
        return how == end_reason::none || how == end_reason::released;
    }
    bool operator==(const previous_hold&) const = default;
};

}  // namespace holdfast
