#include "net/transport.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "net/seal.hpp"
#include "net/socket.hpp"
#include "raw_clock.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace std::chrono_literals;
using test_support::now;

namespace {

std::vector<std::byte> bytes(std::string_view text) {
    const auto* from = reinterpret_cast<const std::byte*>(text.data());
    return {from, from + text.size()};
}

struct end {
    explicit end(std::uint64_t n,
                 std::vector<std::byte> key = std::vector<std::byte>(32, std::byte{1}),
                 std::string cluster = "test",
                 endpoint listen = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0}) {
        transport_options o;
        o.listen = listen;
        o.cluster_name = std::move(cluster);
        o.key = std::move(key);
        o.self = id = {0, n};
        auto opened = transport::open(o, [this](error e) {
            problems.push_back(e.code);
            texts.push_back(e.text);
        });
        REQUIRE(opened);
        net = std::move(*opened);
    }
    void read() {
        net->tick(now());
        net->flush();
        net->read(
            [this](const received& r) {
                ways.push_back(r.came);
                got.emplace_back(r.from, std::string{reinterpret_cast<const char*>(r.bytes.data()),
                                                     r.bytes.size()});
            },
            now());
    }
    void stream(const end& to, std::string_view text, bool is_lazy = false) {
        net->send(to.id, to.net->address(), true, is_lazy, bytes(text), now());
    }
    void datagram(const end& to, std::string_view text) {
        net->send(to.id, to.net->address(), false, false, bytes(text), now());
    }

    peer_id id;
    std::unique_ptr<transport> net;
    std::vector<errc> problems;
    std::vector<std::string> texts;
    std::vector<std::pair<peer_id, std::string>> got;
    std::vector<base::way> ways;  // by which that came
};

/// Lets the ends read, woken by their descriptors, until it is so; bounded.
bool until(std::vector<end*> ends, const std::function<bool()>& is_so) {
    const auto give_up = now() + 10s;
    while (!is_so()) {
        if (now() > give_up) {
            return false;
        }
        std::vector<pollfd> fds;
        for (auto* e : ends) {
            fds.push_back({e->net->poll_descriptor(), POLLIN, 0});
        }
        ::poll(fds.data(), fds.size(), 10);
        for (auto* e : ends) {
            e->read();
        }
    }
    return true;
}

/// A connection of a process that knows the protocol, but not the key.
struct stranger {
    explicit stranger(const endpoint& at) : fd{dial(at, 8s)} { wait(); }
    /// From 127.0.0.`host`.
    stranger(const endpoint& at, std::uint8_t host)
        : fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
        sockaddr_storage address{};
        auto length =
            to_sockaddr({{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, host}, 0}, address);
        REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
        length = to_sockaddr(at, address);
        REQUIRE((::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0 ||
                 errno == EINPROGRESS));
        wait();
    }
    void wait() const {
        pollfd waits{fd.get(), POLLOUT, 0};
        REQUIRE(::poll(&waits, 1, 5000) == 1);
    }
    /// Claims to be that peer. A hello is not sealed, so any process can.
    void greet_as(const peer_id& id) {
        std::vector<std::uint8_t> hello{'H', 'F', 's', 't', 2, 1, 0, 0};
        for (const auto part : fingerprint("test")) {
            hello.push_back(part);
        }
        for (const auto part : bytes_of(id)) {
            hello.push_back(part);
        }
        hello.resize(64);
        REQUIRE(::send(fd.get(), hello.data(), hello.size(), MSG_NOSIGNAL) == 64);
    }
    /// What came so far; nothing more once the other end has closed.
    std::string& heard() {
        char in[4096];
        ssize_t n = 0;
        while ((n = ::recv(fd.get(), in, sizeof in, MSG_DONTWAIT)) > 0) {
            said.append(in, static_cast<std::size_t>(n));
        }
        is_closed = is_closed || n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return said;
    }
    os::unique_fd fd;
    std::string said;
    bool is_closed = false;
};

