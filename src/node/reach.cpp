// Whom a node reaches late, or not: what it keeps of that, and what it does about it.
#include "node/state.hpp"

namespace holdfast::node {

/// LOAD-4.
void node::state::stream_lost(const peer_id& peer, base::time_point now) {
    const auto& v = agreement.current();
    if (v && v->has(peer) && lost_streams.lost(peer, now)) {
        send_again(peer, now);
    }
}

void node::state::send_again(base::time_point now) {
    for (const auto& peer : lost_streams.due(now)) {
        send_again(peer, now);
    }
}

void node::state::send_again(const peer_id& peer, base::time_point now) {
    owner.stream_lost(peer, now);
    holder.stream_lost(peer, now);
    query_client.stream_lost(peer, now);
}

void node::state::take(const peer_id& from, const lock::to_holder& what, base::time_point now) {
    const auto* asked = std::get_if<lock::gather>(&what);
    if (asked != nullptr && asked->named > mail.installed()) {
        early_asks.keep(from, *asked);  // OWN-8
    } else {
        holder.handle(from, what, now);
    }
}

void node::state::handle_relayed(const peer_id& from, const relayed& r, base::time_point now) {
    const auto& v = agreement.current();
    switch (v ? relay.receive(*v, from, r, now) : relay::action::ignore) {
        case relay::action::ignore:
            break;
        case relay::action::refuse:
            ++stats.dropped;
            break;
        case relay::action::take:
            streams.heard(r.origin);
            handle_lock(r.origin, r.what, now);
            break;
        case relay::action::forward:
            mail.send_to(r.destination, {}, true, false, r);
            break;
    }
}

void node::state::reach_members(const view& v, base::time_point now) {
    pace.keep_members(v);
    relay.installed(v);
    lost_streams.installed(v);
    for (const auto& [from, asked] : early_asks.take(v.number)) {
        holder.handle(from, asked, now);
    }
}

}  // namespace holdfast::node
