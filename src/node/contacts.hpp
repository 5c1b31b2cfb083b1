// Which PeerIds have been heard lately, at which addresses, and what follows when they are not
// those of our view (VIEW-2, FOUND-6); how far the views that members show lie behind (LEASE-7).
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::node {

class contacts {
public:
    contacts(const base::settings& settings, const peer_id& self)
        : settings_{settings}, self_{self} {}

    /// `peer` lives at `address` (SEAL-3), and its message showed that cluster. `is_dialled`: it
    /// came while we had a stream that we dialled there.
    void heard(const endpoint& address, const peer_id& peer, const cluster_id& cluster,
               base::time_point now, bool is_dialled = false);
    /// A stream that we dialled there has reached it; it said nothing yet.
    void found(const endpoint& address, const peer_id& peer, base::time_point now);
    /// The view has removed it: that it lived there says nothing about who does.
    void removed(const peer_id& peer);
    /// The last that was known to live there; nil: none was lately.
    [[nodiscard]] peer_id last_at(const endpoint& address) const;
    /// NET-4: a stream that we dialled to this address has reached it.
    [[nodiscard]] bool has_dialled(const endpoint& address, const peer_id& peer) const;
    /// Within the last A/4.
    [[nodiscard]] bool is_heard(const endpoint& address, base::time_point now) const;
    /// VIEW-2: another PeerId answers at the address of `peer`.
    [[nodiscard]] bool is_replaced_at(const endpoint& address, const peer_id& peer,
                                      base::time_point now) const;

    /// A datagram of `peer`, which may be neither a member nor in gossip, came from there.
    void came_from(const peer_id& peer, const endpoint& address);
    /// Nil: none did.
    [[nodiscard]] endpoint last_seen_at(const peer_id& peer) const;

    void installed(view_number number, base::time_point now);
    /// LEASE-7: this view was overtaken more than A ago. Who shows it hears our datagrams, but not
    /// the steps; were it acked on, all would wait for its tables and reports for ever.
    [[nodiscard]] bool lags_behind(view_number shown, base::time_point now);

    /// FOUND-6: the seats of `v` answer, but under other PeerIds, or they do not renew our lease,
    /// which has not run since `unleased_since`: our view is history.
    [[nodiscard]] bool is_superseded(const view& v, base::time_point unleased_since,
                                     base::time_point now);
    /// The lease runs, or there is no view: FOUND-6 begins anew.
    void is_not_superseded() { quorum_heard_since_.reset(); }

    void forget_old(base::time_point now);

private:
    struct contact {
        peer_id peer;
        base::time_point heard;
        std::optional<cluster_id> cluster;  // nothing: it has said nothing yet
        bool is_dialled = false;            // we could dial it there
    };
    struct seats_heard {
        std::size_t all = 0;
        std::size_t by_voters = 0;  // that fill them by our view, in our cluster
    };
    [[nodiscard]] seats_heard count(const view& v, base::time_point now) const;

    const base::settings& settings_;
    peer_id self_;
    std::map<endpoint, contact> heard_;
    std::map<peer_id, endpoint> came_from_;
    // without a lease
    std::optional<base::time_point> quorum_heard_since_;
    std::deque<std::pair<view_number, base::time_point>> installs_;  // of the last A
    view_number overtaken_;  // when the first of them was installed; all before it are as well
};

}  // namespace holdfast::node