/// Connections to `at` go through here to `to`. What the other end answers waits until it may pass.
struct passage {
    explicit passage(const endpoint& to) : passage{stranger{to}} {}
    /// From 127.0.0.`host`.
    passage(const endpoint& to, std::uint8_t host) : passage{stranger{to, host}} {}
    explicit passage(stranger out) : there{std::move(out)} {
        auto opened = listen_at({{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0});
        REQUIRE(opened);
        at = opened->at;
        listener = std::move(opened->tcp);
    }
    void pass() {
        if (!here) {
            here = os::unique_fd{
                ::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        }
        if (here) {
            asked += move(here.get(), there.fd.get(), 4096);
            answered += move(there.fd.get(), here.get(),
                             std::min(may_answer - answered, std::size_t{4096}));
        }
    }
    static std::size_t move(int from, int to, std::size_t most) {
        char bytes[4096];
        const auto n = most == 0 ? 0 : ::recv(from, bytes, most, MSG_DONTWAIT);
        if (n <= 0) {
            return 0;
        }
        const auto size = static_cast<std::size_t>(n);
        REQUIRE(::send(to, bytes, size, MSG_NOSIGNAL) == n);
        return size;
    }
    stranger there;
    endpoint at;
    os::unique_fd listener;
    os::unique_fd here;
    std::size_t asked = 0;
    std::size_t answered = 0;
    std::size_t may_answer = 64;  // the hello
};

/// How many this process has open.
std::size_t descriptors() {
    auto* const all = ::opendir("/proc/self/fd");
    REQUIRE(all != nullptr);
    std::size_t count = 0;
    while (::readdir(all) != nullptr) {
        ++count;
    }
    ::closedir(all);
    return count;
}

constexpr std::size_t hello_and_proof = 64 + 4 + 8 + tag_size;

}  // namespace

TEST_CASE(
    "a stranger that claims to be a peer gets nothing that is meant for it, and keeps nothing from "
    "it") {
    end a{1}, b{2};
    stranger s{a.net->address()};
    s.greet_as(b.id);
    REQUIRE(until({&a}, [&] { return s.heard().size() == hello_and_proof; }));
    CHECK_FALSE(a.net->claim(b.id));
    a.stream(b, "for b");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    b.stream(a, "for a");
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1; }));
    CHECK(a.net->claim(b.id));
    a.net->give_back(b.id);
    CHECK(s.heard().size() == hello_and_proof);
}

TEST_CASE(
    "what is kept for a peer that has not proven itself is little, but a first large message "
    "fits") {
    end a{1};
    auto silent = listen_at({{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0});
    REQUIRE(silent);
    const auto send = [&](std::size_t size) {
        a.net->send({0, 2}, silent->at, true, false, std::vector<std::byte>(size), now());
    };
    send(4u << 20);
    CHECK(a.net->stats().dropped_full == 0);
    send(1);
    CHECK(a.net->stats().dropped_full == 1);
}

TEST_CASE("datagrams and streams arrive, sealed or plain, with the sender's PeerId") {
    const bool is_sealed = GENERATE(true, false);
    const auto key =
        is_sealed ? std::vector<std::byte>(32, std::byte{1}) : std::vector<std::byte>{};
    end a{1, key}, b{2, key};
    a.stream(b, "one");
    a.stream(b, "two");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 2; }));
    CHECK(b.got[0] == std::pair{a.id, std::string{"one"}});
    CHECK(b.got[1].second == "two");
    a.datagram(b, "three");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 3; }));
    CHECK(b.got[2] == std::pair{a.id, std::string{"three"}});
    CHECK(b.ways[2].source == a.net->address());
    b.stream(a, "back");  // over the stream that a dialled
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1; }));
    CHECK(a.got[0] == std::pair{b.id, std::string{"back"}});
    CHECK(a.problems.empty());
    CHECK(b.problems.empty());
}

TEST_CASE("a frame of megabytes arrives whole, one over the limit is dropped") {
    end a{1}, b{2};
    std::string large(8u << 20, 'x');
    large.back() = 'y';
    a.stream(b, large);
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    CHECK(b.got[0].second == large);
    a.stream(b, std::string((16u << 20) + 1, 'x'));
    CHECK(a.net->stats().dropped_full == 1);
}

TEST_CASE("a large datagram goes by stream") {
    end a{1}, b{2};
    a.datagram(b, std::string(3000, 'x'));
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    CHECK(a.net->stats().datagrams_sent == 0);
}

TEST_CASE("a wrong key and a wrong cluster are seen at both ends, and nothing is delivered") {
    end a{1};
    SECTION("another key") {
        end b{2, std::vector<std::byte>(32, std::byte{2})};
        a.stream(b, "secret");
        REQUIRE(until({&a, &b}, [&] { return !a.problems.empty() && !b.problems.empty(); }));
        CHECK(b.problems[0] == errc::wrong_key);
        CHECK(a.problems[0] == errc::wrong_key);
        CHECK(b.got.empty());
    }
    SECTION("no key") {
        end b{2, {}};
        a.stream(b, "secret");
        REQUIRE(until({&a, &b}, [&] { return !a.problems.empty() && !b.problems.empty(); }));
        CHECK(a.problems[0] == errc::wrong_key);
        CHECK(b.got.empty());
    }
    SECTION("another cluster") {
        end b{2, std::vector<std::byte>(32, std::byte{1}), "other"};
        a.stream(b, "secret");
        REQUIRE(until({&a, &b}, [&] { return !a.problems.empty() && !b.problems.empty(); }));
        CHECK(a.problems[0] == errc::wrong_cluster);
        CHECK(b.problems[0] == errc::wrong_cluster);
        CHECK(b.got.empty());
    }
}

