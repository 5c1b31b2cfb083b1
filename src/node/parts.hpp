// The parts of a node. They are passive: they answer, and never call the node back. What passes
// between them stands in node/state.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include <holdfast/ids.hpp>

#include "base/outbox.hpp"
#include "base/pace.hpp"
#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/mute_watch.hpp"
#include "lease/relayed_waits.hpp"
#include "lease/renewal.hpp"
#include "lease/renewal_runs.hpp"
#include "lease/voter.hpp"
#include "lease/way_watch.hpp"
#include "lock/holder.hpp"
#include "lock/owner.hpp"
#include "lock/query_client.hpp"
#include "lock/roll_calls.hpp"
#include "node/audit_log.hpp"
#include "node/auditor.hpp"
#include "node/contacts.hpp"
#include "node/departure.hpp"
#include "node/early_messages.hpp"
#include "node/evictions.hpp"
#include "node/failing_voters.hpp"
#include "node/lease_watch.hpp"
#include "node/lost_streams.hpp"
#include "node/mailer.hpp"
#include "node/newcomer_ways.hpp"
#include "node/node.hpp"
#include "node/overdue.hpp"
#include "node/process_watch.hpp"
#include "node/quota_problems.hpp"
#include "node/relay.hpp"
#include "node/rivals.hpp"
#include "node/seat_ways.hpp"
#include "node/stream_ends.hpp"
#include "node/view_environment.hpp"
#include "swim/detector.hpp"
#include "view/agreement.hpp"

namespace holdfast::node {

struct parts {
    parts(const base::settings& given, const peer_id& id, std::uint64_t seed, base::moment now);
    // They refer to each other.
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;

    [[nodiscard]] slot slot_of(std::string_view name) const;

    const base::settings settings;
    peer_id self;
    base::outbox<output> out;
    statistics stats;
    base::random_source random;
    base::pace pace;
    holdfast::node::contacts contacts;
    holdfast::node::relay relay;
    holdfast::node::overdue overdue;
    holdfast::node::rivals rivals;
    stream_ends streams;
    holdfast::node::process_watch process_watch;
    swim::detector swim;
    view_environment environment;
    views::agreement agreement;
    lease::voter voter;
    lease::renewal_runs renewal_runs;
    newcomer_ways newcomers;
    seat_ways seats;
    failing_voters dialled_in_vain;    // these cannot dial this peer
    failing_voters without_datagrams;  // of these acks come by stream alone
    lease::mute_watch mutes;
    lease::way_watch ways;
    lease::relayed_waits relayed_waits;
    std::map<peer_id, std::uint64_t> answered_ways;  // by voter: the number that it asked last
    lease::renewal renewal;
    lease_watch lease;
    mailer mail;
    lock::owner owner;
    lock::holder holder;
    lock::roll_calls roll_calls;
    lock::query_client query_client;
    holdfast::node::early_messages early_messages;
    holdfast::node::auditor auditor;
    holdfast::node::audit_log audit_log;
    holdfast::node::evictions evictions;
    holdfast::node::evictions certificates;  // repeated like those
    holdfast::node::lost_streams lost_streams;
    std::optional<departure> leaving;

    base::time_point last_now;
    /// What state::deadline() has worked out since the last change.
    mutable std::optional<std::optional<base::time_point>> known_deadline;
};

}  // namespace holdfast::node
