// What the core knows of peers and locks, in the words of the public headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/events.hpp>
#include <holdfast/look.hpp>
#include <holdfast/peer.hpp>

#include "lock/messages.hpp"
#include "node/node.hpp"
#include "swim/messages.hpp"

namespace holdfast::runtime {

[[nodiscard]] belief belief_of(swim::condition what);
[[nodiscard]] slot_state state_of(lock::tenure_state is);

/// What gossip believes of it; of a member of which there is no rumour, that it is alive.
[[nodiscard]] belief belief_about(const node::node& n, const peer_id& id);
/// Empty when it is no member and its name was forgotten.
[[nodiscard]] std::string name_of(const node::node& n, const peer_id& id);
[[nodiscard]] lock_holder holder_from(const node::node& n, const lock::hold& h);
/// `heard`: what its owner said; null: it did not answer.
[[nodiscard]] lock_report report_of(const node::node& n, const std::string& name,
                                    const lock::looked* heard);
/// "held by worker-3, token 1234, and 2 more; 4 wait"
[[nodiscard]] std::string describe(const node::node& n, const lock::standing& stands);
[[nodiscard]] std::vector<known_peer> known_peers(const node::node& n);

}  // namespace holdfast::runtime
