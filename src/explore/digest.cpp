#include "explore/digest.hpp"

#include <xxhash.h>

#include "wire/codec.hpp"

namespace holdfast::explore {

fingerprint fingerprint_of(std::span<const std::byte> bytes) {
    const auto sum = XXH3_128bits(bytes.data(), bytes.size());
    return {sum.high64, sum.low64};
}

void digest::add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
        bytes_.push_back(static_cast<std::byte>(number >> shift));
    }
}

void digest::add(const peer_id& id) {
    add(id.high);
    add(id.low);
}

void digest::add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    const auto raw = std::as_bytes(std::span{text});
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
}

void digest::add(const node::message& what) { wire::encode({{}, what}, {}, bytes_); }

}  // namespace holdfast::explore