namespace {

/// A bystander that catches the datagrams that are sent to it, and sends them on.
struct bystander {
    bystander() : here{*listen_at({{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0})} {}
    std::string record(end& from, const peer_id& to, std::string_view text) {
        from.net->send(to, here.at, false, false, bytes(text), now());
        pollfd waits{here.udp.get(), POLLIN, 0};
        REQUIRE(::poll(&waits, 1, 5000) == 1);
        char packet[2000];
        const auto size = ::recv(here.udp.get(), packet, sizeof packet, 0);
        REQUIRE(size > 0);
        return {packet, static_cast<std::size_t>(size)};
    }
    void send(const std::string& packet, const end& to) {
        sockaddr_storage at{};
        const auto length = to_sockaddr(to.net->address(), at);
        REQUIRE(::sendto(here.udp.get(), packet.data(), packet.size(), 0,
                         reinterpret_cast<sockaddr*>(&at),
                         length) == static_cast<ssize_t>(packet.size()));
    }
    listening here;
};

void acquaint(end& a, end& b) {
    const auto before = b.got.size();
    a.stream(b, "hello");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == before + 1; }));
}

}  // namespace

TEST_CASE("a replayed or damaged datagram is dropped") {
    end a{1}, b{2};
    bystander other;
    b.net->set_members(std::vector{a.id});
    auto packet = other.record(a, b.id, "hello");
    other.send(packet, b);
    REQUIRE(until({&b}, [&] { return b.got.size() == 1; }));
    other.send(packet, b);
    REQUIRE(until({&b}, [&] { return b.net->stats().replayed == 1; }));
    packet.back() ^= 1;
    other.send(packet, b);
    REQUIRE(until({&b}, [&] { return b.net->stats().not_authentic == 1; }));
    CHECK(b.got.size() == 1);
    CHECK(b.problems.empty());  // any host can send them
}

TEST_CASE("SEAL-2: a datagram opens at the peer that it is for, and at no later start of it") {
    end a{1}, b{2}, c{3};
    bystander other;
    for (auto* e : {&b, &c}) {
        e->net->set_members(std::vector{a.id});
    }
    const auto packet = other.record(a, b.id, "hello");
    other.send(packet, c);
    REQUIRE(until({&c}, [&] { return c.net->stats().not_authentic == 1; }));
    const auto former = b.id;
    b.net->set_identity(b.id = {0, 22});
    b.net->set_members(std::vector{a.id});
    other.send(packet, b);
    REQUIRE(until({&b}, [&] { return b.net->stats().not_authentic == 1; }));
    b.net->set_identity(b.id = former);
    b.net->set_members(std::vector{a.id});
    other.send(packet, b);
    REQUIRE(until({&b}, [&] { return b.got.size() == 1; }));
    CHECK(c.got.empty());
}

TEST_CASE("SEAL-2: a datagram of a peer that has not proven itself is not read, nor is it later") {
    const bool is_sealed = GENERATE(true, false);
    const auto key =
        is_sealed ? std::vector<std::byte>(32, std::byte{1}) : std::vector<std::byte>{};
    end a{1, key}, b{2, key};
    bystander other;
    const auto before = other.record(a, b.id, "before");
    other.send(before, b);
    REQUIRE(until({&b}, [&] { return b.net->stats().not_authentic == 1; }));
    acquaint(a, b);
    if (is_sealed) {
        other.send(before, b);
        REQUIRE(until({&b}, [&] { return b.net->stats().replayed == 1; }));
    }
    other.send(other.record(a, b.id, "after"), b);
    REQUIRE(until({&b}, [&] { return b.got.size() == 2; }));
    CHECK(b.got[1].second == "after");
    b.datagram(a, "and back");  // both ends have proven themselves
    CHECK(until({&a}, [&] { return a.got.size() == 1; }));
}

TEST_CASE("SEAL-2: what is for no peer in particular goes by stream") {
    end a{1}, b{2};
    a.net->send({}, b.net->address(), false, false, bytes("who are you"), now());
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    CHECK(b.ways[0].is_stream());
    CHECK(a.net->stats().datagrams_sent == 0);
}

TEST_CASE("SEAL-3: where a peer lives is told of the streams that were dialled to it") {
    end a{1}, b{2};
    acquaint(a, b);
    b.stream(a, "back");
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1; }));
    CHECK(a.ways[0].dialled == b.net->address());
    CHECK(b.ways[0].dialled.is_nil());
    const auto reached = a.net->take_reached();
    REQUIRE(reached.size() == 1);
    CHECK(reached[0].at == b.net->address());
    CHECK(reached[0].peer == b.id);
    CHECK(a.net->take_reached().empty());
    CHECK(b.net->take_reached().empty());
    // also when its messages come by another stream, and no more when that one has ended
    b.net->send({}, a.net->address(), true, false, bytes("who are you"), now());
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 2; }));
    CHECK(b.net->take_reached().size() == 1);
    a.stream(b, "again");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 2; }));
    CHECK(b.ways[1].dialled == a.net->address());
}

