#include "wire/compact.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace holdfast::wire {
namespace {

// The first byte of a set of slots.
constexpr std::byte as_distances{0};
constexpr std::byte as_bitmap{1};

std::uint64_t big_endian(std::uint64_t x) {
    return std::endian::native == std::endian::big ? x : __builtin_bswap64(x);
}

void store_big_endian(std::uint64_t value, std::byte* to) {
    value = big_endian(value);
    std::memcpy(to, &value, sizeof value);
}

std::uint64_t load_big_endian(const std::byte* from) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return big_endian(value);
}

/// What is stored for a slot is its distance from the lowest it could be: seven bits, or seven and
/// then seven more.
constexpr unsigned distance_limit = 1u << 14;
static_assert(base::limits::slots <= distance_limit);

bool distances_to_slots(std::span<const std::byte> bytes, std::vector<slot>& slots) {
    unsigned lowest = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto distance = std::to_integer<unsigned>(bytes[i]);
        if (distance >= 128) {
            if (++i == bytes.size()) {
                return false;
            }
            const auto upper = std::to_integer<unsigned>(bytes[i]);
            // one way to write a number, and none for those too great
            if (upper == 0 || upper >= 128) {
                return false;
            }
            distance = (distance & 127) | upper << 7;
        }
        const unsigned value = lowest + distance;
        if (value >= base::limits::slots) {
            return false;
        }
        slots.push_back({static_cast<std::uint16_t>(value)});
        lowest = value + 1;
    }
    return true;
}

bool bitmap_to_slots(std::span<const std::byte> bytes, std::vector<slot>& slots) {
    if (bytes.empty() || bytes.back() == std::byte{0} || bytes.size() > base::limits::slots / 8) {
        return false;
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (unsigned bits = std::to_integer<unsigned>(bytes[i]); bits != 0; bits &= bits - 1) {
            slots.push_back({static_cast<std::uint16_t>(
                8 * i + static_cast<unsigned>(std::countr_zero(bits)))});
        }
    }
    return true;
}

}  // namespace

std::array<std::byte, id_size> id_to_bytes(std::uint64_t high, std::uint64_t low) {
    std::array<std::byte, id_size> out{};
    store_big_endian(high, out.data());
    store_big_endian(low, out.data() + 8);
    return out;
}

std::pair<std::uint64_t, std::uint64_t> id_from_bytes(std::span<const std::byte, id_size> bytes) {
    return {load_big_endian(bytes.data()), load_big_endian(bytes.data() + 8)};
}

std::array<std::byte, endpoint_size> endpoint_to_bytes(const endpoint& address) {
    std::array<std::byte, endpoint_size> out{};
    std::transform(address.ip.begin(), address.ip.end(), out.begin(),
                   [](std::uint8_t b) { return std::byte{b}; });
    out[16] = static_cast<std::byte>(address.port >> 8);
    out[17] = static_cast<std::byte>(address.port & 0xff);
    return out;
}

endpoint endpoint_from_bytes(std::span<const std::byte, endpoint_size> bytes) {
    endpoint address;
    std::transform(bytes.begin(), bytes.begin() + 16, address.ip.begin(),
                   [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    address.port = static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[16]) << 8 |
                                              std::to_integer<unsigned>(bytes[17]));
    return address;
}

bool is_slot_set(std::span<const slot> slots) {
    return std::adjacent_find(slots.begin(), slots.end(), [](slot a, slot b) { return a >= b; }) ==
               slots.end() &&
           (slots.empty() || slots.back().value < base::limits::slots);
}

std::span<const std::byte> slots_to_bytes(std::span<const slot> slots, slot_bytes& room) {
    if (slots.empty()) {
        return {};
    }
    std::size_t distances = 1;
    unsigned lowest = 0;
    for (const auto s : slots) {
        distances += s.value - lowest < 128 ? 1 : 2;
        lowest = s.value + 1u;
    }
    const std::size_t bitmap = 1 + slots.back().value / 8u + 1;

    if (bitmap < distances) {
        std::fill_n(room.begin(), bitmap, std::byte{0});
        room[0] = as_bitmap;
        for (const auto s : slots) {
            room[1 + s.value / 8u] |= static_cast<std::byte>(1u << s.value % 8u);
        }
        return {room.data(), bitmap};
    }
    std::size_t at = 0;
    room[at++] = as_distances;
    lowest = 0;
    for (const auto s : slots) {
        const unsigned distance = s.value - lowest;
        if (distance < 128) {
            room[at++] = static_cast<std::byte>(distance);
        } else {
            room[at++] = static_cast<std::byte>((distance & 127) | 128);
            room[at++] = static_cast<std::byte>(distance >> 7);
        }
        lowest = s.value + 1u;
    }
    return {room.data(), at};
}

bool slots_from_bytes(std::span<const std::byte> bytes, std::vector<slot>& slots) {
    if (bytes.empty()) {
        return true;
    }
    switch (bytes.front()) {
        case as_distances:
            return bytes.size() > 1 && distances_to_slots(bytes.subspan(1), slots);
        case as_bitmap:
            return bitmap_to_slots(bytes.subspan(1), slots);
        default:
            return false;
    }
}

unsigned index_bits(std::size_t count) {
    return count <= 1 ? 0 : static_cast<unsigned>(std::bit_width(count - 1));
}

std::vector<std::byte> pack_indices(std::span<const std::uint16_t> indices, std::size_t count) {
    const unsigned bits = index_bits(count);
    std::vector<std::byte> out;
    out.reserve((indices.size() * bits + 7) / 8);
    std::uint32_t waiting = 0;
    unsigned have = 0;
    for (const auto index : indices) {
        waiting |= static_cast<std::uint32_t>(index) << have;
        for (have += bits; have >= 8; have -= 8) {
            out.push_back(static_cast<std::byte>(waiting & 0xff));
            waiting >>= 8;
        }
    }
    if (have > 0) {
        out.push_back(static_cast<std::byte>(waiting));
    }
    return out;
}

std::optional<std::vector<std::uint16_t>> unpack_indices(std::span<const std::byte> bytes,
                                                         std::size_t count, std::size_t how_many) {
    const unsigned bits = index_bits(count);
    if (bytes.size() != (how_many * bits + 7) / 8 || (count == 0 && how_many > 0)) {
        return std::nullopt;
    }
    std::vector<std::uint16_t> out(how_many);
    std::uint32_t waiting = 0;
    unsigned have = 0;
    std::size_t at = 0;
    for (auto& index : out) {
        for (; have < bits; have += 8) {
            waiting |= std::to_integer<std::uint32_t>(bytes[at++]) << have;
        }
        const std::uint32_t value = waiting & ((1u << bits) - 1);
        if (value >= count) {
            return std::nullopt;
        }
        index = static_cast<std::uint16_t>(value);
        waiting >>= bits;
        have -= bits;
    }
    if (waiting != 0) {  // what fills up the last byte
        return std::nullopt;
    }
    return out;
}

}  // namespace holdfast::wire
