// Logarithms in whole numbers: the same on every platform and at every level of optimisation.
#pragma once

#include <cstdint>

namespace holdfast::base {

/// 65536 * log2(n), rounded down; 0 for n = 0.
[[nodiscard]] constexpr std::uint64_t log2_scaled(std::uint64_t n) {
    if (n == 0) {
        return 0;
    }
    unsigned whole = 63;
    while ((n >> whole) == 0) {
        --whole;
    }
    // The fraction bit by bit: squaring doubles a logarithm. x is n / 2^whole in [1, 2), times
    // 2^31.
    std::uint64_t x = whole >= 31 ? n >> (whole - 31) : n << (31 - whole);
    std::uint64_t result = std::uint64_t{whole} << 16;
    for (int bit = 15; bit >= 0; --bit) {
        x = (x * x) >> 31;
        if (x >= std::uint64_t{1} << 32) {
            x >>= 1;
            result |= std::uint64_t{1} << bit;
        }
    }
    return result;
}

/// 65536 * log10(n), rounded down.
[[nodiscard]] constexpr std::uint64_t log10_scaled(std::uint64_t n) {
    return log2_scaled(n) * 65536 / 217706;
}

}  // namespace holdfast::base
