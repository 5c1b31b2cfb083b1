// Messages as bytes. The same bytes travel in datagrams, in stream frames and in the simulator
// (docs/wire-format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <tl/expected.hpp>

#include "node/message.hpp"

namespace holdfast::wire {

/// The versions of the protocol this build speaks: what it reads, and what it can do. A packet
/// names the oldest that can read it. A peer refuses what is outside (errc::version_mismatch,
/// WIRE-2).
constexpr std::uint8_t oldest_version = 2;
constexpr std::uint8_t newest_version = 2;

struct packet {
    node::envelope envelope;
    node::message what;
    bool operator==(const packet&) const = default;
};

enum class decode_error : std::uint8_t {
    malformed = 1,  ///< does not parse, or trailing bytes
    too_large,      ///< a count or length over its limit; nothing was allocated for it
    version,        ///< a version this build does not speak
    wrong_cluster,  ///< the cluster name (as its 64-bit hash) is another
    no_memory,      ///< memory ran out while it was read
};

/// Appends the encoded packet to `out`. `cluster_name` goes in as its hash: peers of clusters of
/// another name refuse it. Throws std::bad_alloc; `out` then ends with a part of it. `unknown`:
/// so many more fields at the end of each struct, only to try what a later version may send.
void encode(const packet& p, std::string_view cluster_name, std::vector<std::byte>& out,
            std::size_t unknown = 0);
/// Reads exactly one packet. Any bytes may be given; limits are checked before memory is taken. A
/// packet for which there is no memory is an error as others are, not an exception.
[[nodiscard]] tl::expected<packet, decode_error> decode(std::span<const std::byte> bytes,
                                                        std::string_view cluster_name);

/// One audit record, for a file. Appends.
void encode_record(const audit_record& what, std::vector<std::byte>& out);
/// Nothing: these bytes are none.
[[nodiscard]] std::optional<audit_record> decode_record(std::span<const std::byte> bytes);

/// "swim.ping", "lock.grant": for traces and counters.
[[nodiscard]] std::string_view name_of(const node::message& what);

}  // namespace holdfast::wire
