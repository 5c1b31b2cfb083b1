#include "wire/compact.hpp"

#include "base/random.hpp"
#include "catch.hpp"

using namespace holdfast;

namespace {

std::vector<slot> slots_of(std::initializer_list<std::uint16_t> values) {
    std::vector<slot> out;
    for (const auto v : values) {
        out.push_back({v});
    }
    return out;
}

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
    std::vector<std::byte> out;
    for (const auto v : values) {
        out.push_back(static_cast<std::byte>(v));
    }
    return out;
}

std::vector<std::byte> packed(const std::vector<slot>& slots) {
    wire::slot_bytes room;
    const auto bytes = wire::slots_to_bytes(slots, room);
    return {bytes.begin(), bytes.end()};
}

bool is_refused(std::initializer_list<unsigned> values) {
    std::vector<slot> slots;
    return !wire::slots_from_bytes(bytes_of(values), slots);
}

}  // namespace

TEST_CASE("a set of slots takes the shorter of two forms", "[wire]") {
    REQUIRE(packed({}).empty());
    REQUIRE(packed(slots_of({0})) == bytes_of({0, 0}));
    REQUIRE(packed(slots_of({5, 6, 200})) == bytes_of({0, 5, 0, 0x80 | (193 & 127), 193 >> 7}));
    REQUIRE(packed(slots_of({0, 1, 2, 3, 8})) == bytes_of({1, 0x0f, 0x01}));
    std::vector<slot> all;
    for (std::uint16_t s = 0; s < base::limits::slots; ++s) {
        all.push_back({s});
    }
    REQUIRE(packed(all).size() == 1 + base::limits::slots / 8);
}

TEST_CASE("sets of slots of every density come back", "[wire]") {
    base::random_source chance{5};
    for (const double often : {0.0001, 0.001, 0.01, 0.05, 0.1, 0.125, 0.15, 0.3, 0.9, 1.0}) {
        for (int round = 0; round < 20; ++round) {
            std::vector<slot> slots;
            for (std::uint16_t s = 0; s < base::limits::slots; ++s) {
                if (chance.chance(often)) {
                    slots.push_back({s});
                }
            }
            std::vector<slot> back;
            REQUIRE(wire::slots_from_bytes(packed(slots), back));
            REQUIRE(back == slots);
        }
    }
}

TEST_CASE("bytes that are no set of slots are refused", "[wire]") {
    REQUIRE(is_refused({0}));                    // no distances
    REQUIRE(is_refused({0, 0x80}));              // half a distance
    REQUIRE(is_refused({0, 0x85, 0}));           // a long form of a short one
    REQUIRE(is_refused({0, 0x80, 0x80}));        // three bytes or more
    REQUIRE(is_refused({0, 0xff, 0x7f, 0}));     // slot 16384
    REQUIRE_FALSE(is_refused({0, 0xff, 0x7f}));  // slot 16383
    REQUIRE(is_refused({1}));                    // an empty map of bits
    REQUIRE(is_refused({1, 1, 0}));              // longer than its last slot needs
    REQUIRE(is_refused({2, 1}));                 // no such form
    std::vector<std::byte> long_map(2 + base::limits::slots / 8, std::byte{1});
    std::vector<slot> slots;
    REQUIRE_FALSE(wire::slots_from_bytes(long_map, slots));
}

TEST_CASE("only rising slots are a set", "[wire]") {
    REQUIRE(wire::is_slot_set(slots_of({})));
    REQUIRE(wire::is_slot_set(slots_of({1, 2, 16383})));
    REQUIRE_FALSE(wire::is_slot_set(slots_of({2, 1})));
    REQUIRE_FALSE(wire::is_slot_set(slots_of({2, 2})));
    REQUIRE_FALSE(wire::is_slot_set(slots_of({16384})));
}

TEST_CASE("indices take as many bits as they need", "[wire]") {
    REQUIRE(wire::index_bits(0) == 0);
    REQUIRE(wire::index_bits(1) == 0);
    REQUIRE(wire::index_bits(2) == 1);
    REQUIRE(wire::index_bits(64) == 6);
    REQUIRE(wire::index_bits(65) == 7);

    base::random_source chance{9};
    for (const std::size_t count : {1, 2, 3, 64, 65, 255, 256, 257, 4096}) {
        std::vector<std::uint16_t> indices(chance.below(200));
        for (auto& index : indices) {
            index = static_cast<std::uint16_t>(chance.below(count));
        }
        const auto bytes = wire::pack_indices(indices, count);
        REQUIRE(bytes.size() == (indices.size() * wire::index_bits(count) + 7) / 8);
        REQUIRE(wire::unpack_indices(bytes, count, indices.size()) == indices);
    }
    REQUIRE_FALSE(wire::unpack_indices(bytes_of({3}), 3, 1));     // index 3 of 3
    REQUIRE_FALSE(wire::unpack_indices(bytes_of({4}), 4, 1));     // a bit behind the last
    REQUIRE_FALSE(wire::unpack_indices(bytes_of({0, 0}), 4, 1));  // a byte behind the last
    // an owner where there is none
    REQUIRE_FALSE(wire::unpack_indices({}, 0, 1));
    REQUIRE(wire::unpack_indices({}, 0, 0)->empty());
}
