// Any bytes may arrive (docs/wire-format.md, Limits).
#include <string>

#include "base/settings.hpp"
#include "catch.hpp"
#include "random_messages.hpp"
#include "wire/pack.hpp"

using namespace holdfast;
using wire::decode_error;
using wire::testing::random_messages;

namespace {

std::vector<std::byte> encoded(const wire::packet& p) {
    std::vector<std::byte> bytes;
    wire::encode(p, "c", bytes);
    return bytes;
}

/// Everything of a packet up to the message's kind.
std::vector<std::byte> front() {
    auto bytes = encoded({{}, lock::message{lock::queued{}}});
    bytes.resize(bytes.size() - 3);
    return bytes;
}

decode_error why_refused(const std::vector<std::byte>& bytes) {
    const auto back = wire::decode(bytes, "c");
    REQUIRE_FALSE(back.has_value());
    return back.error();
}

/// What decodes may be sent on: it encodes, and decodes to the same.
void decode_and_send_on(const std::vector<std::byte>& bytes) {
    const auto packet = wire::decode(bytes, "c");
    if (packet) {
        const auto again = wire::decode(encoded(*packet), "c");
        REQUIRE(again.has_value());
        REQUIRE(*again == *packet);
    }
}

void put_big(std::vector<std::byte>& out, std::byte format, std::uint32_t count) {
    out.push_back(format);
    for (int shift = 24; shift >= 0; shift -= 8) {
        out.push_back(static_cast<std::byte>(count >> shift));
    }
}

}  // namespace

TEST_CASE("a packet cut short anywhere is refused", "[wire]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        random_messages random{kind};
        auto bytes = encoded(random.of_kind(kind));
        while (bytes.size() > 4000) {  // slots and maps: another draw
            bytes = encoded(random.of_kind(kind));
        }
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(kind, size);
            const auto back = wire::decode(std::span{bytes}.first(size), "c");
            REQUIRE_FALSE(back.has_value());
        }
    }
}

TEST_CASE("a packet with bytes behind it is refused", "[wire]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        auto bytes = encoded(random_messages{kind}.of_kind(kind));
        bytes.push_back(std::byte{0});
        REQUIRE(why_refused(bytes) == decode_error::malformed);
    }
}

TEST_CASE("changed bits are refused or mean something else, and do no harm", "[wire]") {
    for (std::size_t kind = 0; kind < random_messages::kinds; ++kind) {
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            random_messages random{seed * random_messages::kinds + kind};
            const auto bytes = encoded(random.of_kind(kind));
            for (int round = 0; round < 20; ++round) {
                auto changed = bytes;
                for (auto flips = 1 + random.chance().below(3); flips > 0; --flips) {
                    // Mostly behind the version and the cluster, where there is something to find.
                    const auto at = random.chance().chance(0.02)
                                        ? random.chance().below(9)
                                        : 9 + random.chance().below(changed.size() - 9);
                    changed[at] ^= static_cast<std::byte>(1u << random.chance().below(8));
                }
                decode_and_send_on(changed);
            }
        }
    }
}

TEST_CASE("pieces of packets in the wrong places do no harm", "[wire]") {
    random_messages random{7};
    for (int round = 0; round < 20000; ++round) {
        auto& chance = random.chance();
        auto bytes = encoded(random.of_kind(chance.below(random_messages::kinds)));
        bytes.resize(std::min<std::size_t>(bytes.size(), 400));
        const auto other = encoded(random.of_kind(chance.below(random_messages::kinds)));
        const auto from = chance.below(std::min<std::size_t>(other.size(), 400));
        const auto count = std::min(other.size() - from, 1 + chance.below(40));
        const auto at = 9 + chance.below(bytes.size() - 9);
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                     other.begin() + static_cast<std::ptrdiff_t>(from),
                     other.begin() + static_cast<std::ptrdiff_t>(from + count));
        decode_and_send_on(bytes);
    }
}

TEST_CASE("noise does no harm", "[wire]") {
    base::random_source chance{1};
    const auto head = front();
    for (int round = 0; round < 20000; ++round) {
        auto bytes = head;
        bytes.resize(chance.chance(0.5) ? 9 : head.size());
        for (auto count = chance.below(60); count > 0; --count) {
            bytes.push_back(static_cast<std::byte>(chance.next()));
        }
        decode_and_send_on(bytes);
    }
}

