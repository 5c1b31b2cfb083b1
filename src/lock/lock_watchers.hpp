// The members that watch a lock of ours, and what they were told last (WATCH-1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/retry.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/tenures.hpp"

namespace holdfast::lock {

class lock_watchers {
public:
    explicit lock_watchers(const base::settings& settings) : settings_{settings} {}

    /// False: it is an old copy of an earlier watch.
    [[nodiscard]] bool add(slot s, const peer_id& by, const watch& asked);
    void remove(slot s, const peer_id& by, const unwatch& asked);
    void seen(slot s, const peer_id& by, const lock_state_seen& what);
    /// The slot is ours no more; the watchers register with its next owner.
    void forget(slot s);
    void drop_non_members(const view& v);

    [[nodiscard]] bool is_empty() const { return all_.empty(); }
    [[nodiscard]] bool has(slot s, const std::string& name) const;
    [[nodiscard]] std::vector<std::string> names_in(slot s) const;

    /// Tells all watchers of the lock how it stands now, or only `one` of them.
    void notify(slot s, const std::string& name, const lock_summary& summary, view_number in,
                base::time_point now, owner_outbox& out);
    void notify(const peer_id& one, slot s, const std::string& name, const lock_summary& summary,
                view_number in, base::time_point now, owner_outbox& out);
    /// Tells those again that have not answered.
    void renotify(const tenures& ours, view_number in, base::time_point now, owner_outbox& out);
    [[nodiscard]] std::optional<base::time_point> deadline() const { return next_; }

    void invariants() const;

private:
    friend struct explore::state_access;

    struct watcher {
        peer_id by;
        std::uint64_t number = 0;
        std::uint64_t serial = 0;  // of the last state told; 0: it was told none
        bool has_seen = false;
        base::retry again{};
    };
    void tell(const std::string& name, watcher& w, const lock_summary& summary, view_number in,
              base::time_point now, owner_outbox& out);

    const base::settings& settings_;
    std::map<std::pair<slot, std::string>, std::vector<watcher>> all_;
    std::uint64_t last_serial_ = 0;
    // not later than the first state to tell again
    std::optional<base::time_point> next_;
};

}  // namespace holdfast::lock
