// The small worlds by name, and which planted bugs each must show.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/planted.hpp"
#include "explore/search.hpp"

namespace holdfast::explore {

struct shown_bug {
    base::planted bug = base::planted::none;
    std::string_view name;
};

struct small_world {
    std::string_view name;
    std::string_view bounds;  ///< for people
    bool is_large = false;    ///< takes minutes
    std::function<std::unique_ptr<world>(base::planted)> make;
    std::vector<shown_bug> shows;
    bool is_endless = false;  ///< larger than what is ever looked at: there for its bugs
};

[[nodiscard]] std::span<const small_world> all_worlds();

}  // namespace holdfast::explore
