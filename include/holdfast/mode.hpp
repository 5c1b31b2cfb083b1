// How a lock is held: who else may hold it at the same time.
#pragma once

#include <cstdint>

namespace holdfast {

/// Exclusive holds stand alone, shared ones stand together, and of a semaphore's permits `limit`
/// are out at most. Holds of different kinds exclude each other: who asks for a semaphore's name
/// exclusively gets it when every permit is back.
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
    /// Both are permits, and of different numbers: one of the two programs is in error.
    [[nodiscard]] constexpr bool contradicts(const lock_mode& other) const {
        return how == kind::permit && other.how == kind::permit && limit != other.limit;
    }

    constexpr bool operator==(const lock_mode&) const = default;
};

}  // namespace holdfast