TEST_CASE("a peer of another cluster with the same key is told so on a stream") {
    end a{1}, b{2, std::vector<std::byte>(32, std::byte{1}), "other"};
    b.datagram(a, "x");
    REQUIRE(until({&a}, [&] { return a.net->stats().not_authentic == 1; }));
    CHECK(a.problems.empty());
    b.stream(a, "x");
    REQUIRE(until({&a, &b}, [&] { return !a.problems.empty() && !b.problems.empty(); }));
    CHECK(a.problems[0] == errc::wrong_cluster);
    CHECK(b.problems[0] == errc::wrong_cluster);
}

TEST_CASE(
    "CERT-3: a stream that the other end has ended is told, one that is dropped here is not") {
    end a{1};
    auto b = std::make_unique<end>(2);
    a.stream(*b, "one");
    REQUIRE(until({&a, b.get()}, [&] { return b->got.size() == 1; }));
    b->stream(a, "two");
    REQUIRE(until({&a, b.get()}, [&] { return a.got.size() == 1; }));
    CHECK(a.net->take_ended().empty());
    std::vector<peer_id> ended;
    SECTION("there") {
        b.reset();
        REQUIRE(until({&a}, [&] { return !(ended = a.net->take_ended()).empty(); }));
        CHECK(ended == std::vector{peer_id{0, 2}});
        CHECK(a.net->take_ended().empty());
    }
    SECTION("here") {
        a.net->drop(b->id);
        REQUIRE(until({&a, b.get()}, [&] { return !(ended = b->net->take_ended()).empty(); }));
        CHECK(ended == std::vector{peer_id{0, 1}});
        CHECK(a.net->take_ended().empty());
    }
}

