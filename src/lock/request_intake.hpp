// What an owner does with a request: it grants, queues, defers (until its slot is served) or
// refuses it.
#pragma once

#include <cstdint>
#include <map>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/granter.hpp"
#include "lock/messages.hpp"
#include "lock/tenure.hpp"

namespace holdfast::lock {

class request_intake {
public:
    explicit request_intake(const base::settings& settings) : settings_{settings} {}

    /// From a member. False: the slot is not ours.
    [[nodiscard]] bool request(granter& g, const peer_id& from, const lock::request& asked,
                               base::time_point now);
    /// QUEUED: says which of them it does not know. False: the slot is not ours.
    [[nodiscard]] static bool still_waiting(granter& g, const peer_id& from,
                                            const lock::still_waiting& asked, base::time_point now);
    /// In a slot that is served.
    static void cancel(granter& g, const peer_id& from, const lock::cancel& asked,
                       base::time_point now);
    /// The slot is served now: what was put off is queued behind its table (OWN-10).
    void resume(granter& g, slot s, tenure& t, const view& v, base::time_point now);
    void drop_non_members(const view& v);

    void invariants(const view& v) const;

private:
    friend struct explore::state_access;

    void enqueue(granter& g, slot s, tenure& t, const peer_id& from, const lock::request& asked,
                 base::time_point now) const;
    [[nodiscard]] bool is_refused(granter& g, slot s, const peer_id& from,
                                  const lock::request& asked, const lock_entry& e,
                                  base::time_point now) const;
    static void put_off(granter& g, tenure& t, const peer_id& from, const lock::request& asked,
                        base::time_point now);
    static void refuse(granter& g, const peer_id& from, const lock::request& asked,
                       lock_summary summary, base::time_point now);

    const base::settings& settings_;
    // OWN-10: below it, every request of that peer is over
    std::map<peer_id, request_number> settled_;
};

}  // namespace holdfast::lock
