#include "net/transport.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "net/datagrams.hpp"
#include "net/poll_set.hpp"
#include "net/seal.hpp"
#include "net/socket.hpp"
#include "net/stream_table.hpp"
#include "net/transport_context.hpp"

namespace holdfast::net {
namespace {

using base::time_point;
using namespace std::chrono_literals;

constexpr auto accept_pause = 100ms;  // when the system has no descriptor left
constexpr std::size_t connections_in_a_read = 64;
// LOAD-2: one turn of the loop. Two events at a time, for what epoll has told of goes to the end of
// its list: so no stream is left behind however often a turn ends early.
constexpr int events_at_once = 2;
constexpr int rounds_in_a_turn = 32;
constexpr std::uint64_t frames_in_a_turn = 256;
constexpr std::uint64_t bytes_in_a_turn = 256 << 10;

// what an epoll event is about
constexpr std::uint64_t tcp_listener = 0, udp_socket = 1, first_stream = 2;

}  // namespace

struct transport::state {
    state(transport_options options, std::function<void(error)> complain)
        : shared{std::move(options), std::move(complain)},
          unconnected{shared},
          streams{shared, poll, first_stream} {}

    /// What waits stays readable for as long as it cannot be taken: looking away keeps the loop
    /// from spinning.
    void pause_accepting(time_point now) {
        poll.change(tcp_listener, listener.get(), 0);
        accept_again = now + accept_pause;
    }