TEST_CASE("a datagram of another version is reported, noise is not") {
    end a{1};
    const os::unique_fd from{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_storage to{};
    const auto length = to_sockaddr(a.net->address(), to);
    const auto send = [&](std::uint8_t first, std::size_t size) {
        std::uint8_t packet[64] = {first};
        REQUIRE(::sendto(from.get(), packet, size, 0, reinterpret_cast<sockaddr*>(&to), length) ==
                static_cast<ssize_t>(size));
    };
    send('G', 64);
    send(0x82, 3);
    send(0, 64);
    REQUIRE(until({&a}, [&] { return a.net->stats().malformed == 3; }));
    CHECK(a.problems.empty());
    send(0x82, 64);
    REQUIRE(until({&a}, [&] { return a.net->stats().malformed == 4; }));
    CHECK(a.problems == std::vector{errc::version_mismatch});
}

TEST_CASE("forged datagrams from many addresses are counted, and none is reported") {
    end a{1};
    const auto forge = [&] {
        const os::unique_fd from{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        std::uint8_t junk[64] = {0x81};
        sockaddr_storage to{};
        const auto length = to_sockaddr(a.net->address(), to);
        REQUIRE(::sendto(from.get(), junk, sizeof junk, 0, reinterpret_cast<sockaddr*>(&to),
                         length) == sizeof junk);
    };
    for (int i = 0; i < 20; ++i) {
        forge();
    }
    REQUIRE(until({&a}, [&] { return a.net->stats().not_authentic == 20; }));
    CHECK(a.problems.empty());
}

TEST_CASE("garbage at the port ends that connection and nothing else") {
    end a{1}, b{2};
    auto fd = dial(b.net->address(), 8s);
    REQUIRE(fd);
    pollfd waits{fd.get(), POLLOUT, 0};
    REQUIRE(::poll(&waits, 1, 5000) == 1);
    const std::string noise(500, 'G');
    REQUIRE(::send(fd.get(), noise.data(), noise.size(), MSG_NOSIGNAL) > 0);
    bool has_ended = false;
    REQUIRE(until({&b}, [&] {
        char in[200];
        const auto n = ::recv(fd.get(), in, sizeof in, MSG_DONTWAIT);
        has_ended = has_ended || n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
        return has_ended;
    }));
    a.stream(b, "still here");
    CHECK(until({&a, &b}, [&] { return b.got.size() == 1; }));
}

TEST_CASE("silent strangers lock no peer out: of one address 64 stay, of all 256, the newest") {
    end a{1}, b{2};
    const int hosts = GENERATE(1, 6);
    const std::size_t each = hosts == 1 ? 300 : 60;
    std::vector<stranger> silent;
    for (int host = 2; host < 2 + hosts; ++host) {
        for (std::size_t i = 0; i < each; ++i) {
            silent.emplace_back(a.net->address(), static_cast<std::uint8_t>(host));
            a.read();
        }
    }
    const auto is_open = [](stranger& s) {
        s.heard();
        return !s.is_closed;
    };
    const auto open = [&] { return std::count_if(silent.begin(), silent.end(), is_open); };
    const auto expected = hosts == 1 ? 64 : 256;
    CHECK(until({&a}, [&] { return open() == expected; }));
    CHECK(silent.front().is_closed);
    CHECK_FALSE(silent.back().is_closed);
    b.stream(a, "let me in");
    CHECK(until({&a, &b}, [&] { return a.got.size() == 1; }));
}

TEST_CASE("connections are taken some at a time") {
    end a{1};
    std::vector<stranger> waiting;
    for (int i = 0; i < 100; ++i) {
        waiting.emplace_back(a.net->address(), static_cast<std::uint8_t>(2 + i % 4));
    }
    const auto before = descriptors();
    a.read();
    CHECK(descriptors() == before + 64);
    a.read();
    CHECK(descriptors() == before + 100);
}

TEST_CASE(
    "without a descriptor left, a connection that waits does not keep the loop awake, and is taken "
    "later") {
    end a{1};
    const auto limit_descriptors = [](rlim_t count) {
        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        const auto before = limit.rlim_cur;
        limit.rlim_cur = count;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        return before;
    };
    stranger s{a.net->address()};
    const auto frozen = now();
    const auto read = [&] { a.net->read([](const received&) {}, frozen); };
    pollfd loop{a.net->poll_descriptor(), POLLIN, 0};
    REQUIRE(::poll(&loop, 1, 5000) == 1);
    const auto before = limit_descriptors(3);
    read();
    limit_descriptors(before);
    CHECK(::poll(&loop, 1, 0) == 0);
    REQUIRE(a.net->deadline());
    CHECK(*a.net->deadline() <= frozen + 1s);
    a.net->tick(*a.net->deadline());
    CHECK(until({}, [&] {
        read();
        return s.heard().size() == 64;
    }));
}

TEST_CASE("lazy messages travel with the next one, in one write") {
    end a{1}, b{2};
    a.stream(b, "first");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    const auto writes = a.net->stats().writes;
    a.stream(b, "lazy", true);
    CHECK(a.net->flush_due());
    CHECK(a.net->stats().writes == writes);
    a.stream(b, "prompt");
    CHECK(a.net->stats().writes == writes + 1);
    CHECK_FALSE(a.net->flush_due());
    REQUIRE(until({&b}, [&] { return b.got.size() == 3; }));
    CHECK(b.got[1].second == "lazy");
    a.net->cork();
    a.stream(b, "x");
    a.stream(b, "y");
    CHECK(a.net->stats().writes == writes + 1);
    a.net->uncork();
    CHECK(a.net->stats().writes == writes + 2);
    CHECK(until({&b}, [&] { return b.got.size() == 5; }));
}

TEST_CASE("a caller claims a stream and reads it by itself") {
    end a{1}, b{2};
    a.stream(b, "first");
    b.stream(a, "hello");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1 && a.got.size() == 1; }));
    const auto fd = a.net->claim(b.id);
    REQUIRE(fd);
    CHECK_FALSE(a.net->claim(b.id));
    b.stream(a, "for the caller");
    pollfd waits{*fd, POLLIN, 0};
    REQUIRE(::poll(&waits, 1, 5000) == 1);
    pollfd loop{a.net->poll_descriptor(), POLLIN, 0};
    CHECK(::poll(&loop, 1, 0) == 0);  // the loop is not woken
    a.net->read_claimed(
        b.id,
        [&](const received& r) {
            a.got.emplace_back(
                r.from, std::string{reinterpret_cast<const char*>(r.bytes.data()), r.bytes.size()});
        },
        now());
    CHECK(a.got.size() == 2);
    SECTION("given back, the loop reads again") {
        a.net->give_back(b.id);
        b.stream(a, "for the loop");
        CHECK(until({&a}, [&] { return a.got.size() == 3; }));
    }
    SECTION("ended while it is claimed, the caller wakes") {
        b.net->drop(a.id);
        REQUIRE(::poll(&waits, 1, 5000) == 1);
        a.net->read_claimed(
            b.id, [](const received&) {}, now());
        a.net->give_back(b.id);
        a.read();  // sees that the other stream between them has ended too
        a.stream(b, "again");
        CHECK(until({&a, &b}, [&] { return b.got.size() == 2; }));
    }
}

TEST_CASE("both dial at once, and both are heard") {
    end a{1}, b{2};
    a.stream(b, "from a");
    b.stream(a, "from b");
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1 && b.got.size() == 1; }));
    a.stream(b, "more");
    b.stream(a, "more");
    CHECK(until({&a, &b}, [&] { return a.got.size() == 2 && b.got.size() == 2; }));
}

