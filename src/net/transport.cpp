#include "net/transport.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <new>
#include <utility>

#include "base/deadline.hpp"
#include "net/seal.hpp"
#include "net/socket.hpp"
#include "net/stream.hpp"

namespace holdfast::net {
namespace {

using base::time_point;
using namespace std::chrono_literals;

constexpr auto lazy_wait = 500us;
// for a connection to be made and both ends to prove themselves
constexpr auto greeting_time = 5s;
constexpr auto message_patience = 2s;  // the protocol repeats what matters sooner
constexpr auto first_back_off = 50ms;
constexpr auto longest_back_off = 1s;
// at an address where another peer answers than the one meant
constexpr auto between_looks = 1s;
constexpr auto between_complaints = 1s;
constexpr auto accept_pause = 100ms;        // when the system has no descriptor left
constexpr std::size_t most_unproven = 256;  // connections of others
constexpr std::ptrdiff_t most_unproven_of_one = 64;
constexpr std::size_t connections_in_a_read = 64;
constexpr std::size_t datagrams_in_a_read = 64;
constexpr std::size_t scratch_size = 256 << 10;

// A datagram: 1 byte version and whether it is sealed, 16 bytes PeerId, 8 bytes counter; then the
// message.
constexpr std::size_t datagram_header = 25;
constexpr std::uint8_t is_sealed = 0x80;
constexpr std::uint8_t plain_datagram = 0x01;
constexpr std::uint8_t sealed_datagram = plain_datagram | is_sealed;
constexpr int highest_likely_version = 15;

// what an epoll event is about
constexpr std::uint64_t tcp_listener = 0, udp_socket = 1, first_stream = 2;

}  // namespace

struct transport::state {
    state(transport_options given, std::function<void(error)> complain_to)
        : options{std::move(given)},
          complain{std::move(complain_to)},
          known_senders{options.key, options.cluster_name},
          scratch(scratch_size) {
        mine.key = options.key;
        mine.cluster = fingerprint(options.cluster_name);
        mine.max_frame = options.max_frame;
        introduce(options.self);
    }

    void introduce(const peer_id& self) {
        mine.self = self;
        own_subkey = options.key.empty() ? secret{} : known_senders.subkey(self);
        datagram_counter = 0;
    }

    // ---- memory that runs out

    /// Gives a message to whoever reads. What that throws is no business of ours: it has half done
    /// what it does.
    void give(const net::sink& to, const received& what) {
        const bool outer = std::exchange(is_in_sink, true);
        to(what);
        is_in_sink = outer;
    }

    /// False: memory ran out in `act`, but not in the sink.
    template <class Act>
    bool has_memory(Act&& act) {
        try {
            act();
            return true;
        } catch (const std::bad_alloc&) {
            if (std::exchange(is_in_sink, false)) {
                throw;
            }
            ++stats.lacked_memory;
            return false;
        }
    }

    /// Room for one more, so that the next push_back cannot fail.
    static void make_room(std::vector<std::uint64_t>& list) {
        if (list.size() == list.capacity()) {
            list.reserve(2 * list.size() + 8);
        }
    }

    // ---- epoll

    void watch(std::uint64_t what, int fd, std::uint32_t events, int operation) {
        epoll_event e{};
        e.events = events;
        e.data.u64 = what;
        ::epoll_ctl(poll.get(), operation, fd, &e);
    }
    void rewatch(std::uint64_t id, stream& s) {
        const bool writes = s.is_connecting() || s.has_output();
        s.is_watched_for_output = writes;
        watch(id, s.fd(),
              (s.is_claimed ? 0U : static_cast<std::uint32_t>(EPOLLIN)) |
                  (writes ? static_cast<std::uint32_t>(EPOLLOUT) : 0U),
              EPOLL_CTL_MOD);
    }

    // ---- streams

    std::uint64_t add(os::unique_fd fd, const endpoint& at, bool is_dialled, time_point now) {
        const auto id = ++last_stream;
        const auto raw = fd.get();
        streams.emplace(id, std::make_shared<stream>(mine, std::move(fd), at, is_dialled, now));
        watch(id, raw,
              is_dialled ? static_cast<std::uint32_t>(EPOLLOUT)
                         : static_cast<std::uint32_t>(EPOLLIN | EPOLLOUT),
              EPOLL_CTL_ADD);
        return id;
    }

