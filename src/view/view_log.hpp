// The views this peer has installed, one by one and in order, and the steps it keeps for others
// (VIEW-3).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/slot_map.hpp"
#include "base/state_access.hpp"
#include "view/environment.hpp"
#include "view/messages.hpp"

namespace holdfast::views {

/// What installing a view changed; the other layers follow it.
struct installation {
    /// null: view 1. For a joiner the view it never was in.
    std::shared_ptr<const view> before;
    std::shared_ptr<const view> now;
    base::shared_slot_map map_before;  ///< null with `before`
    base::shared_slot_map map;
    step by;                ///< empty for view 1
    bool is_first = false;  ///< the first view this peer installed
};

class view_log {
public:
    [[nodiscard]] const std::shared_ptr<const view>& current() const { return current_; }
    [[nodiscard]] const base::shared_slot_map& map() const { return map_; }

    [[nodiscard]] installation found(view first, const environment& environment);
    /// A joiner's start; an error when the welcome does not add up.
    [[nodiscard]] result<installation> start(const welcome& from, const environment& environment);
    /// The next view. An error when the step does not follow or its checksum is another: then our
    /// chain is wrong.
    [[nodiscard]] result<installation> append(const step& next, const environment& environment);

    /// The steps after view `n`, at most `count`; nothing when they are not kept any more.
    [[nodiscard]] std::optional<std::vector<step>> after(view_number n, std::size_t count) const;
    /// For the joiner that was added in view `since`; nothing when it is not kept any more.
    [[nodiscard]] std::optional<welcome> welcome_for(view_number since) const;

    void invariants() const;

private:
    friend struct explore::state_access;

    struct snapshot {
        std::shared_ptr<const view> before;
        base::shared_slot_map map;
    };
    [[nodiscard]] result<installation> follow(const std::shared_ptr<const view>& before,
                                              const base::shared_slot_map& map_before,
                                              const step& next,
                                              const environment& environment) const;
    void keep(const installation& done);

    std::shared_ptr<const view> current_;
    base::shared_slot_map map_;
    std::deque<step> steps_;
    // of each view before one that added a member
    std::map<view_number, snapshot> snapshots_;
};

}  // namespace holdfast::views