TEST_CASE("a peer that becomes another is reached under its new id") {
    end a{1}, b{2};
    a.stream(b, "one");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    b.id = {0, 22};
    b.net->set_identity(b.id);
    a.read();
    b.stream(a, "new me");
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1; }));
    CHECK(a.got[0].first == peer_id{0, 22});
    b.datagram(a, "new me too");
    CHECK(until({&a, &b}, [&] { return a.got.size() == 2; }));
}

TEST_CASE("messages to the former start of a peer make no streams to its present one") {
    end a{1}, b{2};
    a.stream(b, "one");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    const auto former = b.id;
    b.id = {0, 22};
    b.net->set_identity(b.id);
    a.read();
    const auto frozen = now();
    const auto to_former = [&] {
        a.net->send(former, b.net->address(), true, false, bytes("for another"), frozen);
    };
    to_former();
    b.stream(a, "new me");
    a.net->send({}, b.net->address(), true, false, bytes("who are you"), frozen);
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1 && b.got.size() == 2; }));
    CHECK(b.got[1].second == "who are you");
    CHECK(a.net->stats().dropped_full == 1);
    const auto open = descriptors();
    for (int i = 2; i < 30; ++i) {
        to_former();
        a.net->read([](const received&) {}, frozen);
        b.read();
        CHECK(a.net->stats().dropped_full == static_cast<std::uint64_t>(i));
    }
    CHECK(descriptors() == open);
    // It looks again later whether that peer is there now, and closes what it opened for that, not
    // what it had.
    const auto had = a.net->claim(b.id);
    REQUIRE(had);
    a.net->send(former, b.net->address(), true, false, bytes("for another"), now() + 2s);
    CHECK(descriptors() == open + 1);
    CHECK(until({&a, &b}, [&] { return descriptors() == open; }));
    pollfd unharmed{*had, POLLIN, 0};
    CHECK(::poll(&unharmed, 1, 0) == 0);
    a.net->give_back(b.id);
    CHECK(a.net->stats().connect_failures == 0);
    CHECK(b.got.size() == 2);
}

TEST_CASE("a new peer at the address of one that vanished unnoticed is reached") {
    end a{1};
    endpoint at;
    {
        end former{2};
        at = former.net->address();
        a.stream(former, "one");
        REQUIRE(until({&a, &former}, [&] { return former.got.size() == 1; }));
    }
    end b{3, std::vector<std::byte>(32, std::byte{1}), "test", at};
    // a has not read that its stream has ended
    a.net->send(b.id, at, true, false, bytes("two"), now() + 2s);
    CHECK(until({&a, &b}, [&] { return b.got.size() == 1; }));
}

TEST_CASE("a peer with another key is not dialled for each message") {
    end a{1}, b{2, std::vector<std::byte>(32, std::byte{2})};
    const auto frozen = now();
    const auto send = [&] {
        a.net->send(b.id, b.net->address(), true, false, bytes("secret"), frozen);
    };
    const auto read = [&] { a.net->read([](const received&) {}, frozen); };
    send();
    REQUIRE(until({&b}, [&] {
        read();
        return a.net->stats().connect_failures == 1;
    }));
    CHECK(a.net->stats().dropped_full == 1);
    const auto open = descriptors();
    for (int i = 0; i < 10; ++i) {
        send();
        CHECK(descriptors() <= open);
        read();
        b.read();
    }
}

TEST_CASE("who listens at all addresses talks with peers of both families") {
    const std::vector<std::byte> key(32, std::byte{1});
    end all{1, key, "test", {{}, 0}};
    const endpoint ipv4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0};
    const endpoint ipv6{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0};
    const bool is_ipv6 = GENERATE(false, true);
    const auto local = is_ipv6 ? ipv6 : ipv4;
    if (is_ipv6 && !listen_at(ipv6)) {
        WARN("no IPv6 here");
        return;
    }
    end other{2, key, "test", local};
    const endpoint all_seen_by_other{local.ip, all.net->address().port};
    const auto deliver = [&](end& from, const end& to, const endpoint& at, bool stream) {
        from.net->send(to.id, at, stream, false, bytes("x"), now());
    };
    all.net->set_members(std::vector{other.id});
    other.net->set_members(std::vector{all.id});
    endpoint source;
    deliver(other, all, all_seen_by_other, false);
    REQUIRE(until({}, [&] {
        all.net->read([&](const received& r) { source = r.came.source; }, now());
        return !source.is_nil();
    }));
    CHECK(source == other.net->address());
    deliver(all, other, source, false);
    REQUIRE(until({&all, &other}, [&] { return other.got.size() == 1; }));
    deliver(other, all, all_seen_by_other, true);
    REQUIRE(until({&all, &other}, [&] { return all.got.size() == 1; }));
    all.net->drop(other.id);
    other.read();
    deliver(all, other, other.net->address(), true);
    CHECK(until({&all, &other}, [&] { return other.got.size() == 2; }));
}