TEST_CASE("the version and the cluster come first", "[wire]") {
    auto bytes = encoded({{}, lock::message{lock::queued{}}});
    REQUIRE(wire::decode(bytes, "another").error() == decode_error::wrong_cluster);
    bytes[0] = std::byte{wire::newest_version + 1};
    REQUIRE(why_refused(bytes) == decode_error::version);
    REQUIRE(wire::decode(bytes, "another").error() == decode_error::version);
    bytes[0] = std::byte{0};
    REQUIRE(why_refused(bytes) == decode_error::version);
    REQUIRE(why_refused({}) == decode_error::malformed);
    REQUIRE(why_refused({std::byte{wire::newest_version}}) == decode_error::malformed);
}

TEST_CASE("a name over its limit is too large", "[wire]") {
    const auto release_of = [](std::size_t length) {
        auto bytes = front();
        wire::pack::writer out{bytes};
        out.number(0x57);
        out.array(2);
        out.text(std::string(length, 'x'));
        out.signed_number(1);
        return bytes;
    };
    REQUIRE(wire::decode(release_of(base::limits::name), "c").has_value());
    REQUIRE(why_refused(release_of(base::limits::name + 1)) == decode_error::too_large);
}

TEST_CASE("counts are not believed", "[wire]") {
    SECTION("over the limit") {
        auto bytes = front();
        wire::pack::writer out{bytes};
        out.number(0x14);  // swim.gossip
        out.array(1);
        out.array(base::limits::gossip + 1);
        bytes.resize(bytes.size() + 1000);
        REQUIRE(why_refused(bytes) == decode_error::too_large);
    }
    SECTION("more elements than there are bytes") {
        auto bytes = front();
        wire::pack::writer out{bytes};
        out.number(0x2b);  // view.steps
        out.array(1);
        out.array(base::limits::steps_kept);
        bytes.resize(bytes.size() + base::limits::steps_kept - 1, std::byte{0x90});
        REQUIRE(why_refused(bytes) == decode_error::malformed);
    }
    SECTION("the greatest there are, in every format with one") {
        for (const auto format : {0xc6, 0xc9, 0xdb, 0xdd, 0xdf}) {
            auto bytes = front();
            put_big(bytes, static_cast<std::byte>(format), 0xffffffff);
            REQUIRE(why_refused(bytes) == decode_error::malformed);
            bytes = front();
            bytes.push_back(std::byte{0x54});
            put_big(bytes, static_cast<std::byte>(format), 0xffffffff);
            decode_and_send_on(bytes);
        }
    }
    SECTION("containers in containers") {
        auto bytes = front();
        bytes.resize(bytes.size() + 100000, std::byte{0x91});
        REQUIRE(why_refused(bytes) == decode_error::malformed);
    }
    SECTION("more bytes than a frame has") {
        auto bytes = front();
        bytes.resize(base::limits::frame + 1);
        REQUIRE(why_refused(bytes) == decode_error::too_large);
    }
}

