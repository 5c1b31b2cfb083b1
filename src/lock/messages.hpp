// What holders and owners say to each other (docs/protocol.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/token.hpp>

#include "base/time.hpp"
#include "lock/records.hpp"
#include "lock/terms.hpp"

namespace holdfast::lock {

/// A hold as owners and reports know it.
struct hold_info {
    std::string name;
    holdfast::token token;
    peer_id holder;
    request_number number;
    lock::terms terms{};
    bool is_taken = false;  ///< the holder has answered its grant, or reported it
    bool operator==(const hold_info&) const = default;
};
struct waiter {
    std::string name;
    peer_id peer;
    request_number number;
    lock::terms terms{};
    std::int32_t priority = 0;
    bool operator==(const waiter&) const = default;
};

/// How a lock stands at its owner.
struct lock_summary {
    std::vector<hold_info> held;  ///< the oldest, `most_told` at most
    std::uint32_t holders = 0;    ///< all of them
    std::uint32_t waiting = 0;
    bool operator==(const lock_summary&) const = default;
};
constexpr std::size_t most_told = 16;  // with the longest names and notes still a small message

// ---- holder to owner

struct request {
    request_number number;
    std::string name;
    lock::terms terms{};
    bool is_try = false;  ///< answer `denied` at once instead of queueing
    /// every request of the sender below this number is over (OWN-10)
    request_number lowest_pending;
    std::int32_t priority = 0;  ///< goes before lower ones in the queue (PRIORITY)
    bool operator==(const request&) const = default;
};
struct grant_ack {
    std::string name;
    holdfast::token token;
    bool operator==(const grant_ack&) const = default;
};
/// How a hold ended at its holder (FATE).
enum class ending : std::uint8_t {
    declined,  ///< the application never had it
    released,
    expired,
    broken,
};
struct release {
    std::string name;
    holdfast::token token;
    ending how{};
    /// what it guards is as it should be, as far as a released holder knows
    bool is_consistent = false;
    bool gives_value = false;
    /// if so, for the next holder, in place of the one it was given
    std::string value;
    peer_id heir{};  ///< goes before all other waiters, if it waits (PRIORITY)
    bool operator==(const release&) const = default;
};
struct cancel {
    std::string name;
    request_number number;
    bool operator==(const cancel&) const = default;
};
/// QUEUED: the requests of the sender for this lock that were answered "queued". All of a lock go
/// in one message, for there may be very many (LOAD-1).
struct still_waiting {
    std::string name;
    std::vector<request_number> numbers;
    bool operator==(const still_waiting&) const = default;
};
constexpr std::size_t most_still_waiting = 16384;

// ---- owner to holder

/// It waits in the queue. Asked after once per A all the same (QUEUED).
struct queued {
    request_number number;
    bool operator==(const queued&) const = default;
};
/// To `still_waiting`. Those that were granted get their grants again (HOLD-5), and the others
/// wait.
struct still_queued {
    std::string name;
    std::vector<request_number> unknown;  ///< to be asked again
    bool operator==(const still_queued&) const = default;
};
enum class refusal : std::uint8_t {
    is_held,        ///< of a try: others have it
    limit_differs,  ///< LIMIT, of any request
    too_many,       ///< LOAD-3, of any request
};
struct denied {
    request_number number;
    refusal why{};
    lock_summary summary;
    bool operator==(const denied&) const = default;
};
struct grant {
    request_number number;
    std::string name;
    holdfast::token token;
    bool is_contended = false;  ///< a release of it is worth sending at once
    previous_hold before;
    bool operator==(const grant&) const = default;
};
struct released {
    std::string name;
    holdfast::token token;
    bool operator==(const released&) const = default;
};
struct cancelled {
    request_number number;
    bool operator==(const cancelled&) const = default;
};
/// OWN-9: do you still hold it?
struct hold_probe {
    std::string name;
    holdfast::token token;
    bool operator==(const hold_probe&) const = default;
};
/// BREAK-1.
struct break_hold {
    std::string name;
    holdfast::token token;
    request_number number;
    std::string who{};
    std::string why{};
    bool operator==(const break_hold&) const = default;
};

// ---- delays (DELAY)

enum class delay_stage : std::uint8_t {
    held,     ///< so long the lock rests if the hold ends without a release
    running,  ///< it has ended so, and the lock rests
    over,     ///< it is waited for no more
};
/// Of the hold with this token.
struct delay {
    std::string name;
    base::duration left{};
    holdfast::token token;
    delay_stage is{};
    bool operator==(const delay&) const = default;
};
/// Owner to each voter, until it is answered.
struct keep_delays {
    /// of the view in which its sender serves these locks: who promised a later one to another
    /// owner does not keep them (HOLD-1)
    epoch in;
    std::uint64_t number = 0;  ///< rises
    std::vector<delay> what;
    bool operator==(const keep_delays&) const = default;
};
/// These of them are kept, or forgotten, as they were told.
struct delays_kept {
    std::vector<delay> what;
    bool operator==(const delays_kept&) const = default;
};

// ---- a new owner and the members (OWN-4, HOLD-1)

struct gather {
    view_number named;  ///< the view the owner took the slots in
    /// that view's epoch: grants below it are refused from now on (HOLD-1)
    holdfast::epoch promise;
    std::uint64_t serial = 0;  ///< which of its gathers under that name
    std::vector<slot> slots;
    bool operator==(const gather&) const = default;
};
struct report {
    view_number named;
    std::uint64_t serial = 0;  ///< of the gather; 0: it was not asked for (OWN-12)
    std::uint64_t number = 0;  ///< of two reports of one member the later numbered counts
    /// there are holds for more than one message: ask for fewer slots at once
    bool is_too_large = false;
    std::vector<hold_info> holds;
    std::vector<delay> delays{};  ///< that it was told of, of whichever holders
    bool operator==(const report&) const = default;
};

/// Once that view is installed, and not asked for: in the slots that have lost their owner by it,
/// the sender holds nothing, keeps no delay, and takes no grant of before (HOLD-1). `except`: in
/// slots of these it does, and reports it to them, or is asked. To the voter that collects it
/// (OWN-12).
struct no_holds {
    view_number named;
    std::vector<peer_id> except;
    bool operator==(const no_holds&) const = default;
};
/// From that voter: so these members have said, of slots that the receiver has now.
struct no_holds_of {
    view_number named;
    std::vector<peer_id> members;
    bool operator==(const no_holds_of&) const = default;
};

// ---- owner to owner (OWN-3)

/// What is remembered of a hold that has ended.
struct past {
    std::string name;
    previous_hold what;
    bool operator==(const past&) const = default;
};
/// The table of one slot, handed over in the step to view `to_view`; from-view is always the one
/// before.
struct slot_table {
    holdfast::slot slot;
    std::vector<hold_info> holds;
    std::vector<waiter> queue;  ///< first come first
    std::vector<past> pasts;
    /// of a lock without a past nothing bad is known; else it has `moved` (FATE)
    bool history_is_complete = false;
    std::vector<delay> delays{};  ///< that run, or that voters may still keep
    bool operator==(const slot_table&) const = default;
};
struct table {
    view_number to_view;
    std::vector<slot_table> slots;
    bool operator==(const table&) const = default;
};
/// The sender has no table to give for these.
struct no_table {
    view_number to_view;
    std::vector<slot> slots;
    std::vector<slot>
        unused;  ///< those of them in which no lock was ever held in this cluster (FATE)
    bool operator==(const no_table&) const = default;
};
struct table_ack {
    view_number to_view;
    std::vector<slot> slots;
    bool operator==(const table_ack&) const = default;
};

// ---- watching (WATCH-1)

struct watch {
    std::string name;
    /// of the watcher's watches; an old copy neither undoes a later watch nor answers it
    std::uint64_t number = 0;
    bool operator==(const watch&) const = default;
};
struct unwatch {
    std::string name;
    std::uint64_t number = 0;
    bool operator==(const unwatch&) const = default;
};
/// LOAD-3: it is not watched, for its sender watches too many locks here. Asked again once per A.
struct watch_refused {
    std::string name;
    std::uint64_t number = 0;
    bool operator==(const watch_refused&) const = default;
};
/// How `name` stands now. Steps may be missed, the last state not: repeated until answered.
struct lock_state {
    std::string name;
    view_number in;            ///< the owner's view
    std::uint64_t serial = 0;  ///< rises within that view; older ones are ignored
    std::uint64_t number = 0;  ///< of the watch
    lock_summary summary;
    bool operator==(const lock_state&) const = default;
};
struct lock_state_seen {
    std::string name;
    view_number in;
    std::uint64_t serial = 0;
    bool operator==(const lock_state_seen&) const = default;
};

// ---- questions to an owner (LOOK-1). Repeated under one number until answered; they change
// nothing.

/// What the owner is to the slot of a name.
enum class tenure_state : std::uint8_t {
    elsewhere,  ///< it does not own it
    receives,   ///< waits for the former owner's table
    gathers,    ///< asks every member what it holds
    unleased,   ///< serves, but its lease does not run
    serves,     ///< the only one of these whose answer is how things stand
};
struct inspect_request {
    std::uint64_t number = 0;
    std::string name;
    bool operator==(const inspect_request&) const = default;
};
struct seen_hold {
    hold_info what;
    std::string holder_name;
    base::duration known_for{};  ///< to this owner
    /// it was this owner that granted it: `known_for` is its age
    bool is_since_grant = false;
    bool is_release_requested = false;
    bool is_to_break = false;
    bool operator==(const seen_hold&) const = default;
};
struct inspect_reply {
    std::uint64_t number = 0;
    tenure_state is{};
    std::vector<seen_hold> held;  ///< the oldest, as many as fit a message
    std::uint32_t holders = 0;    ///< all of them
    std::vector<waiter> queue;    ///< first come first, `most_told` at most
    std::uint32_t waiting = 0;
    bool operator==(const inspect_reply&) const = default;
};
/// Which locks are there, of those whose names come after this one?
struct list_locks {
    std::uint64_t number = 0;
    std::string after;
    bool operator==(const list_locks&) const = default;
};
struct listed_lock {
    std::string name;
    lock_summary summary;
    bool operator==(const listed_lock&) const = default;
};
struct listed {
    std::uint64_t number = 0;
    std::vector<listed_lock> locks;  ///< in the order of their names
    bool is_all = false;             ///< none comes after them
    std::uint32_t not_served = 0;    ///< slots that it owns and does not serve yet
    bool operator==(const listed&) const = default;
};

// ---- requests to release a hold, and breaking it (BREAK-1)

enum class revoke_kind : std::uint8_t { request_release, break_hold };
/// To the owner, repeated under one number until the hold has ended or the caller's wait is over.
struct revoke_request {
    std::uint64_t number = 0;
    std::string name;
    holdfast::token token;
    revoke_kind how{};
    std::string who;
    std::string why;
    base::duration grace{};
    bool operator==(const revoke_request&) const = default;
};
struct revoke_reply {
    std::uint64_t number = 0;
    break_outcome so_far;
    bool operator==(const revoke_reply&) const = default;
};
/// Owner to holder, until it is heard.
struct release_request {
    std::string name;
    holdfast::token token;
    peer_id by;
    std::uint64_t number = 0;  ///< of the demand
    std::string who;
    std::string why;
    base::duration grace{};
    bool operator==(const release_request&) const = default;
};
struct release_request_ack {
    std::string name;
    holdfast::token token;
    peer_id by;
    std::uint64_t number = 0;
    bool operator==(const release_request_ack&) const = default;
};

// ---- by who takes them

/// To the owner of a slot.
using to_owner =
    std::variant<request, grant_ack, release, cancel, report, table, no_table, table_ack, watch,
                 unwatch, lock_state_seen, inspect_request, list_locks, revoke_request,
                 release_request_ack, still_waiting, delays_kept, no_holds_of>;
/// To a member that holds locks, asks for them or watches them.
using to_holder =
    std::variant<queued, denied, grant, released, cancelled, hold_probe, break_hold, gather,
                 lock_state, release_request, still_queued, watch_refused, keep_delays>;
/// To a member that has asked a question: the answers, in the order of the questions.
using to_asker = std::variant<inspect_reply, listed, revoke_reply, record_stored, records_read>;
/// To a member that fills a seat.
using to_seat = std::variant<store_record, read_records, no_holds>;

using message = std::variant<to_owner, to_holder, to_asker, to_seat>;

}  // namespace holdfast::lock
