// For which members this owner has waited too long (VIEW-9).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/deadline.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/messages.hpp"
#include "lock/messages.hpp"
#include "lock/view_change.hpp"

namespace holdfast::node {

/// It is sent again until a piece comes.
[[nodiscard]] bool wants_answer(const lock::message& what);
[[nodiscard]] bool is_piece(const lock::message& what);

/// An owner waits for reports, for tables, for answers to those that it gives, and to its grants.
/// Each of these is a piece: with it the time begins anew.
class overdue {
public:
    struct word {
        lease::waits_for what;
        bool by_stream = false;
    };

    explicit overdue(const base::settings& settings) : settings_{settings} {}

    void sent(const lock::send& s, base::time_point now);
    /// Nothing is sent for these.
    void waits_for_tables_of(const std::set<peer_id>& owners, base::time_point now);
    void heard(const peer_id& from, const lock::message& what, base::time_point now);
    void installed(const view& v);
    /// For so long that what is sent goes by the voters too, whatever else comes from it.
    [[nodiscard]] bool is_long(const peer_id& peer, base::time_point now) const {
        const auto at = waits_.find(peer);
        return at != waits_.end() && now - at->second.since >= 2 * settings_.lease;
    }

    [[nodiscard]] bool is_due(base::time_point now) const { return base::is_due(next_look_, now); }
    /// What to tell the voters, once it is due. By turns by stream and as datagrams: either may be
    /// what does not arrive.
    [[nodiscard]] std::optional<word> look(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const { return next_look_; }

private:
    struct wait {
        base::time_point since;   // the last piece
        base::time_point wanted;  // when something was last sent again, or found to be missing
        std::optional<base::time_point> sent;  // the former
        std::uint64_t bytes = 0;
    };

    void waits(const peer_id& whom, std::uint64_t bytes, base::time_point now);

    const base::settings& settings_;
    std::map<peer_id, wait> waits_;
    std::optional<base::time_point> next_look_;
    bool told_by_stream_ = false;
};

}  // namespace holdfast::node
