#include "node/lock_step.hpp"

#include <algorithm>

namespace holdfast::node {

lock::view_change lock_step_of(const views::installation& i, const base::settings& settings,
                               base::time_point now) {
    lock::view_change step{i.now, i.map_before, i.map, {}, i.is_first};
    for (const auto& id : i.by.what.removed) {
        const auto figure = std::find_if(i.by.leases.begin(), i.by.leases.end(),
                                         [&](const auto& r) { return r.peer == id; });
        auto left = settings.full_lease();  // if the figure was not heard
        if (figure != i.by.leases.end()) {
            left = std::min(left, figure->lease);
        }
        step.removed.push_back({id, i.before->find(id)->since, now + left});
    }
    return step;
}

}  // namespace holdfast::node
