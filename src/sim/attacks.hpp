// What the adversary can do: a table of small plans, each with a target, a moment and a fault.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/few.hpp"
#include "sim/message_kind.hpp"

namespace holdfast::sim {

/// How long; drawn when it is needed.
enum class span : std::uint8_t {
    none,
    moment,     ///< up to 30 ms
    brief,      ///< 20 to 300 ms: a few round trips, a ballot
    detection,  ///< 0.3 to 3 s: until gossip and a majority give a process up
    lease,      ///< 0.7 to 1.5 leases
    ages,       ///< 1.5 to 3 leases, and a second
};

/// What happens to a process.
enum class mishap : std::uint8_t {
    spared,
    crashes,            ///< and is started again after a while
    restarts,           ///< crashes and is started again within a moment
    majority_restarts,  ///< it and as many others at seats as make a majority
    pauses,             ///< its clocks go on
    leaves,
    /// from all others, until the attack ends or it is heard again; so the next five
    is_cut_off,
    is_deaf,           ///< it hears no process
    is_mute,           ///< no process hears it
    loses_the_seats,   ///< hears and reaches only processes without a seat
    loses_the_other,   ///< the link to the other side of the message
    keeps_the_other,   ///< both sides of the message are cut off together
    has_a_loose_link,  ///< to the other side, or to another process: up and down again and again
    keeps_one_seat,    ///< of all seats it hears and reaches one, which becomes the other side
    loses_a_seat,      ///< it does not hear and reach one seat; another becomes the other side
    is_heard_again,    ///< whatever this attack has cut is mended
};

/// Which side of the message the target is. With `nowhere` the message may be of any process; with
/// `other_sends` it is one of the other side (hindrances only).
enum class side : std::uint8_t { sender, receiver, either, nowhere, other_sends };

using kinds_list = few<message_kind, 8>;
using spans = few<span, 5>;
using mishaps = few<mishap, 7>;

/// A fault of messages, from one stage until the next.
struct hindrance {
    kinds_list kinds{};
    side target_is = side::either;
    bool is_lost = false;
    double loss = 0;
    bool is_doubled = false;
    spans delay{};                   ///< one of them
    bool brings_back_older = false;  ///< tables: former ones to the same process come again
};

using hindrances = few<hindrance, 4>;

struct stage {
    /// Waits for one of these messages, or, if there are none, for a time.
    kinds_list at{};
    side target_is = side::sender;
    unsigned up_to_times = 1;  ///< lets fewer than so many of them pass first
    spans after{};

    double loss = 0;         ///< of the message waited for
    spans delay{};           ///< of that message: one of these
    mishaps target{};        ///< one of these
    mishaps other{};         ///< of the other side of the message: one of these
    hindrances meanwhile{};  ///< instead of those of the stage before
};

/// The target of an attack; `by_message`: the process on that side of the first message waited for.
enum class target_choice : std::uint8_t { by_message, owner, holder, seat, any_place };

struct attack_plan {
    std::string_view name{};
    few<target_choice, 3> target{};  ///< one of them
    /// of another process, at the start, so that there are messages to wait for: one of these
    mishaps precondition{};
    few<stage, 3> stages{};
    spans lasts{};  ///< after the last stage: one of these
};

constexpr std::size_t attack_kinds = 29;
[[nodiscard]] const std::array<attack_plan, attack_kinds>& attacks();

}  // namespace holdfast::sim
