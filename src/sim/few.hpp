// A list of a few constants, of which no more than `most` are ever needed.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

namespace holdfast::sim {

template <class T, std::size_t most>
class few {
public:
    constexpr few() = default;
    // not explicit: tables are written with braces; too many do not compile
    constexpr few(std::initializer_list<T> all) {
        for (const auto& one : all) {
            all_.at(size_++) = one;
        }
    }

    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
    [[nodiscard]] constexpr const T& operator[](std::size_t i) const { return all_[i]; }
    [[nodiscard]] constexpr const T* begin() const { return all_.data(); }
    [[nodiscard]] constexpr const T* end() const { return all_.data() + size_; }

private:
    std::array<T, most> all_{};
    std::size_t size_ = 0;
};

}  // namespace holdfast::sim
