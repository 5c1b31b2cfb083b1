// How a message came.
#pragma once

#include <cstdint>

#include <holdfast/ids.hpp>

namespace holdfast::base {

struct way {
    endpoint source{};  ///< of a datagram; nil: it came by stream
    /// Where we have dialled a stream to its sender ourselves; nil: nowhere. Only this shows where
    /// it lives: what a message says of that, and where a datagram seems to come from, can be of
    /// long ago (SEAL-3).
    endpoint dialled{};
    /// Of a stream: bytes that one segment carries, as the system said when it was proven
    /// (TCP_MAXSEG); 0: unknown.
    std::uint32_t segment = 0;

    [[nodiscard]] bool is_stream() const { return source.is_nil(); }
};

}  // namespace holdfast::base
