// The mode of a hold: which other holds of the lock may be valid at the same time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/export.hpp>

namespace holdfast {

/// An exclusive hold is alone. Shared holds are valid together. Of a semaphore's permits at most
/// `limit` are valid together. Holds of different kinds exclude each other: an exclusive request
/// for a semaphore's name is granted when every permit is back.
struct lock_mode {
    enum class kind : std::uint8_t { exclusive, shared, permit };

    kind how = kind::exclusive;
    std::uint32_t limit = 0;  ///< of a permit, at least 1; else 0

    [[nodiscard]] static constexpr lock_mode exclusive() { return {}; }
    [[nodiscard]] static constexpr lock_mode shared() { return {kind::shared, 0}; }
    [[nodiscard]] static constexpr lock_mode permit(std::uint32_t of) { return {kind::permit, of}; }

    /// Whether one hold of each may be valid at the same time.
    [[nodiscard]] constexpr bool is_compatible_with(const lock_mode& other) const {
        return how == other.how && how != kind::exclusive &&
               (how == kind::shared || (limit == other.limit && limit > 1));
    }
    /// Both are permits with different limits: one of the two programs is wrong.
    [[nodiscard]] constexpr bool contradicts(const lock_mode& other) const {
        return how == kind::permit && other.how == kind::permit && limit != other.limit;
    }

    constexpr bool operator==(const lock_mode&) const = default;
};

/// `exclusive`, `shared` or `permit`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(lock_mode::kind what);
/// The same, and of a permit with its limit: `1 of 4`.
[[nodiscard]] HOLDFAST_EXPORT std::string to_string(const lock_mode& mode);

}  // namespace holdfast
