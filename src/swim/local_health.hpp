// How far this peer may be wrong itself when others do not answer (Lifeguard): 0 is healthy.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::swim {

class local_health {
public:
    explicit local_health(const base::settings& settings) : settings_{settings} {}

    void worsen(int by) {
        const auto most = static_cast<int>(settings_.max_local_health);
        value_ = static_cast<std::size_t>(std::clamp(static_cast<int>(value_) + by, 0, most));
    }
    [[nodiscard]] base::duration scaled(base::duration d) const {
        return d * static_cast<int>(value_ + 1);
    }
    [[nodiscard]] std::size_t value() const { return value_; }

private:
    const base::settings& settings_;
    std::size_t value_ = 0;
};

}  // namespace holdfast::swim
