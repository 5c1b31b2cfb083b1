// What a node is told at its construction and never changes. `peer` makes it from the public
// `config`, the simulator from a seed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/time.hpp"

namespace holdfast::base {

/// Hard limits of the protocol, checked before anything is allocated (docs/wire-format.md).
struct limits {
    static constexpr std::size_t name = 512;   ///< bytes of a lock name
    static constexpr std::size_t note = 1024;  ///< bytes of a hold's note
    /// bytes that a holder leaves for the next
    static constexpr std::size_t value = 4096;
    /// what is longer is for ever, and would overflow sums
    static constexpr std::chrono::hours patience{24 * 365};
    static constexpr std::chrono::seconds lock_delay{60};
    /// bytes of the name an operator goes by
    static constexpr std::size_t who = 128;
    static constexpr std::size_t why = 1024;         ///< bytes of the reason it gives
    static constexpr std::size_t member_name = 128;  ///< bytes of a member's name
    static constexpr std::size_t seats = 7;
    static constexpr std::size_t members = 4096;
    static constexpr std::size_t steps_kept = 256;  ///< VIEW-3
    static constexpr std::size_t slots = 16384;
    static constexpr std::size_t gossip = 64;  ///< rumours in one message
    /// bytes of a sealed datagram; larger messages use the stream
    static constexpr std::size_t datagram = 1350;
    /// bytes that fill a message up to nearly that, with room for fields of later versions
    static constexpr std::size_t datagram_padding = 1210;
    static constexpr std::size_t frame = 16u << 20;  ///< bytes of one stream frame
    /// bytes that make a message large (JOIN-2): more than two segments of jumbo frames
    static constexpr std::size_t padding = 32u << 10;
};

/// LOAD-3: what one member may take up at one owner.
struct member_quota {
    std::size_t waiting = 100'000;  ///< requests, of all locks
    std::size_t holds = 200'000;    ///< and waiting requests
    std::size_t bytes = 64u << 20;  ///< of both
    std::size_t watches = 100'000;
    std::size_t demands = 16;  ///< of operators, on one hold
};

/// What a process knows of epochs when a node of it starts (FOUND-5, FOUND-9).
struct remembered_epochs {
    /// the highest of all: its state_dir's, a person's (FORCE-1), those of its former PeerIds
    epoch highest;
    epoch agreed;   ///< the highest that a former PeerId of it installed or accepted
    epoch written;  ///< the mark in its state_dir (DISK-1)
    bool operator==(const remembered_epochs&) const = default;
};

struct settings {
    // Who we are.
    std::string cluster_name = "default";
    std::string name;
    endpoint address;
    std::uint32_t weight = 1;
    process_identity process{};      ///< CERT-1
    std::uint32_t wire_version = 0;  ///< the newest that this process speaks (WIRE-2)

    // The seats, sorted; empty: this peer is its own only seat.
    std::vector<endpoint> seeds;
    bool may_found = true;
    remembered_epochs epochs{};
    bool keeps_epochs = false;  ///< they are written to a state_dir
    /// A wall clock that says less is wrong (FOUND-9). In its seconds.
    std::int64_t built_at_s = 0;
    /// the PeerId this process gave up for this one, or nil (LEASE-4)
    peer_id stopped_being;
    /// how often in a row a PeerId of this process was removed that never had a lease (JOIN-1)
    std::size_t removals_without_lease = 0;

    // lease
    duration lease = std::chrono::seconds{4};  ///< A
    double clock_drift = 0.01;

    // view
    duration batch_wait = std::chrono::milliseconds{100};
    duration proposer_stagger = std::chrono::milliseconds{150};
    duration bootstrap_wait = std::chrono::seconds{3};
    std::uint32_t slots = limits::slots;  ///< fixed at founding
    std::size_t max_owners = 64;
    /// of one owner in one view (OWN-6); less only to try that
    std::uint32_t last_sequence = token::max_sequence;

    /// holds that have ended, remembered by an owner (FATE)
    std::size_t most_pasts = 4096;

    /// the operators who may request releases, break holds and evict members; empty: all may
    std::vector<std::string> operators;
    /// how long what an operator demanded counts, after it was last heard (BREAK-2)
    duration demands_last = std::chrono::minutes{10};

    member_quota quota{};

    // messages that are repeated until answered (NET-2)
    duration retry = std::chrono::milliseconds{200};

    // swim (Lifeguard's names in brackets)
    duration probe_period = std::chrono::seconds{1};
    duration probe_timeout = std::chrono::milliseconds{500};
    std::size_t indirect_probes = 3;          ///< k
    double suspicion_mult = 4;                ///< [alpha]
    double suspicion_max_mult = 6;            ///< [beta]
    std::size_t suspicion_confirmations = 3;  ///< [K]
    std::size_t max_local_health = 8;         ///< [S]
    double retransmit_mult = 4;
    duration gossip_period = std::chrono::milliseconds{200};
    std::size_t gossip_nodes = 3;
    duration push_pull_period = std::chrono::seconds{30};
    /// how often one of the dead, or a seat, is tried
    duration dead_probe_period = std::chrono::seconds{4};
    duration forget_dead_after = std::chrono::hours{24};

    [[nodiscard]] std::uint32_t drift_ppm() const {
        return static_cast<std::uint32_t>(std::llround(clock_drift * 1e6));
    }
    /// A * (1 + drift): after this much silence on our clock a lease of length A has ended on every
    /// clock.
    [[nodiscard]] duration full_lease() const;
    /// BREAK-2, VIEW-8.
    [[nodiscard]] bool is_operator(std::string_view who) const;
};

}  // namespace holdfast::base
