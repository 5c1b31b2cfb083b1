// OWN-5: when the holds of peers that are no members end for certain.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/assert.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class void_times {
public:
    struct end_of_lease {
        base::time_point at;
        view_number since;  // the view that had added the peer
    };

    explicit void_times(const base::settings& settings) : settings_{settings} {}

    void install(const view_change& s, base::time_point now) {
        if (s.is_first) {
            first_view_at_ = now;
            is_founder_ = s.now->number.value == 1;
        }
        for (const auto& r : s.removed) {
            HOLDFAST_ASSERT(!s.now->has(r.id));
            ends_[r.id] = {r.void_at, r.since};
        }
        // A view forgets a former member after so many views, which may be sooner than its lease
        // ends.
        std::erase_if(ends_, [&](const auto& v) {
            return s.now->find_former(v.first) == nullptr && v.second.at <= now;
        });
    }
    /// Nothing for members.
    [[nodiscard]] std::optional<base::time_point> of(const peer_id& peer, const view& v) const;
    /// This peer founded the cluster: its first view was view 1.
    [[nodiscard]] bool is_founder() const { return is_founder_; }
    /// OWN-4 (c): leases from before our first view have ended.
    [[nodiscard]] base::time_point earlier_leases_end() const {
        return first_view_at_ + settings_.full_lease();
    }
    /// Of removed peers, until the view has forgotten them.
    [[nodiscard]] const std::map<peer_id, end_of_lease>& removed() const { return ends_; }

private:
    friend struct explore::state_access;

    const base::settings& settings_;
    base::time_point first_view_at_{};
    bool is_founder_ = false;
    std::map<peer_id, end_of_lease> ends_;
};

}  // namespace holdfast::lock
