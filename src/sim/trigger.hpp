// Something that happens at the very moment when a certain message is sent.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "sim/instant.hpp"
#include "sim/message_kind.hpp"

namespace holdfast::sim {

struct trigger {
    /// What happens to a process.
    enum class mishap : std::uint8_t { spared, crashes, pauses, is_isolated };

    message_kind waits_for{};
    instant until{};
    bool loses = false;
    base::duration delay{};
    mishap sender = mishap::spared;
    mishap receiver = mishap::spared;

    [[nodiscard]] static trigger draw(base::random_source& random, instant now);
};

}  // namespace holdfast::sim