TEST_CASE("numbers out of range are refused", "[wire]") {
    const auto with = [](std::uint8_t kind, auto write) {
        auto bytes = front();
        wire::pack::writer out{bytes};
        out.number(kind);
        write(out);
        return bytes;
    };
    const auto id = std::array<std::byte, 16>{};

    SECTION("an unknown kind") {
        for (const int kind : {0, 0x0f, 0x16, 0x1f, 0x38, 0x3f, 0x42, 0x71, 0x72, 0x7f}) {
            REQUIRE(why_refused(with(static_cast<std::uint8_t>(kind),
                                     [](auto& out) { out.array(0); })) == decode_error::malformed);
        }
    }
    SECTION("a mode that contradicts itself") {
        const auto request = [&](std::uint64_t how, std::uint64_t limit, std::int64_t patience = 0,
                                 std::int64_t delay = 0, std::int64_t priority = 0) {
            return with(0x50, [&](auto& out) {
                out.array(9);
                out.number(1);
                out.text("x");
                out.text("");
                out.boolean(false);
                out.number(0);
                out.array(2);
                out.number(how);
                out.number(limit);
                out.array(3);  // policy
                out.boolean(true);
                out.number(1);
                out.signed_number(patience);
                out.signed_number(delay);
                out.signed_number(priority);
            });
        };
        REQUIRE(wire::decode(request(0, 0), "c").has_value());
        REQUIRE(wire::decode(request(2, 5), "c").has_value());
        REQUIRE(why_refused(request(2, 0)) == decode_error::malformed);
        REQUIRE(why_refused(request(0, 1)) == decode_error::malformed);
        REQUIRE(why_refused(request(1, 1)) == decode_error::malformed);
        REQUIRE(why_refused(request(3, 1)) == decode_error::malformed);
        // Times that would overflow, and a priority that does not fit.
        constexpr std::int64_t year = std::int64_t{1000} * 3600 * 24 * 365;
        REQUIRE(wire::decode(request(0, 0, year, 60'000, -5), "c").has_value());
        REQUIRE(why_refused(request(0, 0, year + 1)) == decode_error::malformed);
        REQUIRE(why_refused(request(0, 0, -1)) == decode_error::malformed);
        REQUIRE(why_refused(request(0, 0, 0, 60'001)) == decode_error::malformed);
        REQUIRE(why_refused(request(0, 0, 0, -1)) == decode_error::malformed);
        REQUIRE(why_refused(request(0, 0, 0, 0, std::int64_t{1} << 31)) == decode_error::malformed);
    }
    SECTION("a negative token") {
        const auto released = [&](std::int64_t token) {
            return with(0x57, [&](auto& out) {
                out.array(2);
                out.text("x");
                out.signed_number(token);
            });
        };
        REQUIRE(wire::decode(released(5), "c").has_value());
        REQUIRE(why_refused(released(-5)) == decode_error::malformed);
    }
    SECTION("a reason there is not") {
        const auto refused = [&](std::uint64_t why) {
            return with(0x22, [&](auto& out) {
                out.array(2);
                out.number(why);
                out.text("");
            });
        };
        REQUIRE(wire::decode(refused(5), "c").has_value());
        for (const std::uint64_t why :
             {std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{257}, ~std::uint64_t{0}}) {
            REQUIRE(why_refused(refused(why)) == decode_error::malformed);
        }
    }
    SECTION("an eighth seat, a round that is no number, a field too many") {
        const auto found_accepted = [&](std::uint64_t seat, std::size_t fields) {
            return with(0x35, [&](auto& out) {
                out.array(1);
                out.array(fields);
                out.number(1);
                out.number(seat);
                out.bytes(id);
            });
        };
        REQUIRE(wire::decode(found_accepted(6, 3), "c").has_value());
        REQUIRE(why_refused(found_accepted(7, 3)) == decode_error::malformed);
        REQUIRE(why_refused(found_accepted(std::uint64_t{1} << 32, 3)) == decode_error::malformed);
        REQUIRE(why_refused(found_accepted(6, 2)) == decode_error::malformed);
    }
    SECTION("an id of another length") {
        REQUIRE(why_refused(with(0x21, [&](auto& out) {
                    out.array(2);
                    out.bytes(std::span{id}.first(15));
                    out.number(1);
                })) == decode_error::malformed);
    }
}

TEST_CASE("a view out of order is refused", "[wire]") {
    view v;
    v.members.resize(2);
    v.members[0].id = {1, 0};
    v.members[1].id = {2, 0};
    const auto with_members = [&](std::vector<member> members) {
        views::welcome w{v, nullptr, {}};
        w.before.members = std::move(members);
        return wire::packet{{}, views::message{w}};
    };
    auto bytes = encoded(with_members(v.members));
    REQUIRE(wire::decode(bytes, "c").has_value());
    // The ids are 16 bytes behind the head of a binary; swap their first differing byte.
    std::vector<std::size_t> ids;
    for (std::size_t i = 0; i + 8 < bytes.size(); ++i) {
        if (bytes[i] == std::byte{0xc4} && bytes[i + 1] == std::byte{16} &&
            bytes[i + 9] != std::byte{0}) {
            ids.push_back(i + 9);
        }
    }
    REQUIRE(ids.size() == 2);
    std::swap(bytes[ids[0]], bytes[ids[1]]);
    REQUIRE(why_refused(bytes) == decode_error::malformed);
    bytes[ids[1]] = bytes[ids[0]];
    REQUIRE(why_refused(bytes) == decode_error::malformed);
}

TEST_CASE("a table names each slot once, in rising order", "[wire]") {
    const auto table_of = [](std::initializer_list<std::uint64_t> slots) {
        auto bytes = front();
        wire::pack::writer out{bytes};
        out.number(0x5d);
        out.array(2);
        out.number(1);
        out.array(slots.size());
        for (const auto s : slots) {
            out.array(6);
            out.number(s);
            out.array(0);
            out.array(0);
            out.array(0);
            out.boolean(false);
            out.array(0);
        }
        return bytes;
    };
    REQUIRE(wire::decode(table_of({1, 2, 16383}), "c").has_value());
    REQUIRE(why_refused(table_of({2, 1})) == decode_error::malformed);
    REQUIRE(why_refused(table_of({2, 2})) == decode_error::malformed);
    REQUIRE(why_refused(table_of({16384})) == decode_error::malformed);
}
