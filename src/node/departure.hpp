// How a peer leaves its cluster: its slots, its holds and its lease end before it says so
// (LEAVE-1).
#pragma once

#include <cstdint>
#include <optional>

#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::node {

class departure {
public:
    /// How the peer stands now.
    struct situation {
        bool is_member = false;
        bool is_marked = false;     ///< `leaving`, in the view
        bool owns_nothing = false;  ///< it fills no seat, either
        /// all slots are handed over, and all holds released
        bool has_given_all_up = false;
        bool has_granted = false;  ///< in the present call
        bool is_leased = true;
    };
    /// What to do, in this order.
    struct actions {
        bool ends_lease = false;
        bool asks_to_leave = false;  ///< tell the voters `leave_request`
        bool says_left = false;      ///< tell the voters `left`
        bool is_over = false;
    };

    departure(const base::settings& settings, base::time_point now)
        : settings_{settings}, next_send_{now}, deadline_{now + 2 * settings.lease} {}

    [[nodiscard]] actions advance(const situation& at, base::time_point now);
    [[nodiscard]] bool has_ended_lease() const { return phase_ == phase::saying; }
    /// Nothing ends in the present call, at `now`, once it has granted: it is due just after it.
    [[nodiscard]] base::time_point next_due(bool has_granted, base::time_point now) const;

private:
    enum class phase : std::uint8_t { asking, handing_over, saying };

    const base::settings& settings_;
    phase phase_ = phase::asking;
    base::time_point next_send_;
    base::time_point deadline_;  // of the phase
};

}  // namespace holdfast::node
