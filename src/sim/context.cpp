#include "sim/context.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace holdfast::sim {

context::context(const run_plan& from, std::uint64_t seed, judge& watching, sim::trace& told,
                 event_queue& in)
    : plan{from},
      random{seed},
      judged_by{watching},
      trace{told},
      events{in},
      net{from.places.size(), random.next(), in},
      identity_random{random.next()},
      places(from.places.size()) {}

void context::say(std::uint32_t place, std::string_view text) const {
    if (trace.is_printed()) {
        const auto& name = places[place].name;
        trace.line(events.now(), name.empty() ? plan.places[place].name : name, text);
    }
}

void context::broken(std::uint32_t place, std::string_view what) const {
    judged_by.object(guarantee::invariant, events.now(),
                     places[place].name + ": " + std::string{what});
}

judge::lock context::lock_of(std::string_view name) const {
    const auto at = std::find(plan.locks.begin(), plan.locks.end(), name);
    HOLDFAST_ASSERT(at != plan.locks.end());
    return static_cast<judge::lock>(at - plan.locks.begin());
}

std::optional<std::uint32_t> context::place_of(const peer_id& to, const endpoint& address) const {
    const auto known = address.is_nil() ? place_of_id.find(to) : place_of_id.end();
    return known == place_of_id.end() ? place_at(address) : std::optional{known->second};
}

std::optional<std::uint32_t> context::place_at(const endpoint& address) const {
    const std::uint32_t at = address.ip[15] - 1u;
    return at < plan.places.size() && plan.places[at].address == address ? std::optional{at}
                                                                         : std::nullopt;
}

peer_id context::draw_id() {
    const auto high = identity_random.next();  // in this order, whatever the compiler likes
    return {high, identity_random.next() | 1};
}

std::vector<endpoint> addresses_of(const std::vector<std::uint32_t>& places) {
    std::vector<endpoint> out;
    for (const auto place : places) {
        out.push_back(address_of(place));
    }
    return out;
}

}  // namespace holdfast::sim
