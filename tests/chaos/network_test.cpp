// The network that chaos runs over, by itself: what it should carry arrives, what it should lose
// does not.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "catch.hpp"
#include "impaired_network.hpp"

using namespace std::chrono_literals;
using test_support::impaired_network;

namespace {

constexpr std::uint16_t port = 4653;

sockaddr_in at(std::size_t place) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    inet_pton(AF_INET, impaired_network::address(place).c_str(), &out.sin_addr);
    return out;
}

/// A socket belongs to the namespace of the thread that makes it, whichever thread uses it.
class box {
public:
    box(const impaired_network& network, std::size_t place, int type) {
        std::thread{[&] {
            if (network.enter(place)) {
                fd_ = socket(AF_INET, type | SOCK_CLOEXEC, 0);
                const auto here = at(place);
                is_open_ = bind(fd_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0;
            }
        }}.join();
        REQUIRE(is_open_);
    }
    box(const box&) = delete;
    box& operator=(const box&) = delete;
    ~box() { close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }
    void send(std::size_t to, const std::string& text) const {
        const auto there = at(to);
        REQUIRE(sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&there),
                       sizeof there) == static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] std::string next() const {
        pollfd p{fd_, POLLIN, 0};
        char bytes[64];
        if (poll(&p, 1, 5000) != 1) {
            return "nothing came";
        }
        const auto size = recv(fd_, bytes, sizeof bytes, 0);
        return {bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

private:
    int fd_ = -1;
    bool is_open_ = false;
};

/// Waits until the network has seen what was sent.
template <class Counted>
bool soon(Counted counted) {
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (!counted()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

bool may_run() {
    std::string why_not;
    if (test_support::can_make_networks(why_not)) {
        return true;
    }
    WARN("not run: root and /dev/net/tun are needed (" << why_not << ")");
    return false;
}

}  // namespace

TEST_CASE("an unimpaired network carries datagrams and streams both ways") {
    if (!may_run()) {
        return;
    }
    impaired_network network{3, 1};
    const box a{network, 0, SOCK_DGRAM}, b{network, 2, SOCK_DGRAM};
    a.send(2, "there");
    CHECK(b.next() == "there");
    b.send(0, "back");
    CHECK(a.next() == "back");

    const box server{network, 0, SOCK_STREAM}, client{network, 2, SOCK_STREAM};
    REQUIRE(listen(server.fd(), 1) == 0);
    const auto there = at(0);
    REQUIRE(connect(client.fd(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0);
    const int accepted = accept(server.fd(), nullptr, nullptr);
    REQUIRE(accepted >= 0);
    REQUIRE(send(accepted, "stream", 6, 0) == 6);
    CHECK(client.next() == "stream");
    close(accepted);
}

TEST_CASE("a cut is of one direction only") {
    if (!may_run()) {
        return;
    }
    impaired_network network{2, 1};
    const box a{network, 0, SOCK_DGRAM}, b{network, 1, SOCK_DGRAM};
    network.set(0, 1, {.cut = true});
    a.send(1, "into the cut");
    REQUIRE(soon([&] { return network.counted().cut == 1; }));
    b.send(0, "against it");
    CHECK(a.next() == "against it");
    network.set(0, 1, {});
    a.send(1, "mended");
    CHECK(b.next() == "mended");
}

TEST_CASE("what is under way when a link is cut does not arrive") {
    if (!may_run()) {
        return;
    }
    impaired_network network{2, 1};
    const box a{network, 0, SOCK_DGRAM}, b{network, 1, SOCK_DGRAM};
    network.set(0, 1, {.jitter = 200ms});
    for (int i = 0; i < 20; ++i) {
        a.send(1, "late");
    }
    REQUIRE(soon([&] { return network.counted().jittered == 20; }));
    network.set(0, 1, {.cut = true});
    REQUIRE(soon([&] { return network.counted().cut + network.counted().carried == 20; }));
    CHECK(network.counted().cut > 0);
}

TEST_CASE("packets are lost, doubled and reordered by their share") {
    if (!may_run()) {
        return;
    }
    impaired_network network{2, 1};
    const box a{network, 0, SOCK_DGRAM}, b{network, 1, SOCK_DGRAM};
    network.set(0, 1, {.loss = 0.3});
    std::uint64_t arrived = 0;
    for (std::uint64_t sent = 1; sent <= 1000; ++sent) {
        a.send(1, "x");
        REQUIRE(soon([&] { return network.counted().lost + network.counted().carried == sent; }));
        for (; arrived < network.counted().carried; ++arrived) {
            REQUIRE(b.next() == "x");
        }
    }
    CHECK((arrived > 600 && arrived < 800));

    network.set(0, 1, {.doubled = 1});
    a.send(1, "two");
    CHECK(b.next() == "two");
    CHECK(b.next() == "two");

    network.set(0, 1, {.held_back = 1});
    a.send(1, "first");
    REQUIRE(soon([&] { return network.counted().held_back == 1; }));
    network.set(0, 1, {});
    a.send(1, "second");
    CHECK(b.next() == "second");
    CHECK(b.next() == "first");
}

TEST_CASE("a firewall drops what it drops, and nothing else") {
    if (!may_run()) {
        return;
    }
    impaired_network network{3, 1};
    const box a{network, 0, SOCK_DGRAM}, b{network, 1, SOCK_DGRAM}, c{network, 2, SOCK_DGRAM};
    const box server{network, 1, SOCK_STREAM};
    REQUIRE(listen(server.fd(), 1) == 0);
    const auto there = at(1);
    const auto dials = [&](const box& client) {
        return connect(client.fd(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
    };
    const auto has_filtered = [&](std::uint64_t count) {
        return soon([&] { return network.counted().filtered >= count; });
    };

    network.set(0, 1, {.no_udp = true});
    a.send(1, "dropped");
    REQUIRE(has_filtered(1));
    const box client{network, 0, SOCK_STREAM};
    CHECK(dials(client));
    network.set(0, 1, {.no_large = true});
    a.send(1, std::string(1200, 'x'));
    REQUIRE(has_filtered(2));
    a.send(1, "small");
    CHECK(b.next() == "small");

    network.set(2, 1, {.no_tcp = true});
    const box other{network, 2, SOCK_STREAM | SOCK_NONBLOCK};
    CHECK_FALSE(dials(other));
    REQUIRE(has_filtered(3));
    c.send(1, "a datagram");
    CHECK(b.next() == "a datagram");
}

TEST_CASE("a recorded datagram is sent again, to where it went and to others") {
    if (!may_run()) {
        return;
    }
    impaired_network network{3, 1};
    const box a{network, 0, SOCK_DGRAM}, b{network, 1, SOCK_DGRAM}, c{network, 2, SOCK_DGRAM};
    network.replay(10);
    CHECK(network.counted().replayed == 0);
    a.send(1, "once");
    REQUIRE(b.next() == "once");
    network.replay(100);  // that none goes to the third has a chance of one in a hundred million
    CHECK(b.next() == "once");
    CHECK(c.next() == "once");
}
