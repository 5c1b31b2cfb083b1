#include "net/stream.hpp"

#include <sys/socket.h>

#include "catch.hpp"

using namespace holdfast;
using namespace holdfast::net;

namespace {

constexpr std::size_t message_size = 16 << 10;

struct pair_of_streams {
    pair_of_streams() {
        REQUIRE(start_cryptography());
        int fds[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
        for (auto* identity : {&mine, &theirs}) {
            identity->key = std::vector<std::byte>(32, std::byte{1});
            identity->max_frame = 1 << 20;
        }
        theirs.self = {0, 2};
        a.emplace(mine, os::unique_fd{fds[0]}, endpoint{}, true, base::time_point{});
        b.emplace(theirs, os::unique_fd{fds[1]}, endpoint{}, false, base::time_point{});
        REQUIRE(a->connected());
        while (!a->is_proven() || !b->is_proven()) {
            REQUIRE((a->write() && b->write() && read(*a) && read(*b)));
        }
    }
    bool read(stream& s) {
        return s.read(scratch, [this](std::span<const std::byte>) { ++frames; });
    }

    stream_identity mine{{0, 1}, {}, {}, 0, 0}, theirs = mine;
    std::optional<stream> a, b;
    std::vector<std::uint8_t> scratch = std::vector<std::uint8_t>(64 << 10);
    std::size_t frames = 0;
};

}  // namespace

TEST_CASE("a stream that is always busy takes no more memory than its backlog") {
    pair_of_streams p;
    const std::vector<std::byte> message(message_size);
    const auto append = [&] { p.a->append({0, 2}, message, base::time_point{}); };
    while (p.a->queued() < (1u << 20)) {
        append();
        REQUIRE(p.a->write());
    }
    std::size_t appended = 0;
    while (appended < (64u << 20)) {  // never drains: as much comes as goes
        while (p.a->queued() < (1u << 20)) {
            append();
            appended += message_size;
        }
        REQUIRE(p.a->write());
        REQUIRE(p.read(*p.b));
        REQUIRE(p.a->has_output());
    }
    CHECK(p.a->output_room() < (5u << 20));
    while (p.a->has_output()) {
        REQUIRE((p.a->write() && p.read(*p.b)));
    }
    CHECK(p.a->output_room() <= (1u << 20));
}
