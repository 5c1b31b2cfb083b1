// The streams to other peers: which one a message goes by, when one is dialled, and which of them a
// waiting caller reads itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/time.hpp"
#include "net/dial_back_off.hpp"
#include "net/newcomers.hpp"
#include "net/poll_set.hpp"
#include "net/reached_peers.hpp"
#include "net/stream.hpp"
#include "net/transport_context.hpp"
#include "os/unique_fd.hpp"

namespace holdfast::net {

/// Contracts: net/transport.hpp.
class stream_table {
public:
    /// Streams are numbered from `first` on; these numbers are what `poll` tells.
    stream_table(transport_context& shared, poll_set& poll, std::uint64_t first);

    void send(const peer_id& to, const endpoint& at, bool is_lazy, std::span<const std::byte> bytes,
              base::time_point now);
    [[nodiscard]] bool has_arrived(const peer_id& to, const endpoint& at, base::time_point by,
                                   base::time_point now);
    /// A second stream to who lives there. False: the system has no descriptor left.
    [[nodiscard]] bool dial_again(const endpoint& at, base::time_point now);
    void cork() { is_corked_ = true; }
    void uncork();
    [[nodiscard]] std::optional<base::time_point> flush_due() const {
        return dirty_.empty() ? std::nullopt : lazy_until_;
    }
    void flush();
    [[nodiscard]] std::optional<base::time_point> deadline() const { return next_tick_; }
    void tick(base::time_point now);
    /// An event of epoll.
    void on_event(std::uint64_t id, std::uint32_t events, const sink& to);

    /// A connection of another: its number.
    [[nodiscard]] std::uint64_t accept(os::unique_fd fd, const endpoint& at, base::time_point now);
    [[nodiscard]] newcomers unproven() const;
    /// `has_failed`: not ended by our own choice. Does not fail when memory runs out.
    void end(std::uint64_t id, bool has_failed = true);
    void end_all();
    void drop(const peer_id& peer);

    [[nodiscard]] std::optional<int> claim(const peer_id& peer);
    void read_claimed(const peer_id& peer, const sink& to);
    void give_back(const peer_id& peer);

    /// The peers that have ended their last stream with us since the last call.
    [[nodiscard]] std::vector<peer_id> take_ended() { return std::exchange(ended_, {}); }
    /// Those with whom a proven stream has ended, however, since the last call, or is proven after
    /// something was dropped that was kept for it; each once.
    [[nodiscard]] std::vector<peer_id> take_lost();
    [[nodiscard]] bool has_ended_some() const { return !ended_.empty() || !lost_.empty(); }
    /// One of the take_...() would give some.
    [[nodiscard]] bool has_news() const {
        return has_ended_some() || !partly_read_.empty() || !of_two_hosts_.empty() ||
               reached_.has_news();
    }
    /// Whose streams have brought a part of a message whose end has not come (LEASE-8).
    [[nodiscard]] std::vector<peer_id> take_partly_read() {
        return std::exchange(partly_read_, {});
    }
    /// Whose streams have come from two hosts at a time (CERT-3).
    [[nodiscard]] std::vector<peer_id> take_of_two_hosts() {
        return std::exchange(of_two_hosts_, {});
    }
    [[nodiscard]] std::vector<reached_peer> take_reached() { return reached_.take_news(); }
    /// Brings the shared statistics up to date.
    void count_all();

private:
    std::uint64_t add(os::unique_fd fd, const endpoint& at, bool is_dialled, base::time_point now);
    void rewatch(std::uint64_t id, stream& s);
    [[nodiscard]] std::uint64_t usable_stream(const peer_id& to) const;
    [[nodiscard]] std::uint64_t stream_to(const peer_id& to, const endpoint& at,
                                          base::time_point now);
    [[nodiscard]] std::uint64_t dial_stream(const endpoint& at, base::time_point now);
    void look_whether_stuck(stream& s, const endpoint& at, base::time_point now);
    void end_stuck(std::uint64_t besides, const peer_id& peer);
    void has_dropped(const peer_id& meant_for);
    void failed_to_connect(const endpoint& at, base::time_point now);
    void write(std::uint64_t id);
    void on_connected(std::uint64_t id, stream& s);
    void read_stream(std::uint64_t id, const sink& to);
    void has_proven(std::uint64_t id, stream& s);
    void read_once(std::uint64_t id, const sink& to);
    [[nodiscard]] bool is_redundant(const stream& s) const;
    [[nodiscard]] bool comes_from_two_hosts(const stream& s) const;
    void end_others_at(std::uint64_t id, const stream& s);
    void end_others_to(std::uint64_t id, const stream& s);

    struct claimed {
        std::uint64_t id;
        // the stream, when it was closed while a caller waits on it
        std::shared_ptr<stream> ended;
    };

    transport_context& shared_;
    poll_set& poll_;
    std::uint64_t last_id_;
    std::map<std::uint64_t, std::shared_ptr<stream>> streams_;  // in the order they were made
    std::map<peer_id, claimed> claims_;
    dial_back_off back_off_;
    /// LOAD-4: those for whom something was dropped while no stream to them was proven. When one
    /// is, that counts as lost.
    std::set<peer_id> dropped_;
    std::vector<peer_id> ended_, lost_, partly_read_, of_two_hosts_;
    reached_peers reached_;
    bool is_corked_ = false;
    std::vector<std::uint64_t> dirty_;     // appended to, not written
    std::vector<std::uint64_t> to_write_;  // of those, what uncork() writes
    std::optional<base::time_point> lazy_until_;
    std::optional<base::time_point> next_tick_;
    std::vector<std::uint8_t> scratch_;
};

}  // namespace holdfast::net