TEST_CASE("what waits for a peer that is not there is bounded, and counted") {
    end a{1};
    endpoint nowhere = a.net->address();
    {
        end gone{2};
        nowhere = gone.net->address();
    }
    for (int i = 0; i < 10; ++i) {
        a.net->send({0, 2}, nowhere, true, false, bytes("x"), now());
    }
    CHECK(until({&a}, [&] { return a.net->stats().connect_failures >= 1; }));
}

TEST_CASE("LOAD-2: a turn reads so much from streams at most, and the next begins with datagrams") {
    end one{1};
    end two{2};
    end busy{3};
    one.stream(busy, "hello");
    two.stream(busy, "hello");
    REQUIRE(until({&one, &two, &busy}, [&] { return busy.got.size() == 2; }));
    busy.got.clear();
    constexpr std::size_t each = 4000;
    const std::string load(200, 'x');
    for (std::size_t i = 0; i < each; ++i) {
        one.stream(busy, load);
        two.stream(busy, load);
    }
    one.datagram(busy, "lease");

    const auto from = [&](const end& sender, std::string_view text) {
        return std::count(busy.got.begin(), busy.got.end(),
                          std::pair{sender.id, std::string{text}});
    };
    busy.read();
    CHECK(busy.got.size() < 1000);
    busy.read();
    CHECK(busy.got.size() < 2000);
    CHECK(from(one, "lease") == 1);
    CHECK(from(one, load) > 0);
    CHECK(from(two, load) > 0);
    REQUIRE(until({&one, &two, &busy}, [&] { return busy.got.size() == 2 * each + 1; }));
}

TEST_CASE("LOAD-4: what was sent by stream is under way until the other end's system has it") {
    end a{1};
    auto b = std::make_unique<end>(2);
    const auto at = b->net->address();
    const auto id = b->id;
    const auto has_all = [&] { return a.net->has_arrived(id, at, now(), now()); };
    CHECK(has_all());  // nothing was sent
    auto before = now() - 1ns;
    a.stream(*b, "one");
    CHECK_FALSE(has_all());                               // the stream is being made
    CHECK(a.net->has_arrived(id, at, before, now()));     // what it keeps is younger
    CHECK(a.net->has_arrived({0, 3}, at, now(), now()));  // nothing is kept for this one
    REQUIRE(until({&a, b.get()}, [&] { return !b->got.empty(); }));
    REQUIRE(until({&a}, has_all));
    before = now() - 1ns;
    SECTION("the other end does not read") {
        a.stream(*b, std::string(8u << 20, 'x'));
        CHECK_FALSE(has_all());
        // LOAD-4: a repeat of what was sent before that is not kept back by it
        CHECK(a.net->has_arrived(id, at, before, now()));
        REQUIRE(until({&a, b.get()}, [&] { return b->got.size() == 2; }));
        CHECK(until({&a}, has_all));
    }
    SECTION("something waits for company") {
        a.stream(*b, "two", true);
        CHECK_FALSE(has_all());
        CHECK(a.net->has_arrived(id, at, before, now()));
    }
    SECTION("it is lost") {
        CHECK(a.net->take_lost().empty());
        CHECK_FALSE(a.net->has_ended_some());
        a.stream(*b, std::string(8u << 20, 'x'));
        b.reset();
        REQUIRE(until({&a}, [&] { return a.net->has_ended_some(); }));
        CHECK(a.net->take_lost() == std::vector{id});
        CHECK(has_all());
        CHECK(a.net->take_lost().empty());
    }
}

TEST_CASE("LOAD-4: who is reached after something for it was dropped counts as lost") {
    end a{1};
    auto b = std::make_unique<end>(2);
    const auto at = b->net->address();
    const auto id = b->id;
    b.reset();
    const auto begins = now();
    a.net->send(id, at, true, false, bytes("one"), begins);
    REQUIRE(until({&a}, [&] { return a.net->stats().connect_failures == 1; }));
    CHECK(a.net->take_lost().empty());
    SECTION("with a stream that could not be made") {}
    SECTION("because none was tried") {
        a.net->send(id, at, true, false, bytes("two"), begins);  // it is not dialled again so soon
        CHECK(a.net->stats().dropped_full == 2);
    }
    b = std::make_unique<end>(2, std::vector<std::byte>(32, std::byte{1}), "test", at);
    b->stream(a, "three");
    REQUIRE(until({&a, b.get()}, [&] { return !a.got.empty(); }));
    CHECK(a.net->take_lost() == std::vector{id});
    CHECK(a.net->take_lost().empty());
}

