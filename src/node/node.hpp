// One participant of a cluster: the pure machines joined, without I/O and without a clock.
//
// **Between its calls a node does nothing and keeps nothing back: what it has decided stands in
// next(), and when it must be called again in deadline().**
//
// A driver, in the simulator as in production, repeats these steps:
//  1. It reads its clock after it has received what it is about to hand in (NOW-1). From one call
//     to the next that time never goes back.
//  2. It calls one of the functions that take a moment. The node notices first whether its lease
//     has ended (LEASE-5), then acts, then has its parts answer one another until none of them has
//     anything to say.
//  3. It takes an output with next() and performs it, before it takes the next one. A write to the
//     disk is only begun: persisted() and records_persisted() say when it is done (DISK-1).
//  4. To perform an output it may call the node (step 1). Calls never overlap, for the node calls
//     nothing outside; what such a call puts out comes after the outputs that still wait.
//  5. It goes on with step 3 until next() has nothing.
//  6. It arms one timer for deadline() and calls tick() when is_due(): when that has come, or the
//     machine was suspended meanwhile (NOW-2). After a tick the deadline lies in the future, so a
//     driver never spins.
// After `must_restart` or `has_left` there is no deadline, and calls are refused: the driver drops
// the node, and makes its successor where there is to be one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/slot_map.hpp"
#include "base/time.hpp"
#include "base/way.hpp"
#include "lock/acquire_params.hpp"
#include "lock/messages.hpp"
#include "lock/query_client.hpp"
#include "node/audit.hpp"
#include "node/message.hpp"
#include "node/outputs.hpp"
#include "node/rivals.hpp"
#include "swim/messages.hpp"
#include "view/messages.hpp"

namespace holdfast::node {

/// For snapshots.
struct statistics {
    std::uint64_t views_installed = 0;
    std::uint64_t ballots_started = 0;
    std::uint64_t suspicions = 0;
    std::uint64_t leases_lost = 0;
    std::uint64_t grants_given = 0;  ///< as owner
    std::uint64_t grants_taken = 0;  ///< as holder
    std::uint64_t holds_lost = 0;
    std::uint64_t slots_gathered = 0;
    std::uint64_t tables_received = 0;
    std::uint64_t conflicts_reported = 0;  ///< HOLD-4: must stay 0
    std::uint64_t requests_refused = 0;    ///< LOAD-3
    std::uint64_t dropped = 0;             ///< messages no rule lets us act on
};

class node {
public:
    node(const base::settings& settings, peer_id self, std::uint64_t seed, base::moment now);
    ~node();
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    void handle(const envelope& head, const base::way& came, const message& what, base::moment now);
    void tick(base::moment now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] bool is_due(base::moment now) const;
    [[nodiscard]] std::optional<output> next();

    // ---- what the application wants. Request numbers come from the node.

    /// Ends in `granted` or `request_failed` with this number. While this peer is in no cluster it
    /// waits.
    [[nodiscard]] request_number acquire(std::string_view name, lock::acquire_params wanted,
                                         base::moment now);
    /// Ends in `request_failed{cancelled}`, unless it was granted before. Then the lock is not held
    /// (HOLD-6).
    void cancel(request_number number, base::moment now);
    /// Takes effect at once. A token not held here is ignored.
    void release(std::string_view name, holdfast::token token, lock::release_params last_words,
                 base::moment now);
    void progress(std::string_view name, holdfast::token token, base::moment now);
    void watch(std::string_view name, base::moment now);
    void unwatch(std::string_view name, base::moment now);
    /// To the owner of the name that it is about, or to `to`. Ends in `answered` or `unanswered`
    /// with this number.
    [[nodiscard]] std::uint64_t ask(lock::question what, const peer_id& to, base::time_point until,
                                    base::moment now);
    void forget(std::uint64_t question, base::moment now);
    /// CERT-1, after `check_process` or `watch_process`: there is no such process any more.
    void process_is_gone(const peer_id& peer, base::moment now);
    /// `peer` has closed its last stream with us: it was not reset, and not given up by this end
    /// (CERT-3).
    void stream_ended(const peer_id& peer, base::moment now);
    /// A stream with `peer`, on which it had proven itself, is gone, for whatever reason (LOAD-4).
    void stream_lost(const peer_id& peer, base::moment now);
    /// Streams of `peer` have come from two hosts at a time (CERT-3).
    void seen_at_two_hosts(const peer_id& peer, base::moment now);
    // LEASE-8: what the driver sees of its sockets. A stream from `peer` brought a part of a
    // message, whose end has not come.
    void stream_brought_part(const peer_id& peer, base::moment now);
    /// All that lay in the buffers by then was read. Costs nothing, and may be told of late.
    void has_read_all(base::time_point until);
    /// After `dial_again`.
    void dialled_again(const peer_id& peer, base::moment now);
    /// The system has no descriptor left for a stream, or has one again.
    void set_lacking_descriptors(bool is_lacking, base::moment now);
    [[nodiscard]] bool is_lacking_descriptors() const;
    /// DISK-1, after `persist_mark`: this mark, or a higher one, is on the disk.
    void persisted(holdfast::epoch mark, base::moment now);
    /// RECORD-1, right after the constructor: what the state_dir has (`is_on_disk`: more can be
    /// written behind it), or what the node before this one in its process had kept.
    void take_over(const audit_history& found, bool is_on_disk, base::moment now);
    [[nodiscard]] audit_history kept_records() const;
    /// RECORD-1, after `persist_records`.
    void records_persisted(const peer_id& by, std::uint64_t number, write_outcome is,
                           base::moment now);
    /// A stream that was dialled to that address has reached `peer`, whichever peer it was dialled
    /// for (SEAL-3).
    void found_there(const endpoint& at, const peer_id& peer, base::moment now);
    /// FORCE-1: ends this PeerId as if its cluster were over; ends in `must_restart`. False, and
    /// nothing happens: its lease runs.
    [[nodiscard]] bool give_up(base::moment now);
    /// LEAVE-1. Ends in `has_left`.
    void leave(base::moment now);

