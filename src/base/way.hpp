// How a message came.
#pragma once

#include <holdfast/ids.hpp>

namespace holdfast::base {

struct way {
    endpoint source{};  ///< of a datagram; nil: it came by stream
    /// Where we have dialled a stream to its sender ourselves; nil: nowhere. Only this shows where
    /// it lives: what a message says of that, and where a datagram seems to come from, can be of
    /// long ago (SEAL-3).
    endpoint dialled{};

    [[nodiscard]] bool is_stream() const { return source.is_nil(); }
};

}  // namespace holdfast::base
