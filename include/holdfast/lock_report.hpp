// The state of a lock as its owner reports it (`peer::inspect`, `peer::locks`, `holdfast why`).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/events.hpp>
#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

namespace holdfast {

/// What the owner of a name does with the slot of that name.
enum class slot_state : std::uint8_t {
    no_answer,  ///< the owner did not answer in time
    moving,  ///< the peer that was asked does not own the slot, or does not know yet that it does
    receiving,  ///< the owner waits for the table of the owner before it
    /// The owner asks every member what it holds, and waits for the leases of those that cannot
    /// answer.
    gathering,
    unleased,  ///< the owner serves, but cannot reach a majority of the seats now
    serving,   ///< the owner grants; only this answer is certain
};

/// The name of the value, e.g. `gathering`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(slot_state what);

struct lock_holder {
    peer_id peer;
    std::string peer_name;  ///< empty when it is no member any more and its name was forgotten
    holdfast::liveness liveness = holdfast::liveness::alive;  ///< as gossip believes here
    holdfast::token token;
    std::string note;
    lock_mode mode;
    std::chrono::nanoseconds held_for{};
    /// The owner changed meanwhile: `held_for` is how long this owner has known the hold.
    bool age_is_lower_bound = false;
    bool is_release_requested = false;
    bool is_being_broken = false;
};

struct lock_waiter {
    peer_id peer;
    std::string peer_name;
    std::string note;
    lock_mode mode;
};

/// The state of one lock.
///
/// When `state` is `serving`, the report is true of a moment between question and answer (LOOK-1):
/// of two reports, one asked for after the other arrived, the second never shows an older state.
/// In any other state it is incomplete.
struct lock_report {
    std::string name;
    std::uint32_t slot = 0;
    std::optional<member> owner;  ///< nullopt: this peer is in no cluster
    holdfast::liveness owner_liveness = holdfast::liveness::alive;
    slot_state state = slot_state::no_answer;

    std::vector<lock_holder> holders;  ///< the oldest, as many as fit a message (4 MiB)
    std::uint32_t holder_count = 0;    ///< all of them
    std::vector<lock_waiter> queue;    ///< in the order of grants, at most 16
    std::uint32_t waiting = 0;         ///< all of them

    /// What a waiter for this lock waits for, in one sentence.
    [[nodiscard]] HOLDFAST_EXPORT std::string explain() const;
};

/// One lock of a list.
struct listed_lock {
    std::string name;
    peer_id owner;
    std::vector<lock_holder>
        holders;  ///< the oldest, at most 16, without `held_for` and later fields
    std::uint32_t holder_count = 0;  ///< all of them
    std::uint32_t waiting = 0;
};

/// All locks that are held or waited for. Each owner answers for a moment of its own.
struct lock_list {
    std::vector<listed_lock> locks;  ///< in the order of their names
    /// The locks of this many slots are missing: their owners gather, or did not answer.
    std::uint32_t slots_not_served = 0;
};

}  // namespace holdfast
