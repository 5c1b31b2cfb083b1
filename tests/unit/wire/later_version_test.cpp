// WIRE-1: what a later version appends is skipped, in every message and every struct in it.
#include <cstddef>
#include <string>
#include <vector>

#include "catch.hpp"
#include "random_messages.hpp"
#include "wire/pack.hpp"

using namespace holdfast;
using wire::decode_error;
using wire::testing::random_messages;

namespace {

/// As a later version would send it that has so many fields more at the end of each struct.
std::vector<std::byte> of_later_version(const wire::packet& p, std::size_t unknown) {
    std::vector<std::byte> bytes;
    wire::encode(p, "c", bytes, unknown);
    return bytes;
}

/// A swim.nack, whose only field a writer puts behind the head of the struct.
std::vector<std::byte> nack(auto write) {
    std::vector<std::byte> bytes;
    wire::encode({{}, swim::message{swim::nack{7}}}, "c", bytes);
    bytes.resize(bytes.size() - 2);  // an array of one, a seven
    wire::pack::writer out{bytes};
    write(out, bytes);
    return bytes;
}

decode_error refusal_of(const std::vector<std::byte>& bytes) {
    const auto back = wire::decode(bytes, "c");
    REQUIRE_FALSE(back.has_value());
    return back.error();
}

}  // namespace

TEST_CASE("WIRE-1: unknown fields at the end of any struct change nothing", "[wire]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            random_messages random{seed * random_messages::kinds + kind};
            const auto packet = random.of_kind(kind);
            CAPTURE(seed, wire::name_of(packet.what));
            const auto bytes = of_later_version(packet, 2);
            REQUIRE(bytes.size() > of_later_version(packet, 0).size());
            const auto back = wire::decode(bytes, "c");
            REQUIRE(back.has_value());
            REQUIRE(*back == packet);
        }
    }
}

TEST_CASE("WIRE-1: a packet of a later version cut short anywhere is refused", "[wire]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        random_messages random{kind};
        auto bytes = of_later_version(random.of_kind(kind), 2);
        while (bytes.size() > 4000) {  // slots and maps: another draw
            bytes = of_later_version(random.of_kind(kind), 2);
        }
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(kind, size);
            REQUIRE_FALSE(wire::decode(std::span{bytes}.first(size), "c").has_value());
        }
    }
}

TEST_CASE("WIRE-1: a bounded number of unknown fields, none missing", "[wire]") {
    const wire::packet packet{{}, swim::message{swim::nack{7}}};
    const auto most = wire::decode(of_later_version(packet, wire::pack::most_unknown_fields), "c");
    REQUIRE(most.has_value());
    REQUIRE(*most == packet);
    REQUIRE(refusal_of(of_later_version(packet, wire::pack::most_unknown_fields + 1)) ==
            decode_error::too_large);
    REQUIRE(refusal_of(nack([](auto& out, auto&) { out.array(0); })) == decode_error::malformed);
}

TEST_CASE("WIRE-1: arrays in arrays are skipped, however deep", "[wire]") {
    const auto deep = nack([](auto& out, auto& bytes) {
        out.array(2);
        out.number(7);
        bytes.resize(bytes.size() + 100000, std::byte{0x91});
        out.number(1);
    });
    const auto back = wire::decode(deep, "c");
    REQUIRE(back.has_value());
    REQUIRE(back->what == node::message{swim::message{swim::nack{7}}});
}

TEST_CASE("WIRE-1: what is skipped is still of the format", "[wire]") {
    const auto with = [](std::initializer_list<int> unknown) {
        return nack([&](auto& out, auto& bytes) {
            out.array(2);
            out.number(7);
            for (const auto byte : unknown) {
                bytes.push_back(static_cast<std::byte>(byte));
            }
        });
    };
    REQUIRE(wire::decode(with({0x90}), "c").has_value());
    REQUIRE(wire::decode(with({0xa1, 'x'}), "c").has_value());
    for (const auto& unknown : {
             with({0xc0}),                             // nil
             with({0x80}),                             // a map
             with({0xca, 0, 0, 0, 0}),                 // a float
             with({0xd4, 1, 0}),                       // an extension
             with({0x91}),                             // an array that is not all there
             with({0xdd, 0xff, 0xff, 0xff, 0xff, 0}),  // nor this one
             with({0xa2, 'x'}),                        // a text that is not
             with({0, 0}),                             // bytes behind the message
         }) {
        REQUIRE(refusal_of(unknown) == decode_error::malformed);
    }
}
