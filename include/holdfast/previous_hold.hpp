// What became of whoever held a lock before: a robust mutex over machines.
#pragma once

#include <cstdint>
#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// How the hold before this one ended (FATE). Only exclusive holds leave a fate.
enum class end_reason : std::uint8_t {
    /// nothing to worry about is known: nobody held it lately, or it is long ago that it was
    /// released
    none,
    released,  ///< its holder released it
    expired,   ///< its holder's lease ran out, or its holder left with it
    died,      ///< its holder was removed from the cluster
    broken,    ///< it was broken (BREAK-1)
    /// the lock's owner was lost, and with it what it knew: anything above may be true
    unknown,
};

/// With each grant. Unless it `is_clean`, what the lock guards may be half changed. Look at it,
/// mend it, and say so with `hold::mark_consistent`; until somebody does, each next holder is told
/// again.
struct previous_hold {
    end_reason how = end_reason::none;
    holdfast::token token;  ///< of the hold that ended so; nil for `none` and `unknown`
    peer_id holder;
    std::string holder_name;  ///< may be empty when it was removed
    std::string note;
    /// what the last holder that gave one left (`hold::set_value`), while the owner lives
    std::string value;

    [[nodiscard]] bool is_clean() const {
        return how == end_reason::none || how == end_reason::released;
    }
    bool operator==(const previous_hold&) const = default;
};

}  // namespace holdfast