    /// `has_failed`: not ended by our own choice. Does not fail when memory runs out.
    void end(std::uint64_t id, bool has_failed = true) {
        const auto at = streams.find(id);
        if (at == streams.end()) {
            return;
        }
        const auto s = at->second;
        count(*s);
        stats.dropped_full += s->kept();
        ::epoll_ctl(poll.get(), EPOLL_CTL_DEL, s->fd(), nullptr);
        s->is_ended = true;
        // wakes a caller that waits on it; the number is free only when it gave it back
        ::shutdown(s->fd(), SHUT_RDWR);
        if (s->is_claimed) {
            std::find_if(claims.begin(), claims.end(), [&](const auto& c) {
                return c.second.id == id;
            })->second.ended = s;
        }
        streams.erase(at);
        std::erase(dirty, id);
        has_memory([&] {
            if (has_failed && s->is_dialled() && !s->is_proven()) {
                // also when it was refused: each message would dial again otherwise
                failed_to_connect(s->at(), now_seen);
            }
            if (s->why_refused()) {
                complain_about(s->why_refused()->code, [&] { return s->why_refused()->text; });
            }
        });
    }

    void count(stream& s) {
        const auto c = s.take_counters();
        stats.frames_received += c.frames_in;
        stats.frames_sent += c.frames_out;
        stats.bytes_received += c.bytes_in;
        stats.bytes_sent += c.bytes_out;
        stats.reads += c.reads;
        stats.writes += c.writes;
        stats.dropped_full += c.dropped;
    }

    /// What a stranger does may cost memory and the attention of people only so often, from however
    /// many addresses it comes: one limit for each reason, whoever it is about. `text` is made only
    /// when it is told.
    template <class Text>
    void complain_about(errc why, Text&& text) {
        if (why == errc::wrong_key) {
            ++stats.not_authentic;
        }
        auto& last = complained[why == errc::wrong_key ? 0 : why == errc::wrong_cluster ? 1 : 2];
        if (last && now_seen - *last < between_complaints) {
            return;
        }
        last = now_seen;
        if (complain) {
            complain(error{why, text()});
        }
    }

    /// The usable stream to a peer: a proven one, because anybody can send a hello that claims to
    /// be that peer. When both ends have dialled, both choose the one that the lower PeerId
    /// dialled, so that whoever claims it to wait for an answer hears the answer there.
    std::uint64_t usable_stream(const peer_id& to) const {
        std::uint64_t any = 0;
        for (const auto& [id, s] : streams) {
            if (s->is_proven() && s->peer() == to) {
                if (s->is_dialled() == (mine.self < to)) {
                    return id;
                }
                any = any == 0 ? id : any;
            }
        }
        return any;
    }

    std::uint64_t stream_to(const peer_id& to, const endpoint& at, time_point now) {
        if (const auto usable = to.is_nil() ? 0 : usable_stream(to); usable != 0) {
            return usable;
        }
        stream* other = nullptr;
        // one that is being made, or for whoever is at that address
        for (const auto& [id, s] : streams) {
            if (s->is_dialled() && s->at() == at) {
                if (to.is_nil() || !s->is_proven()) {
                    return id;
                }
                other = s.get();
            }
        }
        if (other != nullptr) {
            // Mostly `to` is a former start of the peer there. But it may be the later one, on a
            // host that vanished without a word, and then nothing else would tell.
            if (now - other->looked_again < between_looks) {
                return 0;
            }
            other->looked_again = now;
        }
        auto& wait = back_offs[at];
        if (now < wait.until) {
            return 0;
        }
        auto fd = dial(at);
        if (!fd) {
            failed_to_connect(at, now);
            return 0;
        }
        return add(std::move(fd), at, true, now);
    }

    void failed_to_connect(const endpoint& at, time_point now) {
        ++stats.connect_failures;
        auto& wait = back_offs[at];
        wait.next = std::clamp<base::duration>(wait.next * 2, first_back_off, longest_back_off);
        wait.until = now + wait.next;
        if (back_offs.size() > 4096) {
            back_offs.clear();
        }
    }

    void send_stream(const peer_id& to, const endpoint& at, bool is_lazy,
                     std::span<const std::byte> bytes, time_point now) {
        const auto id = stream_to(to, at, now);
        if (id == 0) {
            ++stats.dropped_full;
            return;
        }
        auto& s = *streams.at(id);
        if (bytes.size() > options.max_frame || s.queued() + bytes.size() > options.max_queued ||
            s.would_keep_too_much(bytes.size())) {
            ++stats.dropped_full;
            return;
        }
        make_room(dirty);  // the append is the last that may fail
        make_room(to_write);
        s.append(to, bytes, now);
        if (!s.is_proven()) {
            base::earlier(next_tick, now + message_patience);
            return;
        }
        if (is_lazy) {
            base::earlier(lazy_until, now + lazy_wait);
        }
        if (is_lazy || is_corked) {
            if (!s.is_dirty) {
                s.is_dirty = true;
                dirty.push_back(id);
            }
            if (!is_lazy && is_corked) {
                to_write.push_back(id);
            }
            return;
        }
        write(id);
    }