    // ---- what operators want: recorded before it is done, and again with its outcome (RECORD-1).
    // ---- Each ends, in `audit_ended` or `audit_log_read`, with the number that it was given.

    /// Has a hold asked back, or broken (BREAK-1).
    [[nodiscard]] std::uint64_t revoke(const revocation& wanted, base::time_point until,
                                       base::moment now);
    /// VIEW-8: has the seats remove this member, whatever gossip says of it. `audit_recorded` comes
    /// first: from then on act() may be called, which sets it off.
    [[nodiscard]] std::uint64_t evict(const peer_id& whom, const operator_words& by,
                                      base::time_point until, base::moment now);
    /// With a proof that the member can do nothing any more, its lease is not waited for (CERT-1,
    /// CERT-2).
    void act(std::uint64_t eviction, views::proof proof, base::moment now);
    /// What a majority of the seats remembers.
    [[nodiscard]] std::uint64_t read_audit_log(base::time_point until, base::moment now);

    // ---- local questions, answered for the time given (NOW-1)

    [[nodiscard]] const peer_id& self() const;
    /// Until when this peer may act, as it counts rights (NOW-2); nothing without a lease.
    [[nodiscard]] std::optional<base::right_time> lease_end() const;
    /// For how long the lease still ran at the last call; zero without one.
    [[nodiscard]] base::duration lease_left() const;
    /// HOLD-2.
    [[nodiscard]] bool holds(std::string_view name, holdfast::token token, base::moment now) const;
    /// null before the first
    [[nodiscard]] std::shared_ptr<const holdfast::view> installed() const;
    [[nodiscard]] base::shared_slot_map map() const;
    [[nodiscard]] slot slot_of(std::string_view name) const;
    [[nodiscard]] std::vector<swim::rumour> roster() const;
    /// RIVAL-1.
    [[nodiscard]] std::map<cluster_id, rivals::rival> other_clusters() const;
    /// What gossip believes of one other; nothing: it is unknown here.
    [[nodiscard]] std::optional<swim::rumour> known(const peer_id& peer) const;
    [[nodiscard]] holdfast::epoch highest_epoch() const;
    [[nodiscard]] const statistics& stats() const;
    /// Everything this node, as an owner, keeps as held: for the judge (STUCK) and for people.
    [[nodiscard]] std::vector<lock::hold_info> owned_holds() const;
    /// Asserts what must be true of all tables between calls. Takes time in their size; what takes
    /// none is asserted at the end of every call.
    void check() const;

private:
    struct state;
    void receive(const envelope& head, const base::way& came, const message& what,
                 base::moment now);
    template <class Begin>
    std::uint64_t audit(base::moment now, Begin&& begins);
    void show_to_stranger(const envelope& head, const base::way& came, const message& what);

    std::unique_ptr<state> state_;
};

}  // namespace holdfast::node
