// Every state that a small world can reach, breadth first: the first counterexample is a shortest
// one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::explore {

/// A state of a world in numbers, which only the world can read: its machines, and then the
/// messages sent so far, each once and in rising order. More messages must never remove a move: of
/// two states with the same machines, one that has all messages of the other covers it, and the
/// other is not looked at (docs/decisions/0005).
using words = std::vector<std::uint32_t>;
using state = std::span<const std::uint32_t>;

/// One possible move: a number of the world's own.
using move = std::uint64_t;

class world {
public:
    using visitor = std::function<void(move, const words&)>;

    virtual ~world() = default;
    /// How many of the words are for the machines.
    [[nodiscard]] virtual std::size_t machine_words() const = 0;
    [[nodiscard]] virtual words first() = 0;
    /// Every possible move, with the state after it. A move that changes nothing may be left
    /// out.
    virtual void expand(state from, const visitor& visit) = 0;
    /// The error in this state; empty: there is none.
    [[nodiscard]] virtual std::string objection(state at) = 0;
    /// The same for a state without a move.
    [[nodiscard]] virtual std::string objection_at_end(state at) = 0;
    /// For people.
    [[nodiscard]] virtual std::string describe(state from, move what) = 0;
};

struct bounds {
    std::uint64_t states = 50'000'000;
    std::chrono::seconds time{600};
};

struct counterexample {
    std::string what;
    std::vector<std::string> schedule;  ///< what happened, first to last
};

struct outcome {
    std::uint64_t states = 0;  ///< that were looked at; none is covered by one known before
    std::uint64_t moves = 0;
    std::uint64_t machines = 0;  ///< combinations of machines, whatever was sent
    std::uint64_t ends = 0;      ///< states without a move
    std::uint64_t depth = 0;     ///< moves from the first state to the farthest
    bool is_complete = false;    ///< every state was looked at
    double seconds = 0;
    std::optional<counterexample> found;
};

/// Stops at the first objection.
[[nodiscard]] outcome search(world& of, const bounds& within);

}  // namespace holdfast::explore