    void write(std::uint64_t id) {
        const auto at = streams.find(id);
        if (at == streams.end() || !at->second->has_output()) {
            return;
        }
        const auto s = at->second;
        if (!s->write()) {
            end(id);
            return;
        }
        std::erase(dirty, id);
        if (s->has_output() != s->is_watched_for_output) {
            rewatch(id, *s);
        }
    }

    /// Whose limit a connection counts against: an IPv4 address, or all of the IPv6 network that
    /// one host mostly has.
    static std::array<std::uint8_t, 16> origin(const endpoint& at) {
        auto ip = at.ip;
        if (!is_ipv4(at)) {
            std::fill(ip.begin() + 8, ip.end(), std::uint8_t{0});
        }
        return ip;
    }

    struct newcomer {
        std::uint64_t id;
        std::array<std::uint8_t, 16> origin;
    };
    /// Accepted, and not proven yet, the oldest first.
    std::vector<newcomer> newcomers() const {
        std::vector<newcomer> out;
        for (const auto& [id, s] : streams) {
            if (!s->is_dialled() && !s->is_proven()) {
                out.push_back({id, origin(s->at())});
            }
        }
        return out;
    }

    /// When strangers hold all places, the oldest goes: a peer proves itself within a round trip or
    /// two, and whoever only waits is no peer. Refusing the new one would let those that wait lock
    /// out everybody.
    void make_place(std::vector<newcomer>& unproven,
                    const std::array<std::uint8_t, 16>& for_origin) {
        const auto is_same = [&](const newcomer& n) { return n.origin == for_origin; };
        auto oldest = unproven.end();
        if (std::count_if(unproven.begin(), unproven.end(), is_same) >= most_unproven_of_one) {
            oldest = std::find_if(unproven.begin(), unproven.end(), is_same);
        } else if (unproven.size() >= most_unproven) {
            oldest = unproven.begin();
        }
        if (oldest != unproven.end()) {
            end(oldest->id);
            unproven.erase(oldest);
        }
    }

    /// What waits stays readable for as long as it cannot be taken: looking away keeps the loop
    /// from spinning.
    void pause_accepting(time_point now) {
        watch(tcp_listener, tcp.get(), 0, EPOLL_CTL_MOD);
        accept_again = now + accept_pause;
        base::earlier(next_tick, accept_again);
    }

