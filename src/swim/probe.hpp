// One probe of one peer, in its period (SWIM section 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <holdfast/ids.hpp>

#include "base/assert.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::swim {

struct probe {
    std::uint64_t sequence = 0;
    peer_id target;
    std::optional<base::time_point> go_indirect;  // none once we have
    base::time_point ends;
    std::size_t asked = 0;  // how many were asked to help
    std::size_t nacks = 0;  // how many of them said that they could not reach it either

    void invariants(const base::settings& settings, const peer_id& self) const {
        HOLDFAST_ASSERT(target != self);
        HOLDFAST_ASSERT(nacks <= asked);
        HOLDFAST_ASSERT(asked <= settings.indirect_probes);
        HOLDFAST_ASSERT(!go_indirect || asked == 0);
    }
};

}  // namespace holdfast::swim
