// How a lock stands, as its owner answers when asked (`peer::inspect`, `holdfast why`).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/events.hpp>
#include <holdfast/export.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

namespace holdfast {

/// What the owner of a name is doing about its slot.
enum class slot_state : std::uint8_t {
    no_answer,  ///< it did not answer in time
    moving,     ///< whoever was asked does not own it, or does not know yet that it does
    receiving,  ///< it waits for the table of the owner before it
    /// it asks every member what it holds, and waits for the leases of those that cannot say
    gathering,
    unleased,  ///< it serves, but cannot reach a majority of the seats now
    serving,
};

struct lock_holder {
    peer_id peer;
    /// empty when it is no member any more and its name was forgotten
    std::string peer_name;
    holdfast::liveness liveness = holdfast::liveness::alive;  ///< what gossip believes of it, here
    holdfast::token token;
    std::string note;
    lock_mode mode;
    std::chrono::nanoseconds held_for{};
    /// the owner changed meanwhile: `held_for` is how long this one knows of it
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

struct lock_report {
    std::string name;
    std::uint32_t slot = 0;
    std::optional<member> owner;  ///< none: this peer is in no cluster
    holdfast::liveness owner_liveness = holdfast::liveness::alive;
    slot_state state = slot_state::no_answer;

    // What the owner said. When it is `serving`, this is how the lock stood at a moment between the
    // question and the answer (LOOK-1): of two looks, one after the other, the second never shows
    // an older state. Else it is incomplete.
    std::vector<lock_holder> holders;  ///< the oldest; as many as fit a message (4 MiB)
    std::uint32_t holder_count = 0;
    std::vector<lock_waiter> queue;  ///< first come first, at most 16
    std::uint32_t waiting = 0;

    /// What somebody who waits for the lock waits for, in words.
    [[nodiscard]] HOLDFAST_EXPORT std::string explain() const;
};

/// Of a list of all locks.
struct listed_lock {
    std::string name;
    peer_id owner;
    /// the oldest, at most 16; without `held_for` and what follows it
    std::vector<lock_holder> holders;
    std::uint32_t holder_count = 0;
    std::uint32_t waiting = 0;
};
struct lock_list {
    /// in the order of their names. Each owner answered for a moment of its own
    std::vector<listed_lock> locks;
    /// locks of these are missing: their owners gather, or did not answer
    std::uint32_t slots_not_served = 0;
};

}  // namespace holdfast
