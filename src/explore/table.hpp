// Sets of states are large: open addressing without a node for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "explore/digest.hpp"

namespace holdfast::explore {

/// Numbers things by their fingerprint: 0, 1, 2, ...
class numbering {
public:
    /// The number, and whether it is new.
    std::pair<std::uint32_t, bool> number_of(const fingerprint& key) {
        if ((keys_.size() + 1) * 3 > places_.size() * 2) {
            grow();
        }
        auto at = place_of(key);
        if (places_[at] != none) {
            return {places_[at], false};
        }
        const auto number = static_cast<std::uint32_t>(keys_.size());
        places_[at] = number;
        keys_.push_back(key);
        return {number, true};
    }
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

private:
    static constexpr std::uint32_t none = 0xffffffff;

    [[nodiscard]] std::size_t place_of(const fingerprint& key) const {
        auto at = static_cast<std::size_t>(key.low) & (places_.size() - 1);
        while (places_[at] != none && keys_[places_[at]] != key) {
            at = (at + 1) & (places_.size() - 1);
        }
        return at;
    }
    void grow() {
        places_.assign(places_.empty() ? 1024 : places_.size() * 2, none);
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            places_[place_of(keys_[i])] = static_cast<std::uint32_t>(i);
        }
    }

    std::vector<fingerprint> keys_;
    std::vector<std::uint32_t> places_;  // a power of two of them
};

}  // namespace holdfast::explore