    void accept_some(time_point now) {
        auto unproven = streams.unproven();
        for (std::size_t i = 0; i < connections_in_a_read; ++i) {
            sockaddr_storage address{};
            socklen_t length = sizeof address;
            os::unique_fd fd{::accept4(listener.get(), reinterpret_cast<sockaddr*>(&address),
                                       &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (!fd) {
                if (is_shortage(errno)) {
                    shared.note_shortage(true, now);
                    pause_accepting(now);
                }
                return;
            }
            const auto at = from_sockaddr(address);
            if (const auto oldest = unproven.drop_oldest_newcomer(at)) {
                streams.end(*oldest);
            }
            unproven.add(streams.accept(std::move(fd), at, now), at);
        }
    }

    void on_event(const epoll_event& event, const net::sink& to, time_point now) {
        const std::uint64_t what = event.data.u64;
        if (what == tcp_listener) {
            if (!shared.try_alloc([&] { accept_some(now); })) {
                pause_accepting(now);
            }
        } else if (what == udp_socket) {
            unconnected.read(to);
        } else {
            streams.on_event(what, event.events, to);
        }
    }

    /// Whether there was more than a turn's worth.
    bool read_turn(const net::sink& to, time_point now) {
        const auto frames = shared.stats.frames_received + frames_in_a_turn;
        const auto bytes = shared.stats.bytes_received + bytes_in_a_turn;
        for (int round = 0; round < rounds_in_a_turn; ++round) {
            epoll_event events[events_at_once];
            const auto n = ::epoll_wait(poll.descriptor(), events, events_at_once, 0);
            for (int i = 0; i < n; ++i) {
                on_event(events[i], to, now);
            }
            if (n < events_at_once) {
                return false;
            }
            if (shared.stats.frames_received >= frames || shared.stats.bytes_received >= bytes) {
                break;
            }
        }
        return true;
    }

    transport_context shared;
    poll_set poll;
    endpoint bound;
    os::unique_fd listener;
    std::optional<time_point> accept_again;  // the listener is not watched until then
    bool has_left_some = false;              // the last turn
    datagrams unconnected;
    stream_table streams;
};

result<std::unique_ptr<transport>> transport::open(transport_options options,
                                                   std::function<void(error)> complain) {
    if (!start_cryptography()) {
        return fail(errc::io_error, "libsodium cannot be started: the system has no randomness");
    }
    auto s = std::make_unique<state>(std::move(options), std::move(complain));
    if (!s->poll.is_open()) {
        return fail(errc::io_error, std::string{"epoll_create1: "} + std::strerror(errno));
    }
    auto at = listen_at(s->shared.options.listen);
    if (!at) {
        return tl::unexpected<error>{at.error()};
    }
    s->bound = at->at;
    s->listener = std::move(at->tcp);
    s->unconnected.open(std::move(at->udp), at->is_ipv6);
    s->poll.add(tcp_listener, s->listener.get(), EPOLLIN);
    s->poll.add(udp_socket, s->unconnected.descriptor(), EPOLLIN);
    return std::unique_ptr<transport>{new transport{std::move(s)}};
}

transport::transport(std::unique_ptr<state> s) : state_{std::move(s)} {}
transport::~transport() = default;

endpoint transport::address() const { return state_->bound; }
int transport::poll_descriptor() const { return state_->poll.descriptor(); }

void transport::set_identity(const peer_id& self) {
    auto& s = *state_;
    s.streams.end_all();
    s.shared.mine.self = self;
    s.shared.senders.clear();
    s.unconnected.set_identity();
}

void transport::send(const peer_id& to, const endpoint& at, bool stream, bool is_lazy,
                     std::span<const std::byte> bytes, time_point now) {
    auto& s = *state_;
    s.shared.now_seen = now;
    if (!stream && !to.is_nil() && bytes.size() <= s.shared.options.max_datagram) {
        s.unconnected.send(to, at, bytes);
    } else {
        s.streams.send(to, at, is_lazy, bytes, now);
    }
}

bool transport::has_arrived(const peer_id& to, const endpoint& at, time_point by, time_point now) {
    state_->shared.now_seen = now;
    return state_->streams.has_arrived(to, at, by, now);
}
void transport::cork() { state_->streams.cork(); }
void transport::uncork() { state_->streams.uncork(); }
std::optional<time_point> transport::flush_due() const { return state_->streams.flush_due(); }
void transport::flush() { state_->streams.flush(); }

std::optional<time_point> transport::deadline() const {
    auto due = state_->streams.deadline();
    base::earlier(due, state_->accept_again);
    return due;
}

void transport::tick(time_point now) {
    auto& s = *state_;
    s.shared.now_seen = now;
    if (base::is_due(s.accept_again, now)) {
        s.accept_again.reset();
        s.poll.change(tcp_listener, s.listener.get(), EPOLLIN);
    }
    s.streams.tick(now);
}

void transport::read(const net::sink& to, time_point now) {
    auto& s = *state_;
    s.shared.now_seen = now;
    if (s.has_left_some) {
        s.unconnected.read(to);  // leases do not wait for what is left
    }
    s.has_left_some = s.read_turn(to, now);
}

bool transport::has_read_all() const { return !state_->has_left_some && !state_->accept_again; }

bool transport::dial_again(const endpoint& at, time_point now) {
    auto& s = *state_;
    s.shared.now_seen = now;
    return s.streams.dial_again(at, now);
}

bool transport::lacks_descriptors() const { return state_->shared.is_short_of_descriptors(); }

std::optional<int> transport::claim(const peer_id& peer) { return state_->streams.claim(peer); }

void transport::read_claimed(const peer_id& peer, const net::sink& to, time_point now) {
    state_->shared.now_seen = now;
    state_->streams.read_claimed(peer, to);
}

void transport::give_back(const peer_id& peer) { state_->streams.give_back(peer); }
void transport::set_members(std::span<const peer_id> members) {
    state_->shared.senders.set_members(members);
}
bool transport::has_news() const { return state_->streams.has_news(); }
std::vector<reached_peer> transport::take_reached() { return state_->streams.take_reached(); }
std::vector<peer_id> transport::take_ended() { return state_->streams.take_ended(); }
std::vector<peer_id> transport::take_lost() { return state_->streams.take_lost(); }
bool transport::has_ended_some() const { return state_->streams.has_ended_some(); }
std::vector<peer_id> transport::take_partly_read() { return state_->streams.take_partly_read(); }
std::vector<peer_id> transport::take_of_two_hosts() { return state_->streams.take_of_two_hosts(); }
void transport::drop(const peer_id& peer) { state_->streams.drop(peer); }

const transport_statistics& transport::stats() const {
    state_->streams.count_all();
    return state_->shared.stats;
}

}  // namespace holdfast::net
