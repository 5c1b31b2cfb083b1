#include "node/view_environment.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "ring/assign.hpp"

namespace holdfast::node {

base::duration view_environment::time_since_ack(const peer_id& peer, base::time_point now) const {
    return voter_.time_since_ack(peer, now);
}

bool view_environment::has_ended_stream(const peer_id& peer) const {
    return streams_.has_ended(peer);
}

base::duration view_environment::lease_left() const { return lease_.left(); }

bool view_environment::vouches_for(const peer_id& peer, base::time_point now) const {
    return voter_.vouches_for(peer, now);
}

base::duration view_environment::renewed_for(const peer_id& peer, base::time_point now) const {
    return runs_.length(peer, now);
}

bool view_environment::is_found_mute(const peer_id& peer, base::time_point now) const {
    return ways_.is_mute(peer, now) ||
           (relayed_waits_.is_mute(peer, now) && ways_.hears_other_than(peer, now));
}

bool view_environment::has_shown_ways(const peer_id& joiner, base::time_point now) const {
    return newcomers_.has_shown(joiner, now);
}

bool view_environment::reaches_seats(base::time_point now) const {
    return seats_.reach_quorum(now);
}

bool view_environment::seems_alive(const peer_id& peer) const {
    return peer == self_ || gossip_.seems_alive(peer);
}

bool view_environment::has_dialled(const endpoint& address, const peer_id& peer) const {
    return peer == self_ || contacts_.has_dialled(address, peer);
}

bool view_environment::is_replaced_at(const endpoint& address, const peer_id& peer) const {
    return contacts_.is_replaced_at(address, peer, now_);
}

base::shared_slot_map view_environment::first_map(const view& v) const {
    return std::make_shared<const base::slot_map>(ring::first_map(v, settings_.max_owners));
}

base::shared_slot_map view_environment::next_map(const base::shared_slot_map& map, const view&,
                                                 const view& after) const {
    auto next = ring::next_map(*map, after, settings_.max_owners);
    return next == *map ? map : std::make_shared<const base::slot_map>(std::move(next));
}

std::uint64_t view_environment::checksum(const view& v, const base::slot_map& map) const {
    return ring::checksum(v, map);
}

}  // namespace holdfast::node
