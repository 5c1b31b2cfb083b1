// A world of machines that exchange messages. In a move a machine receives a message that was sent,
// or has an event of its own.
//
// A message that was sent may be received at any time, any number of times, or never. So loss,
// delay, duplication and every order are in it without moves of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "explore/search.hpp"

namespace holdfast::explore {

class message_world : public world {
public:
    void expand(state from, const visitor& visit) final;
    [[nodiscard]] std::size_t machine_words() const final { return notes_ + machines_; }

protected:
    /// What one machine did: its state afterwards, and the messages that it sent.
    struct effect {
        std::uint32_t machine;
        const std::vector<std::uint32_t>& sent_messages;
    };
    /// The words are the world's own `notes`, a number for each machine, and the messages.
    message_world(std::size_t notes, std::size_t machines) : notes_{notes}, machines_{machines} {}

    [[nodiscard]] virtual effect happen(std::uint32_t machine, std::uint32_t event) = 0;
    /// The machine that a message is for; none: it is kept for the objections only.
    [[nodiscard]] virtual std::optional<std::size_t> receiver_of(
        std::uint32_t sent_message) const = 0;
    /// The events of a machine other than messages.
    [[nodiscard]] virtual std::vector<std::uint32_t> own_events(state at,
                                                                std::size_t place) const = 0;
    /// Whether a machine is within the bounds of the world.
    [[nodiscard]] virtual bool is_within_bounds(std::uint32_t machine) const = 0;
    /// Keeps the notes; the machine at `place` was `before`.
    virtual void note(words& at, std::size_t place, std::uint32_t before,
                      std::uint32_t event) const = 0;

    [[nodiscard]] state messages_of(state at) const { return at.subspan(machine_words()); }
    [[nodiscard]] std::uint32_t machine_at(state at, std::size_t place) const {
        return at[notes_ + place];
    }
    /// Adds answers that do not change their machine, now that the machine at `changed` is another.
    void answer(words& at, std::size_t changed, std::vector<std::uint32_t> fresh);

    [[nodiscard]] static std::size_t place_of(move what) {
        return static_cast<std::size_t>(what >> 32);
    }
    [[nodiscard]] static std::uint32_t event_of(move what) {
        return static_cast<std::uint32_t>(what);
    }

    /// Events that are no messages.
    static constexpr std::uint32_t first_own_event = 0x80000000;

private:
    std::size_t notes_;
    std::size_t machines_;
};

}  // namespace holdfast::explore
