#include "node/admission.hpp"

#include <variant>

namespace holdfast::node {
bool is_ours(const envelope& head, const view* installed) {
    return installed != nullptr && head.cluster == installed->cluster;
}

bool is_for_any_cluster(const message& what) {
    const auto* v = std::get_if<views::message>(&what);
    return std::holds_alternative<swim::message>(what) ||
           (v != nullptr && views::is_for_strangers(*v));
}

admission admit(const envelope& head, const message& what, const receiver& here) {
    // A member of another cluster, which is alive.
    const bool is_of_other = here.installed != nullptr && !head.cluster.is_nil() &&
                             !is_ours(head, here.installed) && head.is_leased;
    if (is_of_other && !here.has_seeds && !here.is_leaving) {
        return admission::stop_seatless;
    }
    if (is_of_other && here.is_lease_long_lost) {
        return admission::join_other;
    }
    return is_ours(head, here.installed) || is_for_any_cluster(what) ? admission::read
                                                                     : admission::refuse;
}

}  // namespace holdfast::node
