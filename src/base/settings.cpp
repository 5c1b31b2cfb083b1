#include "base/settings.hpp"

namespace holdfast::base {

duration settings::full_lease() const { return stretched(lease, clock_drift); }

}  // namespace holdfast::base
