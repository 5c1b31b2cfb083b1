// What detectors say to each other (SWIM, and Lifeguard's nack).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>

namespace holdfast::swim {

enum class condition : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3 };

/// One piece of gossip about one peer. It has name, address and weight whatever the condition: a
/// peer whose first news of another is its death must still be able to probe it (the dead are
/// probed too).
struct rumour {
    condition state = condition::alive;
    peer_id about;
    std::uint64_t incarnation = 0;
    peer_id by;  ///< who suspects or declares it; confirmations count once for each
    std::string name;
    endpoint address;

    bool operator==(const rumour&) const = default;
};

/// Who the sender is, so that an answer finds its way and a stranger becomes known.
struct introduction {
    std::uint64_t incarnation = 0;
    std::string name;
    endpoint address;

    bool operator==(const introduction&) const = default;
};

struct ping {
    std::uint64_t sequence = 0;
    peer_id target;  ///< nil: any process at that address
    introduction sender;
    std::vector<rumour> gossip;
    bool operator==(const ping&) const = default;
};
struct ping_request {
    std::uint64_t sequence = 0;
    peer_id target;
    endpoint target_address;
    introduction sender;
    std::vector<rumour> gossip;
    bool operator==(const ping_request&) const = default;
};
struct ack {
    std::uint64_t sequence = 0;
    introduction sender;
    std::vector<rumour> gossip;
    bool operator==(const ack&) const = default;
};
/// An indirect prober could not reach the target in time; the prober itself is well.
struct nack {
    std::uint64_t sequence = 0;
    bool operator==(const nack&) const = default;
};
/// Rumours between probes.
struct gossip {
    std::vector<rumour> rumours;
    bool operator==(const gossip&) const = default;
};
/// The whole roster, on a stream. `is_answer`: do not answer it again.
struct push_pull {
    bool is_answer = false;
    introduction sender;
    std::vector<rumour> roster;
    holdfast::epoch epoch{};  ///< the highest that the sender has agreed to (FOUND-9)
    bool operator==(const push_pull&) const = default;
};

using message = std::variant<ping, ping_request, ack, nack, gossip, push_pull>;

}  // namespace holdfast::swim
