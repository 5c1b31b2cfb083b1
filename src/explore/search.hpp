// Every state that a small world can get into, breadth first: the first counterexample is a
// shortest one.
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

/// A state of a world in numbers, which only the world can read: what its machines are, and then,
/// each once and in rising order, what has been said so far. To have said more must never hinder
/// anything: of two states that differ in that alone the one that has said more is looked at, and
/// the other is not (docs/decisions/0005).
using words = std::vector<std::uint32_t>;
using state = std::span<const std::uint32_t>;

/// One thing that may happen next: a number of the world's.
using move = std::uint64_t;

class world {
public:
    using visitor = std::function<void(move, const words&)>;

    virtual ~world() = default;
    /// How many words say what the machines are.
    [[nodiscard]] virtual std::size_t machine_words() const = 0;
    [[nodiscard]] virtual words first() = 0;
    /// Everything that may happen next, with what comes of it. What changes nothing may be left
    /// out.
    virtual void expand(state from, const visitor& visit) = 0;
    /// What is wrong in this state; empty: nothing.
    [[nodiscard]] virtual std::string objection(state at) = 0;
    /// The same for a state in which nothing can happen any more.
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
    std::uint64_t machines = 0;  ///< combinations of machines: states but for what was said
    std::uint64_t ends = 0;      ///< states in which nothing can happen any more
    std::uint64_t depth = 0;     ///< moves from the first state to the farthest
    bool is_complete = false;    ///< every state was looked at
    double seconds = 0;
    std::optional<counterexample> found;
};

/// Stops at the first objection.
[[nodiscard]] outcome search(world& of, const bounds& within);

}  // namespace holdfast::explore
