// The members that watch a lock of ours, and what they were told last (WATCH-1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/agenda.hpp"
#include "base/pace.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/quotas.hpp"
#include "lock/tenures.hpp"

namespace holdfast::lock {

class lock_watchers {
public:
    explicit lock_watchers(base::pace& pace) : pace_{pace} {}

    enum class added : std::uint8_t {
        yes,
        is_old,    ///< a copy of an earlier watch
        too_many,  ///< LOAD-3
    };
    [[nodiscard]] added add(slot s, const peer_id& by, const watch& asked, quotas& used);
    void remove(slot s, const peer_id& by, const unwatch& asked, quotas& used);
    void seen(slot s, const peer_id& by, const lock_state_seen& what);
    /// The slot is ours no more; the watchers register with its next owner.
    void forget(slot s, quotas& used);
    void drop_non_members(const view& v, quotas& used);

    [[nodiscard]] bool is_empty() const { return all_.empty(); }
    [[nodiscard]] bool has(slot s, const std::string& name) const;
    [[nodiscard]] std::vector<std::string> names_in(slot s) const;
    /// How many a member has. Looks at all of them.
    [[nodiscard]] std::size_t count_of(const peer_id& member) const;

    /// Tells all watchers of the lock how it stands now, or only `one` of them.
    void notify(slot s, const std::string& name, const lock_summary& summary, view_number in,
                base::time_point now, owner_outbox& out);
    void notify(const peer_id& one, slot s, const std::string& name, const lock_summary& summary,
                view_number in, base::time_point now, owner_outbox& out);
    /// Tells those again that have not answered.
    void renotify(const tenures& ours, view_number in, base::time_point now, owner_outbox& out);
    /// LOAD-4: what `peer` has not answered is told again at once.
    void make_due(const peer_id& peer, base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const { return due_.next(); }

    void invariants() const;

private:
    friend struct explore::state_access;

    struct watcher {
        peer_id by;
        std::uint64_t number = 0;
        std::uint64_t serial = 0;  // of the last state told; 0: it was told none
        bool has_seen = false;
        base::retry again{};
        std::optional<base::time_point> repeat_at{};
    };
    // of one lock, by their numbers here; a member has one watch of a lock at most
    using watchers = std::map<std::uint64_t, watcher>;
    using map = std::map<std::pair<slot, std::string>, watchers>;

    void tell(const map::key_type& lock, watchers::value_type& w, const lock_summary& summary,
              view_number in, base::time_point now, owner_outbox& out);
    void repeat(const map::key_type& lock, watchers::value_type& w,
                std::optional<base::time_point> when) {
        due_.set({lock.first, lock.second, w.first}, w.second.repeat_at, when);
    }
    /// Those of whom `is_gone(watcher)` says so.
    template <class Gone>
    map::iterator remove_from(map::iterator at, quotas& used, Gone is_gone);

    base::pace& pace_;
    map all_;
    std::uint64_t last_serial_ = 0;
    std::uint64_t last_place_ = 0;
    base::agenda<std::tuple<slot, std::string, std::uint64_t>> due_;  // states to tell again
};

}  // namespace holdfast::lock
