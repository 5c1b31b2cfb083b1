// Sealed bytes to and from other peers: datagrams, and frames on streams (docs/architecture.md,
// threads).
//
// Knows bytes, addresses and PeerIds, no messages. Everything here is called under the peer's one
// mutex, except where it says otherwise; nothing blocks. The sockets are plain non-blocking
// descriptors in one epoll set of our own, so that any thread may write to them and a waiting
// caller may read; the libuv loop watches that set.
//
// Memory that runs out in read() or read_claimed() costs a datagram, a stream, or the wait for new
// connections, and is counted; what the sink throws goes through. From send() it is thrown: then
// this message is lost, and no part of it is sent.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "base/time.hpp"
#include "base/way.hpp"

namespace holdfast::net {

struct transport_options {
    /// UDP and TCP; port 0: one the kernel picks, the same for both; `::`: all addresses
    endpoint listen;
    std::string cluster_name;
    std::vector<std::byte> key;  ///< 32 bytes, or empty: no sealing
    peer_id self;
    std::size_t max_frame = 16u << 20;
    std::size_t max_datagram = 1350;  ///< payload; a larger one goes by stream
    /// bytes waiting for one peer; beyond it, new messages to it are dropped and counted
    std::size_t max_queued = 64u << 20;
    base::duration lease = std::chrono::seconds{4};

    /// LOAD-4: a stream that takes nothing for so long is dialled anew; it ends after twice that.
    [[nodiscard]] base::duration patience() const {
        return std::max<base::duration>(lease, std::chrono::seconds{4});
    }
};

/// One message that arrived. `from`: the PeerId under whose key it was sealed (without a key: the
/// one it claims).
struct received {
    peer_id from;
    base::way came;
    std::span<const std::byte> bytes;
};
/// A stream that we have dialled to that address reached this peer, which has proven itself.
struct reached_peer {
    endpoint at;
    peer_id peer;
};
using sink = std::function<void(const received&)>;

struct transport_statistics {
    std::uint64_t datagrams_sent = 0, datagrams_received = 0, frames_sent = 0, frames_received = 0;
    std::uint64_t bytes_sent = 0, bytes_received = 0, writes = 0, reads = 0;
    /// `not_authentic`: also datagrams of peers that we do not know
    std::uint64_t not_authentic = 0, replayed = 0, malformed = 0, connect_failures = 0;
    /// datagrams and streams lost in reading because memory ran out
    std::uint64_t lacked_memory = 0;
    /// messages for a stream that was full, could not be made in time, or reached another peer
    std::uint64_t dropped_full = 0;
};

class transport {
public:
    /// address_in_use, io. `complain` is told, rarely, of wrong_key, wrong_cluster and version seen
    /// at other peers.
    [[nodiscard]] static result<std::unique_ptr<transport>> open(
        transport_options options, std::function<void(error)> complain);
    ~transport();
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    [[nodiscard]] endpoint address() const;  ///< as bound, port filled in
    /// Readable when read() has work. For the loop to watch.
    [[nodiscard]] int poll_descriptor() const;

    /// A new PeerId: new subkeys; the streams are closed.
    void set_identity(const peer_id& self);
    /// `to` may be nil (by address only): that goes by stream (SEAL-2). A stream message connects
    /// when it must; with a nil `at` it goes on a stream that `to` has dialled, or is dropped.
    /// `is_lazy` may wait for company until the next message to that peer or flush(). Never blocks;
    /// what the socket does not take now is queued.
    void send(const peer_id& to, const endpoint& at, bool stream, bool is_lazy,
              std::span<const std::byte> bytes, base::time_point now);
    /// Nothing that was sent to `to`, which lives at `at`, by stream at `by` or before is still
    /// under way.
    [[nodiscard]] bool has_arrived(const peer_id& to, const endpoint& at, base::time_point by,
                                   base::time_point now);
    /// Between cork() and uncork() stream messages are only queued; uncork() writes each stream
    /// once. Datagrams are not held back. Calls do not nest.
    void cork();
    void uncork();
    /// When flush() must be called at the latest for lazily queued messages; nothing if there are
    /// none.
    [[nodiscard]] std::optional<base::time_point> flush_due() const;
    void flush();
    /// When tick() is next worth calling: a greeting that takes too long, messages that have waited
    /// too long for a stream.
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    void tick(base::time_point now);
    /// Reads and writes what is ready now, giving each message to `to`: some milliseconds of work
    /// at most (LOAD-2). The rest is left for the next call, which begins with the datagrams.
    void read(const sink& to, base::time_point now);

    /// The last read() has left nothing: no stream, but for those that callers read themselves, no
    /// datagram, and no connection for which there was no descriptor (LEASE-8).
    [[nodiscard]] bool has_read_all() const;
    /// Dials a stream to who lives at `at` beside those that there are. When it is proven, those to
    /// the same peer that are older end. False: there was no descriptor left for it.
    [[nodiscard]] bool dial_again(const endpoint& at, base::time_point now);
    /// Some seconds ago, or since then, the system had none left for a stream.
    [[nodiscard]] bool lacks_descriptors() const;

    // ---- for a caller that waits for an answer and does the reading itself

    /// Takes the stream to `peer` out of the loop's watch and gives its descriptor to poll() on
    /// without the mutex; nothing when there is no ready stream or another caller has it. Pair with
    /// give_back().
    [[nodiscard]] std::optional<int> claim(const peer_id& peer);
    /// Reads that stream now.
    void read_claimed(const peer_id& peer, const sink& to, base::time_point now);
    void give_back(const peer_id& peer);

    /// One of the take_...() below would give some.
    [[nodiscard]] bool has_news() const;
    /// The members of our view: their datagrams are read (SEAL-2).
    void set_members(std::span<const peer_id> members);
    /// Whom the streams that we dialled have reached since the last call (SEAL-3).
    [[nodiscard]] std::vector<reached_peer> take_reached();
    /// The peers that have closed their last stream with us since the last call: not those whose
    /// streams were reset, failed, or were ended here.
    [[nodiscard]] std::vector<peer_id> take_ended();
    /// The peers with which a proven stream has ended since the last call, for whatever reason:
    /// what was sent on it may be lost (LOAD-4). And those that are reached again, after something
    /// was dropped because they were not.
    [[nodiscard]] std::vector<peer_id> take_lost();
    /// take_ended() or take_lost() would give some.
    [[nodiscard]] bool has_ended_some() const;
    /// The peers whose streams have brought a part of a message, whose end has not come, since the
    /// last call.
    [[nodiscard]] std::vector<peer_id> take_partly_read();
    /// The peers of which streams have come from two hosts at a time since the last call: the
    /// former ones have brought something within two leases.
    [[nodiscard]] std::vector<peer_id> take_of_two_hosts();
    /// A peer that left the view: its stream and queue go.
    void drop(const peer_id& peer);
    [[nodiscard]] const transport_statistics& stats() const;

private:
    struct state;
    explicit transport(std::unique_ptr<state> s);
    std::unique_ptr<state> state_;
};

}  // namespace holdfast::net
