// Something that happens at the very moment when a certain message is sent.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "sim/instant.hpp"
#include "sim/message_kind.hpp"

namespace holdfast::sim {

struct ambush {
    /// What becomes of a process.
    enum class fate : std::uint8_t { spared, crashes, pauses, is_isolated };

    message_kind waits_for{};
    instant until{};
    bool loses = false;
    base::duration delay{};
    fate sender = fate::spared;
    fate receiver = fate::spared;

    [[nodiscard]] static ambush draw(base::random_source& random, instant now);
};

}  // namespace holdfast::sim
