// A packet for which there is no memory costs that packet.
#include <new>
#include <optional>
#include <vector>

#include "catch.hpp"
#include "random_messages.hpp"
#include "scarce.hpp"

using namespace holdfast;
using wire::testing::random_messages;

namespace {

constexpr std::uint64_t seeds_of_a_kind = 6;

std::vector<std::byte> encoded(const wire::packet& packet) {
    std::vector<std::byte> bytes;
    wire::encode(packet, "c", bytes);
    return bytes;
}

}  // namespace

TEST_CASE(
    "whichever allocation of reading a message fails, it is an error that leaves nothing behind",
    "[memory]") {
    std::size_t struck = 0;
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        for (std::uint64_t seed = 0; seed < seeds_of_a_kind; ++seed) {
            const auto packet = random_messages{seed * random_messages::kinds + kind}.of_kind(kind);
            const auto bytes = encoded(packet);
            CAPTURE(seed, wire::name_of(packet.what));
            for (std::size_t nth = 1;; ++nth) {
                const auto before = memory::pieces_in_use();
                bool has_struck = false;
                bool is_whole = false;
                std::optional<wire::decode_error> why;
                {
                    const memory::scarce little{nth};
                    const auto read = wire::decode(bytes, "c");
                    has_struck = little.has_struck();
                    is_whole = read && *read == packet;
                    if (!read) {
                        why = read.error();
                    }
                }
                const auto after = memory::pieces_in_use();
                REQUIRE(after == before);
                if (!has_struck) {
                    REQUIRE(is_whole);
                    break;
                }
                REQUIRE(why == wire::decode_error::no_memory);
                ++struck;
            }
        }
    }
    CHECK(struck > 500);  // most messages need some memory
}

TEST_CASE(
    "whichever allocation of writing a message fails, it is std::bad_alloc that leaves nothing "
    "behind",
    "[memory]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        const auto packet = random_messages{kind}.of_kind(kind);
        const auto whole = encoded(packet);
        CAPTURE(wire::name_of(packet.what));
        for (std::size_t nth = 1;; ++nth) {
            const auto before = memory::pieces_in_use();
            bool is_thrown = false;
            bool has_struck = false;
            bool is_whole = false;
            {
                std::vector<std::byte> bytes;
                const memory::scarce little{nth};
                try {
                    wire::encode(packet, "c", bytes);
                } catch (const std::bad_alloc&) {
                    is_thrown = true;
                }
                has_struck = little.has_struck();
                is_whole = bytes == whole;
            }
            const auto after = memory::pieces_in_use();
            REQUIRE(after == before);
            REQUIRE(is_thrown == has_struck);
            if (!has_struck) {
                REQUIRE(is_whole);
                break;
            }
        }
    }
}
