// Memory that runs out in the transport costs a datagram, a message or a stream; the next ones
// arrive.
#include <poll.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "net/transport.hpp"
#include "raw_clock.hpp"
#include "scarce.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using test_support::now;

namespace {

struct end {
    explicit end(std::uint64_t n) {
        net::transport_options o;
        o.listen = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0};
        o.cluster_name = "test";
        o.key = std::vector<std::byte>(32, std::byte{1});
        o.self = id = {0, n};
        auto opened = net::transport::open(o, nullptr);
        REQUIRE(opened);
        transport = std::move(*opened);
    }
    void read() {
        transport->read(
            [this](const net::received& r) {
                const memory::spared own_affairs;
                got.emplace_back(reinterpret_cast<const char*>(r.bytes.data()), r.bytes.size());
            },
            now());
    }
    void send(const end& to, std::string_view text, bool stream) {
        transport->send(to.id, to.transport->address(), stream, false,
                        {reinterpret_cast<const std::byte*>(text.data()), text.size()}, now());
    }
    [[nodiscard]] bool has(std::string_view text) const {
        return std::find(got.begin(), got.end(), text) != got.end();
    }

    peer_id id;
    std::unique_ptr<net::transport> transport;
    std::vector<std::string> got;
};

/// Lets both read until it is so, with `again` now and then; bounded.
bool until(
    end& a, end& b, const std::function<bool()>& is_so,
    const std::function<void()>& again = [] {}) {
    const auto give_up = now() + 10s;
    auto next_try = now();
    while (!is_so()) {
        if (now() > give_up) {
            return false;
        }
        if (now() >= next_try) {
            again();
            next_try = now() + 20ms;
        }
        pollfd fds[2] = {{a.transport->poll_descriptor(), POLLIN, 0},
                         {b.transport->poll_descriptor(), POLLIN, 0}};
        ::poll(fds, 2, 5);
        for (auto* one : {&a, &b}) {
            one->transport->tick(now());
            one->read();
        }
    }
    return true;
}

}  // namespace

TEST_CASE(
    "whichever allocation of reading from the network fails, it is counted, and later messages "
    "arrive",
    "[memory]") {
    const std::string large(600'000, 'x');  // comes in pieces
    bool has_struck = true;
    for (std::size_t nth = 1; has_struck; ++nth) {
        CAPTURE(nth);
        end a{1}, b{2};
        b.transport->set_members(std::vector{peer_id{0, 1}});
        bool is_over = false;
        {
            const auto give_up = now() + 10s;
            const memory::scarce little{nth};
            while (!is_over && now() < give_up) {
                {
                    const memory::spared others_affairs;
                    if (!b.has("datagram")) {
                        a.send(b, "datagram", false);
                        a.send(b, large, true);
                        a.send(b, "frame", true);
                    }
                    pollfd fds[2] = {{a.transport->poll_descriptor(), POLLIN, 0},
                                     {b.transport->poll_descriptor(), POLLIN, 0}};
                    ::poll(fds, 2, 1);
                    a.read();
                }
                b.read();
                has_struck = little.has_struck();
                is_over = has_struck || (b.has("datagram") && b.has(large) && b.has("frame"));
            }
        }
        REQUIRE(is_over);
        CHECK(b.transport->stats().lacked_memory == (has_struck ? 1u : 0u));
        CHECK(until(
            a, b, [&] { return b.has("a second datagram"); },
            [&] { a.send(b, "a second datagram", false); }));
        CHECK(until(
            a, b, [&] { return b.has("a second frame"); },
            [&] { a.send(b, "a second frame", true); }));
    }
}

TEST_CASE("whichever allocation of sending fails, that message is lost as a whole", "[memory]") {
    for (const bool is_stream : {false, true}) {
        bool has_struck = true;
        for (std::size_t nth = 1; has_struck; ++nth) {
            CAPTURE(nth, is_stream);
            end a{1}, b{2};
            b.transport->set_members(std::vector{peer_id{0, 1}});
            if (nth % 2 == 0) {  // on a stream that is there already, and on one that is not
                REQUIRE(until(
                    a, b, [&] { return b.has("before"); }, [&] { a.send(b, "before", true); }));
            }
            b.got.clear();
            const std::string text(nth * 1000, 't');
            bool is_thrown = false;
            {
                const memory::scarce little{(nth + 1) / 2};
                try {
                    a.send(b, text, is_stream);
                } catch (const std::bad_alloc&) {
                    is_thrown = true;
                }
                has_struck = little.has_struck() || nth % 2 == 1;
            }
            REQUIRE(until(
                a, b, [&] { return b.has("after"); }, [&] { a.send(b, "after", true); }));
            std::erase(b.got, "after");
            if (is_thrown) {
                CHECK(b.got.empty());
            } else {
                CHECK(b.has(text));
            }
        }
    }
}

TEST_CASE("what a reader throws passes through the transport", "[memory]") {
    end a{1}, b{2};
    REQUIRE(until(
        a, b, [&] { return b.has("before"); }, [&] { a.send(b, "before", true); }));
    for (const bool is_stream : {false, true}) {
        a.send(b, "thrown", is_stream);
        bool is_thrown = false;
        const auto give_up = now() + 10s;
        while (!is_thrown && now() < give_up) {
            try {
                pollfd readable{b.transport->poll_descriptor(), POLLIN, 0};
                ::poll(&readable, 1, 10);
                b.transport->read([](const net::received&) { throw std::bad_alloc{}; }, now());
            } catch (const std::bad_alloc&) {
                is_thrown = true;
            }
        }
        CHECK(is_thrown);
    }
    CHECK(b.transport->stats().lacked_memory == 0);
}
