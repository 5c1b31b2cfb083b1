// What peers say to agree on views (docs/protocol.md).
//
// A message with `by_stream` goes over the stream between the two peers, the others in a datagram.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/slot_map.hpp"
#include "base/time.hpp"
#include "view/change.hpp"

namespace holdfast::views {

/// Ballots of one number are ordered; no two proposers share one (FOUND-4 adds the PeerId for
/// foundings).
struct ballot {
    /// Rounds rise by one with each try, so no peer comes to this one. A higher one is neither
    /// promised nor outbid: the number could wrap.
    static constexpr std::uint64_t highest_round = std::uint64_t{1} << 63;

    std::uint64_t round = 0;
    std::uint32_t seat = 0;
    peer_id proposer;
    auto operator<=>(const ballot&) const = default;
    [[nodiscard]] bool is_nil() const { return round == 0; }
    [[nodiscard]] bool can_be() const { return round <= highest_round; }
};

// ---- joining

/// A and the drift bound. A peer that waits for the end of another's lease computes it with its own
/// terms, so all peers of a cluster must have the same (LEASE-6).
struct lease_terms {
    base::duration lease{};
    std::uint32_t drift_ppm = 0;
    bool operator==(const lease_terms&) const = default;
};

/// To a seat. Without `shown` it only asks which view is the newest; with it, it asks to be added
/// (VIEW-3).
struct join {
    member self;
    std::vector<endpoint> seeds;
    std::optional<view_number> shown;
    /// a PeerId this process gave up, whose lease has therefore ended (LEASE-4)
    peer_id stopped_being;
    std::uint32_t ring_function = 1;
    lease_terms terms;
    bool operator==(const join&) const = default;
};
struct join_shown {
    static constexpr bool by_stream = true;
    cluster_id cluster;
    view_number newest;
    bool operator==(const join_shown&) const = default;
};
enum class refusal : std::uint8_t {
    seeds_differ = 1,
    ring_not_supported = 2,
    stale = 3,
    full = 4,
    times_differ = 5
};
struct join_refused {
    refusal why{};
    std::string text;
    bool operator==(const join_refused&) const = default;
};
/// To a joiner: the view before the one that added it, whole, and the step that did (so that it
/// knows who owned its slots before).
struct welcome {
    static constexpr bool by_stream = true;
    view before;
    base::shared_slot_map map_before;
    step added_by;
    bool operator==(const welcome& o) const {
        return before == o.before && added_by == o.added_by &&
               (map_before == o.map_before ||
                (map_before && o.map_before && *map_before == *o.map_before));
    }
};

// ---- whether the ways between a joiner and a voter work (JOIN-2); the node's own, no agreement
// hears of them

/// From a voter to a joiner: by stream and as a datagram, as large as what goes there later.
struct way_probe {
    std::uint64_t number = 0;  ///< drawn by the voter, to be sent back
    endpoint seat;             ///< where the voter lives, as it says
    // what the voter has seen of the joiner lately
    bool is_seen_by_stream = false;
    bool is_seen_by_datagram = false;
    std::uint32_t padding = 0;  ///< bytes that say nothing
    bool operator==(const way_probe&) const = default;
};
/// The answer, by the way by which the probe came.
struct way_echo {
    std::uint64_t number = 0;
    std::uint32_t padding = 0;
    bool operator==(const way_echo&) const = default;
};

// ---- choosing view n+1; `number` is n+1 throughout

struct opinion_ask {
    view_number number;
    std::vector<peer_id> about;
    std::vector<peer_id> to_settle{};  ///< OWN-11
    bool operator==(const opinion_ask&) const = default;
};
struct opinion {
    view_number number;
    std::vector<peer_id> consents;
    std::vector<peer_id> objects;
    std::vector<peer_id> settles{};  ///< its sender saw them renew for long enough (OWN-11)
    bool operator==(const opinion&) const = default;
};
struct prepare {
    view_number number;
    views::ballot ballot;
    bool operator==(const prepare&) const = default;
};
struct accepted_change {
    views::ballot ballot;
    change value;
    bool operator==(const accepted_change&) const = default;
};
struct promise {
    view_number number;
    views::ballot ballot;
    std::optional<accepted_change> accepted;
    std::int64_t wall_s = 0;      ///< the acceptor's wall clock (VIEW-1)
    std::vector<member> joiners;  ///< who asked the acceptor itself to be added (HEARSAY)
    bool operator==(const promise&) const = default;
};
/// The acceptor has promised a higher ballot.
struct rejected {
    view_number number;
    views::ballot ballot;
    views::ballot promised;
    bool operator==(const rejected&) const = default;
};
struct accept {
    view_number number;
    views::ballot ballot;
    change value;
    bool operator==(const accept&) const = default;
};
/// What a voter knows of a peer that a value removes (LEASE-4).
struct silence {
    peer_id peer;
    base::duration since_ack{};  ///< how long ago this voter last acked it
    /// Its process is certified as gone, and its stream to this voter has ended (CERT-3).
    bool is_gone = false;
    bool operator==(const silence&) const = default;
};
/// `silences`: one for each removed peer.
struct accepted {
    view_number number;
    views::ballot ballot;
    std::vector<silence> silences;
    bool operator==(const accepted&) const = default;
};

// ---- spreading

struct steps {
    static constexpr bool by_stream = true;
    std::vector<step> in_order;
    bool operator==(const steps&) const = default;
};
struct want_steps {
    view_number after;
    bool operator==(const want_steps&) const = default;
};
/// You were removed, or are further behind than steps are kept. `yours` is the view number you
/// showed: the word counts only while you are still there (VIEW-3, VIEW-4).
struct outdated {
    static constexpr bool by_stream = true;
    view_number yours;
    bool operator==(const outdated&) const = default;
};

// ---- leaving

struct leave_request {
    bool operator==(const leave_request&) const = default;
};
/// The sender has released its holds, handed over and ended its lease (LEAVE-1).
struct left {
    bool operator==(const left&) const = default;
};
/// Why a member can do nothing any more.
enum class proof : std::uint8_t {
    none,    ///< nothing is known of that
    gone,    ///< the sender is on the same machine and finds no such process (CERT-3)
    fenced,  ///< an operator has made sure of it by other means (CERT-2)
};
/// An operator's request to remove this member, whatever gossip says of it (VIEW-8).
struct evict {
    peer_id whom;
    views::proof proof{};
    std::string who{};  ///< the operator, by the name it gives
    bool operator==(const evict&) const = default;
};
/// The sender is on the machine of this member and finds no such process (CERT-3). A claim: it
/// counts at voters that know themselves that its stream has ended.
struct certificate {
    peer_id whom;
    bool operator==(const certificate&) const = default;
};
/// An owner is near the end of its sequence (OWN-6): a new view, please, even an empty one.
struct new_epoch_wanted {
    view_number at;
    bool operator==(const new_epoch_wanted&) const = default;
};

// ---- founding; sent to the addresses of the seats

/// What a founder that promised tells of itself.
struct founder {
    member self;
    std::uint8_t seat = 0;
    bool operator==(const founder&) const = default;
};
/// View 1 as a founding chooses it.
struct founding_value {
    cluster_id cluster;
    holdfast::epoch epoch;
    std::uint32_t slots = 0;
    std::vector<founder> founders;
    bool operator==(const founding_value&) const = default;
};
struct found_prepare {
    views::ballot ballot;
    std::vector<endpoint> seeds;
    lease_terms terms;
    bool operator==(const found_prepare&) const = default;
};
struct accepted_founding {
    views::ballot ballot;
    founding_value value;
    bool operator==(const accepted_founding&) const = default;
};
struct found_promise {
    views::ballot ballot;
    founder self;
    std::optional<accepted_founding> accepted;
    holdfast::epoch highest;  ///< FOUND-5, without that of `accepted`
    std::int64_t wall_s = 0;  ///< the acceptor's wall clock (FOUND-9)
    bool operator==(const found_promise&) const = default;
};
enum class found_refusal : std::uint8_t {
    higher_ballot = 1,
    has_a_view = 2,
    seeds_differ = 3,
    times_differ = 4
};
struct found_rejected {
    views::ballot ballot;
    found_refusal why{};
    views::ballot promised;
    holdfast::epoch highest;
    std::vector<endpoint> seeds;  ///< the refuser's, if it has a view or they differ
    /// FOUND-8: for how long the refuser's lease still runs; zero without a running one
    base::duration lease_left{};
    bool operator==(const found_rejected&) const = default;
};
/// From a voter with a running lease to a seat where it hears no member: there is a cluster with
/// these seats (FOUND-8).
struct knock {
    std::vector<endpoint> seeds;
    bool operator==(const knock&) const = default;
};
struct found_accept {
    views::ballot ballot;
    founding_value value;
    bool operator==(const found_accept&) const = default;
};
struct found_accepted {
    views::ballot ballot;
    bool operator==(const found_accepted&) const = default;
};
struct founded {
    founding_value value;
    bool operator==(const founded&) const = default;
};

// ---- by the part that takes them

using joining_message = std::variant<join, join_shown, join_refused, welcome>;
using ballot_message =
    std::variant<opinion_ask, opinion, prepare, promise, rejected, accept, accepted>;
using spreading_message = std::variant<steps, want_steps, outdated>;
using wish_message = std::variant<leave_request, left, evict, certificate, new_epoch_wanted>;
using founding_message = std::variant<found_prepare, found_promise, found_rejected, found_accept,
                                      found_accepted, founded, knock>;

using way_message = std::variant<way_probe, way_echo>;

using message = std::variant<joining_message, ballot_message, spreading_message, wish_message,
                             founding_message, way_message>;

/// Said by or to peers that are in no cluster, or not yet in the same.
[[nodiscard]] inline bool is_for_strangers(const message& what) {
    return std::holds_alternative<joining_message>(what) ||
           std::holds_alternative<founding_message>(what) ||
           std::holds_alternative<way_message>(what);
}

}  // namespace holdfast::views
