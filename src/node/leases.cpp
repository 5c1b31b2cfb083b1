// Messages about leases.
#include <variant>

#include "node/state.hpp"

namespace holdfast::node {

void node::state::handle_lease(const peer_id& from, bool by_stream, view_number shown,
                               const lease::message& what, base::moment now) {
    if (take_way(from, by_stream, what, now.now)) {
        return;
    }
    if (!by_stream) {
        mutes.came_by_datagram(from, now.now);
    }
    if (const auto* asked = std::get_if<lease::renew_request>(&what)) {
        const auto& v = agreement.current();
        if (v && v->is_voter(self) && !mutes.is_refused(from, now.now)) {
            // LEASE-7: a member that lags behind for long is acked no more
            const bool is_barred =
                agreement.blocks_lease_of(from) || contacts.lags_behind(shown, now.now);
            if (auto answer = voter.handle(from, *asked, *v, is_barred, now.now)) {
                answer->lacks_descriptors = mutes.is_lacking_descriptors();
                renewal_runs.acked(from, *asked, by_stream, now.now);
                answer->is_at_two_hosts = streams.is_at_two_hosts(from);
                answer->is_dialled_in_vain = is_dialled_in_vain(*v->find(from), now.now);
                mail.send_to(from, {}, by_stream, false, lease::message{*answer});
            }
        }
    } else {
        const auto& answer = std::get<lease::ack>(what);
        hear_of_streams(from, answer, now.now);
        // what a voter says to itself goes neither way
        renewal.handle(from, answer, now, by_stream && from != self);
        tell_of_ways_to(from, answer, now.now);
        notice_lease(now);
    }
}

}  // namespace holdfast::node