    void accept_some(time_point now) {
        auto unproven = newcomers();
        for (std::size_t i = 0; i < connections_in_a_read; ++i) {
            sockaddr_storage address{};
            socklen_t length = sizeof address;
            os::unique_fd fd{::accept4(tcp.get(), reinterpret_cast<sockaddr*>(&address), &length,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (!fd) {
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                    pause_accepting(now);
                }
                return;
            }
            const auto at = from_sockaddr(address);
            make_place(unproven, origin(at));
            tune(fd.get());
            base::earlier(next_tick, now + greeting_time);
            unproven.push_back({add(std::move(fd), at, false, now), origin(at)});
        }
    }

    void read_stream(std::uint64_t id, const net::sink& to) {
        if (!has_memory([&] { read_once(id, to); })) {
            end(id);  // whoever needs it dials again
        }
    }

    void read_once(std::uint64_t id, const net::sink& to) {
        const auto at = streams.find(id);
        if (at == streams.end()) {
            return;
        }
        const auto s = at->second;
        const bool was_greeted = s->is_greeted();
        const bool was_proven = s->is_proven();
        const bool goes_on = s->read(scratch, [&](std::span<const std::byte> message) {
            if (!s->is_ended) {
                give(to, {s->peer(), endpoint{}, message});
            }
        });
        if (s->is_ended) {
            return;
        }
        if (!was_greeted && s->is_greeted()) {
            if (s->peer() == mine.self) {
                end(id);  // we reached ourselves
                return;
            }
            if (is_redundant(*s)) {
                end(id, false);
                return;
            }
        }
        if (!was_proven && s->is_proven() && s->is_dialled()) {
            back_offs.erase(s->at());
            s->looked_again = now_seen;
            end_others_at(id, *s);
        }
        if (!goes_on) {
            end(id);
            return;
        }
        count(*s);
        if (was_greeted != s->is_greeted() || was_proven != s->is_proven()) {
            write(id);  // our proof, or what was kept for this peer
        }
    }

    /// We looked who is at the address of another stream, and it is still the same peer.
    bool is_redundant(const stream& s) const {
        return s.is_dialled() &&
               std::any_of(streams.begin(), streams.end(), [&](const auto& entry) {
                   const auto& one = *entry.second;
                   return &one != &s && one.is_dialled() && one.is_proven() && one.at() == s.at() &&
                          one.peer() == s.peer();
               });
    }

    /// Another peer is proven at that address, so whoever was there before is gone.
    void end_others_at(std::uint64_t id, const stream& s) {
        std::vector<std::uint64_t> gone;
        for (const auto& [other, one] : streams) {
            if (other != id && one->is_dialled() && one->is_proven() && one->at() == s.at()) {
                gone.push_back(other);
            }
        }
        for (const auto other : gone) {
            end(other);
        }
    }

    // ---- datagrams

    void send_datagram(const endpoint& at, std::span<const std::byte> bytes) {
        datagram.clear();
        datagram.push_back(options.key.empty() ? plain_datagram : sealed_datagram);
        const auto self = bytes_of(mine.self);
        datagram.insert(datagram.end(), self.begin(), self.end());
        const auto counter = ++datagram_counter;
        for (int i = 0; i < 8; ++i) {
            datagram.push_back(static_cast<std::uint8_t>(counter >> (8 * i)));
        }
        std::uint8_t header[datagram_header];
        std::copy_n(datagram.begin(), datagram_header, header);
        const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
        datagram.insert(datagram.end(), from, from + bytes.size());
        if (!options.key.empty()) {
            seal(datagram, datagram_header, header, own_subkey, counter);
        }
        sockaddr_storage address{};
        const auto length = to_sockaddr(at, address, is_udp_ipv6);
        // A datagram the system does not take now is a lost datagram.
        if (::sendto(udp.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                     reinterpret_cast<const sockaddr*>(&address), length) >= 0) {
            ++stats.datagrams_sent;
            stats.bytes_sent += datagram.size();
        }
        ++stats.writes;
    }

    void read_datagrams(const net::sink& to) {
        for (std::size_t i = 0; i < datagrams_in_a_read; ++i) {
            sockaddr_storage address{};
            socklen_t length = sizeof address;
            // A buffer of their own: what the sink does may read streams into `scratch`.
            const auto n = ::recvfrom(udp.get(), datagram_in.data(), datagram_in.size(),
                                      MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&address), &length);
            ++stats.reads;
            if (n < 0) {
                if (errno == EINTR || errno == ECONNREFUSED) {
                    continue;
                }
                return;
            }
            ++stats.datagrams_received;
            stats.bytes_received += static_cast<std::uint64_t>(n);
            has_memory([&] {
                open_datagram({datagram_in.data(), static_cast<std::size_t>(n)},
                              from_sockaddr(address), to);
            });
        }
    }

    void open_datagram(std::span<std::uint8_t> whole, const endpoint& at, const net::sink& to) {
        if (whole.size() < datagram_header ||
            (whole[0] != plain_datagram && whole[0] != sealed_datagram)) {
            ++stats.malformed;
            // Noise is no version: they count up from 1.
            const auto version = whole.empty() ? 0 : whole[0] & ~is_sealed;
            if (whole.size() >= datagram_header && version != 0 &&
                version <= highest_likely_version) {
                complain_about(errc::version, [&] {
                    return "a datagram from " + to_string(at) + ": " +
                           std::string{explain(errc::version)};
                });
            }
            return;
        }
        const auto from = peer_of(whole.subspan<1, 16>());
        auto message = whole.subspan(datagram_header);
        if ((whole[0] == sealed_datagram) != !options.key.empty()) {
            complain_about(errc::wrong_key, [&] {
                return to_string(at) +
                       (options.key.empty() ? " has a key and we have none" : " has no key");
            });
            return;
        }
        if (!options.key.empty()) {
            std::uint64_t counter = 0;
            for (std::size_t i = 0; i < 8; ++i) {
                counter |= std::uint64_t{whole[17 + i]} << (8 * i);
            }
            auto* known = known_senders.find(from);
            const auto key = known != nullptr ? known->key : known_senders.subkey(from);
            const auto opened = net::open(message, whole.first(datagram_header), key, counter);
            if (!opened) {
                complain_about(errc::wrong_key, [&] { return not_opened(at); });
                return;
            }
            auto& entry = known != nullptr ? *known : known_senders.remember(from, key);
            if (!entry.window.admit(counter)) {
                ++stats.replayed;
                return;
            }
            message = *opened;
        }
        if (from == mine.self) {
            return;
        }
        give(to, {from, at, {reinterpret_cast<const std::byte*>(message.data()), message.size()}});
    }

