// What the agreement asks of the other parts (view/environment.hpp).
#pragma once

#include <cstdint>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/slot_map.hpp"
#include "base/time.hpp"
#include "lease/relayed_waits.hpp"
#include "lease/renewal_runs.hpp"
#include "lease/voter.hpp"
#include "lease/way_watch.hpp"
#include "node/contacts.hpp"
#include "node/lease_watch.hpp"
#include "node/newcomer_ways.hpp"
#include "node/seat_ways.hpp"
#include "node/stream_ends.hpp"
#include "swim/detector.hpp"
#include "view/environment.hpp"

namespace holdfast::node {

class view_environment final : public views::environment {
public:
    /// `now`: of the present call of the node.
    view_environment(const base::settings& settings, const peer_id& self,
                     const swim::detector& gossip, const lease::voter& voter,
                     const lease::renewal_runs& runs, const lease::way_watch& ways,
                     const lease::relayed_waits& relayed_waits, const lease_watch& lease,
                     const newcomer_ways& newcomers, const seat_ways& seats,
                     const contacts& contacts, const stream_ends& streams,
                     const base::time_point& now)
        : settings_{settings},
          self_{self},
          gossip_{gossip},
          voter_{voter},
          runs_{runs},
          ways_{ways},
          relayed_waits_{relayed_waits},
          lease_{lease},
          newcomers_{newcomers},
          seats_{seats},
          contacts_{contacts},
          streams_{streams},
          now_{now} {}

    [[nodiscard]] base::duration time_since_ack(const peer_id& peer,
                                                base::time_point now) const override;
    [[nodiscard]] bool has_ended_stream(const peer_id& peer) const override;
    [[nodiscard]] base::duration lease_left() const override;
    [[nodiscard]] bool vouches_for(const peer_id& peer, base::time_point now) const override;
    [[nodiscard]] base::duration renewed_for(const peer_id& peer,
                                             base::time_point now) const override;
    [[nodiscard]] bool is_found_mute(const peer_id& peer, base::time_point now) const override;
    [[nodiscard]] bool has_shown_ways(const peer_id& joiner, base::time_point now) const override;
    [[nodiscard]] bool reaches_seats(base::time_point now) const override;
    [[nodiscard]] bool seems_alive(const peer_id& peer) const override;
    [[nodiscard]] bool has_dialled(const endpoint& address, const peer_id& peer) const override;
    [[nodiscard]] bool is_replaced_at(const endpoint& address, const peer_id& peer) const override;
    [[nodiscard]] base::shared_slot_map first_map(const view& v) const override;
    [[nodiscard]] base::shared_slot_map next_map(const base::shared_slot_map& map,
                                                 const view& before,
                                                 const view& after) const override;
    [[nodiscard]] std::uint64_t checksum(const view& v, const base::slot_map& map) const override;

private:
    const base::settings& settings_;
    peer_id self_;
    const swim::detector& gossip_;
    const lease::voter& voter_;
    const lease::renewal_runs& runs_;
    const lease::way_watch& ways_;
    const lease::relayed_waits& relayed_waits_;
    const lease_watch& lease_;
    const newcomer_ways& newcomers_;
    const seat_ways& seats_;
    const contacts& contacts_;
    const stream_ends& streams_;
    const base::time_point& now_;
};

}  // namespace holdfast::node
