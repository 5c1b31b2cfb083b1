// The one place with libsodium: subkeys, sealed messages, replay windows (docs/sealing.md).
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <holdfast/ids.hpp>

namespace holdfast::net {

constexpr std::size_t key_size = 32;
constexpr std::size_t tag_size = 16;

using secret = std::array<std::uint8_t, key_size>;

/// Must have returned true once before anything else here is used.
[[nodiscard]] bool start_cryptography();
/// Text as bytes; nothing for what is not such text. Hexadecimal in either case; base64 in either
/// alphabet, with or without padding. These need no start.
[[nodiscard]] std::optional<std::vector<std::byte>> decode_hex(std::string_view text);
[[nodiscard]] std::optional<std::vector<std::byte>> decode_base64(std::string_view text);

void fill_random(std::span<std::uint8_t> out);

/// BLAKE2b-256 of the parts, under the cluster's key.
[[nodiscard]] secret derive(std::span<const std::byte> cluster_key,
                            std::initializer_list<std::span<const std::uint8_t>> parts);
/// 8 bytes that tell clusters of different names apart before any key is used.
[[nodiscard]] std::array<std::uint8_t, 8> fingerprint(std::string_view cluster_name);
[[nodiscard]] std::array<std::uint8_t, 16> bytes_of(const peer_id& id);
[[nodiscard]] peer_id peer_of(std::span<const std::uint8_t, 16> bytes);

/// Seals the message that is at the end of `buffer`, from `begins`, in place, and appends the tag.
/// `header` is bound to it, whether it is sent or known to both.
void seal(std::vector<std::uint8_t>& buffer, std::size_t begins,
          std::span<const std::uint8_t> header, const secret& key, std::uint64_t counter);
/// Opens in place: the message is then the front of `sealed` without the tag. Nothing when it is
/// not authentic.
[[nodiscard]] std::optional<std::span<std::uint8_t>> open(std::span<std::uint8_t> sealed,
                                                          std::span<const std::uint8_t> header,
                                                          const secret& key, std::uint64_t counter);

/// Lets each counter in once, and none that is far behind the newest.
class replay_window {
public:
    [[nodiscard]] bool admit(std::uint64_t counter);
    /// Lets in none up to this one.
    void begin_after(std::uint64_t counter);

private:
    static constexpr std::size_t width = 1024;
    std::uint64_t newest_ = 0;
    std::bitset<width> seen_;  // by counter modulo width
};

}  // namespace holdfast::net
