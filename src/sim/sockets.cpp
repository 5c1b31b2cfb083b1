#include "sim/sockets.hpp"

#include "base/rule_effects.hpp"

namespace holdfast::sim {

bool sockets::let_in(std::uint32_t place, const packet& arrived, const node::envelope& head) {
    if (arrived.is_stream) {
        return let_in_by_stream(place, arrived, head);
    }
    auto& here = context_.places[place];
    const auto v = here.node->installed();
    if (v && v != here.proven_under) {
        std::erase_if(here.proven, [&](const auto& id) { return v->find_former(id) != nullptr; });
        here.proven_under = v;
    }
    const bool is_known = here.proven.contains(head.from) || (v && v->has(head.from));
    if (!is_known || head.to.is_nil()) {
        return drop(arrived);
    }
    if (!context_.plan.is_sealed) {
        return true;
    }
    const bool is_new =
        arrived.recorded_as == 0 || here.recorded_seen.insert(arrived.recorded_as).second;
    if (head.to != here.id || !is_new) {
        return drop(arrived);
    }
    context_.counted.late_lock_messages += arrived.is_again && arrived.is_about_locks ? 1 : 0;
    return true;
}

bool sockets::drop(const packet& arrived) {
    if (arrived.is_again) {
        base::count(base::effect::seal_2_drops);
    }
    return false;
}

bool sockets::let_in_by_stream(std::uint32_t place, const packet& arrived,
                               const node::envelope& head) {
    auto& here = context_.places[place];
    here.proven.insert(head.from);
    if (arrived.is_again) {
        return true;  // without a key any process that dials is the one it claims to be
    }
    auto& there = context_.places[arrived.from];
    const bool is_still_there = there.node && there.run == arrived.from_run;
    if (is_still_there) {
        there.proven.insert(here.id);
    }
    if (head.to.is_nil() || head.to == here.id) {
        return true;
    }
    if (is_still_there) {
        // It has dialled, and found another peer than the one it has something for.
        context_.events.plan(context_.events.now(), event_kind::found_there, arrived.from,
                             here.run);
    }
    return false;
}

base::way sockets::way_of(std::uint32_t place, const packet& arrived) const {
    const auto& from = context_.plan.places[arrived.from].address;
    if (!arrived.is_stream) {
        return {from, {}};
    }
    const bool is_dialled = !arrived.is_again && context_.net.has_dialled(place, arrived.from);
    return {{}, is_dialled ? from : endpoint{}, context_.plan.segment};
}

}  // namespace holdfast::sim
