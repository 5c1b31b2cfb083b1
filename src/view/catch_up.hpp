// Bringing peers to the newest view (VIEW-3, NET-3): who is told of steps, and who asks for them.
#pragma once

#include <map>
#include <optional>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "view/messages.hpp"
#include "view/view_log.hpp"

namespace holdfast::views {

class catch_up {
public:
    explicit catch_up(const base::settings& settings) : settings_{settings} {}

    /// What to say to a peer of our cluster that showed the view number `theirs`. `is_voter`: we.
    [[nodiscard]] std::optional<spreading_message> on_view_number(const peer_id& from,
                                                                  view_number theirs, bool is_voter,
                                                                  const view_log& log,
                                                                  base::time_point now);
    /// The steps after view `after`, or that the peer is outdated. Nothing if neither holds.
    [[nodiscard]] std::optional<spreading_message> answer_to(const peer_id& from, view_number after,
                                                             const view_log& log) const;
    /// Forgets what was said long ago.
    void installed(base::time_point now);

private:
    friend struct explore::state_access;

    [[nodiscard]] bool may_ask(base::time_point now);
    [[nodiscard]] bool leaves_it_to_voters(std::optional<base::time_point> since,
                                           base::time_point now) const;

    const base::settings& settings_;
    // when a peer was last told of steps, or asked for them
    std::map<peer_id, base::time_point> last_told_;
    std::optional<base::time_point> installed_at_;
    std::optional<base::time_point> behind_since_;
    // for steps: since when, and how many peers since
    std::optional<base::time_point> asks_since_;
    unsigned asked_ = 0;
};

}  // namespace holdfast::views
