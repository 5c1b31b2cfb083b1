// What the node has last noticed of its own lease, which starts, is at risk and ends between its
// calls (LEASE-5).
#pragma once

#include <optional>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/renewal.hpp"

namespace holdfast::node {

class lease_watch {
public:
    struct change {
        bool is_of_lease = false;  ///< it has started, or ended
        bool is_of_risk = false;   ///< a lease that runs is late to be renewed, or is so no more
    };

    lease_watch(const base::settings& settings, const lease::renewal& renewal)
        : settings_{settings}, renewal_{renewal} {}

    change notice(base::moment now);
    /// When it was noticed last.
    [[nodiscard]] const base::moment& noticed() const { return noticed_; }
    /// As far as was noticed.
    [[nodiscard]] bool is_running() const { return is_running_; }
    /// For how long it still runs, as far as was noticed; zero without one.
    [[nodiscard]] base::duration left() const {
        return is_running_ ? *renewal_.end() - noticed_.for_rights() : base::duration::zero();
    }
    [[nodiscard]] bool is_at_risk() const { return is_at_risk_; }
    /// When it last ran, or the first view was installed.
    [[nodiscard]] base::time_point last_ran() const { return last_ran_; }
    void installed_first_view(base::time_point now) { last_ran_ = now; }
    /// FOUND-3: for so long that its cluster may be given up for another. A founder of a moment ago
    /// would else give up a cluster that lives for one whose last leases are running out.
    [[nodiscard]] bool is_long_lost(base::time_point now) const {
        return !is_running_ && now - last_ran_ >= settings_.lease / 2;
    }
    /// The PeerId is over: nothing is noticed any more.
    void stop() { is_running_ = false; }
    /// When there will be something to notice, unless the machine is suspended before.
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    void invariants() const;

private:
    const base::settings& settings_;
    const lease::renewal& renewal_;
    base::moment noticed_{};
    bool is_running_ = false;
    bool is_at_risk_ = false;
    base::time_point last_ran_{};
};

}  // namespace holdfast::node
