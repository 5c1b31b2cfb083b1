#include "base/settings.hpp"

#include <algorithm>

namespace holdfast::base {

duration settings::full_lease() const { return stretched(lease, clock_drift); }

bool settings::is_operator(std::string_view who) const {
    return operators.empty() ||
           std::find(operators.begin(), operators.end(), who) != operators.end();
}

}  // namespace holdfast::base
