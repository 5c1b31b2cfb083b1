// First come, first served (OWN-10): a request of which the owner said that it is queued is not
// overtaken by a later one.
//
// This is judged only within one tenure of the owner, and only once it has granted in it: from then
// on no request is put before those in its queue. Of the waiters, one with a higher priority goes
// first, and the heir that the last holder named goes before all (PRIORITY). Within one process,
// the order of requests for single locks is that in which its application asked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "sim/instant.hpp"

namespace holdfast::sim {

class queue_order {
public:
    using run = std::uint32_t;
    using lock = std::uint32_t;

    void asked(const peer_id& who, request_number number, lock l, std::int32_t priority,
               instant now) {
        asked_[{who, number}] = {l, priority, now};
    }
    /// The holder that releases it names who is to have it next.
    void is_for(lock l, const peer_id& heir) { heirs_[l].insert(heir); }
    /// It was granted, has failed or was cancelled.
    void ended(const peer_id& who, request_number number);
    void ended(const peer_id& who);
    void queued(run owner, const peer_id& who, request_number number, instant now);
    /// `owner` has installed a view in which `l` is not its own.
    void lost(run owner, lock l);
    void installed(run owner, const view& v);
    /// The waiter that was overtaken, if one was.
    [[nodiscard]] std::optional<peer_id> granted(run owner, lock l, const peer_id& who,
                                                 request_number number);

private:
    struct request {
        lock of = 0;
        std::int32_t priority = 0;
        instant at{};
    };
    struct waiter {
        run owner = 0;
        lock of = 0;
        peer_id who;
        request_number number;
        std::int32_t priority = 0;
        instant since{};
    };

    std::map<std::pair<peer_id, request_number>, request> asked_;
    std::vector<waiter> queue_;  // of all locks
    std::set<std::pair<run, lock>> serving_;
    // a peer that was named once may be granted out of turn
    std::map<lock, std::set<peer_id>> heirs_;
};

}  // namespace holdfast::sim
