// Chance from a seed, the same on every platform (the standard's distributions are not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/time.hpp"

namespace holdfast::base {

/// splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
class random_source {
public:
    explicit random_source(std::uint64_t seed) : state_{seed} {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    /// Uniform in [0, bound); 0 when bound is 0. The bias of the modulo is far below what any use
    /// here could notice.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    /// Uniform in [0, 1).
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    bool chance(double probability) { return unit() < probability; }
    /// Uniform in [from, to].
    duration between(duration from, duration to) {
        return to <= from ? from
                          : from + duration{static_cast<duration::rep>(
                                       below(static_cast<std::uint64_t>((to - from).count()) + 1))};
    }
    template <class Range>
    void shuffle(Range& range) {
        for (std::size_t i = range.size(); i > 1; --i) {
            std::swap(range[i - 1], range[below(i)]);
        }
    }

private:
    std::uint64_t state_;
};

}  // namespace holdfast::base