TEST_CASE("LOAD-4: of a stream that is long under way it is known how old that is") {
    end a{1};
    end b{2};
    const auto at = b.net->address();
    a.stream(b, "one");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    REQUIRE(until({&a}, [&] { return a.net->has_arrived(b.id, at, now(), now()); }));
    const std::string large(12u << 20, 'x');  // more than the buffers of both systems take
    const auto begins = now();
    a.net->send(b.id, at, true, false, bytes(large), begins);
    constexpr int more = 300;  // more than are told apart
    for (int i = 1; i <= more; ++i) {
        a.net->send(b.id, at, true, false, bytes("y"), begins + i * 10ms);
    }
    const auto looks = begins + more * 10ms;
    CHECK(a.net->has_arrived(b.id, at, begins - 1ns, looks));
    CHECK_FALSE(a.net->has_arrived(b.id, at, begins, looks));
    CHECK_FALSE(a.net->has_arrived(b.id, at, looks, looks));
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 2 + more; }));
    CHECK(until({&a}, [&] { return a.net->has_arrived(b.id, at, looks, looks); }));
}

TEST_CASE("LOAD-4: a stream that takes nothing is dialled anew beside, and then counts as lost") {
    end a{1};
    end b{2};
    const auto at = b.net->address();
    a.stream(b, "one");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    REQUIRE(until({&a}, [&] { return a.net->has_arrived(b.id, at, now(), now()); }));
    // More than the buffers of both systems take, and the other end does not read.
    constexpr int messages = 3;
    for (int i = 0; i < messages; ++i) {
        a.stream(b, std::string(12u << 20, 'x'));
    }
    const auto looks = now() + 1s;
    CHECK_FALSE(a.net->has_arrived(b.id, at, looks, looks));
    CHECK_FALSE(a.net->take_reached().empty());  // the first one
    CHECK_FALSE(a.net->has_arrived(b.id, at, looks + 5s, looks + 5s));
    REQUIRE(until({&a, &b}, [&] { return !a.net->take_reached().empty(); }));
    CHECK(a.net->take_lost() == std::vector{b.id});
    a.stream(b, "two");
    CHECK(until({&a, &b}, [&] { return !b.got.empty() && b.got.back().second == "two"; }));
}

TEST_CASE("LEASE-8: when both ends dial a second stream, neither ends that of the other") {
    end a{1}, b{2};
    a.stream(b, "one");
    REQUIRE(until({&a, &b}, [&] { return b.got.size() == 1; }));
    passage to_a{a.net->address()}, to_b{b.net->address()};
    REQUIRE(a.net->dial_again(to_b.at, now()));
    REQUIRE(b.net->dial_again(to_a.at, now()));
    // each has proven itself on what it has dialled, and has not yet read the other's proof there
    REQUIRE(until({&a, &b}, [&] {
        to_a.pass();
        to_b.pass();
        return to_a.asked == hello_and_proof && to_b.asked == hello_and_proof;
    }));
    a.read();
    b.read();
    CHECK(a.net->take_lost().empty());
    CHECK(b.net->take_lost().empty());
    to_a.may_answer = to_b.may_answer = 1 << 20;
    std::vector<peer_id> lost_by_a, lost_by_b;
    const auto go_on = [&] {
        to_a.pass();
        to_b.pass();
        for (const auto& peer : a.net->take_lost()) {
            lost_by_a.push_back(peer);
        }
        for (const auto& peer : b.net->take_lost()) {
            lost_by_b.push_back(peer);
        }
    };
    REQUIRE(until({&a, &b}, [&] {
        go_on();
        return !lost_by_a.empty() && !lost_by_b.empty();
    }));
    // What one has ended shows at the other when that reads the next time.
    a.stream(b, "two");
    b.stream(a, "two");
    REQUIRE(until({&a, &b}, [&] {
        go_on();
        return b.got.size() == 2 && a.got.size() == 1;
    }));
    CHECK(lost_by_a == std::vector{b.id});  // the first one only
    CHECK(lost_by_b == std::vector{a.id});
    CHECK(a.net->claim(b.id));
    CHECK(b.net->claim(a.id));
    a.net->give_back(b.id);
    b.net->give_back(a.id);
}

TEST_CASE("CERT-3: one peer at two hosts is told of, but not for streams that bring nothing now") {
    end a{1}, b{2}, clone{2};
    b.stream(a, "one");
    REQUIRE(until({&a, &b}, [&] { return a.got.size() == 1; }));
    CHECK(a.net->take_of_two_hosts().empty());
    passage other{a.net->address(), 2};
    other.may_answer = 1 << 20;
    clone.net->send(a.id, other.at, true, false, bytes("two"), now());
    const bool is_long_ago = GENERATE(false, true);
    const auto later = is_long_ago ? 9s : 0s;  // two leases of 4 s, and more
    bool is_heard = false;
    REQUIRE(until({&clone}, [&] {
        other.pass();
        a.net->read([&](const received&) { is_heard = true; }, now() + later);
        return is_heard;
    }));
    CHECK(a.net->take_of_two_hosts().size() == (is_long_ago ? 0U : 1U));
}
