// What the core knows of peers and locks, in the words of the public headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/events.hpp>
#include <holdfast/lock_report.hpp>
#include <holdfast/peer.hpp>

#include "lock/messages.hpp"
#include "node/node.hpp"
#include "swim/messages.hpp"

namespace holdfast::runtime {

[[nodiscard]] liveness belief_of(swim::condition what);
[[nodiscard]] slot_state state_of(lock::tenure_state is);

/// What gossip believes of it; of a member of which there is no rumour, that it is alive.
[[nodiscard]] liveness belief_about(const node::node& n, const peer_id& id);
/// Empty when it is no member and its name was forgotten.
[[nodiscard]] std::string name_of(const node::node& n, const peer_id& id);
[[nodiscard]] lock_holder holder_from(const node::node& n, const lock::hold_info& h);
/// `heard`: what its owner said; null: it did not answer.
[[nodiscard]] lock_report report_of(const node::node& n, const std::string& name,
                                    const lock::inspect_reply* heard);
/// "held by worker-3, token 1234, and 2 more; 4 wait"
[[nodiscard]] std::string describe(const node::node& n, const lock::lock_summary& summary);
[[nodiscard]] std::vector<known_peer> known_peers(const node::node& n);

}  // namespace holdfast::runtime
