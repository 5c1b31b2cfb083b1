// One stream to another peer: greeting, framing and sealing. It moves bytes; the transport owns and
// watches it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>

#include "base/time.hpp"
#include "net/drain_watch.hpp"
#include "net/seal.hpp"
#include "net/socket.hpp"

namespace holdfast::net {

/// What both ends of every stream of one peer have in common.
struct stream_identity {
    peer_id self;
    std::vector<std::byte> key;  ///< empty: not sealed
    std::array<std::uint8_t, 8> cluster{};
    std::size_t max_frame = 0;
    std::uint64_t datagrams_sent = 0;  ///< by `self`
};

class stream {
public:
    /// Given each message as it is opened in place; it may call back into the transport.
    using sink = std::function<void(std::span<const std::byte>)>;

    stream(const stream_identity& mine, os::unique_fd fd, const endpoint& at, bool is_dialled,
           base::time_point now);

    /// The connection is there (a dialled one): begins to greet. False: it failed.
    [[nodiscard]] bool connected();
    /// Appends a message as a frame. Until the other end is proven it is kept: a hello alone does
    /// not show which peer sent it. It is meant for `to`; nil: for any peer. What was kept
    /// for another is dropped once the end is proven.
    void append(const peer_id& to, std::span<const std::byte> message, base::time_point now);
    /// Keeping one more message would hold more for an unproven end than it is worth.
    /// A first one always fits.
    [[nodiscard]] bool would_keep_too_much(std::size_t size) const;
    /// Writes what there is. False: the stream is broken.
    [[nodiscard]] bool write();
    /// Reads once and gives whole messages to `to`. False: the stream has ended, `why_refused` may
    /// say why.
    [[nodiscard]] bool read(std::vector<std::uint8_t>& scratch, const sink& to);
    /// Until the other end is proven: drops what has waited for too long. Returns whom each of
    /// these messages was meant for.
    std::vector<peer_id> drop_older(base::time_point than);
    [[nodiscard]] std::size_t kept() const { return kept_.size(); }

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const endpoint& at() const { return at_; }
    /// nil until its hello came, a mere claim until it is proven
    [[nodiscard]] const peer_id& peer() const { return peer_; }
    [[nodiscard]] bool is_dialled() const { return is_dialled_; }
    [[nodiscard]] bool is_connecting() const { return is_connecting_; }
    [[nodiscard]] bool is_greeted() const { return is_greeted_; }
    /// The other end has shown that it has the key, so it is the peer it claims to be. Without a
    /// key: it has answered our hello.
    [[nodiscard]] bool is_proven() const { return is_proven_; }
    /// Bytes that one of its segments carries (base::way).
    [[nodiscard]] std::uint32_t segment() const { return segment_; }
    /// How many datagrams its peer had sent when it proved itself. Nothing: it did not say.
    [[nodiscard]] const std::optional<std::uint64_t>& datagrams_before() const {
        return datagrams_before_;
    }
    /// The other end has closed it. A reset does not count: firewalls send them in the name of
    /// others.
    [[nodiscard]] bool was_ended_there() const { return was_ended_there_; }
    /// The beginning of a message has come, and its rest has not.
    [[nodiscard]] bool has_part() const { return !in_.empty(); }
    [[nodiscard]] bool has_output() const { return written_ < out_.size(); }
    /// All that was written or waits has arrived at the system of the other end, as far as ours
    /// knows.
    [[nodiscard]] bool has_drained() const;
    /// So have all messages that were appended at `by` or before.
    [[nodiscard]] bool has_arrived(base::time_point by);
    /// Bytes of all that was written.
    [[nodiscard]] std::uint64_t acknowledged() const;
    /// Something for this peer waits for the end to be proven, since `by` or longer.
    [[nodiscard]] bool keeps_for(const peer_id& to, base::time_point by) const;
    [[nodiscard]] std::size_t queued() const { return out_.size() - written_; }
    /// memory that its output takes
    [[nodiscard]] std::size_t output_room() const { return out_.capacity(); }
    [[nodiscard]] base::time_point began() const { return began_; }
    [[nodiscard]] const std::optional<error>& why_refused() const { return why_refused_; }

    struct counters {
        std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0, reads = 0,
                      writes = 0, dropped = 0;
    };
    [[nodiscard]] counters take_counters();

    bool is_claimed = false;  ///< the transport's: a caller waits on the descriptor
    bool is_ended = false;    ///< the transport's: closed, but the descriptor is still claimed
    bool is_watched_for_output = true;
    bool is_second = false;  ///< the transport's: to take the place of those that bring nothing
    bool is_dirty = false;   ///< the transport's: appended to since the last write
    /// the transport's: when it last asked whether this peer is still the one at the address
    base::time_point last_recheck{};
    base::time_point last_read{};  ///< the transport's: when anything came last
    drain_watch drain;             ///< the transport's
    bool is_stuck = false;         ///< the transport's: another one is to take its place

private:
    enum class refusal : std::uint8_t { wrong_key = 1, wrong_cluster = 2, version = 3 };

    void greet();
    [[nodiscard]] bool on_hello(std::span<const std::uint8_t> hello);
    [[nodiscard]] std::optional<std::size_t> consume(std::span<std::uint8_t> bytes, const sink& to);
    void put_proof();
    void prove(std::span<const std::uint8_t> proof);
    void put_message(std::span<const std::byte> message, base::time_point since);
    void put_frame(std::span<const std::byte> message);
    void begin_mark(base::time_point since);
    void forget_arrived();
    void refuse(refusal why);
    void was_refused(refusal why, bool by_them);

    const stream_identity& mine_;
    os::unique_fd fd_;
    endpoint at_;
    bool is_dialled_;
    bool is_connecting_;
    bool is_greeted_ = false;
    bool is_proven_ = false;
    bool was_ended_there_ = false;
    std::uint32_t segment_ = 0;
    std::optional<std::uint64_t> datagrams_before_;
    peer_id peer_;
    base::time_point began_;
    std::array<std::uint8_t, 32> nonce_{};
    secret sends_{}, receives_{};
    std::uint64_t sent_ = 0, received_ = 0;
    std::vector<std::uint8_t> out_;
    std::size_t written_ = 0;
    std::uint64_t written_in_all_ = 0;
    /// Messages since `at`, which end after so many bytes of the whole stream.
    struct mark {
        base::time_point at;
        std::uint64_t upto;
    };
    std::vector<mark> marks_;       // in their order; those that have arrived go in time
    std::vector<std::uint8_t> in_;  // the beginning of a frame whose rest has not come
    struct kept_message {
        peer_id to;
        std::vector<std::byte> bytes;
        base::time_point since;
    };
    std::vector<kept_message> kept_;
    std::size_t kept_bytes_ = 0;
    std::optional<error> why_refused_;
    counters counters_;
};

}  // namespace holdfast::net
