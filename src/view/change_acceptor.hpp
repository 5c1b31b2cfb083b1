// The acceptor's side of choosing the next view, in each voter: what it may accept, and what an
// accepted value binds it to.
#pragma once

#include <optional>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/slot_map.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "view/acceptor.hpp"
#include "view/environment.hpp"
#include "view/membership_hints.hpp"
#include "view/messages.hpp"

namespace holdfast::views {

class change_acceptor {
public:
    change_acceptor(const base::settings& settings, const environment& environment)
        : settings_{settings}, environment_{environment} {}

    /// False: `promised()` stands in the way.
    [[nodiscard]] bool prepare(const ballot& asked) { return acceptor_.prepare(asked); }
    /// False: `promised()` stands in the way.
    [[nodiscard]] bool may_accept(const ballot& asked) const;
    /// The value follows from `current`, whose slot map is `map`, and its epoch does not run ahead
    /// of the wall clock (VIEW-1).
    [[nodiscard]] bool is_sound(const views::accept& asked, const view& current,
                                const base::shared_slot_map& map, base::moment now) const;
    void accept(const ballot& asked, const change& value);

    /// LEASE-4: for each peer that `value` removes, what this voter knows of its lease.
    [[nodiscard]] std::vector<silence> silences_of(const change& value,
                                                   const membership_hints& hints,
                                                   base::time_point now) const;
    /// LEASE-1: the accepted value removes `peer` or changes a seat.
    [[nodiscard]] bool blocks_lease_of(const peer_id& peer) const;

    [[nodiscard]] const ballot& promised() const { return acceptor_.promised(); }
    [[nodiscard]] const std::optional<accepted_change>& accepted() const {
        return acceptor_.accepted();
    }
    /// Starts over for the view after the one installed now.
    void installed(base::time_point now);

private:
    friend struct explore::state_access;

    const base::settings& settings_;
    const environment& environment_;
    acceptor<accepted_change> acceptor_;
    base::time_point installed_at_{};
};

}  // namespace holdfast::views