    std::string not_opened(const endpoint& at) const {
        // The cluster's name goes into the subkey, so from here the two look the same.
        return "a datagram from " + to_string(at) +
               " does not open with our key as one of cluster \"" + options.cluster_name +
               "\": its sender has another key, or belongs to a cluster of another name; give "
               "every peer the same key and cluster";
    }

    struct back_off {
        time_point until{};
        base::duration next{};
    };

    transport_options options;
    std::function<void(error)> complain;
    endpoint bound;
    os::unique_fd poll, tcp, udp;
    bool is_udp_ipv6 = false;
    stream_identity mine;
    senders known_senders;
    secret own_subkey{};
    std::uint64_t datagram_counter = 0;
    std::uint64_t last_stream = first_stream;
    // in the order they were made
    std::map<std::uint64_t, std::shared_ptr<stream>> streams;
    struct claim {
        std::uint64_t id;
        // the stream, when it was closed while a caller waits on it
        std::shared_ptr<stream> ended;
    };
    std::map<peer_id, claim> claims;
    std::map<endpoint, back_off> back_offs;
    // when last of a wrong key, a wrong cluster, another version
    std::optional<time_point> complained[3];
    bool is_in_sink = false;
    bool is_corked = false;
    std::vector<std::uint64_t> dirty;     // appended to, not written
    std::vector<std::uint64_t> to_write;  // of those, what uncork() writes
    std::optional<time_point> lazy_until;
    std::optional<time_point> next_tick;
    std::optional<time_point> accept_again;  // the listener is not watched until then
    time_point now_seen{};
    std::vector<std::uint8_t> scratch;
    std::vector<std::uint8_t> datagram;
    std::array<std::uint8_t, 65536> datagram_in{};
    transport_statistics stats;
};

result<std::unique_ptr<transport>> transport::open(transport_options options,
                                                   std::function<void(error)> complain) {
    if (!start_cryptography()) {
        return fail(errc::io, "libsodium cannot be started: the system has no randomness");
    }
    auto s = std::make_unique<state>(std::move(options), std::move(complain));
    auto at = listen_at(s->options.listen);
    if (!at) {
        return tl::unexpected<error>{at.error()};
    }
    s->tcp = std::move(at->tcp);
    s->udp = std::move(at->udp);
    s->bound = at->at;
    s->is_udp_ipv6 = at->is_ipv6;
    s->poll = os::unique_fd{::epoll_create1(EPOLL_CLOEXEC)};
    if (!s->poll) {
        return fail(errc::io, std::string{"epoll_create1: "} + std::strerror(errno));
    }
    s->watch(tcp_listener, s->tcp.get(), EPOLLIN, EPOLL_CTL_ADD);
    s->watch(udp_socket, s->udp.get(), EPOLLIN, EPOLL_CTL_ADD);
    return std::unique_ptr<transport>{new transport{std::move(s)}};
}

transport::transport(std::unique_ptr<state> s) : state_{std::move(s)} {}
transport::~transport() = default;

endpoint transport::address() const { return state_->bound; }
int transport::poll_descriptor() const { return state_->poll.get(); }

void transport::become(const peer_id& self) {
    auto& s = *state_;
    while (!s.streams.empty()) {
        s.end(s.streams.begin()->first, false);
    }
    s.introduce(self);
}

void transport::send(const peer_id& to, const endpoint& at, bool stream, bool is_lazy,
                     std::span<const std::byte> bytes, time_point now) {
    state_->now_seen = now;
    if (!stream && bytes.size() <= state_->options.max_datagram) {
        state_->send_datagram(at, bytes);
    } else {
        state_->send_stream(to, at, is_lazy, bytes, now);
    }
}

void transport::cork() { state_->is_corked = true; }

void transport::uncork() {
    auto& s = *state_;
    s.is_corked = false;
    for (const auto id : std::exchange(s.to_write, {})) {
        s.write(id);
    }
}

std::optional<time_point> transport::flush_due() const {
    return state_->dirty.empty() ? std::nullopt : state_->lazy_until;
}

void transport::flush() {
    auto& s = *state_;
    s.lazy_until.reset();
    for (const auto id : std::exchange(s.dirty, {})) {
        s.write(id);
    }
}

std::optional<time_point> transport::deadline() const { return state_->next_tick; }

void transport::tick(time_point now) {
    auto& s = *state_;
    s.now_seen = now;
    if (!base::is_due(s.next_tick, now)) {
        return;
    }
    s.next_tick.reset();
    if (base::is_due(s.accept_again, now)) {
        s.accept_again.reset();
        s.watch(tcp_listener, s.tcp.get(), EPOLLIN, EPOLL_CTL_MOD);
    }
    base::earlier(s.next_tick, s.accept_again);
    std::vector<std::uint64_t> late;
    for (const auto& [id, stream] : s.streams) {
        if (stream->is_proven()) {
            continue;
        }
        if (now - stream->began() >= greeting_time) {
            late.push_back(id);
            continue;
        }
        s.stats.dropped_full += stream->drop_older(now - message_patience);
        base::earlier(s.next_tick,
                      std::min(stream->began() + greeting_time, now + message_patience));
    }
    for (const auto id : late) {
        s.end(id);
    }
}

void transport::read(const net::sink& to, time_point now) {
    auto& s = *state_;
    s.now_seen = now;
    epoll_event events[64];
    const auto n = ::epoll_wait(s.poll.get(), events, 64, 0);
    for (int i = 0; i < n; ++i) {
        const auto id = events[i].data.u64;
        const auto what = events[i].events;
        if (id == tcp_listener) {
            if (!s.has_memory([&] { s.accept_some(now); })) {
                s.pause_accepting(now);
            }
            continue;
        }
        if (id == udp_socket) {
            s.read_datagrams(to);
            continue;
        }
        const auto at = s.streams.find(id);
        if (at == s.streams.end()) {
            continue;
        }
        const auto stream = at->second;
        if (stream->is_connecting()) {
            if ((what & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
                bool is_connected = false;
                if (!s.has_memory([&] { is_connected = stream->connected(); }) || !is_connected) {
                    s.end(id);
                } else {
                    s.rewatch(id, *stream);
                    s.write(id);
                }
            }
            continue;
        }
        if ((what & EPOLLOUT) != 0) {
            s.write(id);
            if (!stream->is_ended && stream->is_watched_for_output != stream->has_output()) {
                s.rewatch(id, *stream);
            }
        }
        if (stream->is_claimed) {
            if ((what & (EPOLLHUP | EPOLLERR)) != 0) {
                s.end(id);
            }
        } else if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            s.read_stream(id, to);
        }
    }
}

std::optional<int> transport::claim(const peer_id& peer) {
    auto& s = *state_;
    if (s.claims.contains(peer)) {
        return std::nullopt;
    }
    const auto id = s.usable_stream(peer);
    if (id == 0) {
        return std::nullopt;
    }
    auto& stream = *s.streams.at(id);
    s.claims.insert({peer, {id, nullptr}});
    stream.is_claimed = true;
    s.rewatch(id, stream);
    return stream.fd();
}

void transport::read_claimed(const peer_id& peer, const net::sink& to, time_point now) {
    auto& s = *state_;
    s.now_seen = now;
    if (const auto at = s.claims.find(peer); at != s.claims.end()) {
        s.read_stream(at->second.id, to);
    }
}

void transport::give_back(const peer_id& peer) {
    auto& s = *state_;
    const auto at = s.claims.find(peer);
    if (at == s.claims.end()) {
        return;
    }
    const auto id = at->second.id;
    s.claims.erase(at);
    if (const auto stream = s.streams.find(id); stream != s.streams.end()) {
        stream->second->is_claimed = false;
        s.rewatch(id, *stream->second);
    }
}

void transport::drop(const peer_id& peer) {
    auto& s = *state_;
    std::vector<std::uint64_t> theirs;
    for (const auto& [id, stream] : s.streams) {
        if (stream->peer() == peer) {
            theirs.push_back(id);
        }
    }
    for (const auto id : theirs) {
        s.end(id);
    }
}

const transport_statistics& transport::stats() const {
    for (const auto& [id, stream] : state_->streams) {
        state_->count(*stream);
    }
    return state_->stats;
}

}  // namespace holdfast::net
