// The small worlds by name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "explore/search.hpp"

namespace holdfast::explore {

struct small_world {
    std::string_view name;
    std::string_view bounds;  ///< for people
    bool is_large = false;    ///< takes minutes
    /// `restarts_wrongly`: a seat that restarts goes on under its PeerId (a mutant).
    std::function<std::unique_ptr<world>(bool restarts_wrongly)> make;
    bool is_endless = false;  ///< larger than what is ever looked at: there for its mutants
};

[[nodiscard]] std::span<const small_world> all_worlds();

}  // namespace holdfast::explore
